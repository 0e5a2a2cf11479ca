"""Wellbeing and recovery against published rules, tables and programs' tests."""

import numpy as np
import pytest

import cpeval as cp

#: How the topics of the 14 items begin, in the order in which CamCOPS stores and prints them, with
#: our labels for the same.
CAMCOPS = [
    ("opti", "hopefulness"),
    ("use", "usefulness"),
    ("relax", "relaxation"),
    ("inter", "interest in others"),
    ("energy", "energy"),
    ("deal", "coping"),
    ("think", "clarity of thought"),
    ("good", "view of oneself"),
    ("close", "closeness"),
    ("conf", "confidence"),
    ("own", "decisions of one's own"),
    ("loved", "being loved"),
    ("inter", "curiosity"),
    ("cheer", "cheerfulness"),
]
SHORT = (1, 2, 3, 6, 7, 9, 11)


def test_wemwbs_by_hand(scores):
    """CamCOPS: the plain sum of 14 answers, 14 to 70."""
    sheets = [[1] * 14, [5] * 14, [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4], [None] + [3] * 13]
    assert scores("wemwbs", sheets)["wemwbs"] == [14, 70, 40, None]


def test_swemwbs_is_seven_of_the_items_in_camcops_order():
    long, short = cp.instrument("wemwbs"), cp.instrument("swemwbs")
    labels = [item.label for item in long.items]
    assert labels == [label for _, label in CAMCOPS]
    assert [item.label for item in short.items] == [labels[n - 1] for n in SHORT]


def test_bands_of_wemwbs_at_their_edges(band):
    # University of Warwick: 40 or less, 41-44, 45-59, 60 or more.
    words = {14: "very low (probable depression)", 40: "very low (probable depression)"}
    words |= {41: "low (possible depression)", 44: "low (possible depression)"}
    words |= {45: "average", 59: "average", 60: "high", 70: "high"}
    assert {n: band("wemwbs", "wemwbs", n, "warwick") for n in words} == words
    assert band("wemwbs", "wemwbs", 43, "ces_d") == "below the cut-off"
    assert band("wemwbs", "wemwbs", 44, "ces_d") == "above the cut-off"


#: The conversion table, raw 7 to 35, as public scoring programs print it.
METRIC = [
    "7",
    "9.51",
    "11.25",
    "12.4",
    "13.33",
    "14.08",
    "14.75",
    "15.32",
    "15.84",
    "16.36",
    "16.88",
    "17.43",
    "17.98",
    "18.59",
    "19.25",
    "19.98",
    "20.73",
    "21.54",
    "22.35",
    "23.21",
    "24.11",
    "25.03",
    "26.02",
    "27.03",
    "28.13",
    "29.31",
    "30.7",
    "32.55",
    "35",
]


def test_swemwbs_metric_is_the_published_table(scores):
    sheets = [[min(5, max(1, raw - 6 - 4 * k)) for k in range(7)] for raw in range(7, 36)]
    out = scores("swemwbs", sheets)
    assert out["swemwbs"] == list(range(7, 36))
    assert out["swemwbs_metric"] == [float(value) for value in METRIC]


def test_bands_of_swemwbs_are_said_to_be_recalled(band):
    words = {7: "low", 19.25: "low", 19.98: "medium", 27.03: "medium", 28.13: "high", 35: "high"}
    assert {v: band("swemwbs", "swemwbs_metric", v) for v in words} == words
    assert not cp.instrument("swemwbs").scale("swemwbs_metric").bands[0].verified


@pytest.mark.parametrize(
    ("sheet", "raw", "percentage"),
    [  # tests of awell-score, then of MyHeartCounts (raw alone)
        ([0, 0, 0, 0, 0], 0, 0),
        ([3, 3, 3, 3, 3], 15, 60),
        ([5, 5, 5, 5, 5], 25, 100),
        ([4, 1, 0, 2, 3], 10, 40),
        ([5, 4, 3, 2, 1], 15, None),
    ],
)
def test_who_5_as_public_libraries_test_it(scores, sheet, raw, percentage):
    out = scores("who_5", [sheet])
    assert out["who_5_raw"] == [raw]
    assert percentage is None or out["who_5"] == [percentage]


def test_who_5_needs_all_five(scores):
    assert scores("who_5", [[5, 4, 3, 2, None]]) == {"who_5_raw": [None], "who_5": [None]}


def test_bands_of_who_5_at_their_edges(band):
    # Raw under 13 is poor wellbeing: 12 is 48, 13 is 52. Likely depression is 28 and under.
    assert band("who_5", "who_5", 4 * 12, "wellbeing") == "poor wellbeing"
    assert band("who_5", "who_5", 4 * 13, "wellbeing") == "not poor"
    assert band("who_5", "who_5", 28, "depression") == "likely depression"
    assert band("who_5", "who_5", 32, "depression") == "above the cut-off"


def test_reqol_10_adds_the_printed_scores(scores, band):
    """Franklin et al. 2021: 0, worst, to 4, best; floor 0, ceiling 40; 24 and over not clinical."""
    rng = np.random.default_rng(2)
    sheets = [[0] * 10, [4] * 10, [None] + [4] * 9, *rng.integers(0, 5, (20, 10)).tolist()]
    out = scores("reqol_10", sheets)["reqol_10"]
    assert out == [0, 40, None, *(sum(sheet) for sheet in sheets[3:])]
    assert band("reqol_10", "reqol_10", 23, "24") == "clinical range"
    assert band("reqol_10", "reqol_10", 24, "24") == "general population"
    assert band("reqol_10", "reqol_10", 24, "25") == "clinical range"
    assert band("reqol_10", "reqol_10", 25, "25") == "general population"
