"""Spoil a right definition in several known ways at once: each is named, and nothing else."""

import copy
import re
import tomllib

import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import DefinitionError

#: Most of what a definition may say, in parts that don't depend on each other more than needed.
RIGHT = """
name = "rich"
title = "Rich"
citation = "Nobody (2020)."
status = "verified"
sources = ["Nobody"]
licence = { terms = "free" }
informants = ["worker", "observer"]
items = [
  { code = "a", label = "one", responses = "few", anchors = { 0 = "none", 1 = "all" }, informants = ["worker"], evidence = ["notes"] },
  { code = "b", label = "two", responses = "few", reversed = true },
  { code = "c", label = "three", responses = "more", values = { 1 = 0, 2 = 0, 3 = 1 }, auto = { numerator = "n", denominator = "d", unit = "percent", cuts = [20, 50], levels = [1, 2, 3], at_cut = ["above", "below"], range = [0, 100] } },
  { code = "d", label = "four", responses = "more", rules = [{ item = "c", codes = [1], values = { 1 = 0, 2 = 1, 3 = 2 } }] },
  { code = "e", label = "five", responses = "most" },
  { code = "f", label = "six", responses = "most" },
  { code = "g", label = "seven", responses = "spare" },
]
[responses.few]
codes = { 0 = "no", 1 = "yes" }
missing_codes = [8]
[responses.more]
codes = { 1 = "no", 2 = "rather", 3 = "yes" }
[responses.most]
codes = { 0 = "none", 10 = "all" }
between = true
[responses.spare]
codes = { 0 = "no", 1 = "yes" }
other_codings = [{ 1 = 1, 2 = 0 }]
[[scales]]
name = "first"
label = "First"
items = ["a", "b"]
answered = 1
prorate = true
range = [0, 2]
[[scales]]
name = "second"
label = "Second"
items = ["c", "d"]
combine = "count"
counted = [0]
range = [0, 2]
bands = [{ source = "Nobody", bands = [{ label = "low", low = 0, high = 1 }, { label = "high", low = 2, high = 2 }] }]
[[scales]]
name = "third"
label = "Third"
items = ["e", "f"]
weights = { e = 2, f = 1 }
key_items = 2
important_difference = { value = 3, source = "Nobody" }
reliable_change = { value = 4, source = "Nobody" }
reliability = { value = 0.9, source = "Nobody" }
[[scales]]
name = "metric"
label = "Metric"
of = "third"
linear = { start = [0, 30], end = [0, 100] }
[[scales]]
name = "whole"
label = "Whole"
terms = [{ scale = "first", weight = 1 }, { scale = "second", weight = 2 }]
[[scales]]
name = "value"
label = "Value"
items = ["a", "b"]
combine = "value_set"
[value_sets.ours]
label = "Ours"
source = "Us"
decrements = { a = { 1 = 0.1 }, b = { 1 = 0.2 } }
any_at = [{ codes = [1], amount = 0.05 }]
[value_sets.yours]
label = "Yours"
source = "You"
profiles = { 00 = 1, 01 = 0.8, 10 = 0.9, 11 = 0.5 }
"""

GONE = object()

#: The path of a value, what to put there (GONE: nothing), the one line that this gives, and the
#: places that it makes uncertain: two ways that share one are not used together.
WAYS = [
    ("title", GONE, "title: is needed and absent", ""),
    ("title", 5, 'title: should be text, in quotes ("…"). Got 5', ""),
    ("colour", 5, "colour: there is no such key", ""),
    ("version", "", "version: should not be empty", ""),
    ("status", "sure", "status: should be 'verified', 'provisional', 'illustrative' or 'own'", ""),
    ("licence.terms", GONE, "licence.terms: is needed and absent", ""),
    ("licence", 5, "licence: should be a table, with keys such as 'terms', 'address'. Got 5", "licence.terms"),
    ("sources", [], 'sources: status = "verified" needs one at least', "sources.0 status"),
    ("sources.0", 5, "sources.1: should be text", ""),
    ("items.0.label", GONE, "items.1 (a).label: is needed and absent", ""),
    ("items.0.text", "x", "items.1 (a).text: there is no such key", ""),
    ("items.0.responses", "fwe", "items.1 (a).responses: there is no [responses.fwe] (did you mean 'few'?)", "few first"),
    ("items.1.reversed", "true", "items.2 (b).reversed: should be true or false", "few first"),
    ("items.1.values", {"0": 1, "1": 0}, "items.2 (b): reversed or values, not both", "items.1.reversed few first"),
    ("items.2.values", {"1": 0, "2": 0}, "items.3 (c).values: lacks 3", "second"),
    ("items.2.values", {"1": "x", "2": 0, "3": 1}, "items.3 (c).values.1: should be a number. Got 'x'", "second"),
    ("items.0.anchors", {"0": "x", "5": "y"}, "items.1 (a).anchors: there are no codes 5; the codes are 0, 1", "few"),
    ("items.0.anchors", {"0": "x", "1": ""}, "items.1 (a).anchors.1: should not be empty", "few"),
    ("items.0.evidence", "notes", "items.1 (a).evidence: should be a list", ""),
    ("items.0.informants", ["worke"], "items.1 (a).informants: 'worke' not among those of the whole definition (did you mean 'worker'?)", "informants"),
    ("informants", ["worker", "WORKER"], "informants: name one twice: 'worker', 'WORKER'", "items.0.informants"),
    ("items.2.auto.cuts", [50, 20], "items.3 (c).auto.cuts: should ascend, none twice. There is 20 after 50", "auto"),
    ("items.2.auto.cuts", [-5, 20], "items.3 (c).auto.cuts: -5 lie outside range, 0 to 100", "auto"),
    ("items.2.auto.cuts", [0.2, 0.5], "items.3 (c).auto.cuts: are percentages: write 50, not 0.5", "auto"),
    ("items.2.auto.cuts", ["20", 50], "items.3 (c).auto.cuts.1: should be a number. Got '20'", "auto"),
    ("items.2.auto.levels", [1, 2], "items.3 (c).auto.levels: should be one more than the cuts, 3", "auto"),
    ("items.2.auto.levels", [1, 3, 2], "items.3 (c).auto.levels: should go up all the way, or down all the way", "auto"),
    ("items.2.auto.levels", [1, 2, 9], "items.3 (c).auto.levels: there are no codes 9; the codes are 1, 2, 3", "auto more"),
    ("items.2.auto.at_cut", "over", 'items.3 (c).auto.at_cut: should be "above" or "below", or a list', "auto"),
    ("items.2.auto.at_cut", ["above"], "items.3 (c).auto.at_cut: has 1 sides, and there are 2 cuts", "auto"),
    ("items.2.auto.at_cut", GONE, "items.3 (c).auto.at_cut: is needed and absent", "auto"),
    ("items.2.auto.column", "x", "items.3 (c).auto: column or numerator and denominator, not both", "auto"),
    ("items.2.auto.unit", GONE, 'items.3 (c).auto.unit: is needed and absent: "percent" or "ratio"', "auto"),
    ("items.2.auto.unit", "share", "items.3 (c).auto.unit: should be 'percent' or 'ratio'. Got 'share'", "auto"),
    ("items.2.auto.denominator", "n", "items.3 (c).auto.denominator: is the numerator", "auto"),
    ("items.2.auto.range", [0, 30], "items.3 (c).auto.cuts: 50 lie outside range, 0 to 30", "auto"),
    ("items.2.auto.range", [30, 0], "items.3 (c).auto.range: should be the lowest value, then the highest", "auto"),
    ("items.2.auto", {"cuts": [1], "levels": [1, 2], "at_cut": "above"}, "items.3 (c).auto: give column, or numerator and denominator", "auto"),
    ("items.2.auto", "caseload", "items.3 (c).auto: should be a table, with keys such as 'column', 'numerator', 'denominator'", "auto items.2.auto.range"),
    ("items.3.rules.0.item", "x", "items.4 (d).rules.1.item: there is no item 'x'", "second rule refs"),
    ("items.3.rules.0.codes", [9], "items.4 (d).rules.1.codes: item 'c' has no codes 9", "second rule refs"),
    ("items.3.rules.0.codes", 9, "items.4 (d).rules.1.codes: should be a list of codes", "second rule"),
    ("items.3.rules.0.values", {"1": 0}, "items.4 (d).rules.1.values: lacks 2, 3", "second"),
    ("items.3.rules.0.item", "d", "items.4 (d).rules.1.item: is the item itself", "second rule"),
    ("items.6.responses", "few", "responses.spare: no item has these answers", "uses few"),
    ("items.6.code", "g\u200b", r"items.7 (g\u200b).code: should not have characters that can't be seen", ""),
    ("items.5.code", GONE, "items.6.code: is needed and absent", "third few yours refs"),
    ("scales.4.name", "first", "scales: the name 'first' stands twice", ""),
    ("responses.few.codes", {"zero": "no", "1": "yes"}, "responses.few.codes.zero: a code should be a number", "few first"),
    ("responses.few.codes", {"0": "no"}, "responses.few.codes: should have two codes or more", "few first"),
    ("responses.few.missing_codes", [1], "responses.few.missing_codes: 1 are answers too", "few"),
    ("responses.more.between", 1, "responses.more.between: should be true or false", "more"),
    ("responses.most.codes", {"0": "x", "9999": "y"}, "responses.most.between: 0 to 9999 are more than 1,001 codes", "third"),
    ("responses.spare.other_codings", [{"1": 0}], "responses.spare.other_codings.1: code 1 means another answer", ""),
    ("responses.spare.coding", "x", "responses.spare.coding: there is no coding 'x'", ""),
    ("responses.spare", [], "responses.spare: should be a table", "responses.spare.other_codings responses.spare.coding"),
    ("scales.0.answered", 3, "scales.1 (first).answered: is more than its 2 items", "first"),
    ("scales.0.prorate", "no", "scales.1 (first).prorate: should be true or false", "first"),
    ("scales.0.answered", GONE, "scales.1 (first).prorate: changes nothing while all items must be answered", "first"),
    ("scales.0.answered", 2, "scales.1 (first).prorate: changes nothing while all items must be answered", "first"),
    ("scales.0.range", [0, 3], "scales.1 (first).range: is [0, 3], but the items give [0, 2]", "first few"),
    ("scales.0.items", ["a", "bb"], "scales.1 (first).items: there is no item 'bb' (did you mean 'b'?)", "first refs"),
    ("scales.0.items", "al", 'scales.1 (first).items: should be "all", "key", or a list', "first"),
    ("scales.0.better", "more", "scales.1 (first).better: should be 'higher' or 'lower'. Got 'more'", ""),
    ("scales.1.counted", GONE, 'scales.2 (second): combine = "count" needs counted', "second"),
    ("scales.1.counted", [0, 7], "scales.2 (second).counted: no item can be worth 7", "second refs"),
    ("scales.1.combine", "cuont", "scales.2 (second).combine: should be 'sum', 'mean'", "second"),
    ("scales.1.range", [2, 0], "scales.2 (second).range: should be the lowest score", "second"),
    ("scales.1.bands.0.bands.1.low", 1, "scales.2 (second).bands.1.bands.2: should begin above the end", "second bands"),
    ("scales.1.bands.0.bands.1.high", 1, "scales.2 (second).bands.1.bands.2: runs from 2 down to 1", "second bands"),
    ("scales.1.bands.0.bands.1.high", 5, "scales.2 (second).bands.1.bands.2 (high): is 2 to 5, and so reaches beyond the scores, 0 to 2", "second bands refs"),
    ("scales.1.bands.0.bands.0.high", 0, "scales.2 (second).bands.1.bands.2 (high): leaves a hole below it: no band has 1", "second bands refs"),
    ("scales.1.bands.0.source", GONE, "scales.2 (second).bands.1.source: is needed and absent", ""),
    ("scales.1.bands.0.verified", "no", "scales.2 (second).bands.1.verified: should be true or false", ""),
    ("scales.2.weights", {"e": 2}, "scales.3 (third).weights: lacks 'f'", "third items.e"),
    ("scales.2.multiply", 2, "scales.3 (third).multiply: is for scales of terms; use linear", ""),
    ("scales.2.key_items", 3, "scales.3 (third).items: key_items says 3 items; here are 2", "third"),
    ("scales.2.reliability", {"value": 0.8}, "scales.3 (third).reliability.source: is needed and absent", ""),
    ("scales.2.reliability.value", 1.7, "scales.3 (third).reliability.value: should lie between 0 and 1. Got 1.7", "scales.2.reliability"),
    ("scales.2.important_difference.value", -3, "scales.3 (third).important_difference.value: should be more than 0. Got -3", ""),
    ("scales.2.reliable_change.value", 0, "scales.3 (third).reliable_change.value: should be more than 0. Got 0", ""),
    ("scales.3.of", "thrid", "scales.4 (metric).of: there is no scale 'thrid' (did you mean 'third'?)", "of"),
    ("scales.3.of", "metric", "scales.4 (metric): scales are made of each other: metric → metric", "of"),
    ("scales.3.linear.start", [5, 5], "scales.4 (metric).linear.start: should be two different numbers", "linear"),
    ("scales.3.linear.start", [5, 55], "scales.4 (metric).linear.start: goes beyond the scores, 0 to 30", "linear third of refs"),
    ("scales.3.linear", GONE, "scales.4 (metric).of: a scale made of another needs lookup or linear", "linear of scales.3.linear.start"),
    ("scales.3.answered", 1, "scales.4 (metric).answered: is for scales of items", ""),
    ("scales.4.terms.1.scale", "secnd", "scales.5 (whole).terms: there is no scale 'secnd'", ""),
    ("scales.4.terms.1.scale", "first", "scales.5 (whole).terms: the scale 'first' stands twice", "scales.4.terms.0.sd"),
    ("scales.4.terms.0.sd", 0, "scales.5 (whole).terms.1.sd: should be more than 0. Got 0", ""),
    ("scales.4.name", "Whole", "scales.5 (Whole).name: should be lower-case letters", ""),
    ("scales.4.label", "", "scales.5 (whole).label: should not be empty", "scales.4.name"),
    ("scales.5.name", "a", "scales.6 (a).name: its column would be 'rich_a', which is that of item 'a'", "scales.5 refs"),
    ("scales.5.answered", 1, "scales.6 (value).answered: a value set needs all items answered", "scales.5"),
    ("value_sets.ours.decrements.b", {"5": 0.1}, "value_sets.ours.decrements.b: item 'b' has no codes 5", "few"),
    ("value_sets.ours.any_at.0.codes", [7], "value_sets.ours.any_at.1: no item has codes 7", "few"),
    ("value_sets.ours.label", GONE, "value_sets.ours.label: is needed and absent", ""),
    ("value_sets.yours.profiles", {"00": 1, "01": 1, "10": 0}, "value_sets.yours.profiles: no value for '11'", "few yours"),
    ("value_sets.yours.by", ["age"], "value_sets.yours.profiles: after the state come the values of 'age'", "few yours"),
    ("value_sets.yours.full_health", "x", "value_sets.yours.full_health: should be a number. Got 'x'", ""),
    ("value_set", "theirs", "value_set: there is no value set 'theirs'", ""),
]  # fmt: skip


def lines_of(definition):
    """The lines that a definition gives, none if it is right."""
    try:
        cp.Instrument.from_mapping(definition)
    except DefinitionError as error:
        return [line.removeprefix("- ") for line in str(error).splitlines()[1:]]
    return []


def spoil(definition, path, value):
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        definition = definition[step]
    if value is GONE:
        del definition[last]
    else:
        definition[last] = copy.deepcopy(value)


def apart(ways):
    """Those ways, in their order, that share no place with one before."""
    taken, kept = set(), []
    for way in ways:
        places = {way[0], *way[3].split()}
        if not places & taken:
            taken |= places
            kept.append(way)
    # Tables go last, so that no way leads through what another has replaced.
    return sorted(kept, key=lambda way: -way[0].count("."))


def unnamed(line):
    """A line without the names after positions, which another way may have changed."""
    return re.sub(r"(\.\d+) \([^)]*\)", r"\1", line)


def assert_each_is_named(ways):
    definition = tomllib.loads(RIGHT)
    for path, value, _, _ in ways:
        spoil(definition, path, value)
    said = lines_of(definition)
    assert len(said) == len(ways), "\n".join([*said, "expected:", *(way[2] for way in ways)])
    said = [unnamed(line) for line in said]
    for _, _, start, _ in ways:
        assert any(line.startswith(unnamed(start)) for line in said), (start, said)


def test_what_is_spoilt_is_right():
    assert lines_of(tomllib.loads(RIGHT)) == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_each_way_gives_its_line(way):
    assert_each_is_named([way])


@settings(max_examples=max(200, settings.default.max_examples))
@given(st.lists(st.sampled_from(WAYS), min_size=2, max_size=30, unique_by=lambda way: way[2]))
def test_several_at_once_are_all_named_and_nothing_else(ways):
    assert_each_is_named(apart(ways))


def test_all_that_can_be_wrong_at_once():
    ways = apart(WAYS)
    assert len(ways) >= 25
    assert_each_is_named(ways)


def test_a_mistyped_key_is_one_mistake():
    definition = tomllib.loads(RIGHT)
    scale = definition["scales"][0]
    scale["itmes"] = scale.pop("items")
    (line,) = lines_of(definition)
    assert line.startswith("scales.1 (first).itmes: there is no such key (did you mean 'items'?)")


def test_what_stands_in_a_wrong_part_is_not_called_absent():
    definition = tomllib.loads(RIGHT)
    definition["scales"][2]["combine"] = 5  # metric is of it
    definition["items"][2]["label"] = 5  # a rule and a scale name it
    definition["responses"]["few"] = 5  # two items have it
    said = lines_of(definition)
    assert [line.split(": ")[0] for line in said] == [
        "responses.few",
        "items.3 (c).label",
        "scales.3 (third).combine",
    ]


def test_so_many_mistakes_that_it_is_another_kind_of_file():
    definition = {f"key{n}": n for n in range(500)}
    definition["items"] = [{"x": 1}] * 900
    said = lines_of(definition)
    assert len(said) == 101
    assert said[-1] == "and more than 100 mistakes in all: mend these first"
