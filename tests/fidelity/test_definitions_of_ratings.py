"""What a definition says of ratings: who can rate what, what a level looks like, what is next."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval.errors import DefinitionError, OptionError


def test_who_can_rate_what(scale):
    assert scale.all_informants == ["participant", "worker", "observer"]
    assert scale.informants_of("1") == ["participant", "worker", "observer"]
    assert scale.informants_of(scale.item("3")) == ["observer"]
    rated = {name: [i.code for i in scale.items_for(name)] for name in scale.all_informants}
    assert rated == {
        "participant": ["1", "4", "5"],
        "worker": ["1", "2", "4", "5"],
        "observer": ["1", "2", "3", "4", "5"],
    }
    with pytest.raises(OptionError, match=r"'observr' \(did you mean 'observer'\?\)"):
        scale.items_for("observr")
    with pytest.raises(DefinitionError, match="no item '9'"):
        scale.informants_of("9")


def test_without_informants_anybody_rates_all():
    one = cp.instrument("ips_25")
    assert one.all_informants == []
    assert len(one.items_for("reviewer")) == 25


def test_items_alone_may_name_informants(changed):
    one = changed(informants=[])
    assert one.all_informants == ["worker", "observer"]
    assert one.informants_of("1") == ["worker", "observer"]


def test_the_next_anchor_is_the_nearest_that_is_worth_more(scale):
    assert scale.next_anchor("1", 1) == (3, "some by both")
    assert scale.next_anchor("1", 2.9).text == "some by both"
    assert scale.next_anchor("1", 3).code == 5
    assert scale.next_anchor("1", 5) is None
    assert scale.next_anchor("2", 1) is None
    assert scale.next_anchor("1", math.nan) is None


def test_the_next_anchor_of_a_reversed_item_is_lower(scale):
    assert scale.next_anchor("4", 5) == (1, "never")
    assert scale.next_anchor("4", 1.5).code == 1
    assert scale.next_anchor("4", 1) is None


def test_the_next_anchor_follows_what_codes_are_worth(changed):
    items = changed().model_dump(exclude_defaults=True)["items"]
    items[0] |= {"values": {1: 0, 2: 5, 3: 1, 4: 2, 5: 3}}
    one = changed(items=items)
    assert one.next_anchor("1", 3).code == 5
    assert one.next_anchor("1", 2) is None  # worth most


@pytest.mark.parametrize("level", [0.9, 5.1, "3", None, True, math.inf])
def test_a_level_that_is_none(scale, level):
    with pytest.raises(OptionError, match="'level'"):
        scale.next_anchor("1", level)


@given(st.floats(1, 5))
def test_reaching_the_next_anchor_is_always_a_step_up(level):
    one = cp.instrument("connecting_people")
    for item in one.items:
        found = one.next_anchor(item, level)
        assert (found is None) == (level == 5)
        if found is not None:
            assert found.code > level
            assert found.text == item.anchors[found.code]
            assert not [code for code in item.anchors if level < code < found.code]


def test_the_card_says_who_rates_and_what_follows_from_data(scale):
    note = scale.describe().note
    assert "Rated by participant, worker, observer." in note
    assert "Anchors for 2 of 5 items." in note
    assert "2 (in the community) from 100 × visits_out / visits" in note
    assert "Rated" not in cp.instrument("swemwbs").describe().note


def test_the_codebook_has_anchors_and_rules(scale):
    book = scale.codebook().table
    assert list(book.columns[-4:]) == ["anchor", "automatic", "evidence", "informants"]
    one = book[book["item"] == "1"].set_index("code")
    assert one.anchor.tolist() == ["the worker plans", "", "some by both", "", "each by both", ""]
    assert set(one.evidence) == {"interview; notes"}
    two = book[book["item"] == "2"].set_index("code")
    assert two.automatic[2] == "100 × visits_out / visits: from 20, below 40"
    assert set(two.informants) == {"worker, observer"}
    assert "anchor" not in cp.instrument("swemwbs").codebook().table


def test_there_and_back(scale, tmp_path):
    path = scale.to_toml(tmp_path / "v.toml")
    assert cp.Instrument.from_toml(path) == scale
    assert "[[items]]" in path.read_text(encoding="utf-8")


def test_a_rule_in_words(scale):
    assert scale.item("3").auto.spelt == [
        (5, "up to 20"),
        (4, "more than 20, below 25"),
        (3, "from 25, up to 30"),
        (2, "more than 30, below 40"),
        (1, "from 40"),
    ]
    assert str(scale.item("5").auto).startswith("from late / visits: 1: below 0.1; 0.5: from 0.1")


def test_a_rule_needs_answers_of_one_coding(changed):
    responses = changed().model_dump(exclude_defaults=True)["responses"]
    responses["half"] |= {"codings": {"0-1": {0: 0, 0.5: 0.5, 1: 1}, "1-3": {1: 0, 2: 0.5, 3: 1}}}
    responses["extent"] |= {"codings": {k: {c: c for c in range(1, 6)} for k in ("0-1", "1-3")}}
    with pytest.raises(DefinitionError) as raised:
        changed(responses=responses)
    assert str(raised.value).count("is for items whose answers have one coding alone") == 3


def test_percentages_below_zero_need_a_range(changed):
    items = changed().model_dump(exclude_defaults=True)["items"]
    items[1]["auto"] |= {"cuts": [-20, 0, 20, 40], "range": [-100, 100]}
    assert changed(items=items).item("2").auto.cuts[0] == -20
    del items[1]["auto"]["range"]
    with pytest.raises(DefinitionError, match=r"auto\.cuts: are percentages: none below 0"):
        changed(items=items)


def test_connecting_people_has_anchors_for_all():
    one = cp.instrument("connecting_people")
    assert one.all_informants == ["participant", "worker", "observer"]
    assert all(list(item.anchors) == [1, 3, 5] and item.evidence for item in one.items)
    texts = [text for item in one.items for text in item.anchors.values()]
    assert len(set(texts)) == len(texts) == 54
    assert np.max([len(text) for text in texts]) < 100
