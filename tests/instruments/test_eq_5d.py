"""EQ-5D: every state of every value set against published coefficients, and other software."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, OptionError

GIVEN = json.loads(
    (Path(__file__).parents[1] / "reference" / "eq_5d.json").read_text(encoding="utf-8")
)
SETS = [
    ("eq_5d_3l", "uk_tto"),
    ("eq_5d_3l", "uk_vas"),
    ("eq_5d_5l", "uk_2026"),
    ("eq_5d_5l", "england_2018"),
]
LEVELS = {"eq_5d_3l": 3, "eq_5d_5l": 5}
FIVE = ["mo", "sc", "ua", "pd", "ad"]
#: Sums of a few numbers with three decimals; published values have three.
ATOL = 1e-12
pytestmark = pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")


def every_state(name):
    levels = range(1, LEVELS[name] + 1)
    return pd.DataFrame(list(product(levels, repeat=5)), columns=FIVE)


def valued(name, states, value_set):
    frame = states if isinstance(states, pd.DataFrame) else pd.DataFrame(states, columns=FIVE)
    return cp.score(frame, name, items=FIVE, value_set=value_set)[f"{name}_index"].to_numpy()


@pytest.mark.parametrize(("name", "value_set"), SETS)
def test_every_state_by_the_formula_of_the_papers(name, value_set):
    """1 and the coefficients of the answers; any problem and any level 3 once (3L)."""
    *dimensions, any_problem, any_third = GIVEN["coefficients"][f"{name} {value_set}"]
    states = every_state(name)
    expected = []
    for state in states.to_numpy():
        value = 1 + sum(
            row[level - 2] for row, level in zip(dimensions, state, strict=True) if level > 1
        )
        value += any_problem * (max(state) > 1) + any_third * (max(state) > 2)
        expected.append(value)
    np.testing.assert_allclose(valued(name, states, value_set), expected, rtol=0, atol=ATOL)


def test_every_state_of_the_uk_3l_set_in_another_projects_table():
    table = GIVEN["eq_5d_3l uk_tto, all 243 states"]["values"]
    made = valued("eq_5d_3l", every_state("eq_5d_3l"), "uk_tto")
    np.testing.assert_allclose(made, table, rtol=0, atol=ATOL)


@pytest.mark.parametrize(("name", "value_set"), SETS)
def test_states_that_other_software_gives(name, value_set):
    given = GIVEN[f"{name} {value_set}"]["values"]
    made = valued(name, [[int(level) for level in state] for state in given], value_set)
    np.testing.assert_allclose(made, list(given.values()), rtol=0, atol=ATOL)


@pytest.mark.parametrize(("name", "value_set"), SETS)
def test_full_health_is_exactly_1_and_the_worst_state_is_last(name, value_set):
    made = valued(name, every_state(name), value_set)
    assert made[0] == made.max() == 1
    assert made[-1] == made.min()


@pytest.mark.parametrize(
    "make",
    [
        pd.DataFrame,
        lambda d: pd.DataFrame(d).convert_dtypes(),
        pl.DataFrame,
        pl.LazyFrame,
        lambda d: pa.table({k: pa.array(v, from_pandas=True) for k, v in d.items()}),
    ],
)
@pytest.mark.parametrize("gone", range(5))
def test_a_missing_dimension_leaves_no_index_in_any_engine(make, gone):
    data = {name: [2.0, None if place == gone else 3.0] for place, name in enumerate(FIVE)}
    made = cp.score(make(data), "eq_5d_3l", items=FIVE, value_set="uk_tto")
    made = made.collect() if isinstance(made, pl.LazyFrame) else made
    column = made["eq_5d_3l_index"]
    # 1 - 0.081 - 0.069 - 0.104 - 0.036 - 0.123 - 0.071, by hand
    first, second = column.to_pylist() if isinstance(made, pa.Table) else list(column)
    assert first == pytest.approx(0.516, abs=ATOL)
    assert second is None or pd.isna(second)


def test_the_thermometer_is_reported_apart():
    sheet = pd.DataFrame([[1, 1, 1, 1, 1, 83], [1, 1, 1, 1, None, 0], [3] * 5 + [None]])
    sheet.columns = [f"eq_5d_3l_{n}" for n in range(1, 7)]
    made = cp.score(sheet, "eq_5d_3l", value_set="uk_tto")
    assert made.eq_5d_3l_vas.fillna(-1).tolist() == [83, 0, -1]
    assert made.eq_5d_3l_index.fillna(9).tolist() == pytest.approx([1, 9, -0.594], abs=ATOL)
    with pytest.raises(CodeError, match=r"'eq_5d_3l_6': 2 answers not among 0, 1 … 100: 50\.5"):
        cp.score(sheet.assign(eq_5d_3l_6=[50.5, 101, 3]), "eq_5d_3l", value_set="uk_tto")


def test_no_value_set_is_the_default():
    sheet = pd.DataFrame([[1] * 5], columns=FIVE)
    with pytest.raises(OptionError, match=r"there is no default.*'uk_2026' \(UK, 2026\)"):
        cp.score(sheet, "eq_5d_5l", items=FIVE)
    with pytest.raises(OptionError, match=r"no value set 'uk_ttto' \(did you mean 'uk_tto'\?\)"):
        cp.score(sheet, "eq_5d_3l", items=FIVE, value_set="uk_ttto")
    four = sheet.iloc[:, :4].set_axis([f"q{n}" for n in range(1, 5)], axis=1)
    with pytest.raises(ColumnError, match=r"no item columns 'q5', 'q6'.*Items '6' are optional"):
        cp.score(four, "eq_5d_3l", items="q{n}", value_set="uk_tto")


def test_advice_against_a_set_stands_in_its_label_and_licence():
    england = cp.instrument("eq_5d_5l").value_sets["england_2018"]
    assert "NICE advises against it" in england.label
    assert "NICE: do not use it." in england.licence
