"""One mistake in a definition gives one line, with the path of its key and what would do."""

import tomllib

import pytest

import cpeval as cp
from cpeval.errors import DefinitionError

#: A small definition that is right; tests spoil it.
RIGHT = """
name = "mine"
title = "Mine"
citation = "Nobody (2020)."
licence = { terms = "free" }
items = [
  { code = "1", label = "one", responses = "r" },
  { code = "2", label = "two", responses = "r", reversed = true },
]
[responses.r]
codes = { 0 = "no", 1 = "rather", 2 = "yes" }
[[scales]]
label = "Sum"
items = "all"
range = [0, 4]
[[scales]]
name = "percent"
label = "Percent"
of = ""
linear = { start = [0, 4], end = [0, 100] }
"""

GOALS = """
name = "aims"
title = "Aims"
citation = "Nobody (2020)."
licence = { terms = "free" }
goals = { label = "goal", responses = "level" }
[responses.level]
codes = { -1 = "less", 0 = "as expected", 1 = "more" }
[[scales]]
label = "T score"
items = "all"
combine = "goal_attainment"
correlation = 0.3
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
any_at = [{ codes = [2], amount = 0.05 }]
[value_sets.table]
label = "Table"
source = "Us"
profiles = { "11" = 1, "12" = 0.8, "21" = 0.9, "22" = 0.5 }
"""

RULE = 'reversed = false, rules = [{ item = "1", codes = [0], values = { 0 = 0, 1 = 1, 2 = 2 } }]'
LINEAR = "linear = { start = [0, 4], end = [0, 100] }"
BANDS = 'range = [0, 4]\nbands = [{ source = "s", bands = ['


def lines(text):
    """The lines that a definition's text gives, none if it is right."""
    try:
        cp.Instrument.from_mapping(tomllib.loads(text))
    except DefinitionError as error:
        head, *rest = str(error).splitlines()
        assert head == "The definition has mistakes:"
        assert all(line.startswith("- ") for line in rest)
        return [line[2:] for line in rest]
    return []


@pytest.mark.parametrize("text", [RIGHT, GOALS, VALUED])
def test_what_is_spoilt_below_is_right(text):
    assert lines(text) == []


HEAD = [
    ('title = "Mine"', 'titel = "Mine"', "titel: there is no such key (did you mean 'title'?)"),
    ('title = "Mine"', 'title = "Mine"\ncolour = 1', "colour: there is no such key. Keys here: 'name', 'title', 'version'"),
    ('title = "Mine"', "", "title: is needed and absent"),
    ('title = "Mine"', 'title = ""', "title: should not be empty"),
    ('title = "Mine"', "title = 1979-05-27", 'title: should be text, in quotes ("…"). Got 1979-05-27'),
    ('title = "Mine"', 'title = "Mine"\nstatus = "checked"', "status: should be 'verified', 'provisional', 'illustrative' or 'own'. Got 'checked'"),
    ('title = "Mine"', 'title = "Mine"\nsources = "Us"', "sources: should be a list, such as [\"…\"]. Got 'Us'"),
    ('title = "Mine"', 'title = "Mine"\nsources = ["Us", 3]', 'sources.2: should be text, in quotes ("…"). Got 3'),
    ('title = "Mine"', 'title = "Mine"\nstatus = "verified"', 'sources: status = "verified" needs one at least: where the rule was seen'),
    ('name = "mine"', 'name = "My Scale"', "name: should be lower-case letters, digits and _, a letter first. Got 'My Scale'"),
    ('name = "mine"', f'name = "{"a" * 61}"', "name: should have at most 60 characters. It has 61"),
    ('licence = { terms = "free" }', 'licence = "free"', "licence: should be a table, with keys such as 'terms', 'address'. Got 'free'"),
    ('licence = { terms = "free" }', "licence = {}", "licence.terms: is needed and absent"),
]  # fmt: skip

ITEMS = [
    ('label = "one"', 'lable = "one"', "items.1.lable: there is no such key (did you mean 'label'?)"),
    ('code = "2"', 'code = "1"', "items: the code '1' stands twice"),
    ('code = "2"', 'code = "1-2"', "items.2 (1-2).code: '1-2' would be read as a span of items"),
    ('code = "2"', 'code = "2\\n3"', r"items.2 (2\n3).code: should not have control characters. Got '\n'"),
    ('code = "2"', 'code = "2\\u202e"', r"items.2 (2\u202e).code: should not have control characters. Got '\u202e'"),
    ('code = "2"', 'code = "2\\u200b"', r"items.2 (2\u200b).code: should not have characters that can't be seen. Got '\u200b'"),
    ('code = "2"', 'code = "2\\u200d"', r"items.2 (2\u200d).code: should not have characters that can't be seen. Got '\u200d'"),
    ('code = "2"', f'code = "{"x" * 301}"', f"items.2 ({'x' * 80}…).code: should have at most 300 characters. It has 301"),
    ('label = "two"', f'label = "{"x" * 20_001}"', "items.2.label: should have at most 20,000 characters. It has 20,001"),
    ('code = "2"', "code = true", 'items.2.code: should be text, in quotes ("…"). Got true'),
    ('code = "2"', 'code = "2 "', "items.2 (2 ).code: should not begin or end with a space. Got '2 '"),
    ('responses = "r" },', 'responses = "rr" },', "items.1.responses: there is no [responses.rr] (did you mean 'r'?)"),
    ('responses = "r" },', 'responses = ["r"] },', "items.1.responses: should be text, in quotes (\"…\"). Got ['r']"),
    ("reversed = true", 'reversed = "yes"', "items.2.reversed: should be true or false, without quotes. Got 'yes'"),
    ("reversed = true", "reversed = true, values = { 0 = 0, 1 = 0, 2 = 1 }", "items.2: reversed or values, not both"),
    ("reversed = true", "values = { 0 = 0, 1 = 0 }", "items.2.values: lacks 2"),
    ("reversed = true", "values = { 0 = 0, 1 = 0, 2 = 1, 3 = 1 }", "items.2.values: has 3, not among the response codes"),
    ("reversed = true", "values = { 0 = 0, 1 = 0, 2 = true }", "items.2.values.2: should be a number. Got true"),
    ('label = "one"', 'label = "one", optional = "yes"', "items.1.optional: should be true or false, without quotes. Got 'yes'"),
    ("reversed = true", "reversed = true, optional = true", "scales: every scale takes optional items: '2'"),
    ("reversed = true", "values = [0, 0, 1]", "items.2.values: should be a table, such as { 0 = 0, 1 = 4 }. Got [0, 0, 1]"),
    ("reversed = true", RULE.replace('"1"', '"9"'), "items.2.rules.1.item: there is no item '9'"),
    ("reversed = true", RULE.replace('"1"', '"2"'), "items.2.rules.1.item: is the item itself; say what its codes are worth by values"),
    ("reversed = true", RULE.replace("[0]", "[7]"), "items.2.rules.1.codes: item '1' has no codes 7"),
    ("reversed = true", RULE.replace("[0]", "[]"), "items.2.rules.1.codes: should not be empty"),
    ("reversed = true", RULE.replace("[0]", '"absent"'), "items.2.rules.1.codes: should be a list of codes, or \"missing\". Got 'absent'"),
    ("reversed = true", RULE.replace("2 = 2", "3 = 2"), "items.2.rules.1.values: lacks 2 and has 3, not among the response codes"),
]  # fmt: skip

RESPONSES = [
    ('0 = "no"', 'zero = "no"', "responses.r.codes.zero: a code should be a number"),
    ('0 = "no"', '1000000000000 = "no"', "responses.r.codes.1000000000000: a code should have at most 12 digits before and after ."),
    ('0 = "no"', '"0.1234567890123" = "no"', "responses.r.codes.0.1234567890123: a code should have at most 12 digits before and after ."),
    ('0 = "no"', 'nan = "no"', "responses.r.codes.nan: a code should be a number"),
    ('0 = "no"', 'true = "no"', "responses.r.codes.true: a code should be a number"),
    ('0 = "no"', '0.5 = "no"', 'responses.r.codes.0: a code with a decimal point needs quotes: "0.…" = …'),
    ('0 = "no"', '0 = "no", "0.0" = "never"', "responses.r.codes.0.0: is the same code as '0'"),
    ('0 = "no"', "0 = 1", 'responses.r.codes.0: should be text, in quotes ("…"). Got 1'),
    ('{ 0 = "no", 1 = "rather", 2 = "yes" }', '["no", "yes"]', "responses.r.codes: should be a table, such as { 0 = \"no\", 1 = \"yes\" }. Got ['no', 'yes']"),
    ('{ 0 = "no", 1 = "rather", 2 = "yes" }', '{ 0 = "no" }', "responses.r.codes: should have two codes or more"),
    ('2 = "yes" }', '2 = "yes" }\nbetween = 1', "responses.r.between: should be true or false, without quotes. Got 1"),
    ('2 = "yes" }', '2000 = "yes" }\nbetween = true', "responses.r.between: 0 to 2000 are more than 1,001 codes"),
    ('2 = "yes" }', '2 = "yes" }\n[responses.z]\ncodes = { 0 = "a", 1 = "b" }', "responses.z: no item has these answers"),
    ('2 = "yes" }', '2 = "yes" }\nmissing_codes = [2]', "responses.r.missing_codes: 2 are answers too"),
    ('2 = "yes" }', '2 = "yes" }\nmissing_codes = 9', "responses.r.missing_codes: should be a list, such as [8, 9]. Got 9"),
    ('2 = "yes" }', '2 = "yes" }\nmissing_codes = [9, nan]', "responses.r.missing_codes.2: should be a finite number. Got nan"),
    ('2 = "yes" }', '2 = "yes" }\nother_codings = [{ 1 = 0, 3 = 2 }]', "responses.r.other_codings.1: code 1 means another answer in the standard coding"),
    ('2 = "yes" }', '2 = "yes" }\nother_codings = [{ 4 = 7 }]', "responses.r.other_codings.1: there are no codes 7"),
    ('2 = "yes" }', '2 = "yes" }\nother_codings = [{ 4 = 2 }]\nmissing_codes = [4]', "responses.r.missing_codes: 4 are answers too"),
    ('2 = "yes" }', '2 = "yes" }\ncodings = { "0-2" = { 0 = 0, 1 = 1, 2 = 2 }, "1-3" = { 1 = 0, 2 = 1, 3 = 9 } }', "responses.r.codings.1-3: there are no codes 9"),
    ('2 = "yes" }', '2 = "yes" }\ncodings = { "0-2" = { 0 = 0, 1 = 1, 2 = 2 }, "1-3" = { 1 = 0, 2 = 1, 3 = 1 } }', "responses.r.codings.1-3: two codes mean one answer"),
    ('2 = "yes" }', '2 = "yes" }\ncodings = { "1-3" = { 1 = 0, 2 = 1, 3 = 2 } }', "responses.r.codings: the standard coding should be among them, with a name"),
    ('2 = "yes" }', '2 = "yes" }\ncodings = { "0-2" = { 0 = 0, 1 = 1, 2 = 2 } }\nother_codings = [{ 3 = 2 }]', "responses.r: give codings or other_codings, not both"),
    ('2 = "yes" }', '2 = "yes" }\ncodings = { "0-2" = { 0 = 0, 1 = 1, 2 = 2 } }\nmissing_codes = [2]', "responses.r.missing_codes: 2 are answers too"),
    ('2 = "yes" }', '2 = "yes" }\ncodings = { "0-2" = { 0 = 0, 1 = 1, 2 = 2 } }\ncoding = "0-3"', "responses.r.coding: there is no coding '0-3' (did you mean '0-2'?)"),
]  # fmt: skip

SCALES = [
    ('items = "all"', 'items = ["1", "3"]', "scales.1.items: there is no item '3'"),
    ('items = "all"', 'items = ["1-12"]', "scales.1.items: there are no items '3', '4', '5', '6', '7', '8', '9', '10' and 2 more"),
    ('items = "all"', 'items = ["1", "1"]', "scales.1.items: the item '1' stands twice"),
    ('items = "all"', 'items = "al"', "scales.1.items: should be \"all\", \"key\", or a list of item codes: [\"1\", \"3-5\"]. Got 'al'"),
    ('items = "all"', 'items = ["2-1"]', "scales.1.items.1: '2-1' runs backwards"),
    ('items = "all"', "items = [1.5]", 'scales.1.items.1: should be text, in quotes ("…"). Got 1.5'),
    ('items = "all"', 'items = ["1-2"]\nkey_items = 3', "scales.1.items: key_items says 3 items; here are 2"),
    ('items = "all"', 'items = "all"\nkey_items = 9', "scales.1.items: key_items says 9 items; here are 2"),
    ('items = "all"\nrange = [0, 4]', 'items = "key"\nkey_items = 9', "scales.1.key_items: is 9, but there are 2 items"),
    ('items = "all"', 'items = "all"\nprorate = true', "scales.1.prorate: changes nothing while all items must be answered; say how many by answered"),
    ('items = "all"', 'items = "all"\nanswered = 2\nprorate = true', "scales.1.prorate: changes nothing while all"),
    ('items = "all"\nrange = [0, 4]', 'items = "key"\nkey_items = 2\nanswered = 2\nprorate = true', "scales.1.prorate: changes nothing while all"),
    ('items = "all"\nrange = [0, 4]', 'items = "all"\ncombine = "count"\ncounted = [7, 1, 8]', "scales.1.counted: no item can be worth 7, 8"),
    ('items = "all"\nrange = [0, 4]', 'items = "key"\nkey_items = 2\nanswered = 3', "scales.1.answered: is more than its 2 items"),
    ('items = "all"', 'items = "all"\nof = "percent"', "scales.1: give one of items, of and terms. Got 'items', 'of'"),
    ('items = "all"', "", "scales.1: give one of items, of and terms. Got none of them"),
    ('items = "all"', 'itmes = "all"', "scales.1.itmes: there is no such key (did you mean 'items'?)"),
    ('items = "all"', 'items = "all"\nanswered = 3', "scales.1.answered: is more than its 2 items"),
    ('items = "all"', 'items = "all"\nanswered = 0', "scales.1.answered: should be 1 or more. Got 0"),
    ('items = "all"', 'items = "all"\nanswered = 1.5', "scales.1.answered: should be a whole number. Got 1.5"),
    ('items = "all"', 'items = "all"\ncombine = "meen"', "scales.1.combine: should be 'sum', 'mean', 'maximum', 'count', 'value_set' or 'goal_attainment'. Got 'meen' (did you mean 'mean'?)"),
    ('items = "all"\nrange = [0, 4]', 'items = "all"\ncombine = "mean"\nweights = { 1 = 2, 2 = 2 }\nprorate = true', "scales.1.prorate: is for sums and counts; a mean is of the answered items anyway"),
    ('items = "all"\nrange = [0, 4]', 'items = "all"\ncombine = "count"', 'scales.1: combine = "count" needs counted, the points to count'),
    ('items = "all"', 'items = "all"\ncounted = [1]', 'scales.1.counted: is for combine = "count"'),
    ('items = "all"\nrange = [0, 4]', 'items = "all"\ncombine = "maximum"\nweights = { 1 = 1, 2 = 1 }', "scales.1.weights: is for sums and means"),
    ('items = "all"', 'items = "all"\nweights = { 1 = 1 }', "scales.1.weights: lacks '2'"),
    ('items = "all"', 'items = "all"\nweights = { 1 = 1, 2 = 1, 3 = 1 }', "scales.1.weights: has '3', not among the items"),
    ('items = "all"', 'items = "all"\nweights = { 1 = 1, 2 = inf }', "scales.1.weights.2: should be a finite number. Got inf"),
    ('items = "all"', 'items = "all"\ncorrelation = 0.3', 'scales.1.correlation: is for combine = "goal_attainment"'),
    ('items = "all"', 'items = "all"\nmultiply = 2', "scales.1.multiply: is for scales of terms; use linear"),
    ("range = [0, 4]", "range = [0, 40]", "scales.1.range: is [0, 40], but the items give [0, 4]"),
    ("range = [0, 4]", "range = [4, 0]", "scales.1.range: should be the lowest score, then the highest"),
    ("range = [0, 4]", "range = 4", "scales.1.range: should be two numbers, such as [0, 4]. Got 4"),
    ("range = [0, 4]", "range = [0, 4]\nweights = { 1 = 1, 2 = 2 }", "scales.1.range: is [0, 4], but the items give [0, 6]"),
    ("range = [0, 4]", 'range = [0, 4]\ncombine = "count"\ncounted = [2]', "scales.1.range: is [0, 4], but the items give [0, 2]"),
    ("range = [0, 4]", "range = [0, 4]\nweights = { 1 = 1, 2 = -1 }", "scales.1.range: is [0, 4], but the items give [-2, 2]"),
    ("range = [0, 4]", 'range = [0, 4]\ncombine = "count"\ncounted = [0, 1, 2]', "scales.1.range: is [0, 4], but the items give [2, 2]"),
    ('of = ""', 'of = "total"', "scales.2 (percent).of: there is no scale 'total'"),
    ('of = ""', 'of = "percent"', "scales.2 (percent): scales are made of each other: percent → percent"),
    ('of = ""', 'of = ""\nanswered = 1', "scales.2 (percent).answered: is for scales of items"),
    ('of = ""', 'of = ""\nprorate = true', "scales.2 (percent).prorate: is for scales of items"),
    ('name = "percent"', 'name = "9x"', "scales.2 (9x).name: should be lower-case letters, digits and _, a letter first. Got '9x'"),
    ('name = "percent"', 'name = ""', "scales: the name '' stands twice"),
    ("end = [0, 100] }", "end = [0, 100] }\nlookup = { 0 = 1 }", "scales.2 (percent): give lookup or linear, not both"),
    (LINEAR, "range = [0, 4]", "scales.2 (percent).of: a scale made of another needs lookup or linear"),
    ("start = [0, 4]", "start = [4, 4]", "scales.2 (percent).linear.start: should be two different numbers"),
    ("start = [0, 4]", "start = [1, 5]", "scales.2 (percent).linear.start: goes beyond the scores, 0 to 4. If that is meant, say what comes out: range = [-25, 75]"),
    ("end = [0, 100]", "end = [0, inf]", "scales.2 (percent).linear.end.2: should be a finite number. Got inf"),
    ("end = [0, 100] }", "end = [0, 100] }\nrange = [0, 50]", "scales.2 (percent).range: is [0, 50], but the items give [0, 100]"),
    (LINEAR, "lookup = { 0 = 1, 1 = 2, 2 = 3 }", "scales.2 (percent).lookup: has no value for 3, 4"),
    (LINEAR, "lookup = { 0 = 1, 1 = 2, 2 = 3, 3 = 4, 4 = 5, 9 = 6 }", "scales.2 (percent).lookup: has 9, which the items can't give"),
    (LINEAR, "lookup = { 0 = 1, 1 = 2, 2 = 3, 3 = 4, 4 = 5, 04 = 6 }", "scales.2 (percent).lookup.04: is the same code as '4'"),
    ('items = "all"\nrange = [0, 4]\n', 'items = "all"\nanswered = 1\nprorate = true\nlookup = { 0 = 1 }\n', "scales.1.lookup: needs whole scores; a mean or a prorated sum falls between"),
    ("range = [0, 4]", BANDS + '{ label = "b", low = 3, high = 1 }] }]', "scales.1.bands.1.bands.1 (b): runs from 3 down to 1"),
    ("range = [0, 4]", BANDS + '{ label = "b", low = 0, high = 2 }, { label = "c", low = 2, high = 4 }] }]', "scales.1.bands.1.bands.2 (c): should begin above the end of the band before it, which is 2"),
    ("range = [0, 4]", BANDS + '{ label = "b", low = 5, high = 9 }] }]', "scales.1.bands.1.bands.1 (b): lies beyond the scores, 0 to 4"),
    ("range = [0, 4]", BANDS + '{ label = "b", low = 2, high = 40 }] }]', "scales.1.bands.1.bands.1 (b): is 2 to 40, and so reaches beyond the scores, 0 to 4"),
    ("range = [0, 4]", BANDS + '{ label = "a", low = 0, high = 0 }, { label = "b", low = 3, high = 4 }] }]', "scales.1.bands.1.bands.2 (b): leaves a hole below it: no band has 1, 2"),
    ('items = "all"\nrange = [0, 4]', 'items = "key"\n' + BANDS + '{ label = "b", low = 0, high = 5 }] }]', "scales.1.bands.1.bands.1 (b): is 0 to 5, and so reaches beyond the scores, 0 to 4"),
    ("range = [0, 4]", BANDS + "] }]", "scales.1.bands.1.bands: should not be empty"),
    ("range = [0, 4]", BANDS + '{ label = "b", low = 0, high = 4 }] }, { source = "t", bands = [{ label = "b", low = 0, high = 4 }] }]', "scales.1.bands: several sets of bands need a name each, and none twice"),
    ("range = [0, 4]", 'range = [0, 4]\nreliability = { value = 1.7, source = "s" }', "scales.1.reliability.value: should lie between 0 and 1. Got 1.7"),
    ("range = [0, 4]", 'range = [0, 4]\nimportant_difference = { value = -3, source = "s" }', "scales.1.important_difference.value: should be more than 0. Got -3"),
    ("range = [0, 4]", 'range = [0, 4]\nreliable_change = { value = 0, source = "s" }', "scales.1.reliable_change.value: should be more than 0. Got 0"),
    ('of = ""\n' + LINEAR, 'terms = [{ scale = "", weight = 1 }, { scale = "", weight = 2 }]', "scales.2 (percent).terms: the scale '' stands twice; add up its weights"),
    ("range = [0, 4]", 'range = [0, 4]\nreliability = { value = 0.8 }', "scales.1.reliability.source: is needed and absent"),
    ('code = "1"', 'code = "percent"', "scales.2 (percent).name: its column would be 'mine_percent', which is that of item 'percent'"),
    ('name = "percent"', 'name = "band"', "scales.2 (band).name: its column would be 'mine_band', which is what scoring or banding adds to 'mine'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), HEAD + ITEMS + RESPONSES + SCALES)
def test_one_mistake_one_line(old, new, said):
    assert old in RIGHT
    (line,) = lines(RIGHT.replace(old, new, 1))
    assert line.startswith(said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('responses = "level"', 'responses = "levels"', "goals.responses: there is no [responses.levels] (did you mean 'level'?)"),
        ('items = "all"', 'items = ["1"]', 'scales.1.items: combine = "goal_attainment" takes items = "all"'),
        ("correlation = 0.3", "", 'scales.1: combine = "goal_attainment" needs correlation'),
        ("correlation = 0.3", "correlation = 1.5", "scales.1.correlation: should lie between 0 and 1. Got 1.5"),
        ("correlation = 0.3", "correlation = 0.3\nrange = [0, 1]", 'scales.1.range: combine = "goal_attainment" takes none'),
        ('combine = "goal_attainment"\ncorrelation = 0.3', "", 'scales.1.combine: an instrument of goals takes combine = "goal_attainment" alone'),
        ('goals = { label = "goal", responses = "level" }', 'items = [{ code = "1", label = "x", responses = "level" }]', 'scales.1.combine: "goal_attainment" is for instruments of goals; this one has items'),
        ('goals = {', 'items = [{ code = "1", label = "x", responses = "level" }]\ngoals = {', "give items or goals, not both"),
        ('goals = { label = "goal", responses = "level" }', "", "items: is needed and absent (or goals, for an instrument of goals)"),
    ],
)  # fmt: skip
def test_mistakes_of_goals(old, new, said):
    assert old in GOALS
    (line,) = lines(GOALS.replace(old, new, 1))
    assert line.startswith(said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("b = { 2 = 0.2 } }", "c = { 2 = 0.2 } }", "value_sets.ours.decrements: lacks 'b' and has 'c', not among the items"),
        ("b = { 2 = 0.2 } }", "b = { 3 = 0.2 } }", "value_sets.ours.decrements.b: item 'b' has no codes 3"),
        ("b = { 2 = 0.2 } }", 'b = { 2 = "x" } }', "value_sets.ours.decrements.b.2: should be a number. Got 'x'"),
        ("codes = [2]", "codes = [5]", "value_sets.ours.any_at.1: no item has codes 5"),
        ('"22" = 0.5', '"23" = 0.5', "value_sets.table.profiles: no value for '22'"),
        (', "22" = 0.5', "", "value_sets.table.profiles: no value for '22'"),
        ('"22" = 0.5', '"22" = 0.5, "31" = 0', "value_sets.table.profiles: no such state as '31'"),
        ('"22" = 0.5', '"22|young" = 0.5', "value_sets.table.profiles: a state has no |, unless by names columns. Got '22|young'"),
        ("profiles =", 'by = ["age"]\nprofiles =', "value_sets.table.profiles: after the state come the values of 'age', each after a |"),
        ("any_at =", 'by = ["age"]\nany_at =', "value_sets.ours.by: is for profiles"),
        ("profiles =", "any_at = [{ codes = [2], amount = 1 }]\nprofiles =", "value_sets.table.any_at: is for decrements"),
        ("profiles =", "decrements = { a = { 2 = 0.1 } }\nprofiles =", "value_sets.table: give decrements or profiles, one of them"),
        ("[value_sets.table]", "[value_sets.Table]", "value_sets.Table: should be lower-case letters"),
        ('combine = "value_set"', "", 'value_sets: no scale has combine = "value_set"'),
        ('combine = "value_set"', 'combine = "value_set"\nanswered = 1', "scales.1.answered: a value set needs all items answered"),
        ('combine = "value_set"', 'combine = "value_set"\nlookup = { 0 = 1 }', 'scales.1.lookup: combine = "value_set" takes none'),
        ('combine = "value_set"', 'combine = "value_set"\n[[scales]]\nname = "x"\nlabel = "x"\nitems = "all"\ncombine = "value_set"', 'scales: only one scale may have combine = "value_set"'),
        ('name = "state"', 'name = "state"\nvalue_set = "hours"', "value_set: there is no value set 'hours' (did you mean 'ours'?)"),
    ],
)  # fmt: skip
def test_mistakes_of_value_sets(old, new, said):
    assert old in VALUED
    found = lines(VALUED.replace(old, new, 1))
    assert found[0].startswith(said)
    assert len(found) == (2 if '"23"' in new else 1)  # a state that isn't, and one that lacks


def test_optional_items_stand_last_and_no_other_depends_on_them():
    spare = RIGHT.replace('items = "all"\nrange = [0, 4]', 'items = ["1"]').replace(
        "[0, 4]", "[0, 2]"
    )
    assert lines(spare.replace("reversed = true", "optional = true")) == []
    spare = spare.replace('["1"]', '["2"]')
    first = spare.replace('label = "one"', 'label = "one", optional = true')
    assert lines(first) == ["items: optional ones should stand last: '1'"]
    assert lines(first.replace("reversed = true", RULE)) == [
        "items.2.rules.1.item: item '1' is optional, and this one is not",
        "items: optional ones should stand last: '1'",
    ]


def test_codings_have_the_same_names_everywhere():
    two = RIGHT.replace('responses = "r", reversed = true', 'responses = "s"').replace(
        '2 = "yes" }',
        '2 = "yes" }\ncodings = { "0-2" = { 0 = 0, 1 = 1, 2 = 2 } }\n[responses.s]\n'
        'codes = { 0 = "a", 1 = "b", 2 = "c" }\n'
        'codings = { std = { 0 = 0, 1 = 1, 2 = 2 }, "0-2" = { 1 = 0, 2 = 1, 3 = 2 } }',
    )
    assert lines(two) == ["responses.r.codings: lacks 'std', which others have"]


def test_a_stretch_may_start_beyond_the_scores_where_its_range_says_so():
    beyond = RIGHT.replace("start = [0, 4]", "start = [1, 5]")
    assert lines(beyond + "range = [-25, 75]\n") == []
    assert lines(beyond + "range = [0, 100]\n") == [
        "scales.2 (percent).range: is [0, 100], but the items give [-25, 75]"
    ]


TWO = '{ label = "a", low = 0, high = 1 }, { label = "b", low = LOW, high = 4 }] }]'


@pytest.mark.parametrize(
    ("scale", "low", "hole"),
    [
        ("", "2", ""),
        ("", "1.5", ""),  # no score lies between
        ("", "3", "2"),
        ("answered = 1\nprorate = true", "3", "2"),  # both answered: 2 is a score
        ("answered = 1\nprorate = true", "2", ""),
        ('combine = "mean"\nweights = { 1 = 2, 2 = 2 }', "3", ""),
        ("weights = { 1 = 1.5, 2 = 0.5 }", "2", ""),
        ("weights = { 1 = 1.5, 2 = 0.5 }", "3", ""),  # scores have fractions
    ],
)
def test_a_hole_between_bands_is_one_of_whole_scores(scale, low, hole):
    bands = f"{BANDS}{TWO.replace('LOW', low)}\n{scale}"
    wrong = f"scales.1.bands.1.bands.2 (b): leaves a hole below it: no band has {hole}"
    assert lines(RIGHT.replace("range = [0, 4]", bands)) == ([wrong] if hole else [])


def test_answers_that_a_misspelt_name_may_mean_are_not_called_unused():
    two = RIGHT.replace('responses = "r", reversed', 'responses = "ss", reversed').replace(
        "[responses.r]", '[responses.s]\ncodes = { 0 = "a", 1 = "b" }\n[responses.r]'
    )
    (line,) = lines(two)
    assert line.startswith("items.2.responses: there is no [responses.ss]")


def test_names_in_letters_that_are_joined_are_as_they_are_written():
    joined = RIGHT.replace('code = "2"', 'code = "\u0645\u06cc\u200c\u0631\u0648\u062f"')
    assert lines(joined) == []


def test_cycles_are_named_whole():
    scale = '[[scales]]\nname = "{0}"\nlabel = "{0}"\nof = "{1}"\nlinear = {{ start = [0, 1], end = [0, 2] }}\n'
    circle = RIGHT + scale.format("a", "c") + scale.format("b", "a") + scale.format("c", "b")
    assert lines(circle) == ["scales.3 (a): scales are made of each other: a → c → b → a"]
    terms = circle + '[[scales]]\nname = "d"\nlabel = "d"\nterms = [{ scale = "d", weight = 1 }]\n'
    assert lines(terms)[1] == "scales.6 (d): scales are made of each other: d → d"


def test_a_scale_stands_below_what_it_is_made_of():
    first, second = RIGHT.split("[[scales]]")[1:]
    upside_down = (
        RIGHT.split("[[scales]]", maxsplit=1)[0] + "[[scales]]" + second + "[[scales]]" + first
    )
    assert lines(upside_down) == ["scales.1 (percent).of: scale '' must stand above this one"]
