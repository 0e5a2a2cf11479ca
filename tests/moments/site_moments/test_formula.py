"""What a formula gives: formulaic's own matrix, or an error that names the term."""

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix

from cpeval.errors import ColumnError, DataError, OptionError
from cpeval.moments import SiteMoments

from .conftest import made

RTOL = 1e-10  # sums of 240 products, in another order


FORMULAS = [
    "y ~ 1",
    "y ~ baseline",
    "y ~ arm + baseline + C(sex) + arm:baseline",
    "y ~ 0 + arm + sex",
    "y ~ baseline - 1",
    "y ~ sex:arm",
    "y ~ sex:arm + sex",
    "y ~ sex*arm*baseline",
    "y ~ (sex + arm + baseline)**2 - sex:arm",
    "y ~ baseline:sex",
    "y ~ 0 + baseline:sex + arm",
    "y ~ arm:sex:baseline",
    "y ~ arm/sex",
    "y ~ C(grade)",
    "y ~ C(sex, contr.treatment(base='m'))",
    "y ~ C(sex, Treatment('x')):arm",
    "log(y + 20) ~ I(baseline**2) + `age at start` + log(`age at start` / 10)",
    "y ~ exp(-baseline / 10) + {baseline - 10}",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_columns_and_products_are_those_of_formulaic(formula):
    data = made()
    matrices = model_matrix(formula.replace("exp", "np.exp"), data, context={"np": np})
    x, y = matrices.rhs, matrices.lhs.to_numpy()[:, 0]
    moments = SiteMoments.from_data(data, formula, site="trust")
    assert [t.replace("np.", "") for t in x.columns] == list(moments.terms)
    blocks = moments.blocks()
    shifted = np.column_stack([x.to_numpy() - blocks.origin.x, y - blocks.origin.y])
    inside = [(data.trust == site).to_numpy() for site in blocks.labels]
    expected = np.array([shifted[rows].T @ shifted[rows] for rows in inside])
    np.testing.assert_allclose(
        blocks.blocks, expected, rtol=RTOL, atol=RTOL * np.abs(expected).max()
    )


def test_true_and_false_are_one_dummy():
    data = made()
    moments = SiteMoments.from_data(data, "y ~ told + C(grade, Treatment(2))", site="trust")
    assert moments.terms[1:] == (
        "told[T.True]",
        "C(grade, Treatment(2))[T.1]",
        "C(grade, Treatment(2))[T.3]",
    )
    assert moments.levels["told"] == (False, True)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ poly(baseline, 2)", r"'poly\(baseline, 2\)'"),
        ("y ~ center(baseline)", r"'center\(baseline\)' is not among the functions"),
        ("y ~ baseline | arm", "can't be read"),
        ("y ~ arm ~ sex", "can't be read"),
        ("y ~ (arm", "can't be read"),
        ("~ arm", "one outcome"),
        ("y + baseline ~ arm", "one outcome"),
        ("y ~ 0.5:arm", "'0.5': a number can't"),
        ("y ~ y", "outcome can't be among"),
        ("C(sex) ~ arm", "an outcome is a number"),
        ("y ~ C(sex, Sum)", "only Treatment"),
        ("y ~ C(sex, levels=['a'])", "write C"),
        ("y ~ I(__import__('os').system('x'))", "is not among the functions"),
        ("y ~ I(baseline.real)", "can't be computed here"),
        ("y ~ I(1)", "uses no column"),
        ("y ~ I('a')", "not a number"),
        ("y ~ 0", "no terms"),
        ("", "A formula is text"),
        (3, "A formula is text"),
    ],
)
def test_what_moments_cannot_hold_is_named(formula, message):
    with pytest.raises(OptionError, match=message):
        SiteMoments.from_data(made(), formula, site="trust")


def test_absent_columns_are_named_with_near_misses():
    with pytest.raises(ColumnError, match=r"'basline' \(did you mean 'baseline'\?\), 'trst'"):
        SiteMoments.from_data(made(), "y ~ basline", site="trst")


def test_text_outcome_and_dates_are_refused():
    data = made().assign(day=pd.Timestamp("2026-01-01"))
    with pytest.raises(ColumnError, match="outcome 'sex' holds text"):
        SiteMoments.from_data(data, "sex ~ arm", site="trust")
    with pytest.raises(ColumnError, match="'arm' in 'log\\(arm\\)' holds text"):
        SiteMoments.from_data(data, "y ~ log(arm)", site="trust")
    with pytest.raises(ColumnError, match="'day' holds dates"):
        SiteMoments.from_data(data, "y ~ day", site="trust")


def test_text_among_numbers_is_named_with_its_row():
    data = made()
    data["y"] = data.y.astype(object)
    data.loc[4, "y"] = "n/a"
    with pytest.raises(ColumnError, match="'y' holds 'n/a' in row 5"):
        SiteMoments.from_data(data, "y ~ arm", site="trust")


def test_numbers_as_objects_are_numbers():
    data = made()
    plain = SiteMoments.from_data(data, "y ~ baseline", site="trust")
    objects = data.assign(y=data.y.astype(object), baseline=data.baseline.astype(object))
    found = SiteMoments.from_data(objects, "y ~ baseline", site="trust")
    np.testing.assert_array_equal(found.cross, plain.cross)


def test_terms_that_would_share_a_name_are_refused():
    data = made().assign(**{"sex[T.m]": 1.0})
    with pytest.raises(ColumnError, match=r"Terms collide: 'sex\[T.m\]'"):
        SiteMoments.from_data(data, "y ~ sex + `sex[T.m]`", site="trust")
    mixed = made().assign(sex=pd.Series(["1", 1] * 120, dtype=object))
    with pytest.raises((DataError, ColumnError), match="sex"):
        SiteMoments.from_data(mixed, "y ~ C(sex)", site="trust")


def test_unknown_reference_and_levels_are_refused():
    data = made()
    with pytest.raises(DataError, match="'man' is not a level of 'sex'"):
        SiteMoments.from_data(data, "y ~ C(sex, Treatment('man'))", site="trust")
    with pytest.raises(DataError, match="'sex' holds 'x', which are not among the levels"):
        SiteMoments.from_data(data, "y ~ sex", site="trust", levels={"sex": ["f", "m"]})
    with pytest.raises(OptionError, match="'levels' are given for 'gender'"):
        SiteMoments.from_data(data, "y ~ sex", site="trust", levels={"gender": ["f", "m"]})


def test_identifiers_are_not_categories():
    data = made(n=600).assign(id=[f"p{k}" for k in range(600)])
    with pytest.raises(DataError, match="'id' has 600 levels"):
        SiteMoments.from_data(data, "y ~ id", site="trust")
