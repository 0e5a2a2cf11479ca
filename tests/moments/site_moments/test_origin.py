"""The way back from the origin of blocks to the data's own zero."""

import numpy as np
import pytest

from cpeval.moments import SiteMoments

from .conftest import made

RTOL = 1e-9  # normal equations on one side, orthogonal factors on the other


@pytest.mark.parametrize("formula", ["y ~ baseline + told", "y ~ 0 + baseline + told"])
@pytest.mark.parametrize("by", ["site", "team"])
def test_coefficients_go_back_as_least_squares_has_them(formula, by):
    data = made()
    # Without an intercept nothing is subtracted, and columns far from zero lose digits.
    data["baseline"] += 1e4 if "0 +" not in formula else 0
    blocks = SiteMoments.from_data(data, formula, site="trust", team="team").blocks(by)
    total = blocks.blocks.sum(axis=0)
    p = len(blocks.terms)
    inverse = np.linalg.inv(total[:p, :p])
    beta, vcov = blocks.origin.back(inverse @ total[:p, p], inverse)
    told = data.told.astype(float)
    columns = {"Intercept": np.ones(len(data)), "baseline": data.baseline, "told[T.True]": told}
    columns |= {"told[False]": 1 - told, "told[True]": told}
    x = np.column_stack([columns[term] for term in blocks.terms])
    q, r = np.linalg.qr(x)
    np.testing.assert_allclose(beta, np.linalg.solve(r, q.T @ data.y), rtol=RTOL)
    np.testing.assert_allclose(vcov, np.linalg.inv(r) @ np.linalg.inv(r).T, rtol=RTOL)
    assert blocks.counts.sum() == len(data)


def test_a_blocks_own_kept_terms_stay_in_order():
    blocks = SiteMoments.from_data(made(), "y ~ baseline + w", site="trust").blocks()
    kept = blocks.keep(("w", "Intercept"))
    assert kept.terms == ("Intercept", "w")
    np.testing.assert_array_equal(kept.blocks[:, 1, 2], blocks.blocks[:, 2, 3])
    np.testing.assert_array_equal(kept.origin.x, blocks.origin.x[[0, 2]])
