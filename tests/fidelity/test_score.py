"""Scores of every informant: as `cpeval.score` gives them, wide or long, in any engine."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import (
    CodeError,
    ColumnError,
    CpevalError,
    DataError,
    DuplicateError,
    OptionError,
    TooFewError,
)

from .rated import DEFINITION, FID, IDS, ITEMS, STUDY, definition, long, ratings, score


def same(one, other):
    pd.testing.assert_frame_equal(one.table, other.table, check_dtype=False)
    pd.testing.assert_frame_equal(one.items, other.items, check_dtype=False)


def test_components_and_total_are_those_of_score():
    data = ratings()
    made = score(data)
    plain = cp.score(data, FID, answered=True).sort_values(IDS, na_position="last")
    for scale in ("fid", "fid_part"):
        rows = made.table[made.table["scale"] == scale].sort_values(IDS)
        np.testing.assert_array_equal(rows["estimate"], plain[scale])
        np.testing.assert_array_equal(rows["answered"], plain[f"{scale}_answered"])
    banded = cp.band(plain[["fid"]], FID)["fid_band"]
    total = made.table[made.table["scale"] == "fid"].sort_values(IDS)
    assert total["band"].fillna("none").tolist() == banded.fillna("none").tolist()


def test_example_study_is_scored_as_score_does():
    study = cp.simulate(seed=3)
    data = study.joined("fidelity")
    made = cp.fidelity.score(data, "connecting_people", study.study, informant="informant")
    plain = cp.score(data, "connecting_people")
    wide = made.table.pivot(
        index=["person", "wave", "informant"], columns="scale", values="estimate"
    )
    expected = plain.set_index(["person", "wave", "informant"])[wide.columns].sort_index()
    pd.testing.assert_frame_equal(wide.sort_index(), expected, check_names=False)


def test_one_sheet_by_hand():
    # Points 4, 6 - 2, (missing), 5: the second item is reversed. Mean 13 / 3; sum of 4 and 4.
    row = {"site": "S", "team": "T", "id": "p", "wave": "t0", "informant": "worker"}
    data = pd.DataFrame([row | {"fid_1": 4, "fid_2": 2, "fid_3": 9, "fid_4": 5}])
    made = cp.fidelity.score(data, FID, STUDY, informant="informant")
    np.testing.assert_allclose(made.table["estimate"], [13 / 3, 8.0], rtol=1e-15)
    assert made.table["answered"].tolist() == [3, 2]
    assert made.table["n_items"].tolist() == [4, 2]
    assert made.table["band"].fillna("none").tolist() == ["high", "none"]
    # Items are as rated: not reversed, and what is declared missing is missing.
    np.testing.assert_array_equal(made.items["rating"], [4, 2, np.nan, 5])
    assert made.items["item"].tolist() == ["1", "2", "3", "4"]


def test_columns_keep_their_names_and_units_their_order():
    made = score(ratings())
    assert made.unit == ("site", "team", "id")
    assert made.key == ("id",)
    assert made.table.columns.tolist() == [
        *("site", "team", "id", "wave", "informant", "assessor"),
        *("scale", "estimate", "answered", "n_items", "band"),
    ]
    assert made.sheets[IDS].equals(made.sheets[IDS].sort_values(IDS, ignore_index=True))


@pytest.mark.parametrize("engine", [pl.from_pandas, lambda d: pl.from_pandas(d).to_arrow()])
@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_wide_equals_long_in_any_engine_and_order(engine, seed):
    data = ratings(seed, sites=2, people=2)
    one = score(data)
    shuffled = data.sample(frac=1, random_state=seed)
    same(score(engine(shuffled)), one)
    rows = long(data).sample(frac=1, random_state=seed + 1)
    same(score(engine(rows), item="item", rating="rating"), one)
    # Without the rows of gaps too, but for sheets of which nothing is left.
    rows = rows.dropna(subset=["rating"])
    blank = one.items.groupby(IDS, sort=False)["rating"].transform(lambda x: x.isna().all())
    if not blank.any():
        same(score(rows, item="item", rating="rating"), one)


def test_items_may_be_named_in_long_data_by_code_or_number():
    data = ratings()
    one = score(data)
    rows = long(data)
    rows["item"] = rows["item"].str.removeprefix("fid_")
    same(score(rows, item="item", rating="rating"), one)
    same(score(rows.assign(item=rows["item"].astype(float)), item="item", rating="rating"), one)


def test_the_finest_column_there_is_the_unit():
    data = ratings()[["site", "team", "informant", *ITEMS]].drop_duplicates(
        ["site", "team", "informant"]
    )
    made = cp.fidelity.score(data, FID, STUDY, informant="informant")
    # Teams of two sites share names, so a team is known by its site too.
    assert made.unit == made.key == ("site", "team")
    assert made.occasion is None
    assert len(made.sheets) == len(data)


def test_gaps_in_coarser_columns_are_filled_from_the_units_other_rows():
    data = ratings(gaps=0)
    one = score(data)
    data.loc[data["informant"] == "worker", "site"] = None
    same(score(data), one)
    data.loc[data["id"] == "p000", "site"] = None
    gone = score(data).sheets
    assert gone.loc[gone["id"] == "p000", "site"].isna().all()


def test_a_unit_in_two_places_at_once_is_refused():
    data = ratings(gaps=0)
    data.loc[[0, 4], "site"] = "Elsewhere"
    with pytest.raises(DataError, match=r"two places.*'site': 'p000' in 'Elsewhere', 'S0' \(rows"):
        score(data)
    # Someone who moved between the waves is no mistake.
    data = ratings(gaps=0)
    moved = (data["id"] == "p000") & (data["wave"] == "t1")
    data.loc[moved, "site"] = "Elsewhere"
    sheets = score(data).sheets
    assert set(sheets.loc[sheets["id"] == "p000", "site"]) == {"S0", "Elsewhere"}


def test_rows_without_unit_informant_or_occasion_are_all_named():
    data = ratings(gaps=0)
    data.loc[1, "id"] = None
    data.loc[[2, 3], "informant"] = None
    data.loc[5, "wave"] = None
    data.loc[7, "fid_1"] = 7
    with pytest.raises(CpevalError) as error:
        score(data)
    for part in (
        "'id' (unit) in row 2",
        "'informant' (informant) in rows 3, 4",
        "'wave' (occasion) in row 6",
        "'fid_1': 1 answer not among 1, 2, 3, 4, 5, 9: 7",
    ):
        assert part in str(error.value)


def test_the_same_informant_twice_is_refused_with_its_rows():
    data = ratings(gaps=0)
    twice = pd.concat([data, data.iloc[[1, 2]]])
    says = rf"'worker' on 'p000' at 't0': rows 2, {len(data) + 1}"
    with pytest.raises(DuplicateError, match=says):
        score(twice)
    with pytest.raises(DuplicateError, match=r"rows 3, 4[\s\S]*name the column.*assessor="):
        score(data, assessor=None)
    rows = long(data)
    again = pd.concat([rows, rows.iloc[[0]]])
    with pytest.raises(DuplicateError, match=rf"rows 1, {len(again)}"):
        score(again, item="item", rating="rating")


@pytest.mark.parametrize("form", ["wide", "long"])
def test_duplicates_are_merged_item_by_item_as_asked(form):
    row = {"site": "S", "team": "T", "id": "p", "wave": "t0", "informant": "w", "assessor": "a"}
    values = [[2, 1, np.nan, 5], [4, np.nan, np.nan, 3], [np.nan, 3, np.nan, 1]]
    data = pd.DataFrame([row | dict(zip(ITEMS, v, strict=True)) for v in values])
    how = {}
    if form == "long":
        parts = [long(data.iloc[[k]]) for k in range(3)]
        data, how = pd.concat(parts), {"item": "item", "rating": "rating"}
    for rule, expected in {
        "mean": [3, 2, np.nan, 3],
        "first": [2, 1, np.nan, 5],
        "last": [4, 3, np.nan, 1],
    }.items():
        made = score(data, duplicates=rule, **how)
        np.testing.assert_array_equal(made.given[0], expected)
        assert made.n_merged == (2 if form == "wide" else 8)
        assert any("more than once" in text for text in made.warnings)


def test_ratings_between_the_anchors_are_refused_unless_they_have_a_code():
    data = ratings(gaps=0)
    data.loc[3, "fid_2"] = 2.5
    with pytest.raises(CodeError, match=r"(?s)'fid_2'.*2\.5.*a code of its own"):
        score(data)
    rows = long(data)
    with pytest.raises(CodeError, match=rf"item 2 takes .*2\.5 in row {len(data) + 4}"):
        score(rows, item="item", rating="rating")
    made = score(data, on_invalid="missing")
    assert made.n_invalid == 1
    assert score(rows, item="item", rating="rating", on_invalid="missing").n_invalid == 1
    assert any("1 rating was not among the codes" in text for text in made.warnings)
    half = {str(k / 2): f"level {k / 2}" for k in range(2, 11)}
    allows = definition(responses={"level": {"codes": half, "missing_codes": [9]}})
    assert score(data, allows).n_invalid == 0


def test_unknown_informants_are_named():
    data = ratings(gaps=0)
    named = definition(informants=["participant", "worker", "observer"])
    data.loc[[0, 5], "informant"] = "obsrver"
    with pytest.raises(DataError, match=r"Unknown informants .*'obsrver' \(did you mean 'obs"):
        score(data, named, duplicates="mean")
    with pytest.raises(DataError, match="Unknown informants"):
        score(data, informants=["participant", "worker", "observer"], duplicates="mean")
    data.loc[[0, 5], "informant"] = "Observer "
    with pytest.raises(DataError, match="differ only by capitals or spaces"):
        score(data, duplicates="mean")


def test_only_informants_who_can_rate_an_item_do():
    blind = definition(
        informants=["participant", "worker", "observer"],
        of_items={"3": {"informants": ["worker", "observer"]}},
    )
    data = ratings()
    with pytest.raises(CodeError, match=r"'participant' rated item 3 \(third\) in rows"):
        score(data, blind)
    said = (data["informant"] == "participant") & data["fid_3"].between(1, 5)
    made = score(data, blind, on_invalid="missing")
    assert made.n_invalid == said.sum()
    data.loc[data["informant"] == "participant", "fid_3"] = np.nan
    assert score(data, blind).table.equals(made.table)
    total = made.table[made.table["scale"] == "fid"]
    assert set(total.loc[total["informant"] == "participant", "n_items"]) == {3}
    assert set(total.loc[total["informant"] == "observer", "n_items"]) == {4}


def test_items_that_the_instrument_has_not_are_named():
    rows = long(ratings()).replace({"item": {"fid_2": "fid_22"}})
    with pytest.raises(DataError, match=r"'fid_22' in rows.*did you mean 'fid_2'"):
        score(rows, item="item", rating="rating")
    rows.loc[3, "item"] = None
    with pytest.raises(DataError, match="Rows without an item in 'item': row 4"):
        score(rows, item="item", rating="rating")


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"informant": "who"}, ColumnError, "have no column 'who'"),
        ({"informant": 3}, OptionError, "informant=3"),
        ({"informant": "id"}, OptionError, "can't be two things: 'id'"),
        ({"assessor": "wave"}, OptionError, "can't be two things: 'wave'"),
        ({"item": "item"}, OptionError, "'rating' is not given"),
        ({"item": "site", "rating": "fid_1"}, OptionError, "can't be two things: 'site'"),
        ({"item": "fid_1", "rating": "fid_1"}, OptionError, "can't be two things: 'fid_1'"),
        ({"item": "fid_1", "rating": "fid_2", "items": "q{n}"}, OptionError, "one or the other"),
        ({"duplicates": "drop"}, OptionError, "'duplicates' must be one of"),
        ({"on_invalid": "ignore"}, OptionError, "'on_invalid' must be one of"),
        ({"informants": "worker"}, OptionError, "'informants' must be a list"),
        ({"informants": ["worker", "worker"]}, OptionError, "names one twice"),
        ({"items": "q{n}"}, ColumnError, "no item columns"),
        ({"instrument": "goal_attainment"}, OptionError, "goals"),
    ],
)
def test_arguments_that_are_wrong_are_said(change, kind, says):
    with pytest.raises(kind, match=says):
        score(ratings(), **change)


def test_data_that_are_wrong_are_said():
    with pytest.raises(TooFewError, match="no rows"):
        score(ratings().head(0))
    with pytest.raises(TooFewError, match="no rows"):
        score(long(ratings()).head(0), item="item", rating="rating")
    with pytest.raises(ColumnError, match="no column that says what was rated"):
        score(ratings().drop(columns=["site", "team", "id"]))
    with pytest.raises(OptionError, match="in memory"):
        score(pl.from_pandas(ratings()).lazy())
    with pytest.raises(OptionError, match=r"must be a cpeval\.Study"):
        cp.fidelity.score(ratings(), FID, "study", informant="informant")
    with pytest.raises(CpevalError, match="fid_1"):
        score(ratings().assign(fid_1="often"))
    rows = long(ratings()).astype({"rating": object})
    rows.loc[4, "rating"] = "often"
    with pytest.raises(ColumnError, match="'rating' holds 'often' in row 5"):
        score(rows, item="item", rating="rating")


def test_one_row_all_missing_and_a_constant_go_through():
    data = ratings(gaps=0)
    one = score(data.head(1))
    assert len(one.table) == 2
    gone = score(data.assign(**dict.fromkeys(ITEMS, np.nan)))
    assert gone.table["estimate"].isna().all()
    assert f"{len(data)} of {len(data)} sheets have no rating at all." in gone.warnings
    flat = score(data.assign(**dict.fromkeys(ITEMS, 3)))
    assert set(flat.table["estimate"]) == {3.0, 6.0}


def test_names_may_hold_anything():
    data = ratings(gaps=0).rename(columns={"id": "Größe & <b>", "informant": "who said"})
    data["who said"] = data["who said"].replace({"worker": "Fachkraft é", "observer": "=cmd|1"})
    study = cp.Study(person="Größe & <b>", site="site", team="team", wave="wave")
    made = cp.fidelity.score(data, FID, study, informant="who said", assessor="assessor")
    assert "=cmd|1" in set(made.table["who said"])
    assert "<b>" not in made._repr_html_()


def test_names_that_results_need_are_refused():
    data = ratings(gaps=0).rename(columns={"id": "scale", "informant": "rating"})
    study = cp.Study(person="scale", site="site", team="team", wave="wave")
    with pytest.raises(ColumnError, match=r"'scale', 'rating' of their own\. Rename"):
        cp.fidelity.score(data, FID, study, informant="rating", assessor="assessor")


def test_occasions_may_be_dates():
    days = pd.to_datetime(["2026-02-01", "2025-11-30"])
    data = ratings().assign(
        wave=lambda d: d["wave"].map(dict(zip(["t0", "t1"], days, strict=True)))
    )
    agreed = cp.fidelity.triangulate(score(data))
    assert agreed.occasions == (days[1], days[0])
    assert cp.fidelity.profile(agreed).occasion == days[0]
    assert cp.fidelity.profile(agreed, occasion=days[1]).occasion == days[1]


def test_a_scale_that_counts_takes_no_means_of_ratings():
    counts = definition(
        scales=[{"label": "High", "items": "all", "combine": "count", "counted": [4, 5]}]
    )
    data = ratings(gaps=0).head(2).assign(informant="worker", assessor="W", fid_1=[4, 3])
    assert score(data.head(1), counts).table["estimate"].notna().all()
    assert score(data, counts, duplicates="last").given[0, 0] == 3
    with pytest.raises(OptionError, match=r"duplicates='mean' gives .* item 1 \(3\.5\)"):
        score(data, counts, duplicates="mean")


def test_points_between_codes_lie_between_theirs():
    # Worth 0, 1, 10 of codes 1, 2, 3: no straight line.
    bent = cp.Instrument.from_mapping(
        {
            **DEFINITION,
            "responses": {"level": {"codes": {"1": "a", "2": "b", "3": "c"}}},
            "items": [
                {"code": "1", "label": "x", "responses": "level",
                 "values": {"1": 0, "2": 1, "3": 10}},
            ],
            "scales": [{"label": "Total", "items": "all"}],
        }
    )  # fmt: skip
    row = {"site": "S", "team": "T", "id": "p", "wave": "t0", "informant": "w", "assessor": "a"}
    data = pd.DataFrame([row | {"fid_1": 2}, row | {"fid_1": 3}])
    assert score(data, bent, duplicates="mean").table["estimate"].tolist() == [5.5]
