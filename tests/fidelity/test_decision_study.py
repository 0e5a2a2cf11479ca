"""Decision studies: published coefficients, hand calculation, targets, bad input."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cpeval.errors import OptionError
from cpeval.fidelity import decision_study, generalisability

FILE = Path(__file__).parents[1] / "reference" / "generalisability_brennan.json"
PRINTED = json.loads(FILE.read_text(encoding="utf-8"))
TWO_DECIMALS = 0.5001e-2  # half a unit of the last digit printed
CLOSED = 1e-12  # the same few additions


@pytest.fixture(scope="module")
def brennan_3():
    ratings = np.array(PRINTED["set_3"]["ratings"])
    place, person = (index.ravel() for index in np.indices(ratings.shape))
    data = pd.DataFrame({"p": person, "i": place % 4, "o": place // 4, "rating": ratings.ravel()})
    return generalisability(data, unit="p", facets=["i", "o"])


@pytest.fixture(scope="module")
def brennan_4():
    ratings = np.array(PRINTED["set_4"]["ratings"])
    place, person = (index.ravel() for index in np.indices(ratings.shape))
    data = pd.DataFrame({"p": person, "r": place, "t": place // 4, "rating": ratings.ravel()})
    return generalisability(data, unit="p", facets=["t", "r"], nested={"r": "t"})


def test_numbers_of_the_study_give_its_coefficients(brennan_3, brennan_4):
    for g in (brennan_3, brennan_4):
        row = decision_study(g).table.iloc[0]
        for name in ("g", "phi", "sem", "sem_relative"):
            np.testing.assert_allclose(row[name], getattr(g, name), rtol=CLOSED)
    assert abs(decision_study(brennan_3).table["phi"].item() - 0.55) < TWO_DECIMALS
    assert abs(decision_study(brennan_4).table["g"].item() - 0.55) < TWO_DECIMALS


def test_fixed_items_equal_brennan(brennan_3):
    printed = PRINTED["set_3"]["items_fixed"]
    row = decision_study(brennan_3, fixed=["i"]).table.iloc[0]
    assert abs(row["g"] - printed["g"]) < TWO_DECIMALS
    assert abs(row["phi"] - printed["phi"]) < TWO_DECIMALS


def test_every_combination_by_hand(brennan_3):
    v = brennan_3.table.set_index("term")["estimate"]
    table = decision_study(brennan_3, i=[4, 8], o=range(1, 4)).table
    assert table[["i", "o", "n"]].to_numpy().tolist() == [
        [4, 1, 4], [4, 2, 8], [4, 3, 12], [8, 1, 8], [8, 2, 16], [8, 3, 24]
    ]  # fmt: skip
    i, o = table["i"], table["o"]
    relative = v["p:i"] / i + v["p:o"] / o + v["residual"] / (i * o)
    absolute = relative + v["i"] / i + v["o"] / o + v["i:o"] / (i * o)
    np.testing.assert_allclose(table["g"], v["p"] / (v["p"] + relative), rtol=CLOSED)
    np.testing.assert_allclose(table["phi"], v["p"] / (v["p"] + absolute), rtol=CLOSED)
    np.testing.assert_allclose(table["sem"], np.sqrt(absolute), rtol=CLOSED)
    np.testing.assert_allclose(table["sem_relative"], np.sqrt(relative), rtol=CLOSED)
    assert (table["phi_low"] <= table["phi"]).all()
    assert (table["phi"] <= table["phi_high"]).all()


def test_numbers_of_a_nested_facet_are_within(brennan_4):
    """Three tasks of two raters each: n is 6."""
    v = brennan_4.table.set_index("term")["estimate"]
    row = decision_study(brennan_4, t=3, r=2).table.iloc[0]
    absolute = (v["t"] + v["p:t"]) / 3 + (v["r(t)"] + v["residual"]) / 6
    assert row["n"] == 6
    np.testing.assert_allclose(row["sem"], np.sqrt(absolute), rtol=CLOSED)


@settings(deadline=None, max_examples=40)
@given(phi=st.floats(0.05, 0.7), others=st.integers(1, 60))
def test_needed_is_the_least_that_is_enough(brennan_3, phi, others):
    found = decision_study(brennan_3, i=others, o=others, phi=phi)
    for row in found.needed.itertuples():
        facet, other = row.facet, "o" if row.facet == "i" else "i"
        assert getattr(row, other) == others
        if np.isinf(row.needed):
            best = decision_study(brennan_3, {facet: 10**7, other: others}).table["phi"].item()
            assert best <= phi + 1e-6
            continue
        least = int(row.needed)
        at, before = (
            decision_study(brennan_3, {facet: n, other: others}).table["phi"].item()
            for n in (least, max(least - 1, 1))
        )
        assert at >= phi - 1e-9
        assert least == 1 or before < phi


def test_needed_for_a_standard_error(brennan_3):
    found = decision_study(brennan_3, i=[4, 50], o=2, sem=0.5)
    assert found.table["enough"].tolist() == [False, True]
    needed = found.needed[found.needed["facet"] == "i"]["needed"].item()
    v = brennan_3.table.set_index("term")["estimate"]
    rest = (v["o"] + v["p:o"]) / 2
    per_item = v["i"] + v["p:i"] + (v["i:o"] + v["residual"]) / 2
    assert needed == np.ceil(per_item / (0.25 - rest))
    assert np.isinf(found.needed[found.needed["facet"] == "o"]["needed"].iloc[0])


def test_no_number_is_enough_is_said(brennan_3):
    found = decision_study(brennan_3, i=2, o=2, phi=0.95)
    assert np.isinf(found.needed["needed"]).all()
    assert any("No number of one facet alone" in text for text in found.warnings)


def test_plots(brennan_3):
    found = decision_study(brennan_3, i=[4, 8, 16], o=[1, 2], phi=0.7)
    axes = found.plot()
    assert axes.get_ylabel() == "Dependability (phi)"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["o 1", "o 2"]
    lines = [line for line in axes.get_lines() if len(line.get_xdata()) == 3]
    np.testing.assert_allclose(lines[0].get_ydata(), found.table[found.table["o"] == 1]["phi"])
    assert found.plot(what="sem").get_ylabel().startswith("Standard error")
    assert decision_study(brennan_3).plot().get_legend() is None


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"items": 3}, "'items'.*Its facets: 'i', 'o'"),
        ({"levels": {"i": 2}, "i": 3}, "'i' are given twice"),
        ({"levels": [2]}, "must be a mapping"),
        ({"i": 0}, "'i' must be a whole number from 1"),
        ({"i": [2, 2.5]}, "'i' must be a whole number from 1. Got 2.5"),
        ({"i": "2"}, "'i' must be a whole number"),
        ({"i": []}, "no numbers"),
        ({"fixed": "i"}, "must be a list"),
        ({"fixed": ["i", "o"]}, "Every facet is fixed"),
        ({"fixed": ["i"], "i": [8]}, "'i' is fixed, so its number is the study's, 4"),
        ({"phi": 0.8, "sem": 0.3}, "one target"),
        ({"phi": 1.2}, "'phi' must be"),
        ({"sem": -1}, "'sem' must be"),
        ({"i": range(1, 200), "o": range(1, 200)}, "39601 combinations"),
    ],
)
def test_bad_options(brennan_3, options, text):
    with pytest.raises(OptionError, match=text):
        decision_study(brennan_3, **options)


def test_not_a_study():
    with pytest.raises(OptionError, match="must come from generalisability"):
        decision_study(0.3)


def test_a_facet_called_as_a_column(brennan_3):
    g = generalisability(
        pd.DataFrame({"p": [1, 1, 2, 2], "n": [1, 2, 1, 2], "rating": [1, 2, 3, 5]}),
        unit="p",
        facets=["n"],
    )
    with pytest.raises(OptionError, match="Facets called 'n'"):
        decision_study(g)
    assert decision_study(replace(brennan_3, level=0.5)).table["phi_low"].item() > 0
