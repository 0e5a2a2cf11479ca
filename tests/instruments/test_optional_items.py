"""Items that data may lack: named by leaving them out, never dropped by a wrong guess."""

import pandas as pd
import polars as pl
import pytest

import cpeval as cp
from cpeval.errors import (
    CpevalWarning,
    DefinitionError,
    OptionError,
    ProvisionalWarning,
)
from cpeval.scoring.score import item_points

#: Two questions and a thermometer that data may lack.
DEFINITION = {
    "name": "mine",
    "title": "Mine",
    "citation": "Nobody (2020).",
    "licence": {"terms": "free"},
    "items": [
        {"code": "1", "label": "one", "responses": "r"},
        {"code": "2", "label": "two", "responses": "r"},
        {"code": "3", "label": "thermometer", "responses": "t", "optional": True},
    ],
    "responses": {
        "r": {"codes": {0: "no", 1: "yes"}},
        "t": {"codes": {0: "worst", 10: "best"}, "between": True},
    },
    "scales": [
        {"label": "Sum", "items": ["1", "2"]},
        {"name": "heat", "label": "Thermometer", "items": ["3"]},
        {
            "name": "half",
            "label": "Half",
            "of": "heat",
            "linear": {"start": [0, 10], "end": [0, 5]},
        },
    ],
}
SHEET = pd.DataFrame({"a": [1, 0], "b": [1, 1], "mine_1": [1, 0], "mine_2": [1, 1]})


@pytest.fixture
def mine():
    return cp.Instrument.from_mapping(DEFINITION)


@pytest.mark.parametrize("items", [["a", "b"], {"1": "a", "2": "b"}])
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_left_out_of_a_list_or_mapping_it_takes_its_scales_along(mine, items, make):
    made = cp.score(make(SHEET.to_dict("list")), mine, items=items, answered=True)
    made = made.collect() if isinstance(made, pl.LazyFrame) else made
    assert list(made.columns) == [*SHEET.columns, "mine", "mine_answered"]
    assert list(made["mine"]) == [2, 1]


def test_named_it_is_scored(mine):
    sheet = SHEET.assign(mine_3=[7, None])
    assert cp.score(sheet, mine).mine_heat.fillna(-1).tolist() == [7, -1]
    assert cp.score(sheet, mine).mine_half.fillna(-1).tolist() == [3.5, -1]
    assert list(item_points(sheet, mine).columns) == ["1", "2", "3"]
    assert list(item_points(sheet, mine, items=["a", "b"]).columns) == ["1", "2"]


@pytest.mark.parametrize("items", [None, "mine_{n}"])
def test_a_pattern_leaves_it_out_and_says_so(mine, items):
    with pytest.warns(CpevalWarning, match=r"no columns for the optional items '3', so"):
        cp.score(SHEET, mine, items=items)


def test_others_can_not_be_left_out(mine):
    with pytest.raises(OptionError, match="items '2' are not in items="):
        cp.score(SHEET, mine, items={"1": "a"})
    with pytest.raises(
        OptionError, match=r"has 3 items \(2 without optional ones\) and items= has"
    ):
        cp.score(SHEET, mine, items=["a"])


@pytest.mark.parametrize(
    ("place", "change", "said"),
    [
        (0, {"optional": True}, "items: optional ones should stand last: '1', '3'"),
        (1, {"optional": True}, "scales: every scale takes optional items: '2', '3'"),
        (
            0,
            {"rules": [{"item": "3", "codes": [5], "values": {0: 0, 1: 0}}]},
            "items.1.rules.1.item: item '3' is optional, and this one is not",
        ),
    ],
)
def test_mistakes_in_a_definition(place, change, said):
    items = [dict(item) for item in DEFINITION["items"]]
    items[place] |= change
    with pytest.raises(DefinitionError) as caught:
        cp.Instrument.from_mapping(DEFINITION | {"items": items})
    assert said in str(caught.value)


def test_check_and_score_agree_on_what_is_left_out(mine):
    found = cp.check(SHEET, instruments={mine: ["a", "b"]})
    assert "item column absent" not in set(found.table.problem)


def test_a_value_set_that_is_not_verified_says_so():
    sheet = pd.DataFrame([[1] * 5], columns=list("abcde"))
    five = cp.instrument("eq_5d_5l")
    with pytest.warns(ProvisionalWarning, match=r"eq_5d_5l: UK, 2026 is not verified"):
        cp.score(sheet, five, items=list("abcde"), value_set="uk_2026")
    cp.score(
        sheet, five, items=list("abcde"), value_set="england_2018"
    )  # a warning would be an error here
