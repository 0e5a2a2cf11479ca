"""A model of alters within egos, against statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import cpeval as cp
from cpeval.errors import ColumnError

#: Both iterate: estimates hang on variance components that statsmodels stops early at.
RTOL = 1e-5


def test_equals_statsmodels():
    study = cp.simulate(seed=2)
    people = study.people[["person", "gender"]].rename(columns={"gender": "ego_gender"})
    egos = study.egos.merge(people, left_on="ego", right_on="person")
    # As drawn, egos differ in nothing, and their variance would lie at its limit of 0.
    level = dict(
        zip(people["person"], np.random.default_rng(1).normal(size=len(people)), strict=True)
    )
    alters = study.alters.assign(close=study.alters["closeness"] + study.alters["ego"].map(level))
    made = cp.EgoNetworks(egos, alters, study.ties, wave="wave")
    found = cp.sites.mixed(made.alters_model("close ~ wave + frequency + ego_gender")).table
    joined = alters.merge(people, left_on="ego", right_on="person")
    fit = smf.mixedlm("close ~ wave + frequency + ego_gender", joined, groups="ego").fit(reml=True)
    expected = fit.fe_params[found["term"]]
    np.testing.assert_allclose(found["estimate"], expected, rtol=RTOL, atol=1e-7)


def test_the_column_of_the_alters_counts_and_order_does_not_matter():
    egos = pd.DataFrame({"ego": list("ba"), "x": [100.0, 200.0], "y": [1.0, 2.0]})
    alters = pd.DataFrame({"ego": list("aabb"), "alter": [1, 2, 1, 2], "x": [1.0, 2, 3, 5]})
    moments = cp.EgoNetworks(egos, alters).alters_model("x ~ y")
    assert moments.sites == ("a", "b")
    np.testing.assert_allclose(moments.mean, [[2, 1.5], [1, 4]])
    with pytest.raises(ColumnError, match="'closenes'"):
        cp.EgoNetworks(egos, alters).alters_model("closenes ~ y")
