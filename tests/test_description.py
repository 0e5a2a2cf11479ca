"""An instrument's card: published figures, codings and bands as people read them."""

import tomllib

import pandas as pd
import pytest

import cpeval as cp
from cpeval.definitions.catalogue import instruments

OWN = """
name = "own"
title = "Own"
citation = "Nobody (2020)."
licence = { terms = "free" }
items = [{ code = "1", label = "one", responses = "r" }, { code = "2", label = "two", responses = "r" }]
[responses.r]
codes = { 0 = "no", 1 = "yes" }
codings = { "no=0, yes=1" = { 0 = 0, 1 = 1 }, "yes=0, no=1" = { 0 = 1, 1 = 0 } }
[[scales]]
label = "Two\\nlines"
items = "all"
bands = [{ source = "Us", bands = [{ label = "none", low = 0, high = 0 }, { label = "some", low = 1, high = 2 }] }]
important_difference = { value = 1, source = "A talk", verified = false }
reliable_change = { value = 1.5, source = "Us (2020)" }
reliability = { value = 0.8, source = "Us & others (2020)" }
[[scales]]
name = "percent"
label = "Percent"
of = ""
linear = { start = [0, 2], end = [0, 100] }
"""  # fmt: skip

#: What questionnaires that may not be passed on print beside their boxes.
PRINTED = {
    "wemwbs": ["none of the time", "rarely", "some of the time", "all of the time"],
    "swemwbs": ["none of the time", "rarely", "some of the time", "all of the time"],
    "sf_36": [
        "excellent", "very good", "fair", "poor", "much better", "somewhat better", "about the same",
        "limited a lot", "limited a little", "not limited", "not at all", "slightly", "moderately",
        "quite a bit", "extremely", "very mild", "mild", "moderate", "severe", "very severe",
        "all of the time", "most", "a good bit", "some", "a little", "none of the time",
        "definitely true", "mostly true", "mostly false", "definitely false",
    ],
    "eq_5d_3l": ["no problems", "some problems", "worst imaginable", "best imaginable"],
    "eq_5d_5l": ["no problems", "slight problems", "moderate problems", "severe problems"],
    "ucla_20": ["never", "rarely", "sometimes", "often"],
    "lsns_18": ["never", "seldom", "sometimes", "often", "very often", "always"],
}  # fmt: skip
PRINTED["rand_36"] = PRINTED["sf_36"]
FRAGMENTS = ["vigorous activities", "lifting or carrying", "bathing or dressing", "full of life"]
FRAGMENTS += ["moderate activities", "worn out", "could not get going"]


@pytest.fixture
def own():
    return cp.Instrument.from_mapping(tomllib.loads(OWN))


def test_published_figures_are_on_the_card_and_say_when_they_are_from_memory(own):
    card = own.describe()
    figures = "important difference 1 (from memory); reliable change 1.5; reliability 0.8"
    assert card.table.published.tolist() == [figures, ""]
    assert "own: important difference 1 (A talk; from memory)." in card.note
    assert "own: reliable change 1.5 (Us (2020))." in card.note
    for shown in (repr(own), str(card)):
        assert figures in shown
    assert figures in own._repr_html_()
    assert "(Us &amp; others (2020))" in own._repr_html_()


def test_reliable_change_is_not_called_an_important_difference():
    for name, change in (("core_10", 6), ("reqol_10", 5)):
        (scale,) = cp.instrument(name).scales
        assert scale.important_difference is None
        assert scale.reliable_change.value == change
    assert "reliable change 5 (from memory)" in repr(cp.instrument("reqol_10"))
    assert "important difference 3 (from memory)" in repr(cp.instrument("wemwbs"))


def test_codings_are_quoted_and_a_band_of_one_score_is_one_number(own):
    card = own.describe()
    assert "'no=0, yes=1', 'yes=0, no=1': say which" in card.warnings[-1]
    assert own.with_coding("yes=0, no=1").choices == ["Data coded 'yes=0, no=1'."]
    assert card.table.bands[0] == "0 none, 1-2 some"


def test_what_a_scale_has_not_is_shown_as_nothing(own):
    assert own.describe().table.answered.isna().tolist() == [False, True]
    for shown in (repr(own), str(own.describe()), own._repr_html_()):
        assert "NA" not in shown
        assert "nan" not in shown


def test_headings_stand_over_their_columns(own):
    head, *rows = own.describe().shown().splitlines()
    assert len(rows) == 2  # a label's two lines are shown in one
    for column in ("label", "items", "bands", "published"):
        place = head.index(column)
        assert all(row[place - 1 : place] in ("", " ") for row in rows)
    assert rows[0][head.index("label") :].startswith("Two lines")
    assert '<tr style="text-align: left;">' in own._repr_html_()


def test_a_table_of_ones_own_is_named_once(tmp_path):
    state = cp.instrument("eq_5d_3l")
    table = tmp_path / "ours.csv"
    states = [f"{n:05b}".replace("1", "3").replace("0", "1") for n in range(32)]
    every = [f"{a}{b}{c}{d}{e}" for a in "123" for b in "123" for c in "123" for d in "123" for e in "123"]  # fmt: skip
    assert set(states) < set(every)
    pd.DataFrame({"profile": every, "value": 1.0}).to_csv(table, index=False)
    assert state.with_value_set(table).choices == ["Value set: ours.csv."]
    assert state.with_value_set("uk_tto").choices[0].count("Value set: ") == 1


@pytest.mark.parametrize("name", list(instruments()))
def test_labels_are_our_own_and_tell_answers_apart(name):
    one = cp.instrument(name)
    for responses in one.responses.values():
        labels = [label.casefold() for label in responses.codes.values()]
        assert len({*labels}) == len(labels)
        taken = {*labels} & {*PRINTED.get(name, ())}
        assert len(taken) <= 1, taken
    assert not {item.label for item in one.items} & {*FRAGMENTS}
