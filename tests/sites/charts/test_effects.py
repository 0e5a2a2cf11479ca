"""Each site's difference equals R's t tests, and what can't be compared is named."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import ArmError, LevelError, OptionError, StudyError, TooFewError
from cpeval.sites import effects

RTOL = 1e-9  # closed forms; R's t quantiles agree to about 1e-12
STUDY = cp.Study(person="id", site="provnum", arm="hmo", intervention=1)
COLUMNS = ["estimate", "se", "df", "p", "ci_low", "ci_high"]


@pytest.fixture(scope="module")
def r(reference):
    return reference("site_effects.json")["entries"]


@pytest.fixture(scope="module")
def people(stays):
    return stays.reset_index(names="id")


@pytest.mark.parametrize("variance", ["welch", "pooled"])
def test_equals_t_tests_in_r(people, r, variance):
    found = effects(people, "los", STUDY, variance=variance)
    table = found.table.set_index(found.table["site"].astype(str))
    assert len(r[variance]) == 20
    for site, values in r[variance].items():
        np.testing.assert_allclose(table.loc[site, COLUMNS].astype(float), values, rtol=RTOL)


def test_common_variance_equals_a_regression_in_r(people, r):
    table = effects(people, "los", STUDY, variance="common").table
    assert table["site"].astype(str).tolist() == r["common"]["site"]
    assert (table["df"] == r["common"]["df"]).all()
    np.testing.assert_allclose(table["estimate"], r["common"]["estimate"], rtol=1e-8)
    np.testing.assert_allclose(table["se"], r["common"]["se"], rtol=1e-8)


def test_sites_with_one_arm_are_named_and_counted(people):
    found = effects(people, "los", STUDY)
    arms = people.groupby("provnum")["hmo"].agg(["min", "max"])
    alone = arms["min"] == arms["max"]
    assert list(found.one_armed) == alone[alone].index.tolist()
    assert found.n_excluded == int(people["provnum"].isin(found.one_armed).sum())
    assert found.n_excluded + found.table["n"].sum() == len(people)
    assert any("with one arm only" in text for text in found.warnings)
    assert any("No error can be given" in text for text in found.warnings)
    known = found.table["se"].notna()
    assert (found.table.loc[known, ["n_intervention", "n_comparison"]].min(axis=1) >= 2).all()


WAVES = cp.Study(
    person="id", site="s", arm="a", intervention=1, wave="w", baseline=0, follow_up=1,
    randomised=True,
)  # fmt: skip


def two_waves(seed=0, n=40, sites=4):
    rng = np.random.default_rng(seed)
    one = pd.DataFrame({"id": range(n), "s": np.arange(n) % sites, "a": np.arange(n) // sites % 2})
    return pd.concat([one.assign(w=w, y=rng.normal(size=n)) for w in (0, 1)], ignore_index=True)


def test_change_is_the_difference_of_differences():
    data = two_waves()
    data.loc[3, "y"] = np.nan
    found = effects(data, "y", WAVES, score="change")
    wide = data.pivot(index=["id", "s", "a"], columns="w", values="y").dropna().reset_index()
    change = (wide[1] - wide[0]).groupby([wide["s"], wide["a"]]).mean().unstack()
    np.testing.assert_allclose(found.table["estimate"], change[1] - change[0], rtol=1e-12)
    assert found.n_excluded == 1
    assert "mean change in y from 0 to 1" in found.note
    assert "estimates the effect" in found.note


def test_says_nothing_causal_unless_randomised(people):
    note = effects(people, "los", STUDY).note
    assert "effect" not in note
    assert "other differences" in note


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), a=st.floats(1e-3, 1e3), b=st.floats(-100, 100))
def test_units_rows_and_the_other_arm(seed, a, b):
    data = two_waves(seed)
    one = effects(data, "y", WAVES).table
    moved = data.assign(y=a * (data["y"] + b)).sample(frac=1, random_state=seed)
    two = effects(moved, "y", WAVES).table
    for column in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_allclose(two[column], a * one[column], rtol=1e-6, atol=1e-9 * a)
    turned = effects(data.assign(a=1 - data["a"]), "y", WAVES).table
    np.testing.assert_allclose(turned["estimate"], -one["estimate"], rtol=1e-9)
    np.testing.assert_allclose(turned["p"], one["p"], rtol=1e-7)


def test_far_from_zero_keeps_its_digits():
    data = two_waves()
    data["y"] = data["y"].round(4)
    near, far = (effects(data.assign(y=data["y"] + k), "y", WAVES).table for k in (0, 1e8))
    np.testing.assert_allclose(far["se"], near["se"], rtol=1e-6)


def test_moved_people_are_counted():
    data = two_waves()
    data.loc[(data["id"] == 5) & (data["w"] == 1), "s"] = 3
    assert any("1 person changed site" in t for t in effects(data, "y", WAVES).warnings)


def without(role):
    roles = {"person": "id", "site": "s", "arm": "a", "intervention": 1}
    roles |= {"wave": "w", "baseline": 0, "follow_up": 1}
    roles.pop(role)
    if role == "arm":
        roles.pop("intervention")
    return cp.Study(**roles)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"study": without("site")}, StudyError, "doesn't name 'site'"),
        ({"study": without("arm")}, StudyError, "doesn't name 'arm'"),
        ({"score": "gain"}, OptionError, "'score' must be one of"),
        ({"variance": "equal"}, OptionError, "'variance' must be one of"),
        ({"level": 95}, LevelError, "between 0 and 1"),
        ({"outcome": "a"}, OptionError, "names as its arm"),
        ({"data": two_waves().assign(y=2.0)}, TooFewError, "the same for all 40 people"),
        ({"data": two_waves().assign(y=np.nan)}, TooFewError, "Nobody has what is needed of 'y'"),
        ({"data": two_waves().query("a == 1")}, ArmError, "two arms"),
        (
            {"data": two_waves().query("a == s % 2")},
            TooFewError,
            r"4 sites \(0, 1, 2, 3\) have one",
        ),
        ({"data": two_waves().assign(s=None)}, TooFewError, "without site"),
    ],
)
def test_refuses(change, kind, says):
    call = {"data": two_waves(), "outcome": "y", "study": WAVES, **change}
    with pytest.raises(kind, match=says):
        effects(call.pop("data"), call.pop("outcome"), call.pop("study"), **call)


def test_change_needs_two_waves():
    study = cp.Study(person="id", site="s", arm="a", intervention=1)
    with pytest.raises(StudyError, match="needs a study with a baseline and a follow-up"):
        effects(two_waves().query("w == 0"), "y", study, score="change")


def test_one_site_is_one_row():
    data = two_waves().query("s == 0")
    assert len(effects(data, "y", WAVES).table) == 1


def test_plot_shows_each_site():
    from matplotlib.figure import Figure

    ax = effects(two_waves(), "y", WAVES).plot(ax=Figure().subplots(), labels={0: "North $"})
    assert [t.get_text() for t in ax.get_yticklabels()] == ["North $", "1", "2", "3"]
