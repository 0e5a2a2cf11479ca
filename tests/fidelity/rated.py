"""Ratings to test with: an instrument of four items, and ratings drawn for it."""

import numpy as np
import pandas as pd

import cpeval as cp

DEFINITION = {
    "name": "fid",
    "title": "A fidelity scale",
    "citation": "Nobody (2026). A fidelity scale.",
    "licence": {"terms": "free"},
    "responses": {"level": {"codes": {k: f"level {k}" for k in range(1, 6)}, "missing_codes": [9]}},
    "items": [
        {"code": "1", "label": "first", "responses": "level"},
        {"code": "2", "label": "second", "responses": "level", "reversed": True},
        {"code": "3", "label": "third", "responses": "level"},
        {"code": "4", "label": "fourth", "responses": "level"},
    ],
    "scales": [
        {
            "label": "Total",
            "items": "all",
            "combine": "mean",
            "answered": 2,
            "range": [1, 5],
            "bands": [
                {
                    "source": "made up",
                    "bands": [
                        {"label": "low", "low": 1, "high": 2.99},
                        {"label": "high", "low": 3, "high": 5},
                    ],
                }
            ],
        },
        {"name": "part", "label": "Part", "items": ["1", "2"], "combine": "sum", "range": [2, 10]},
    ],
}
FID = cp.Instrument.from_mapping(DEFINITION)
STUDY = cp.Study(person="id", site="site", team="team", wave="wave")
ITEMS = [f"fid_{k}" for k in range(1, 5)]
IDS = ["site", "team", "id", "wave", "informant", "assessor"]


def definition(**changes):
    """The instrument with other keys; items by code with others of theirs."""
    of_items = changes.pop("of_items", {})
    items = [{**one, **of_items.get(one["code"], {})} for one in DEFINITION["items"]]
    return cp.Instrument.from_mapping({**DEFINITION, "items": items, **changes})


def ratings(seed=0, sites=3, teams=2, people=4, gaps=0.15):
    """Two waves; participant, worker and two observers; some sheets and ratings are missing."""
    rng = np.random.default_rng(seed)
    n = sites * teams * people
    who = pd.DataFrame({"id": [f"p{k:03}" for k in range(n)]})
    who["site"] = [f"S{k // (teams * people)}" for k in range(n)]
    who["team"] = [f"T{k // people % teams}" for k in range(n)]
    raters = pd.DataFrame(
        {
            "informant": ["participant", "worker", "observer", "observer"],
            "assessor": ["self", "W", "O1", "O2"],
        }
    )
    data = who.merge(pd.DataFrame({"wave": ["t0", "t1"]}), how="cross").merge(raters, how="cross")
    data = data[rng.random(len(data)) > gaps].reset_index(drop=True)
    values = rng.integers(1, 6, (len(data), 4)).astype(float)
    values[rng.random(values.shape) < gaps] = np.nan
    values[rng.random(values.shape) < 0.02] = 9
    return data.assign(**dict(zip(ITEMS, values.T, strict=True)))


def score(data, instrument=FID, **changes):
    """Score wide ratings, with assessors."""
    how = {"informant": "informant", "assessor": "assessor"} | changes
    return cp.fidelity.score(data, instrument, STUDY, **how)


def long(data, **changes):
    """The same ratings, a row an item."""
    made = data.melt(id_vars=IDS, value_vars=ITEMS, var_name="item", value_name="rating")
    return made.assign(**changes)
