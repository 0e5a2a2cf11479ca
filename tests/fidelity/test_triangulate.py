"""What informants' ratings come to: against a plain reading of the rules, an item at a time."""

import statistics

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, DataError, DuplicateError, OptionError

from .rated import FID, ITEMS, STUDY, definition, ratings, score

WEIGHTS = {"participant": 0.5, "worker": 0.2, "observer": 0.3}
# Sums of the same few numbers in another order.
RTOL = 1e-12


def triangulate(data, **changes):
    how = {"informant": "informant", "assessor": "assessor"} | changes
    return cp.fidelity.triangulate(data, FID, STUDY, **how)


def said(data):
    """Each unit's, wave's and item's ratings by informant: the mean over assessors."""
    found = {}
    for row in data.to_dict("records"):
        for code, name in enumerate(ITEMS, start=1):
            value = row[name]
            if not np.isnan(value) and value != 9:
                key = (row["id"], row["wave"], str(code))
                found.setdefault(key, {}).setdefault(row["informant"], []).append(value)
    return {
        key: {who: sum(x) / len(x) for who, x in by_whom.items()} for key, by_whom in found.items()
    }


def by_hand(rule, ratings_of):
    values = list(ratings_of.values())
    if rule == "median":
        return statistics.median(values)
    if rule == "weighted":
        total = sum(WEIGHTS[who] for who in ratings_of)
        return sum(WEIGHTS[who] * x for who, x in ratings_of.items()) / total
    if "observer" in ratings_of:
        return ratings_of["observer"]
    return statistics.median(values)


HOW = {
    "median": {},
    "weighted": {"weights": WEIGHTS},
    "observer_first": {"otherwise": "median"},
}


@pytest.mark.parametrize("rule", HOW)
@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_items_and_scales_follow_the_rule(rule, seed):
    data = ratings(seed, sites=2, people=3, gaps=0.3)
    made = triangulate(data, rule=rule, **HOW[rule])
    expected = said(data)
    items = made.items.set_index(["id", "wave", "item"])
    assert items["estimate"].notna().sum() == len(expected)
    for key, ratings_of in expected.items():
        one = items.loc[key]
        np.testing.assert_allclose(one["estimate"], by_hand(rule, ratings_of), rtol=RTOL)
        assert one["n"] == len(ratings_of)
        assert one["low"] == min(ratings_of.values())
        assert one["high"] == max(ratings_of.values())
    # Scales: the mean of two items at least, the second reversed; the sum of the first two.
    x = made.items.pivot(index=["id", "wave"], columns="item", values="estimate")
    points = x.assign(**{"2": 6 - x["2"]})
    total = points.mean(axis=1).where(points.notna().sum(axis=1) >= 2)
    part = points["1"] + points["2"]
    scales = made.table.pivot(index=["id", "wave"], columns="scale", values="estimate")
    np.testing.assert_allclose(scales["fid"], total, rtol=RTOL)
    np.testing.assert_allclose(scales["fid_part"], part, rtol=RTOL)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_orders_and_engines_do_not_matter(seed):
    data = ratings(seed, sites=2, people=2)
    one = triangulate(data)
    mixed = data.sample(frac=1, random_state=seed)
    scored = cp.fidelity.triangulate(score(mixed))
    for other in (triangulate(mixed), triangulate(pl.from_pandas(mixed)), scored):
        pd.testing.assert_frame_equal(other.table, one.table, check_dtype=False)
        pd.testing.assert_frame_equal(other.items, one.items, check_dtype=False)
        pd.testing.assert_frame_equal(other.missing, one.missing, check_dtype=False)
        assert (other.note, other.warnings) == (one.note, one.warnings)
    # Another order of informants: other names, the same medians.
    names = {"participant": "z", "worker": "b", "observer": "c"}
    renamed = triangulate(data.replace({"informant": names}))
    columns = ["estimate", "n", "low", "high"]
    pd.testing.assert_frame_equal(renamed.table[columns], one.table[columns])
    assert renamed.missing["n"].tolist() == one.missing["n"].tolist()


def test_range_and_n_of_scales_are_of_informants():
    row = {"site": "S", "team": "T", "id": "p", "wave": "t0"}
    sheets = [
        ("participant", "self", [1, 5, np.nan, 1]),  # total (1 + 1 + 1) / 3 = 1, part 2
        ("worker", "W", [4, np.nan, np.nan, np.nan]),  # too few for a total
        ("observer", "O1", [5, 1, 5, 5]),  # with O2: (5, 1, 4, 5), total 4.75, part 10
        ("observer", "O2", [5, 1, 3, 5]),
    ]
    data = pd.DataFrame(
        [
            row | {"informant": who, "assessor": a} | dict(zip(ITEMS, x, strict=True))
            for who, a, x in sheets
        ]
    )
    made = triangulate(data)
    total, part = made.table.to_dict("records")
    # Medians 4, 3, 4, 3: points 4, 3, 4, 3.
    assert (total["estimate"], total["n"], total["low"], total["high"]) == (3.5, 3, 1.0, 4.75)
    assert (part["estimate"], part["n"], part["low"], part["high"]) == (7.0, 3, 2.0, 10.0)
    assert any(text.startswith("1 sheet by further assessors") for text in made.warnings)


def test_missing_informants_are_counted_never_averaged_away():
    data = ratings(gaps=0)
    gone = (data["id"] == "p001") & (data["informant"] != "participant")
    blank = (data["id"] == "p002") & (data["informant"] == "worker")
    data.loc[blank, ITEMS] = np.nan  # a sheet without a rating counts as none
    made = triangulate(data[~gone])
    missing = made.missing.set_index(["id", "wave"])
    assert missing.loc[("p001", "t0"), ["n", "informants"]].tolist() == [2, "observer, worker"]
    assert missing.loc[("p002", "t1"), ["n", "informants"]].tolist() == [1, "worker"]
    assert len(missing) == 4
    assert any("missing for 4 of 48" in text for text in made.warnings)
    assert made.table.loc[made.table["id"] == "p001", "n"].tolist() == [1] * 4
    # Whom nobody has seen is expected if the call or the definition says so.
    four = triangulate(data, informants=["participant", "worker", "observer", "manager"])
    assert four.missing["informants"].str.contains("manager").all()
    assert len(four.missing) == 48


def test_weights_must_cover_the_informants_and_sum_to_one():
    data = ratings()
    with pytest.raises(OptionError, match=r"sum to 1\.1, not to 1"):
        triangulate(data, rule="weighted", weights={**WEIGHTS, "worker": 0.3})
    wrong = {"participant": 0.5, "wrker": 0.2, "observer": 0.3}
    with pytest.raises(OptionError, match=r"no weight for 'worker'.*'wrker' \(did you mean 'work"):
        triangulate(data, rule="weighted", weights=wrong)
    with pytest.raises(OptionError, match="numbers from 0"):
        triangulate(data, rule="weighted", weights={**WEIGHTS, "worker": -0.2})
    with pytest.raises(OptionError, match=r"needs weights=\{'observer': …"):
        triangulate(data, rule="weighted")
    thirds = dict.fromkeys(WEIGHTS, 0.3333333)
    assert triangulate(data, rule="weighted", weights=thirds).rule == "weighted"
    # An informant of weight 0 decides nothing, even alone.
    alone = data[data["informant"] == "worker"]
    zero = {"participant": 0.5, "observer": 0.5, "worker": 0}
    made = triangulate(alone, rule="weighted", weights=zero, informants=list(zero))
    assert made.items["estimate"].isna().all()
    assert (made.items["n"] <= 1).all()


def test_a_unit_without_observer_is_refused_by_name():
    data = ratings(gaps=0).replace({name: {9: 1} for name in ITEMS})
    gone = (data["id"] == "p003") & (data["wave"] == "t1") & (data["informant"] == "observer")
    with pytest.raises(DataError, match=r"1 of 48 units \(and occasions\) have none: p003 at t1"):
        triangulate(data[~gone], rule="observer_first")
    made = triangulate(data[~gone], rule="observer_first", otherwise="median")
    assert any("have no rating by 'observer'" in text for text in made.warnings)
    with pytest.raises(DataError, match=r"who is not in 'informant'.*observer="):
        triangulate(data, rule="observer_first", observer="reviewer")
    # An item that the observer left out stays missing without otherwise=.
    hole = (data["id"] == "p003") & (data["informant"] == "observer")
    data.loc[hole, "fid_1"] = np.nan
    items = triangulate(data, rule="observer_first").items
    empty = items[(items["id"] == "p003") & (items["item"] == "1")]
    assert empty["estimate"].isna().all()
    assert (empty["n"] == 2).all()


def test_a_rule_of_ones_own():
    data = ratings()
    seen = []

    def lowest(x):
        seen.append(x.shape)
        x[np.isnan(x)] = 9  # its own copy
        return np.where((x == 9).all(axis=0), 3, x.min(axis=0))

    made = triangulate(data, rule=lowest)
    pd.testing.assert_series_equal(made.items["estimate"], made.items["low"], check_names=False)
    assert seen == [(3, len(made.cells), 4)]
    assert made.rule == "lowest"
    mean = triangulate(data, rule=lambda x: np.nanmean(x, axis=0))
    equal = triangulate(data, rule="weighted", weights=dict.fromkeys(WEIGHTS, 1 / 3))
    np.testing.assert_allclose(mean.agreed, equal.agreed, rtol=RTOL)
    with pytest.raises(OptionError, match=r"returns one rating for each.*Yours returned \(3,"):
        triangulate(data, rule=lambda x: x.sum(axis=(1, 2)))
    with pytest.raises(OptionError, match="returns one rating"):
        triangulate(data, rule=lambda x: "high")
    with pytest.raises(OptionError, match="beyond an item's lowest and highest code"):
        triangulate(data, rule=lambda x: np.nansum(x, axis=0))


def test_a_scale_that_counts_needs_codes():
    counts = definition(
        scales=[{"label": "High", "items": "all", "combine": "count", "counted": [4, 5]}]
    )
    data = ratings(gaps=0)
    how = {"informant": "informant"}
    two = data[(data["informant"] != "worker") & (data["assessor"] != "O2")]
    with pytest.raises(OptionError, match=r"rule='median' gives ratings between the codes: item 1"):
        cp.fidelity.triangulate(two, counts, STUDY, **how)
    made = cp.fidelity.triangulate(two, counts, STUDY, rule="observer_first", **how)
    observer = two[two["informant"] == "observer"]
    plain = cp.score(observer.sort_values(["site", "team", "id", "wave"]), counts)["fid"]
    np.testing.assert_array_equal(made.table["estimate"], plain)


# ---- consensus


def settled(data):
    """One value for every item that was rated and differs: the lowest rating."""
    items = triangulate(data).items
    apart = items[items["low"] < items["high"]]
    return apart[["id", "wave", "item"]].assign(rating=np.floor(apart["low"]), by="Ann")


def test_consensus_takes_recorded_values_then_what_all_said():
    data = ratings(gaps=0.4)
    table = settled(data)
    made = triangulate(data, rule="consensus", consensus=table)
    items = made.items.set_index(["id", "wave", "item"])
    recorded = table.set_index(["id", "wave", "item"])["rating"]
    np.testing.assert_array_equal(items.loc[recorded.index, "estimate"], recorded)
    rest = items.drop(recorded.index)
    same = rest[rest["n"] >= 2]
    np.testing.assert_array_equal(same["estimate"], same["low"])
    # One informant alone is no consensus.
    assert (rest["n"] == 1).any()
    assert rest.loc[rest["n"] == 1, "estimate"].isna().all()
    assert made.consensus["by"].eq("Ann").all()
    assert triangulate(data, rule="consensus", consensus=pl.from_pandas(table)).table.equals(
        made.table
    )


def test_what_has_no_consensus_is_counted_and_named_not_guessed():
    data = ratings(gaps=0)
    table = settled(data)
    first = table.iloc[0]
    made = triangulate(data, rule="consensus", consensus=table.iloc[1:])
    items = made.items.set_index(["id", "wave", "item"])
    assert np.isnan(items.loc[tuple(first[["id", "wave", "item"]]), "estimate"])
    assert any(
        "have no recorded consensus" in text and f"{first['id']} at {first['wave']}" in text
        for text in made.warnings
    )
    filled = triangulate(data, rule="consensus", consensus=table.iloc[1:], otherwise="median")
    items = filled.items.set_index(["id", "wave", "item"])
    median = triangulate(data).items.set_index(["id", "wave", "item"])
    key = tuple(first[["id", "wave", "item"]])
    assert items.loc[key, "estimate"] == median.loc[key, "estimate"]


def test_an_item_that_one_informant_can_rate_needs_no_second():
    data = ratings(gaps=0)
    only = definition(
        informants=["participant", "worker", "observer"],
        of_items={"4": {"informants": ["observer"]}},
    )
    data.loc[data["informant"] != "observer", "fid_4"] = np.nan
    data = data[data["assessor"] != "O2"].replace({"fid_4": {9: 3}})
    made = cp.fidelity.triangulate(
        data, only, STUDY, informant="informant", rule="consensus", consensus=settled(data)
    )
    four = made.items[made.items["item"] == "4"]
    assert four["estimate"].notna().all()


def test_consensus_may_be_an_informant():
    data = ratings(gaps=0)
    rows = data[data["informant"] == "worker"].assign(informant="consensus", assessor="all")
    rows = rows.replace({name: {9: 2} for name in ITEMS})
    both = pd.concat([data, rows])
    named = ["participant", "worker", "observer"]
    made = triangulate(both, rule="consensus", informants=named)
    wide = made.items.pivot(index=["id", "wave"], columns="item", values="estimate")
    np.testing.assert_array_equal(wide, rows.set_index(["id", "wave"])[ITEMS].sort_index())
    # It is neither an informant nor missing.
    assert triangulate(both).table.equals(triangulate(data).table)
    assert made.missing.empty
    with pytest.raises(DataError, match="rule='consensus' needs recorded values"):
        triangulate(data, rule="consensus")


def test_the_consensus_may_rate_what_an_informant_can_not():
    named = ["participant", "worker", "observer"]
    only = definition(informants=named, of_items={"4": {"informants": ["observer"]}})
    data = ratings(gaps=0)
    data.loc[data["informant"] != "observer", "fid_4"] = np.nan
    rows = data[data["informant"] == "worker"].assign(informant="consensus", fid_4=2)
    how = {"informant": "informant", "assessor": "assessor", "rule": "consensus"}
    made = cp.fidelity.triangulate(pd.concat([data, rows]), only, STUDY, **how)
    assert set(made.items.loc[made.items["item"] == "4", "estimate"]) == {2.0}


def test_recorded_values_that_do_not_fit_are_said_at_once():
    data = ratings(gaps=0)
    table = settled(data).reset_index(drop=True)
    table.loc[0, "id"] = "nobody"
    table.loc[1, "rating"] = 2.5
    table = pd.concat([table, table.iloc[[3]]], ignore_index=True)
    with pytest.raises(DataError) as error:
        triangulate(data, rule="consensus", consensus=table)
    for part in ("nobody, ", "(row 1)", "2.5 in row 2", f"rows 4, {len(table)}"):
        assert part in str(error.value)
    with pytest.raises(ColumnError, match="'rating'"):
        triangulate(data, rule="consensus", consensus=table.drop(columns="rating"))
    with pytest.raises(CodeError, match="no codes"):
        triangulate(data, rule="consensus", consensus=settled(data).assign(rating=7))
    with pytest.raises(DuplicateError, match="Several consensus values"):
        triangulate(data, rule="consensus", consensus=pd.concat([settled(data)] * 2))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rule": "mode"}, "'rule' must be one of"),
        ({"rule": "median", "weights": WEIGHTS}, "weights= is for rule='weighted'"),
        ({"rule": "median", "otherwise": "median"}, "otherwise= is for"),
        ({"rule": "observer_first", "otherwise": "mean"}, "'otherwise' must be one of"),
        ({"rule": "median", "consensus": pd.DataFrame()}, "rule='consensus' takes"),
        ({"informant": None}, "needs informant= too"),
    ],
)
def test_arguments_that_are_wrong_are_said(change, says):
    with pytest.raises(OptionError, match=says):
        triangulate(ratings(), **change)


def test_scored_ratings_take_no_arguments_of_score():
    made = score(ratings())
    with pytest.raises(OptionError, match="take no informant, assessor"):
        triangulate(made)
    assert cp.fidelity.triangulate(made).table.equals(triangulate(ratings()).table)


def test_one_row_and_nothing_but_gaps():
    data = ratings(gaps=0)
    one = triangulate(data.head(1))
    assert len(one.table) == 2
    none = triangulate(data.assign(**dict.fromkeys(ITEMS, np.nan)))
    assert none.table["estimate"].isna().all()
    assert (none.table["n"] == 0).all()
    assert len(none.missing) == len(none.cells)
