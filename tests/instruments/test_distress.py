"""PHQ-9, GAD-7, CORE, Kessler's scales, WHODAS, CES-D: sheets by hand, sheets of other programs."""

import json
from pathlib import Path

import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import CodeError, OptionError

GIVEN = json.loads(
    (Path(__file__).parents[1] / "reference" / "answer_sheets.json").read_text(encoding="utf-8")
)
NONE = None


def scored(name, rows, **options):
    """One answer sheet a row, in the items' order."""
    codes = [item.code for item in cp.instrument(name).items]
    sheets = pd.DataFrame(rows, columns=[f"{name}_{c}" for c in codes], dtype=float)
    return cp.score(sheets, name, **options)


def values(frame, column):
    return [None if pd.isna(v) else v for v in frame[column]]


def bands_at(name, column, which, *scores):
    """The band of each score: the last one that begins at or below it."""
    sets = {one.name: one for one in cp.instrument(name).scale(column).bands}
    bands = sets[which].bands
    return [[b.label for b in bands if b.low <= score][-1] for score in scores]


# ---- sums


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        (
            "phq_9",
            [[0] * 9, [3] * 9, [1, 2, 3, 0, 1, 2, 3, 0, 1], [3, 3, 3, 3, 3, 3, 0, None, None]],
            # Seven answers of 18 in all: 18 * 9 / 7.
            [0, 27, 13, 18 * 9 / 7],
        ),
        ("gad_7", [[0] * 7, [3] * 7, [0, 1, 2, 3, 3, 2, 1], [3] * 6 + [None]], [0, 21, 12, None]),
    ],
)
def test_sums_of_phq_9_and_gad_7(name, rows, expected):
    assert values(scored(name, rows), name) == pytest.approx(expected, nan_ok=True)


def test_phq_9_needs_seven_answers_and_keeps_item_9_in_sight():
    made = scored("phq_9", [[1] * 6 + [None] * 3, [0] * 8 + [1]])
    assert values(made, "phq_9") == [None, 1]
    assert values(made, "phq_9_self_harm") == [None, 1]
    assert bands_at("phq_9", "phq_9_self_harm", "", 0, 1, 3) == [
        "none",
        "any: ask about safety",
        "any: ask about safety",
    ]


def test_severity_of_phq_9_and_gad_7_as_in_camcops():
    """CamCOPS: PHQ-9 ≥ 20, 15, 10, 5; GAD-7 ≥ 15, 10, 5; cut-off 10 of both."""
    assert bands_at("phq_9", "phq_9", "severity", 4, 5, 9, 10, 14, 15, 19, 20) == [
        *("minimal", "mild", "mild", "moderate", "moderate"),
        *("moderately severe", "moderately severe", "severe"),
    ]
    assert bands_at("gad_7", "gad_7", "severity", 4, 5, 9, 10, 14, 15) == [
        *("minimal", "mild", "mild", "moderate", "moderate", "severe"),
    ]
    for name in ("phq_9", "gad_7"):
        below, above = bands_at(name, name, "cut-off", 9, 10)
        assert below == "below the cut-off"
        assert above.startswith("possible")


def test_ces_d_cut_off_is_16():
    assert bands_at("ces_d", "ces_d", "", 15, 15.9, 16) == [
        "below the cut-off",
        "below the cut-off",
        "possible depression",
    ]


# ---- CORE: printed numbers, or how often


def test_core_needs_to_know_what_the_numbers_are():
    for name in ("core_10", "core_om"):
        with pytest.raises(OptionError, match="codings that clash \\('printed', 'frequency'\\)"):
            scored(name, [[0] * len(cp.instrument(name).items)])


def test_core_10_reverses_items_2_and_3_of_frequencies_only():
    rows = [[0, 4, 4, *[0] * 7], [4, 0, 0, *[4] * 7], [0] * 10, [1] * 10]
    assert values(scored("core_10", rows, coding="frequency"), "core_10") == [0, 40, 8, 8 + 2 * 3]
    assert values(scored("core_10", rows, coding="printed"), "core_10") == [8, 32, 0, 10]


def test_core_10_is_ten_times_the_mean_and_one_may_be_missing():
    """CamCOPS: items times sum over items answered."""
    rows = [[2] * 9 + [None], [1, 2, 3, 4, 0, 1, 2, 3, None, 4], [2] * 8 + [None] * 2]
    made = scored("core_10", rows, coding="printed")
    assert values(made, "core_10") == pytest.approx([20, 10 * 20 / 9, None], nan_ok=True)


def test_core_10_bands():
    severity = ["healthy", "low", "low", "mild", "mild", "moderate", "moderate"]
    severity += ["moderate to severe", "moderate to severe", "severe"]
    edges = (5, 6, 10, 11, 14, 15, 19, 20, 24, 25)
    assert bands_at("core_10", "core_10", "severity", *edges) == severity
    older = bands_at("core_10", "core_10", "older", 15, 16, 20, 21, 25, 26)
    assert older == ["mild", "moderate", "moderate", *["moderate to severe"] * 2, "severe"]
    assert bands_at("core_10", "core_10", "cut-off", 10, 10.5, 11) == [
        *["below the cut-off"] * 2,
        "clinical range",
    ]


@pytest.mark.parametrize("sheet", GIVEN["core_om"]["sheets"])
def test_core_om_equals_another_program(sheet):
    """awell-score gives raw sums of printed numbers; ours are ten times the mean."""
    given = GIVEN["core_om"]["sheets"][sheet]
    made = scored("core_om", [given["answers"]], coding="printed").iloc[0]
    sizes = {"wellbeing": 4, "problems": 12, "functioning": 12, "risk": 6, "total": 34}
    for scale, raw in given["raw"].items():
        column = "core_om" if scale == "total" else f"core_om_{scale}"
        assert made[column] == pytest.approx(10 * raw / sizes[scale], rel=1e-12)
    rest = given["raw"]["total"] - given["raw"]["risk"]
    assert made["core_om_non_risk"] == pytest.approx(10 * rest / 28, rel=1e-12)


def test_core_om_reverses_eight_items_of_frequencies():
    positive = (3, 4, 7, 12, 19, 21, 31, 32)
    best = [4 if n in positive else 0 for n in range(1, 35)]
    made = scored("core_om", [best, [4 - x for x in best], [0] * 34], coding="frequency")
    assert values(made, "core_om") == pytest.approx([0, 40, 10 * 8 * 4 / 34])
    # Of well-being 4 and 31 are positive; of functioning 3, 7, 12, 19, 21, 32; of risk none.
    assert values(made, "core_om_wellbeing")[2] == 20
    assert values(made, "core_om_functioning")[2] == 20
    assert values(made, "core_om_problems")[2] == values(made, "core_om_risk")[2] == 0


@pytest.mark.parametrize(
    ("column", "items", "may_be_missing"),
    [
        ("core_om", range(1, 35), 3),
        ("core_om_non_risk", [n for n in range(1, 35) if n not in (6, 9, 16, 22, 24, 34)], 3),
        ("core_om_problems", (2, 5, 8, 11, 13, 15, 18, 20, 23, 27, 28, 30), 1),
        ("core_om_functioning", (1, 3, 7, 10, 12, 19, 21, 25, 26, 29, 32, 33), 1),
        ("core_om_wellbeing", (4, 14, 17, 31), 0),
        ("core_om_risk", (6, 9, 16, 22, 24, 34), 0),
    ],
)
def test_core_om_missing_as_the_core_system_trust_says(column, items, may_be_missing):
    rows = []
    for gaps in (may_be_missing, may_be_missing + 1):
        gone = list(items)[:gaps]
        rows.append([None if n in gone else 3 for n in range(1, 35)])
    made = scored("core_om", rows, coding="printed")
    assert values(made, column) == [30, None]


def test_core_om_cut_off():
    assert bands_at("core_om", "core_om", "", 9.9, 9.99, 10) == [
        *["below the cut-off"] * 2,
        "clinical range",
    ]


# ---- Kessler


@pytest.mark.parametrize("coding", ["0-4", "1-5", "5-1"])
@pytest.mark.parametrize(("name", "k", "lowest"), [("k6", 6, 0), ("k10", 10, 1)])
def test_kessler_in_any_coding_gives_one_score(name, k, lowest, coding):
    """The score is in the range that its cut-offs are for, however the answers are coded."""
    often = [[0] * k, [4] * k, [step % 5 for step in range(k)]]  # 0 never to 4 always
    code = {"0-4": lambda x: x, "1-5": lambda x: x + 1, "5-1": lambda x: 5 - x}[coding]
    made = scored(name, [[code(x) for x in row] for row in often], coding=coding)
    assert values(made, name) == [sum(row) + lowest * k for row in often]


def test_kessler_without_a_coding_or_with_another_is_refused():
    with pytest.raises(OptionError, match="k10 is in use with codings that clash"):
        scored("k10", [[1] * 10])
    with pytest.raises(CodeError, match=r"'k6_1': 1 answer not among 0, 1, 2, 3, 4: 5 \(1×\)"):
        scored("k6", [[5, *[1] * 5]], coding="0-4")


def test_k10_prorates_one_missing_item_and_k6_none():
    made = scored("k10", [[3] * 9 + [None], [3] * 8 + [None] * 2], coding="1-5")
    assert values(made, "k10") == [30, None]
    assert values(scored("k6", [[1] * 5 + [None]], coding="0-4"), "k6") == [None]


def test_kessler_bands_as_the_surveys_publish_them():
    abs_ = bands_at("k10", "k10", "ABS", 10, 15, 16, 21, 22, 29, 30)
    assert abs_ == ["low", "low", "moderate", "moderate", "high", "high", "very high"]
    care = bands_at("k10", "k10", "primary care", 19, 20, 24, 25, 29, 30)
    assert care == ["likely well", "mild", "mild", "moderate", "moderate", "severe"]
    assert bands_at("k6", "k6", "", 12, 13) == ["below the cut-off", "serious distress"]


# ---- WHODAS


@pytest.mark.parametrize(("coding", "add"), [("0-4", 0), ("1-5", 1)])
def test_whodas_simple_sum_and_domains(coding, add):
    row = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    rows = [[0] * 12, [4] * 12, row]
    made = scored("whodas_12", [[x + add for x in r] for r in rows], coding=coding)
    assert values(made, "whodas_12") == [0, 48, 21]
    domains = {
        "cognition": (3, 6),
        "mobility": (1, 7),
        "self_care": (8, 9),
        "getting_along": (10, 11),
        "life": (2, 12),
        "participation": (4, 5),
    }  # the published table of items per domain
    for name, pair in domains.items():
        assert values(made, f"whodas_12_{name}") == [0, 8, sum(row[n - 1] for n in pair)]


def test_whodas_one_missing_item_is_the_mean_of_the_rest():
    made = scored("whodas_12", [[2] * 11 + [None], [2] * 10 + [None] * 2], coding="0-4")
    assert values(made, "whodas_12") == [24, None]
    assert values(made, "whodas_12_life") == [None, None]
    assert values(made, "whodas_12_cognition") == [4, 4]
