"""Balance of arms equals R, counts the missing as a level, and compares clusters."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import ArmError, ColumnError, OptionError, StudyError, TooFewError
from cpeval.sites import balance

RTOL = 1e-9  # closed forms
STUDY = cp.Study(person="id", site="provnum", arm="arm", intervention=1)


@pytest.fixture(scope="module")
def people(stays):
    rank = np.searchsorted(np.sort(stays["provnum"].unique()), stays["provnum"])
    data = stays.assign(arm=rank % 2, los=stays["los"].astype(float)).reset_index(names="id")
    data.loc[16::17, "los"] = np.nan
    return data


def test_equals_r(people, reference):
    r = reference("site_effects.json")["entries"]["balance"]
    found = balance(people, STUDY, {"los": "number", "died": "category"})
    table = found.table.set_index(["term", found.table["level"].fillna("")])
    rows = {"los": ("los", ""), "missing": ("los", "(missing)"), "died": ("died", 1)}
    for name, key in rows.items():
        row = table.loc[key]
        np.testing.assert_allclose(row["smd"], r[name]["smd"], rtol=RTOL)
        np.testing.assert_allclose(row["smd_clusters"], r[name]["clusters"], rtol=RTOL)
    np.testing.assert_allclose(
        table.loc[rows["los"], "variance_ratio"], r["los"]["ratio"], rtol=RTOL
    )
    assert found.clusters == "provnum"
    assert found.n_clusters == (27, 27)
    assert found.n_people == len(people)


def test_agrees_with_the_baseline_table(people):
    ours = balance(people, STUDY, {"hmo": "category", "died": "number"}).table
    theirs = cp.outcomes.baseline(people, STUDY, {"hmo": "category", "died": "number"}).table
    np.testing.assert_allclose(ours["smd"], theirs.loc[theirs["group"] == "all", "smd"], rtol=1e-12)


SMALL = pd.DataFrame(
    {
        "id": range(8),
        "t": list("aabbccdd"),
        "arm": [0, 0, 0, 0, 1, 1, 1, 1],
        "age": [1.0, 3, 5, np.nan, 2, 4, 6, 8],
        "sex": ["f", "m", None, "f", "m", "m", "f", None],
    }
)
TEAMS = cp.Study(person="id", team="t", arm="arm", intervention=1)


def test_by_hand():
    table = balance(SMALL, TEAMS, ["age", "sex"]).table
    assert table["term"].tolist() == ["age", "age", "sex", "sex", "sex"]
    assert table["level"].tolist() == [None, "(missing)", "f", "m", "(missing)"]
    # Ages: 3 (variance 4) and 5 (variance 20/3).
    age = table.iloc[0]
    np.testing.assert_allclose(age["smd"], 2 / np.sqrt((4 + 20 / 3) / 2))
    np.testing.assert_allclose(age["variance_ratio"], (20 / 3) / 4)
    # Means of teams: 2 and 5 (variance 9/2), 3 and 7 (variance 8).
    np.testing.assert_allclose(age["smd_clusters"], 1.5 / np.sqrt((4.5 + 8) / 2))
    assert age["n"] == 7
    # Shares of all four people: f 1/2 and 1/4, no age 1/4 and 0.
    np.testing.assert_allclose(table["comparison"], [3, 0.25, 0.5, 0.25, 0.25])
    np.testing.assert_allclose(table["smd"][2], -0.25 / np.sqrt((1 / 4 + 3 / 16) / 2))
    np.testing.assert_allclose(table["smd"][1], -0.25 / np.sqrt(3 / 16 / 2))


def test_says_why_there_are_no_p_values():
    found = balance(SMALL, TEAMS, ["age"])
    assert "There are no p values" in found.note
    assert "doesn't say that chance made the arms" in found.note
    assert "4 clusters (t)" in found.note
    assert "p" not in found.table
    chance = cp.Study(person="id", team="t", arm="arm", intervention=1, randomised=True)
    assert "chance made the arms, so" in balance(SMALL, chance, ["age"]).note


def test_clusters_only_where_they_got_the_arm():
    inside = SMALL.assign(arm=[0, 1] * 4)
    found = balance(inside, TEAMS, ["age"])
    assert found.clusters is None
    assert found.table["smd_clusters"].isna().all()
    one = balance(SMALL.assign(t=list("aaaabbbb")), TEAMS, ["age"])
    assert one.table["smd_clusters"].isna().all()
    assert any("one cluster only" in text for text in one.warnings)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), a=st.floats(1e-3, 1e3), b=st.floats(-100, 100))
def test_units_and_order_do_not_matter(seed, a, b):
    rng = np.random.default_rng(seed)
    n = 60
    data = pd.DataFrame({"id": range(n), "t": np.arange(n) % 6, "age": rng.normal(size=n)})
    data["arm"] = data["t"] % 2
    data["sex"] = rng.choice(["f", "m"], n)
    one = balance(data, TEAMS, ["age", "sex"]).table
    moved = data.assign(age=a * (data["age"] + b)).sample(frac=1, random_state=seed)
    two = balance(moved, TEAMS, ["age", "sex"]).table
    for column in ("smd", "variance_ratio", "smd_clusters"):
        np.testing.assert_allclose(two[column], one[column], rtol=1e-6, atol=1e-9)


def test_a_constant_has_no_difference():
    row = balance(SMALL.assign(age=0.1), TEAMS, ["age"]).table.iloc[0]
    assert np.isnan(row[["smd", "variance_ratio", "smd_clusters"]].astype(float)).all()


@pytest.mark.parametrize(
    ("data", "study", "covariates", "kind", "says"),
    [
        (SMALL, TEAMS, [], OptionError, "at least one column"),
        (SMALL, TEAMS, ["arm"], OptionError, "the arm"),
        (SMALL, cp.Study(person="id"), ["age"], StudyError, "needs two arms"),
        (SMALL.query("arm == 1"), TEAMS, ["age"], ArmError, "two arms"),
        (SMALL.head(0), TEAMS, ["age"], TooFewError, "no rows"),
        (SMALL.assign(age=np.nan), TEAMS, ["age"], TooFewError, "Nobody has a value at baseline"),
        (SMALL.assign(age=[1, "x", *range(6)]), TEAMS, ["age"], ColumnError, "'age'"),
        (SMALL.assign(w=0), cp.Study(person="id", arm="arm", intervention=1, wave="w"), ["age"],
         StudyError, "which wave is the baseline"),
    ],
)  # fmt: skip
def test_refuses(data, study, covariates, kind, says):
    with pytest.raises(kind, match=says):
        balance(data, study, covariates)


def test_love_plot_shows_people_and_clusters():
    mpl.use("Agg")
    from matplotlib.figure import Figure

    found = balance(SMALL, TEAMS, ["age", "sex"])
    ax = found.plot(
        ax=Figure().subplots(), labels={"age": "Age $"}, value_labels={"sex": {"f": "F"}}
    )
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert names == ["Age $", "Age $: (missing)", "sex: F", "sex: m", "sex: (missing)"]
    np.testing.assert_array_equal(ax.lines[-1].get_xdata(), found.table["smd_clusters"])
    np.testing.assert_array_equal(ax.lines[-2].get_xdata(), found.table["smd"])
    ax.figure.canvas.draw()
