"""Differences of change equal clubSandwich on a trial; what is missing is counted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import ArmError, ColumnError, OptionError, StudyError, TooFewError
from cpeval.sites import difference_in_differences as did

RTOL = 1e-8  # closed forms
STUDY = cp.Study(
    person="id", team="ward", arm="treatment", intervention="BtheB", wave="month", baseline=0,
    follow_up=2,
)  # fmt: skip
PEOPLE = cp.Study(
    person="id", arm="treatment", intervention="BtheB", wave="month", baseline=0, follow_up=2,
    randomised=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def btheb(reference_data):
    """Beat the Blues: a row a person at 0 and 2 months."""
    wide = reference_data("BtheB.csv").reset_index(names="id")
    wide["ward"] = wide["id"] // 10  # made up, as in difference_in_differences.R
    one = wide[["id", "treatment", "ward", "drug"]]
    both = [one.assign(month=m, bdi=wide[c]) for m, c in ((0, "bdi.pre"), (2, "bdi.2m"))]
    return pd.concat(both, ignore_index=True)


@pytest.mark.parametrize(
    ("name", "study", "options"),
    [
        ("", STUDY, {}),
        ("_drug", STUDY, {"covariates": ["drug"]}),
        ("_people", PEOPLE, {}),
    ],
)
def test_equals_club_sandwich(btheb, reference, name, study, options):
    r = reference("difference_in_differences.json")["entries"]
    table = did(btheb, "bdi", study, **options).table.set_index("analysis")
    for analysis in ("change", "interaction"):
        for column, expected in r[f"{analysis}{name}"].items():
            np.testing.assert_allclose(table.loc[analysis, column], expected, rtol=RTOL)


def test_cr1s_equals_club_sandwich(btheb, reference):
    r = reference("difference_in_differences.json")["entries"]["change_cr1s"]
    found = did(btheb, "bdi", STUDY, vcov="CR1S")
    np.testing.assert_allclose(found.table["se"][0], r["se"], rtol=RTOL)
    assert any("CR1S errors are too small" in text for text in found.warnings)


def test_counts_and_says_who_is_left_out(btheb):
    found = did(btheb, "bdi", STUDY)
    assert found.n_excluded == 3
    assert found.table["n"].tolist() == [97, 100]
    assert found.n_clusters == 10
    assert any("3 without bdi at follow-up" in text for text in found.warnings)
    assert "can't show" in found.note
    assert "effect" not in found.note
    assert "estimates the effect" in did(btheb, "bdi", PEOPLE).note
    change = found.means.pivot(index="group", columns="wave", values="estimate")
    change = change[2] - change[0]
    np.testing.assert_allclose(found.table["estimate"][0], change["BtheB"] - change["TAU"])


def test_both_rows_agree_where_everyone_has_both_waves(btheb):
    wide = btheb.groupby("id")["bdi"].transform("count") == 2
    table = did(btheb[wide], "bdi", STUDY).table
    np.testing.assert_allclose(table["estimate"][0], table["estimate"][1], rtol=1e-9)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), a=st.floats(1e-2, 1e2), b=st.floats(-100, 100))
def test_order_units_and_the_other_arm(btheb, seed, a, b):
    one = did(btheb, "bdi", STUDY).table
    moved = btheb.assign(bdi=a * (btheb["bdi"] + b)).sample(frac=1, random_state=seed)
    two = did(moved, "bdi", STUDY).table
    for column in ("estimate", "se", "ci_low"):
        np.testing.assert_allclose(two[column], a * one[column], rtol=1e-7)
    np.testing.assert_allclose(two["df"], one["df"], rtol=1e-7)
    other = cp.Study(
        person="id", team="ward", arm="treatment", intervention="TAU", wave="month", baseline=0,
        follow_up=2,
    )  # fmt: skip
    turned = did(btheb, "bdi", other).table
    np.testing.assert_allclose(turned["estimate"], -one["estimate"], rtol=1e-8)


def test_one_cluster_an_arm_has_no_error(btheb):
    data = btheb.assign(ward=btheb["treatment"])
    found = did(data, "bdi", STUDY)
    assert found.table["se"].isna().all()
    assert any("an arm has one cluster only" in text for text in found.warnings)


def without(*roles):
    given = {"person": "id", "arm": "treatment", "intervention": "BtheB", "wave": "month"}
    given |= {"baseline": 0, "follow_up": 2}
    return cp.Study(**{k: v for k, v in given.items() if k not in roles})


@pytest.mark.parametrize(
    ("study", "options", "kind", "says"),
    [
        (without("arm", "intervention"), {}, StudyError, "needs two arms"),
        (without("baseline"), {}, StudyError, "doesn't name 'baseline'"),
        (STUDY, {"vcov": "HC3"}, OptionError, "'vcov' must be one of"),
        (STUDY, {"level": 95}, OptionError, "between 0 and 1"),
        (STUDY, {"covariates": ["bdi"]}, OptionError, "the outcome"),
        (STUDY, {"covariates": ["age"]}, ColumnError, "no column 'age'"),
    ],
)
def test_refuses_options(btheb, study, options, kind, says):
    with pytest.raises(kind, match=says):
        did(btheb, "bdi", study, **options)


def test_refuses_data_that_say_nothing(btheb):
    with pytest.raises(TooFewError, match="is the same for all 100 people"):
        did(btheb.assign(bdi=1.0), "bdi", STUDY)
    with pytest.raises(TooFewError, match="each arm needs two"):
        did(btheb.assign(bdi=btheb["bdi"].where(btheb["month"] == 0)), "bdi", STUDY)
    with pytest.raises(ArmError, match="two arms"):
        did(btheb[btheb["treatment"] == "BtheB"], "bdi", STUDY)
    with pytest.raises(TooFewError, match="All people are in one cluster"):
        did(btheb.assign(ward=1), "bdi", STUDY)
    same = btheb.assign(copy=btheb["treatment"])
    found = did(same, "bdi", STUDY, covariates=["copy"])
    assert any("add nothing, in part or whole: 'copy'" in text for text in found.warnings)


def test_plot_draws_both_arms(btheb):
    from matplotlib.figure import Figure

    found = did(btheb, "bdi", STUDY)
    ax = found.plot(ax=Figure().subplots(), group_labels={"TAU": "Usual $"})
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["Usual $", "BtheB"]
    assert ax.get_ylabel() == "Mean bdi"
