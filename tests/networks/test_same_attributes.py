"""Models in which ego and alter are compared, against least squares on tables merged by hand."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import ColumnError, OptionError

#: Both sides solve the same small least squares in double precision.
EXACT = 1e-8


@pytest.fixture(scope="module")
def networks():
    study = cp.simulate(seed=3)
    people = study.data[["person", "wave", "gender"]].rename(columns={"person": "ego"})
    egos = study.egos.merge(people, on=["ego", "wave"], how="left")
    # Some of whom nothing is known.
    egos.loc[::17, "gender"] = None
    return cp.EgoNetworks(egos, study.alters, study.ties, wave="wave")


def test_coefficients_are_least_squares_of_the_merged_tables(networks):
    egos, alters, _ = networks.to_tables()
    both = alters.merge(egos, on=["ego", "wave"], suffixes=("", "_of_ego"))
    both = both.dropna(subset=["closeness", "gender", "gender_of_ego"])
    y = both["closeness"].to_numpy(float)
    same = (both["gender"] == both["gender_of_ego"]).to_numpy(float)
    later = (both["wave"] == "t1").to_numpy(float)
    x = np.column_stack([np.ones(len(y)), same, later])
    expected = np.linalg.lstsq(x, y, rcond=None)[0]
    moments = networks.alters_model("closeness ~ same_gender + wave")
    assert moments.terms == ("Intercept", "same_gender", "wave[T.t1]")
    assert moments.site_column == "ego"
    assert int(moments.n.sum()) == len(y)
    assert int(moments.dropped.sum()) == len(alters) - len(y)
    found = cp.sites.linear(moments).table.set_index("term")["estimate"]
    np.testing.assert_allclose(found.loc[list(moments.terms)], expected, rtol=EXACT)


SMALL = cp.EgoNetworks(
    pd.DataFrame({"ego": [1, 2, 3], "gender": ["f", "m", None], "age": [30, 40, 50]}),
    pd.DataFrame(
        {
            "ego": [2, 1, 1, 2, 3, 1],
            "alter": [1, 1, 2, 2, 1, 3],
            "gender": ["m", "f", "m", "f", "f", None],
            "close": [1.0, 2, 3, 4, 5, 6],
        }
    ),
)


def test_values_of_ego_and_alter_and_both():
    from cpeval.networks.alters_model import alters_table

    table = alters_table(SMALL, ["close", "age", "ego_gender", "gender", "same_gender"])
    np.testing.assert_array_equal(table["same_gender"], [1, 1, 0, 0, np.nan, np.nan])
    assert table["age"].tolist() == [40, 30, 30, 40, 50, 30]
    assert table["ego_gender"].fillna("?").tolist() == ["m", "f", "f", "m", "?", "f"]
    moments = SMALL.alters_model("close ~ same_gender")
    assert moments.site == (1, 2, 3)
    assert moments.dropped.tolist() == [1, 0, 1]


def test_what_cannot_be_modelled():
    with pytest.raises(ColumnError) as caught:
        SMALL.alters_model("close ~ same_age + same_gendr + kin")
    for said in (
        "there is no 'same_age': the alters have no 'age'",
        "there is no 'same_gendr': the egos and the alters have no 'gendr'"
        " (did you mean 'same_gender'?)",
        "there is no 'kin'",
    ):
        assert said in str(caught.value)
    egos, alters, _ = SMALL.to_tables()
    other = cp.EgoNetworks(egos.assign(gender=["F", "M", None]), alters)
    with pytest.raises(ColumnError, match="have no value in common"):
        other.alters_model("close ~ same_gender")
    mixed = cp.EgoNetworks(egos.assign(gender=["F", "m", None]), alters)
    with pytest.raises(ColumnError, match="has 'F' and 'f', which would count as unlike"):
        mixed.alters_model("close ~ same_gender")
    with pytest.raises(OptionError, match="no alters"):
        cp.EgoNetworks(egos, alters.iloc[:0]).alters_model("close ~ age")
    with pytest.raises(OptionError, match="formula"):
        SMALL.alters_model("close")


def test_order_of_alters_does_not_matter(networks):
    egos, alters, ties = networks.to_tables()
    mixed = cp.EgoNetworks(egos, alters.sample(frac=1, random_state=1), ties, wave="wave")
    one, other = (n.alters_model("closeness ~ same_gender") for n in (networks, mixed))
    assert one.site == other.site
    np.testing.assert_allclose(one.cross, other.cross, rtol=EXACT, atol=1e-10)
