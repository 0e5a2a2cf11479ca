"""Scores computed by a form equal those that cpeval computes, whatever is missing."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.exporting.formulas import REDCAP, XPATH, Formulas, number

#: Some shipped definitions are provisional, and say so when they score.
pytestmark = pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")

#: Both add the same numbers in double precision; the order of a few operations differs.
RTOL = 1e-12


def sheets(one, n=150, seed=4):
    """Answers at random, a fifth of them missing or a code that means so."""
    draw = np.random.default_rng(seed)
    columns = {}
    for item in one.items:
        answers = one.answers(item)
        codes = draw.choice(sorted(answers.labels), size=n)
        odd = draw.choice([np.nan, *answers.missing_codes], size=n)
        columns[f"{one.name}_{item.code}"] = np.where(draw.random(n) < 0.2, odd, codes)
    frame = pd.DataFrame(columns)
    frame.iloc[0] = np.nan
    frame.iloc[1] = [max(one.answers(item).labels) for item in one.items]
    return frame


def expected(one, frame):
    """What cpeval scores. Value sets and goals are no form's: their scales go."""
    beyond = [s.name for s in one.scales if s.combine in ("value_set", "goal_attainment")]
    left = [s for s in one.scored if s.name not in beyond and s.of not in beyond]
    if not left:
        return frame
    given = one.model_dump() | {"scales": [s.model_dump() for s in left], "value_sets": {}}
    given["items"] = [item | {"optional": False} for item in given["items"]]
    return cp.score(frame, cp.Instrument.from_mapping(given | {"value_set": None}))


def compared(files, one, formulas, dialect, columns=None):
    frame = sheets(one)
    people = frame.astype(object).where(frame.notna(), None).to_dict("records")
    got = pd.DataFrame(files.evaluated(formulas, people, dialect))
    scored = expected(one, frame)
    for field in formulas:
        right = scored[columns[field] if columns else field.removesuffix("_calc")]
        np.testing.assert_allclose(got[field], right, rtol=RTOL, atol=1e-11, err_msg=field)
        assert got[field].isna().to_numpy()[0]
    return got


def test_redcap_computes_the_same(files, one, tmp_path):
    done = one.to_redcap(tmp_path / "d.csv")
    rows = files.rows(done.path)
    formulas = {
        row["Variable / Field Name"]: row["Choices, Calculations, OR Slider Labels"]
        for row in rows
        if row["Field Type"] == "calc"
    }
    columns = {row["Variable / Field Name"]: row["Field Annotation"] for row in rows}
    assert all(columns[field] in one.columns for field in formulas)
    got = compared(files, one, formulas, "redcap", columns)
    beyond = [s for s in one.scored if s.combine in ("value_set", "goal_attainment")]
    assert len(got.columns) == len(one.scored) - len(beyond)
    assert all(one.column(scale) in " ".join(done.warnings) for scale in beyond)


def test_an_xlsform_computes_the_same(files, one, tmp_path):
    done = one.to_xlsform(tmp_path / "f.xlsx")
    rows = files.sheet(done.path, "survey")
    compared(
        files, one, {r["name"]: r["calculation"] for r in rows if r["type"] == "calculate"}, "xpath"
    )


def test_every_way_to_combine_is_compared(files, own, tmp_path):
    rows = files.rows(own.to_redcap(tmp_path / "d.csv").path)
    computed = [r["Variable / Field Name"] for r in rows if r["Field Type"] == "calc"]
    assert computed == [f"{column}_calc" for column in own.columns]


def test_by_hand(files, own, tmp_path):
    rows = files.rows(own.to_redcap(tmp_path / "d.csv").path)
    formulas = {
        r["Variable / Field Name"]: r["Choices, Calculations, OR Slider Labels"]
        for r in rows
        if r["Field Type"] == "calc"
    }
    person = dict(zip([f"own_{n}" for n in range(1, 8)], [4, 8, None, 50, 99, 0.5, 5], strict=True))
    [got] = files.evaluated(formulas, [person], "redcap")
    # 8 and 99 are no answers; item 3 is missing, so that item 7's 5 is worth 5.
    assert got["own_mean_calc"] == pytest.approx((4 + 50 + 0.5 + 5) / 4, rel=RTOL)
    assert got["own_pro_calc"] == pytest.approx((4 + 5) / 2 * 3, rel=RTOL)
    assert got["own_top_calc"] == 5
    assert got["own_there_calc"] == 0.5
    assert got["own_heavy_calc"] == 1
    assert np.isnan(got["own_sum_calc"])
    assert np.isnan(got["own_many_calc"])


@pytest.mark.parametrize(("dialect", "name"), [(REDCAP, "redcap"), (XPATH, "xpath")])
@pytest.mark.parametrize("side", [1, 3])
@pytest.mark.parametrize(("x", "y"), [(5, 7), (None, 7), (5, None), (None, None)])
def test_the_one_or_the_other_is_missing_by_itself(files, dialect, name, side, x, y):
    algebra = Formulas(dialect)
    made = algebra.where(
        algebra.among(algebra.column("s"), [1]), algebra.column("x"), algebra.column("y")
    )
    made = made + 0  # here no blank may take part
    formula = f"if({made.missing().yes}, {dialect.blank}, {made.text})"
    person = {"s": side, "x": x, "y": y}
    [got] = files.evaluated({"f": formula}, [person], name)
    expected = x if side == 1 else y
    assert got["f"] == expected if expected is not None else np.isnan(got["f"])


def test_formulas_that_nobody_could_check_are_left_out(files, own, tmp_path):
    items = [{"code": str(n), "label": "x", "responses": "hundred"} for n in range(30)]
    scales = [
        {"name": "top", "label": "Highest", "items": "all", "combine": "maximum", "answered": 1},
        {
            "name": "share",
            "label": "Of it",
            "of": "top",
            "linear": {"start": [0, 100], "end": [0, 1]},
        },
        {"name": "sum", "label": "Sum", "items": "all"},
    ]
    base = own.model_dump(exclude_defaults=True)
    responses = {"hundred": base["responses"]["hundred"]}
    one = cp.Instrument.from_mapping(
        base | {"items": items, "scales": scales, "responses": responses}
    )
    done = one.to_redcap(tmp_path / "d.csv")
    assert "doesn't compute 'own_top', 'own_share'" in done.warnings[0]
    computed = [r for r in files.rows(done.path) if r["Field Type"] == "calc"]
    assert [row["Variable / Field Name"] for row in computed] == ["own_sum_calc"]


def test_scores_can_be_left_out(files, own, tmp_path):
    rows = files.rows(own.to_redcap(tmp_path / "d.csv", scores=False).path)
    assert "calc" not in {row["Field Type"] for row in rows}
    rows = files.sheet(own.to_xlsform(tmp_path / "f.xlsx", scores=False).path, "survey")
    assert "calculate" not in {row["type"] for row in rows}


def test_what_a_form_cannot_compute_is_said(tmp_path):
    done = cp.instrument("rg_uk").to_redcap(tmp_path / "d.csv")
    assert "with_keys" in done.warnings[0]
    assert "rg_uk_domestic" in done.warnings[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (-2.5, "(-2.5)"),
        (1e-7, "0.0000001"),
        (1e20, "100000000000000000000"),
        (0.1, "0.1"),
    ],
)
def test_numbers_have_no_exponent(value, text):
    assert number(value, REDCAP).text == text
    assert number(value, XPATH).text == text
