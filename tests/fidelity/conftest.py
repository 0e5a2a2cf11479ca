"""A small fidelity scale of our own, and ratings that several tests draw."""

import copy

import numpy as np
import pandas as pd
import pytest

import cpeval as cp

VISITS = {
    "name": "visits",
    "title": "Visits as designed",
    "version": "2",
    "citation": "Nobody (2020).",
    "licence": {"terms": "free"},
    "informants": ["participant", "worker", "observer"],
    "responses": {
        "extent": {
            "codes": {1: "not", 2: "little", 3: "part", 4: "mostly", 5: "fully"},
            "missing_codes": [8],
        },
        "half": {"codes": {0: "no", 0.5: "half", 1: "yes"}},
    },
    "items": [
        {
            "code": "1",
            "label": "planned together",
            "responses": "extent",
            "anchors": {1: "the worker plans", 3: "some by both", 5: "each by both"},
            "evidence": ["interview", "notes"],
        },
        {
            "code": "2",
            "label": "in the community",
            "responses": "extent",
            "informants": ["worker", "observer"],
            "auto": {
                "numerator": "visits_out",
                "denominator": "visits",
                "unit": "percent",
                "cuts": [20, 40, 60, 80],
                "levels": [1, 2, 3, 4, 5],
                "at_cut": "above",
                "range": [0, 100],
            },
        },
        {
            "code": "3",
            "label": "small caseload",
            "responses": "extent",
            "informants": ["observer"],
            "auto": {
                "column": "caseload",
                "cuts": [20, 25, 30, 40],
                "levels": [5, 4, 3, 2, 1],
                "at_cut": ["below", "above", "below", "above"],
            },
        },
        {
            "code": "4",
            "label": "told of others (less is better)",
            "responses": "extent",
            "reversed": True,
            "anchors": {1: "never", 5: "always"},
        },
        {
            "code": "5",
            "label": "keeps time",
            "responses": "half",
            "auto": {
                "numerator": "late",
                "denominator": "visits",
                "unit": "ratio",
                "cuts": [0.1, 0.5],
                "levels": [1, 0.5, 0],
                "at_cut": "above",
            },
        },
    ],
    "scales": [{"label": "Visits", "items": ["1-4"], "combine": "mean", "answered": 2}],
}


def visits(**changes):
    """The definition, with some keys changed."""
    return cp.Instrument.from_mapping(copy.deepcopy(VISITS) | changes)


@pytest.fixture(scope="session")
def scale():
    return visits()


@pytest.fixture(scope="session")
def changed():
    return visits


def draw(units=12, assessors=3, items=4, *, seed=0, gaps=0.0):
    """Long ratings of units by assessors on items, all crossed."""
    rng = np.random.default_rng(seed)
    y = (
        3
        + 0.7 * rng.standard_normal((units, 1, 1))
        + 0.3 * rng.standard_normal((1, assessors, 1))
        + 0.4 * rng.standard_normal((1, 1, items))
        + 0.3 * rng.standard_normal((units, assessors, 1))
        + 0.6 * rng.standard_normal((units, assessors, items))
    )
    j, a, k = (index.ravel() for index in np.indices(y.shape))
    data = pd.DataFrame(
        {
            "unit": [f"team {x}" for x in j],
            "assessor": [f"O{x}" for x in a],
            "item": k,
            "rating": y.ravel(),
        }
    )
    return data[rng.random(len(data)) >= gaps].reset_index(drop=True)


@pytest.fixture(scope="session")
def drawn():
    """Return the function that draws ratings."""
    return draw
