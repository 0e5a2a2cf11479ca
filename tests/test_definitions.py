"""Definitions: shipped ones hold together, and every mistake in a file is named with its key."""

import pandas as pd
import polars as pl
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


def loaded(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return cp.Instrument.from_toml(path)


def test_the_catalogue_lists_and_shows():
    listing = cp.instruments()
    assert {"ces_d", "pss_fr", "pss_fa", "sf_36", "swemwbs"} <= set(listing)
    assert len(listing) == len(listing.table)
    assert "rg_uk" in listing.warnings[0]
    assert "CES-D" in cp.instrument("ces_d")._repr_html_()
    assert "sf_36_mh" in repr(cp.instrument("sf_36"))


@pytest.mark.parametrize("name", list(cp.instruments()))
def test_each_shipped_definition_says_what_it_must(name):
    one = cp.instrument(name)
    assert one.name == name
    assert one.citation
    assert one.sources
    assert one.licence.terms
    assert one.status == "verified" or one.status_note
    for scale in one.scales:
        assert scale.better in ("higher", "lower")
        open_ended = scale in one.unkeyed or scale.combine in ("value_set", "goal_attainment")
        assert scale.range is not None or scale.terms is not None or open_ended
        assert one.column(scale).startswith(name)


def test_a_definition_of_ones_own_scores(tmp_path):

    mine = loaded(tmp_path, RIGHT)
    data = pd.DataFrame({"mine_1": [2, 0, 1], "mine_2": [0, 2, 1]})
    scored = cp.score(data, mine)
    assert scored.mine.tolist() == [4, 0, 2]
    assert scored.mine_percent.tolist() == [100, 0, 50]
    assert cp.score(data, tmp_path / "mine.toml").equals(scored)
    assert cp.score(data, str(tmp_path / "mine.toml")).equals(scored)


def test_a_column_that_no_scale_gives():
    with pytest.raises(
        DefinitionError, match=r"gives no column 'sf_36_mhh' \(did you mean 'sf_36_mh'\?\)"
    ):
        cp.instrument("sf_36").scale("sf_36_mhh")


def test_names_are_escaped_in_html(tmp_path):
    html = loaded(tmp_path, RIGHT.replace('"Mine"', '"<script>alert(1)</script>"'))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


COMBINED = """
name = "mix"
title = "Mixed"
citation = "Nobody (2020)."
licence = { terms = "free" }
items = [
  { code = "a", label = "one", responses = "r" },
  { code = "b", label = "two", responses = "r" },
  { code = "c", label = "three", responses = "r", values = { 0 = 0, 1 = 0.5, 2 = 4 } },
]
[responses.r]
codes = { 0 = "no", 1 = "rather", 2 = "yes" }
[[scales]]
name = "top"
label = "Highest"
items = "all"
combine = "maximum"
answered = 1
[[scales]]
name = "mean"
label = "Mean"
items = "all"
combine = "mean"
answered = 2
[[scales]]
name = "there"
label = "Sum of what is there"
items = ["a", "b"]
answered = 1
[[scales]]
name = "both"
label = "Weighted"
multiply = 10
constant = 50
terms = [{ scale = "there", weight = 0.5, mean = 1, sd = 2 }, { scale = "top", weight = -1 }]
"""


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_ways_to_combine_by_hand(tmp_path, make):
    mix = loaded(tmp_path, COMBINED)
    sheets = make(
        {"mix_a": [2, 1, None, None], "mix_b": [0, None, None, None], "mix_c": [1, 2, 2, None]}
    )
    out = cp.score(sheets, mix)
    out = out.collect() if isinstance(out, pl.LazyFrame) else out
    values = pd.DataFrame({c: list(out[c]) for c in mix.columns}, dtype=float)
    gone = float("nan")
    expected = {
        "mix_top": [2, 4, 4, gone],  # c is worth 0.5, 4, 4
        "mix_mean": [2.5 / 3, 2.5, gone, gone],
        "mix_there": [2, 1, gone, gone],
        "mix_both": [50 + 10 * (0.25 - 2), 50 + 10 * (0 - 4), gone, gone],
    }
    pd.testing.assert_frame_equal(values, pd.DataFrame(expected), rtol=1e-14)


def test_a_span_of_items_is_spelt_out(tmp_path):
    one = loaded(tmp_path, RIGHT.replace('items = "all"', 'items = ["1-2"]'))
    assert one.items_of(one.scales[0]) == ["1", "2"]
    assert one.items_of(one.scales[1]) == ["1", "2"]
