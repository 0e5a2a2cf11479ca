"""Occasions come in the order in which they happened, or a warning says how that was guessed."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import cpeval as cp

from .rated import FID, STUDY, ratings

WHEN = {"t0": "6 months", "t1": "12 months"}


def agreed(visit, **how):
    data = ratings().assign(visit=visit)
    return cp.fidelity.triangulate(
        data.drop(columns="wave"),
        FID,
        STUDY,
        informant="informant",
        assessor="assessor",
        occasion="visit",
        **how,
    )


def told(result):
    return [text for text in result.warnings if "Occasions in 'visit'" in text]


def as_waves():
    return cp.fidelity.triangulate(
        ratings(), FID, STUDY, informant="informant", assessor="assessor"
    )


def test_ordered_categorical_has_its_own_order():
    named = ratings().wave.map({"t0": "spring", "t1": "autumn"})
    found = agreed(pd.Categorical(named, ["spring", "summer", "autumn"], ordered=True))
    assert found.occasions == ("spring", "autumn")
    assert not told(found)
    slopes, wanted = cp.fidelity.drift(found).table, cp.fidelity.drift(as_waves()).table
    pd.testing.assert_series_equal(slopes.estimate, wanted.estimate)
    last, of_last = cp.fidelity.profile(found), cp.fidelity.profile(as_waves())
    assert last.occasion == "autumn"
    pd.testing.assert_series_equal(last.table.estimate, of_last.table.estimate)


def test_unordered_categorical_and_text_are_sorted_by_their_numbers_with_a_warning():
    for found in (
        agreed(ratings().wave.map(WHEN)),
        agreed(pd.Categorical(ratings().wave.map(WHEN))),
    ):
        assert found.occasions == ("6 months", "12 months")
        (text,) = told(found)
        assert "6 months, 12 months" in text
        assert "ordered categorical" in text
        assert "times=" in text


def test_the_studys_waves_come_first_and_many_sort_by_number():
    names = [f"t{k}" for k in range(11)]
    data = ratings()
    data["visit"] = [names[k % 11] for k in range(len(data))]
    study = cp.Study(person="id", site="site", team="team", wave="wave", baseline="t0")
    found = cp.fidelity.score(
        data.drop(columns="wave"),
        FID,
        study,
        informant="informant",
        assessor="assessor",
        occasion="visit",
        duplicates="mean",
    )
    assert found.occasions == tuple(names)


@pytest.mark.parametrize(
    "visits",
    [
        {"t0": 6, "t1": 12},
        {"t0": "6", "t1": "12"},
        {"t0": "2026-01-31", "t1": "2026-10-01"},
        {"t0": dt.date(2026, 1, 31), "t1": dt.date(2026, 10, 1)},
        {"t0": pd.Timestamp(2026, 1, 31), "t1": pd.Timestamp(2026, 10, 1)},
    ],
)
def test_numbers_and_dates_need_no_warning(visits):
    found = agreed(ratings().wave.map(visits))
    assert not told(found)
    assert [str(x)[:10] for x in found.occasions] == [str(x)[:10] for x in visits.values()]


def test_times_give_the_order_of_text():
    found = agreed(ratings().wave.map({"t0": "spring", "t1": "autumn"}))
    assert found.occasions == ("autumn", "spring")
    slopes = cp.fidelity.drift(found, times={"spring": 0, "autumn": 1})
    assert slopes.occasions == ("spring", "autumn")
    np.testing.assert_allclose(
        slopes.table.estimate, cp.fidelity.drift(as_waves()).table.estimate, rtol=1e-8
    )


@pytest.mark.parametrize("kind", [dt.date, pd.Timestamp])
def test_drift_of_dates_is_per_thirty_days(kind):
    found = cp.fidelity.drift(
        agreed(ratings().wave.map({"t0": kind(2026, 1, 1), "t1": kind(2026, 3, 2)}))
    )
    assert found.times == (0.0, 2.0)
    assert "per 30 days (2026-01-01 to 2026-03-02)" in found.note
    wanted = cp.fidelity.drift(as_waves()).table.estimate / 2
    # Two fits by REML of the same rows on another scale of time.
    np.testing.assert_allclose(found.table.estimate, wanted, rtol=1e-6)


def test_drift_takes_what_its_errors_advise():
    twice = pd.concat([ratings(), ratings().head(1)])
    how = {"informant": "informant", "assessor": "assessor"}
    with pytest.raises(cp.CpevalError, match="duplicates='mean'"):
        cp.fidelity.drift(twice, FID, STUDY, **how)
    made = cp.fidelity.drift(twice, FID, STUDY, duplicates="mean", **how)
    wanted = cp.fidelity.drift(as_waves())
    pd.testing.assert_series_equal(made.table.estimate, wanted.table.estimate)
    with pytest.raises(cp.CpevalError, match="otherwise"):
        cp.fidelity.drift(ratings(), FID, STUDY, rule="observer_first", **how)
    made = cp.fidelity.drift(
        ratings(), FID, STUDY, rule="observer_first", observer="observer", otherwise="median", **how
    )
    assert made.table.estimate.notna().any()


@pytest.mark.parametrize("kind", [dt.date, pd.Timestamp])
def test_profile_takes_each_units_own_last_date(kind):
    data = ratings()
    first = data["site"] == "S0"
    days = {"t0": kind(2026, 1, 1), "t1": kind(2026, 6, 1)}
    later = {"t0": kind(2026, 1, 9), "t1": kind(2026, 6, 9)}
    visit = data["wave"].map(days).where(first, data["wave"].map(later))
    found = agreed(visit)
    made = cp.fidelity.profile(found)
    assert made.occasion == "each unit's own last date"
    assert "(2026-06-01 to 2026-06-09)" in made.note or "(2026-01-" in made.note
    cells = found.table.dropna(subset=["estimate"]).sort_values("visit")
    last = (
        cells.groupby(["site", "id", "scale"]).last().groupby(["site", "scale"])["estimate"].mean()
    )
    got = made.table[made.table["term"] == "site"].set_index(["site", "scale"])["estimate"]
    np.testing.assert_allclose(got.reindex(last.index), last, rtol=1e-12)
    one = cp.fidelity.profile(found, occasion=found.occasions[-1])
    assert set(one.table["site"].dropna()) == {"S1", "S2"}
    assert "at 2026-06-09" in one.note
