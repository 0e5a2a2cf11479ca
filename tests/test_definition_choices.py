"""What a definition leaves to its user: said in a message, refused when it doesn't fit."""

import ast
import re
import tomllib

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, DefinitionError, OptionError

OPEN = """
name = "mine"
title = "Mine"
citation = "Nobody (2020)."
licence = { terms = "free" }
items = [
  { code = "1", label = "one", responses = "r" },
  { code = "2", label = "two", responses = "r" },
  { code = "3", label = "three", responses = "r" },
]
[responses.r]
codes = { 0 = "no", 1 = "rather", 2 = "yes" }
codings = { "0-2" = { 0 = 0, 1 = 1, 2 = 2 }, "1-3" = { 1 = 0, 2 = 1, 3 = 2 } }
[[scales]]
name = "part"
label = "Part"
items = "key"
key_items = 2
[[scales]]
name = "stretched"
label = "Stretched"
of = "part"
linear = { start = [0, 4], end = [0, 100] }
"""

VALUED = """
name = "state"
title = "Health"
citation = "Nobody (2020)."
licence = { terms = "free" }
items = [
  { code = "a", label = "one", responses = "r" },
  { code = "b", label = "two", responses = "r" },
]
[responses.r]
codes = { 1 = "none", 2 = "some" }
[[scales]]
label = "Value"
items = "all"
combine = "value_set"
[value_sets.ours]
label = "Ours"
source = "Us"
decrements = { a = { 2 = 0.1 }, b = { 2 = 0.2 } }
"""


@pytest.fixture
def mine():
    return cp.Instrument.from_mapping(tomllib.loads(OPEN))


@pytest.fixture
def state():
    return cp.Instrument.from_mapping(tomllib.loads(VALUED))


def said(error, call, *arguments, **named):
    with pytest.raises(error) as caught:
        call(*arguments, **named)
    return str(caught.value)


def test_all_that_is_still_to_be_said_is_asked_at_once(mine, state):
    asked = said(OptionError, mine.require_ready).splitlines()
    assert asked[0] == (
        "mine is in use with codings that clash ('0-2', '1-3'). Say which one the data have, "
        "such as coding='0-2'."
    )
    assert asked[1].startswith(
        "mine: which items belong to 'mine_part', 'mine_stretched' is not public. Take them from "
        'Nobody (2020). Then say so: keys = { part = ["1", "2", …] } in the study file'
    )
    mine.with_coding("1-3").with_keys({"part": ["1-2"]}).require_ready()
    assert "Say which: value_set= 'ours' (Ours), or a file of your own" in said(
        OptionError, state.require_ready
    )
    state.with_value_set("ours").require_ready()


def test_keys_that_do_not_fit(mine):
    text = said(DefinitionError, mine.with_keys, {"parts": ["1"], "stretched": ["1"]})
    assert "- 'parts' (did you mean 'part'?): no scale of that name waits for its items" in text
    assert "- 'stretched': no scale" in text
    assert "Scales that wait for their items: 'part'" in text
    text = said(DefinitionError, mine.with_keys, {"part": ["1", "2", "9"]})
    assert text == (
        "mine with keys has mistakes:\n"
        "- scales.1 (part).items: key_items says 2 items; here are 3\n"
        "- scales.1 (part).items: there is no item '9'"
    )


def test_all_kinds_of_mistakes_in_keys_are_named_at_once(mine):
    text = said(DefinitionError, mine.with_keys, {"parts": ["1"], "part": ["2-1", "9"]})
    assert text.splitlines() == [
        "mine with keys has mistakes:",
        "- 'parts' (did you mean 'part'?): no scale of that name waits for its items",
        "- scales.1 (part).items.1: '2-1' runs backwards",
        "Scales that wait for their items: 'part'.",
    ]
    text = said(DefinitionError, mine.with_keys, {"part": []})
    assert 'scales.1 (part).items: should be "all", "key", or a list of item codes' in text
    assert "there is no item 'key'" in said(DefinitionError, mine.with_keys, {"part": "key"})
    assert mine.with_keys({"part": "1-2"}).columns == ["mine_part", "mine_stretched"]
    assert mine.with_keys({"part": (1, 2)}).columns == ["mine_part", "mine_stretched"]


def test_a_range_that_the_keys_can_not_give_is_found_then():
    spoilt = OPEN.replace("key_items = 2", "range = [0, 4]")
    one = cp.Instrument.from_mapping(tomllib.loads(spoilt))
    text = said(DefinitionError, one.with_keys, {"part": ["1-3"]})
    assert "scales.1 (part).range: is [0, 4], but the items give [0, 6]" in text


def test_a_coding_that_is_not_there(mine, state):
    text = said(OptionError, mine.with_coding, "1-4")
    assert text == "mine has no coding '1-4' (did you mean '1-3'?). It has '0-2', '1-3'."
    assert said(OptionError, state.with_coding, "x").endswith("It has one coding alone.")


def test_a_value_set_that_is_not_there(mine, state, tmp_path):
    assert "takes no value set" in said(OptionError, mine.with_value_set, "ours")
    text = said(OptionError, state.with_value_set, "hours")
    assert "state has no value set 'hours' (did you mean 'ours'?). It has 'ours'" in text
    table = tmp_path / "values.csv"
    table.write_text("a,b,value\n1,1,1\n1,2,0.8\n2,1,0.9\n", encoding="utf-8")
    text = said(DefinitionError, state.with_value_set, table)
    assert "- value_sets.own.profiles: no value for '22'" in text
    table.write_text("profile,value\n11,1e300\n", encoding="utf-8")
    text = said(DefinitionError, state.with_value_set, table)
    assert text.endswith("- profiles.11: should lie between -1e12 and 1e12. Got 1e+300")
    table.write_text("a,b,value\n1,1,1\n1,2,0.8\n2,1,0.9\n2,2,0.5\n", encoding="utf-8")
    scored = cp.score(pd.DataFrame({"state_a": [1, 2], "state_b": [2, 2]}), state, value_set=table)
    assert scored["state"].tolist() == [0.8, 0.5]


def test_bands_that_do_not_fit(mine):
    own = mine.with_keys({"part": ["1-2"]}).with_coding("0-2")
    text = said(
        DefinitionError,
        own.with_bands,
        "mine_part",
        {"low": (0, 2), "mid": (2, 3), "top": (7, 9), "bad": ("x", 9)},
        source="Us",
    )
    assert text.splitlines() == [
        "mine with bands has mistakes:",
        "- scales.1 (part).bands.1.bands.4 (bad).low: should be a number. Got 'x'",
        "- scales.1 (part).bands.1.bands.2 (mid): should begin above the end of the band before it, which is 2",
        "- scales.1 (part).bands.1.bands.3 (top): lies beyond the scores, 0 to 4",
    ]
    assert "gives no column 'part'" in said(DefinitionError, own.with_bands, "part", {}, source="")
    text = said(DefinitionError, own.with_bands, "mine_part", {"a": 3, "b": (0, 4)}, source="Us")
    assert text.startswith(
        "mine: bands 'a' should have two scores each, the lowest and the highest"
    )
    text = said(
        DefinitionError, own.with_bands, "mine_part", {"a": (0, 1), "b": (3, 40)}, source=""
    )
    assert text.splitlines()[1:] == [
        "- scales.1 (part).bands.1.source: should not be empty",
        "- scales.1 (part).bands.1.bands.2 (b): is 3 to 40, and so reaches beyond the scores, 0 to 4",
        "- scales.1 (part).bands.1.bands.2 (b): leaves a hole below it: no band has 2",
    ]
    assert own.with_bands("mine_part", {"a": (np.int64(0), np.float64(4))}, source="Us")


def test_goals_are_for_instruments_of_goals(mine):
    assert said(OptionError, mine.with_goals, 3) == "mine has items, not goals."


def test_two_instruments_that_would_write_one_column():
    small = OPEN.replace('items = "key"\nkey_items = 2', 'items = "all"').split("codings = {")[0]
    one = cp.Instrument.from_mapping(
        tomllib.loads(small + '[[scales]]\nname = "b_c"\nlabel = "x"\nitems = "all"\n')
    )
    other = cp.Instrument.from_mapping(
        tomllib.loads(
            small.replace('"mine"', '"mine_b"')
            + '[[scales]]\nname = "c"\nlabel = "x"\nitems = "all"\n'
        )
    )
    data = pd.DataFrame({f"{name}_{n}": [1] for name in ("mine", "mine_b") for n in (1, 2, 3)})
    text = said(ColumnError, cp.score, data, [one, other])
    assert "Two scores would be named alike: 'mine_b_c'" in text


LABELLED = """
name = "mine"
title = "Mine"
citation = "Nobody (2020)."
licence = { terms = "free" }
items = [{ code = "1", label = "one", responses = "r" }]
[responses.r]
codes = { 0 = "Never", 1 = "often", 2 = "Often ", 3 = "1", "3.5" = "always" }
[[scales]]
label = "Sum"
items = "all"
"""


def test_a_label_that_two_codes_share_is_not_recoded_by_guess():
    one = cp.Instrument.from_mapping(tomllib.loads(LABELLED))
    # "often" may be 1 or 2; "1" may be the code 1 or the label of 3.
    assert one.responses["r"].codes_by_label == {"never": 0, "always": 3.5}
    text = said(CodeError, cp.score, pd.DataFrame({"mine_1": ["never", "always"]}), one)
    offered = re.search(r"recode them: (\{.*\})", text)[1]
    assert ast.literal_eval(offered) == {"never": 0, "always": 3.5}
    text = said(CodeError, cp.score, pd.DataFrame({"mine_1": ["never", "often"]}), one)
    assert "recode them" not in text
    assert "'mine_1' holds text: 'never', 'often'" in text


def test_check_offers_only_labels_that_are_certain():
    one = cp.Instrument.from_mapping(tomllib.loads(LABELLED))
    data = pd.DataFrame({"id": [1, 2, 3], "mine_1": ["never", "often", "always"]})
    study = cp.Study(person="id")
    table = cp.check(data, study, instruments=[one]).table.set_index("problem")
    advice = table.loc["label in place of a code", "advice"].unique()
    assert advice.tolist() == ["Recode it: {'never': 0, 'always': 3.5}."]
    assert "often" in str(table.loc["text in a number column"].to_dict())


def test_labels_are_those_of_the_coding_that_was_chosen(mine):
    chosen = mine.with_coding("1-3").with_keys({"part": ["1-2"]})
    assert chosen.responses["r"].codes_by_label == {"no": 1, "rather": 2, "yes": 3}
