"""Dose by hand, on a few people; on simulated services, by plain pandas."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cpeval as cp
from cpeval.errors import ColumnError, CpevalError, DataError, OptionError, TooFewError

STUDY = cp.Study(person="id", site="site", team="team", wave="week")
PEOPLE = pd.DataFrame(
    {"id": ["a", "b", "c", "d"], "site": ["N", "N", "N", "S"], "team": ["x", "x", "y", "x"]}
)
#: a: 3 contacts in weeks 1 and 2; b: one; c: none; d: two, one of unknown length.
CONTACTS = pd.DataFrame(
    {
        "id": ["a", "a", "a", "b", "d", "d"],
        "week": [1, 1, 2, 2, 1, 2],
        "minutes": [30.0, 60, 30, 90, 20, None],
        "kind": ["visit", "group", "visit", "phone", "visit", None],
    }
)
PLAN = {"frequency": 1, "duration": 40, "content": ["visit", "group"]}


def dosed(contacts=CONTACTS, people=PEOPLE, planned=PLAN, **more):
    said = {"minutes": "minutes", "content": "kind", "period": "week"} | more
    return cp.fidelity.dose(contacts, STUDY, planned=planned, people=people, **said)


def row(found, term, site="all", team="all"):
    return found.table.query("term == @term and site == @site and team == @team").iloc[0]


class TestByHand:
    def test_people(self):
        people = dosed().people.set_index("id")
        assert people["contacts"].tolist() == [3, 1, 0, 2]
        assert people["reached"].tolist() == [True, True, False, True]
        assert people["periods"].tolist() == [2, 2, 2, 2]
        assert people["frequency"].tolist() == [1.5, 0.5, 0, 1]
        np.testing.assert_array_equal(people["duration"], [40, 90, np.nan, 20])
        np.testing.assert_array_equal(people["content"], [2, 0, np.nan, 1])
        assert people["frequency_ratio"].tolist() == [1, 0.5, 0, 1]
        np.testing.assert_array_equal(people["duration_ratio"], [1, 1, np.nan, 0.5])

    @pytest.mark.parametrize(
        ("place", "term", "estimate", "planned", "ratio", "n"),
        [
            (("all", "all"), "coverage", 3, 4, 0.75, 4),
            (("all", "all"), "frequency", 0.75, 1, 2.5 / 4, 4),
            (("all", "all"), "duration", 50, 40, 2.5 / 3, 3),
            (("all", "all"), "content", 1, 2, 0.5, 3),
            (("N", "x"), "coverage", 2, 2, 1, 2),
            (("N", "x"), "frequency", 1, 1, 0.75, 2),
            (("N", "y"), "coverage", 0, 1, 0, 1),
            (("N", "y"), "frequency", 0, 1, 0, 1),
            (("N", "y"), "duration", np.nan, 40, np.nan, 0),
            (("S", "x"), "content", 1, 2, 0.5, 1),
        ],
    )
    def test_places(self, place, term, estimate, planned, ratio, n):
        found = row(dosed(), term, *place)
        expected = [estimate, planned, ratio, n]
        np.testing.assert_array_equal(found[["estimate", "planned", "ratio", "n"]].astype(float), expected)  # fmt: skip

    def test_not_capped(self):
        found = dosed(capped=False)
        assert row(found, "frequency")["ratio"] == 0.75
        assert found.people.loc[1, "duration_ratio"] == 2.25

    def test_planned_people_by_team_need_not_be_those_listed(self):
        plan = {"people": {("N", "x"): 4, "y": 1, ("S", "x"): 2}}
        found = dosed(planned=plan)
        assert row(found, "coverage")[["estimate", "planned", "ratio"]].tolist() == [3, 7, 3 / 7]
        assert row(found, "coverage", "N", "x")["ratio"] == 0.5

    def test_people_listed_by_period_were_there_only_then(self):
        some = pd.concat([PEOPLE.assign(week=1), PEOPLE.iloc[:2].assign(week=2)])
        assert dosed(people=some).people["periods"].tolist() == [2, 2, 1, 1]

    def test_periods_as_a_number(self):
        found = dosed(period=None, periods=4)
        assert found.people["frequency"].tolist() == [0.75, 0.25, 0, 0.5]

    def test_rows_for_several_contacts(self):
        several = pd.DataFrame(
            {"id": ["a", "a", "b", "c"], "week": [1, 2, 1, 1], "k": [2, 1, 3, 0],
             "minutes": [30, 90, 10, 0], "site": "N", "team": "x"}
        )  # fmt: skip
        found = cp.fidelity.dose(
            several, STUDY, planned={"duration": 60}, count="k", minutes="minutes", period="week"
        )
        np.testing.assert_array_equal(found.people["duration"], [50, 10, np.nan])
        assert found.people["periods"].tolist() == [2, 1, 1]


class TestWhatIsMissing:
    def test_without_a_list_nobody_is_missed_silently(self):
        data = CONTACTS.merge(PEOPLE)
        found = dosed(data, None)
        assert found.people["id"].tolist() == ["a", "b", "d"]
        assert "coverage" not in set(found.table["term"])
        assert any("not listed" in text for text in found.warnings)

    def test_unlisted_people_are_counted(self):
        found = dosed(people=PEOPLE.iloc[1:])
        assert found.n_unlisted == 3
        assert any(
            "3 rows of contacts are of people who are not listed" in t for t in found.warnings
        )

    def test_missing_count_makes_the_frequency_missing(self):
        found = dosed(CONTACTS.assign(k=[1, None, 1, 1, 1, 1]), count="k")
        assert found.n_unknown == 1
        assert np.isnan(found.people["frequency"][0])
        assert row(found, "frequency")["n"] == 3
        assert any("Of 1 person a number of contacts" in text for text in found.warnings)

    def test_missing_minutes_and_other_content_are_told(self):
        told = " ".join(dosed().warnings)
        assert "1 contact has no minutes" in told
        assert "not planned: 'phone'" in told

    def test_people_without_a_team_count_among_all(self):
        found = dosed(people=PEOPLE.assign(team=["x", "x", None, "x"]))
        assert row(found, "coverage")["n"] == 4
        assert found.table.query("term == 'coverage'")["n"].tolist() == [4, 2, 1]
        assert any("1 person has no site or no team" in text for text in found.warnings)

    def test_no_contacts_at_all(self):
        found = dosed(CONTACTS.iloc[:0])
        assert row(found, "coverage")["estimate"] == 0
        assert found.people["frequency"].isna().all()  # no week is known


class TestWrong:
    @pytest.mark.parametrize(
        ("planned", "told"),
        [
            ({}, "should say what was planned"),
            (None, "should say what was planned"),
            ({"freqency": 1}, "did you mean 'frequency'"),
            ({"frequency": 0, "duration": "x"}, "'frequency'.*'duration'"),
            ({"content": "visit"}, "list of different kinds"),
            ({"content": ["a", "a"]}, "list of different kinds"),
            ({"people": {"x": -1}}, "'people' should be"),
            ({"people": {"z": 3}}, "no such team: 'z'.*no number for"),
        ],
    )
    def test_plan(self, planned, told):
        with pytest.raises(OptionError, match=told):
            dosed(planned=planned)

    def test_plan_without_its_column(self):
        with pytest.raises(OptionError, match="minutes="):
            dosed(minutes=None)

    def test_both_period_and_periods(self):
        with pytest.raises(OptionError, match="Give one"):
            dosed(periods=3)

    def test_negative_minutes(self):
        with pytest.raises(DataError, match=r"-5.*row 1"):
            dosed(CONTACTS.assign(minutes=[-5, 1, 1, 1, 1, 1]))

    def test_text_in_numbers(self):
        with pytest.raises(ColumnError, match="'an hour'"):
            dosed(CONTACTS.assign(minutes=["an hour", 1, 1, 1, 1, 1]))

    def test_two_teams(self):
        both = pd.concat([PEOPLE, PEOPLE.iloc[:1].assign(team="y")])
        with pytest.raises(DataError, match="several in 'team': 'a'"):
            dosed(people=both)

    def test_nobody(self):
        with pytest.raises(TooFewError):
            dosed(people=PEOPLE.iloc[:0])

    def test_no_person(self):
        with pytest.raises(DataError, match="row 2"):
            dosed(CONTACTS.assign(id=["a", None, "a", "b", "d", "d"]))

    def test_absent_columns(self):
        with pytest.raises(ColumnError, match="'durations'"):
            dosed(minutes="durations")

    def test_not_a_frame(self):
        with pytest.raises(CpevalError):
            dosed({"id": [1]})


def test_engines_and_order_of_rows():
    expected = dosed()
    for make in (pl.from_pandas, pa.Table.from_pandas):
        found = dosed(make(CONTACTS), make(PEOPLE))
        pd.testing.assert_frame_equal(found.table, expected.table, check_dtype=False)
    turned = dosed(CONTACTS.iloc[::-1])
    pd.testing.assert_frame_equal(turned.table, expected.table)


def test_simulated_services_equal_plain_pandas():
    made = cp.simulate(seed=3)
    found = cp.fidelity.dose(
        made.services, made.study, people=made.people, period="wave", count="contacts",
        minutes="minutes", planned={"frequency": 20, "duration": 30},
    )  # fmt: skip
    there = made.services.groupby("person")
    weeks = made.services["wave"].nunique()
    by_hand = there["contacts"].sum() / weeks
    np.testing.assert_allclose(found.people.set_index("person")["frequency"], by_hand)
    length = (made.services["contacts"] * made.services["minutes"]).groupby(made.services["person"])
    np.testing.assert_allclose(
        found.people.set_index("person")["duration"], length.sum() / there["contacts"].sum()
    )


def test_plot_has_a_dot_for_each_ratio():
    ax = dosed().plot()
    assert len(ax.get_yticklabels()) == dosed().table["ratio"].notna().sum()


def test_a_million_contacts_in_seconds():
    rng = np.random.default_rng(1)
    n, people = 1_000_000, pd.DataFrame({"id": np.arange(50_000)})
    people["site"], people["team"] = people["id"] % 40, people["id"] % 400
    data = pd.DataFrame(
        {
            "id": rng.integers(0, 50_000, n),
            "week": rng.integers(0, 20, n),
            "minutes": 30.0,
            "kind": "a",
        }
    )
    assert len(dosed(data, people).people) == 50_000


def test_people_listed_once_count_with_all_periods_and_that_is_said():
    contacts = pd.DataFrame({"id": ["a", "a", "b"], "week": [1, 2, 1]})
    people = pd.DataFrame({"id": ["a", "b", "c"]})
    how = {"planned": {"frequency": 1}, "period": "week"}
    found = cp.fidelity.dose(contacts, STUDY, people=people, **how)
    assert found.people["periods"].tolist() == [2, 2, 2]
    (text,) = [t for t in found.warnings if "some period" in t]
    assert text.startswith("2 people of those listed had no contact at all in some period")
    assert "people= a row a person and period" in text
    weeks = pd.DataFrame({"id": ["a", "a", "b", "c"], "week": [1, 2, 1, 1]})
    left = cp.fidelity.dose(contacts, STUDY, people=weeks, **how)
    assert left.people["frequency"].tolist() == [1, 1, 0]
    assert not [t for t in left.warnings if "some period" in t]
    alone = cp.fidelity.dose(contacts, STUDY, **how)
    assert not [t for t in alone.warnings if "some period" in t]
