"""A definition written as TOML reads back as the same definition."""

import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval.errors import OptionError
from cpeval.exporting.toml_text import toml_text


def test_there_and_back(one, tmp_path):
    back = cp.Instrument.from_toml(one.to_toml(tmp_path / "x.toml"))
    if one.goals is not None:
        back = back.with_goals(len(one.items))
    assert back == one


@pytest.mark.parametrize("name", list(cp.instruments()))
def test_as_shipped(name, tmp_path):
    one = cp.instrument(name)
    assert cp.Instrument.from_toml(one.to_toml(tmp_path / "x.toml")) == one


def test_what_the_user_said_is_kept(own, goals, tmp_path):
    keyed = cp.instrument("rg_uk").with_keys({"domestic": ["1-6"]})
    assert cp.Instrument.from_toml(keyed.to_toml(tmp_path / "x.toml")) == keyed
    banded = own.with_bands("own_top", {"low": (-3, 0), "high": (1, 16)}, source="Ours")
    assert cp.Instrument.from_toml(banded.to_toml(tmp_path / "x.toml")) == banded
    assert cp.Instrument.from_toml(goals.to_toml(tmp_path / "x.toml")) == goals


def test_a_value_set_is_kept(own, tmp_path):
    base = own.model_dump(exclude_defaults=True)
    given_ = base | {
        "responses": {"level": base["responses"]["level"]},
        "items": [{"code": c, "label": c, "responses": "level"} for c in ("a", "b")],
        "scales": [{"label": "Value", "items": "all", "combine": "value_set"}],
        "value_sets": {
            "first": {
                "label": "First",
                "source": "Nobody",
                "decrements": {c: {-2: 0.1, 2: 1e-9} for c in ("a", "b")},
                "any_at": [{"codes": [2], "amount": 0.25}],
            }
        },
    }
    one = cp.Instrument.from_mapping(given_).with_value_set("first")
    assert cp.Instrument.from_toml(one.to_toml(tmp_path / "x.toml")) == one


LABELS = st.text(min_size=1, max_size=40).filter(
    lambda t: not any(0xD800 <= ord(c) < 0xE000 for c in t)
)


@given(LABELS, LABELS, LABELS)
def test_any_text(own, tmp_path_factory, title, label, meaning):
    given_ = own.model_dump(exclude_defaults=True) | {"title": title}
    given_["items"] = [{**given_["items"][0], "label": label}, *given_["items"][1:]]
    five = given_["responses"]["five"]
    given_["responses"] = given_["responses"] | {
        "five": five | {"codes": five["codes"] | {1: meaning}}
    }
    one = cp.Instrument.from_mapping(given_)
    import tomllib

    assert cp.Instrument.from_mapping(tomllib.loads(toml_text(one))) == one


def test_numbers_that_between_spells_out_are_not_written(own):
    text = toml_text(own)
    assert 'hundred = { codes = { 0 = "worst", 100 = "best" }, between = true }' in text


def test_a_suffix_that_would_not_do(own, tmp_path):
    with pytest.raises(OptionError, match=r"\.toml"):
        own.to_toml(tmp_path / "x.txt")
