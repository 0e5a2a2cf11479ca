"""RAND-36: RAND's own example, another program's sheets, and the HELP trial where rules agree."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.scoring.score import item_points
from cpeval.study_file import StudyFile

ROOT = Path(__file__).parents[2]
GIVEN = json.loads(
    (ROOT / "tests" / "reference" / "answer_sheets.json").read_text(encoding="utf-8")
)["rand_36"]["sheets"]
#: Both sides are means of the same numbers in another order.
RTOL = 1e-12
#: awell-score rounds to two decimals.
ROUNDED = 0.005


def scored(answers):
    """One sheet, given as a list in the items' order or as item number to answer."""
    if isinstance(answers, list):
        answers = dict(enumerate(answers, start=1))
    row = {f"rand_36_{n}": [answers.get(n, np.nan)] for n in range(1, 37)}
    return cp.score(pd.DataFrame(row, dtype=float), "rand_36").iloc[0]


def test_rands_example_of_a_scale_with_a_missing_item():
    """RAND's instructions: items 23, 27, 29 answered 4, 3, 3, item 31 not: 40, 60, 40 → 46.7."""
    made = scored({23: 4, 27: 3, 29: 3})
    assert made.rand_36_energy == pytest.approx(140 / 3)
    assert round(made.rand_36_energy, 1) == 46.7
    assert made.drop(f"rand_36_{n}" for n in range(1, 37)).notna().sum() == 1


@pytest.mark.parametrize("sheet", GIVEN)
def test_equals_another_program(sheet):
    answers = GIVEN[sheet]["answers"]
    made = scored(answers if isinstance(answers, list) else {int(k): v for k, v in answers.items()})
    for scale, expected in GIVEN[sheet]["scores"].items():
        assert made[f"rand_36_{scale}"] == pytest.approx(expected, abs=ROUNDED)


#: Answers at which every item is at its worst; the program's own list of them.
WORST = [5, 5, *[1] * 10, *[1] * 7, 5, 6, 5, 6, 1, 1, 6, 6, 1, 1, 6, 1, 1, 1, 5, 1, 5]
BEST = [1, 1, *[3] * 10, *[2] * 7, 1, 1, 1, 1, 6, 6, 1, 1, 6, 6, 1, 6, 5, 5, 1, 5, 1]


@pytest.mark.parametrize(("sheet", "expected"), [(WORST, 0), (BEST, 100)])
def test_worst_and_best(sheet, expected):
    made = scored(sheet)
    for column in cp.instrument("rand_36").columns:
        assert made[column] == expected


@pytest.mark.parametrize(
    ("items", "codes", "worth"),
    [
        ([1, 2, 20, 22, 34, 36], range(1, 6), [100, 75, 50, 25, 0]),
        (range(3, 13), range(1, 4), [0, 50, 100]),
        (range(13, 20), range(1, 3), [0, 100]),
        ([21, 23, 26, 27, 30], range(1, 7), [100, 80, 60, 40, 20, 0]),
        ([24, 25, 28, 29, 31], range(1, 7), [0, 20, 40, 60, 80, 100]),
        ([32, 33, 35], range(1, 6), [0, 25, 50, 75, 100]),
    ],
)
def test_recoding_is_rands_table(items, codes, worth):
    sheets = pd.DataFrame(index=range(len(worth)), columns=range(1, 37), dtype=float)
    for n in items:
        sheets[n] = list(codes)
    points = item_points(sheets.add_prefix("rand_36_"), "rand_36")
    for n in items:
        assert points[str(n)].tolist() == worth


# ---- the HELP trial, whose derived scores follow Ware's rules for the SF-36


@pytest.fixture(scope="module")
def help_data():
    folder = ROOT / "examples" / "help"
    items = StudyFile.from_toml(folder / "study.toml").instruments["sf_36"].items
    data = pd.read_csv(folder / "help.csv")
    codes = [str(n) for n in range(1, 37)]
    return cp.score(data, "rand_36", items=dict(zip(codes, items, strict=True))), items


@pytest.mark.parametrize(
    ("scale", "theirs", "items"),
    [
        ("physical", "PF", range(3, 13)),
        ("role_physical", "RP", range(13, 17)),
        ("role_emotional", "RE", range(17, 20)),
        ("energy", "VT", [23, 27, 29, 31]),
        ("emotional", "MH", [24, 25, 26, 28, 30]),
        ("social", "SF", [20, 32]),
    ],
)
def test_six_scales_equal_the_trials_where_half_is_answered(help_data, scale, theirs, items):
    data, columns = help_data
    answered = data[[columns[n - 1] for n in items]].notna().sum(axis=1)
    rows = data[answered >= len(items) / 2]
    np.testing.assert_allclose(rows[f"rand_36_{scale}"], rows[theirs], rtol=RTOL, atol=RTOL)
    assert len(rows) > 1400


@pytest.mark.parametrize(("scale", "theirs"), [("pain", "BP"), ("general", "GH")])
def test_two_scales_have_other_rules(help_data, scale, theirs):
    """So a definition that took Ware's rules for RAND's would be found out."""
    data, _ = help_data
    same = np.isclose(data[f"rand_36_{scale}"], data[theirs])
    assert 0.2 < same[data[theirs].notna()].mean() < 0.5
