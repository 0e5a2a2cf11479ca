"""A table of values for health states as a file: read, looked up on any engine, or refused."""

from itertools import product

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cpeval as cp
from cpeval.definitions.value_sets import ValueSet
from cpeval.errors import CodeError, ColumnError, DefinitionError, OptionError, ReadError

FIVE = ["mo", "sc", "ua", "pd", "ad"]
STATES = ["".join(state) for state in product("123", repeat=5)]


def plain_table():
    """A value for every state of EQ-5D-3L, none like another; workbooks keep 15 digits of it."""
    return pd.DataFrame({"profile": STATES, "value": (1 - np.arange(243) * 0.006).round(3)})


def table_by(**columns):
    """The same, and other values for each combination of values of further columns."""
    parts = []
    for number, combination in enumerate(product(*columns.values())):
        part = plain_table()
        part["value"] = (part["value"] - number * 0.1).round(3)
        parts.append(part.assign(**dict(zip(columns, combination, strict=True))))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def saved(tmp_path):
    def save(table, name="values.csv"):
        path = tmp_path / name
        table.to_excel(path, index=False) if name.endswith("xlsx") else table.to_csv(
            path, index=False
        )
        return path

    return save


def sheets(rows=80, seed=3, **columns):
    """Random answer sheets with gaps, and columns to split a table by."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.integers(1, 4, (rows, 5)).astype(float), columns=FIVE)
    data = data.mask(rng.random(data.shape) < 0.04)
    for name, values in columns.items():
        data[name] = rng.choice(np.array(values), rows)
    return data.assign(sheet=np.arange(rows))


def looked_up(data, table):
    """The values by a join of the two tables: another way to the same numbers."""
    by = [c for c in table.columns if c not in ("profile", "value")]
    whole = data.dropna()
    profile = whole[FIVE].astype(int).astype(str).agg("".join, axis=1)
    joined = whole.assign(profile=profile).merge(table, on=["profile", *by], how="left")
    return data[["sheet"]].merge(joined[["sheet", "value"]], on="sheet", how="left")["value"]


def dask_frame(data):
    import dask.dataframe as dd

    return dd.from_pandas(data, npartitions=3)


def duckdb_relation(data):
    import duckdb

    return duckdb.from_df(data)


ENGINES = {
    "pandas": lambda data: data,
    "pandas-nullable": lambda data: data.convert_dtypes(),
    "polars": pl.from_pandas,
    "polars-lazy": lambda data: pl.from_pandas(data).lazy(),
    "pyarrow": lambda data: pa.Table.from_pandas(data, preserve_index=False),
    "duckdb": duckdb_relation,
    "dask": dask_frame,
}


def index_of(frame):
    """The scores in the order of the sheets, whatever the engine; missing as NaN."""
    frame = nw.from_native(frame)
    eager = frame.collect("pandas") if isinstance(frame, nw.LazyFrame) else frame
    plain = eager.to_pandas().sort_values("sheet")
    return plain["eq_5d_3l_index"].astype("Float64").to_numpy(float, na_value=np.nan)


BY = {
    "text": {"age": ["18-34", "35-44", "65+"], "sex": ["female", "male"]},
    "whole numbers": {"band": [1, 2, 3], "sex": [1, 2]},
    "fractions": {"step": [0.5, 1.5]},
    "yes and no": {"older": [True, False]},
    "nothing": {},
}


@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", BY)
def test_every_engine_looks_up_what_a_join_finds(saved, engine, kind):
    table = table_by(**BY[kind]) if BY[kind] else plain_table()
    data = sheets(**BY[kind])
    values = ValueSet.from_file(saved(table), items=list("12345"))
    assert values.by == list(BY[kind])
    made = cp.score(ENGINES[engine](data), "eq_5d_3l", items=FIVE, value_set=values)
    expected = looked_up(data, table)
    assert 20 < expected.notna().sum() < len(data)
    np.testing.assert_array_equal(index_of(made), expected)


@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["text", "whole numbers"])
def test_a_missing_value_in_a_splitting_column_leaves_no_score(saved, engine, kind):
    """Also where the gap turns whole numbers into floats: 2.0 is the table's 2."""
    data = sheets(**BY[kind]).dropna()
    name = next(iter(BY[kind]))
    gaps = data.sheet % 7 == 0
    holed = data.assign(**{name: data[name].mask(gaps)})
    path = saved(table_by(**BY[kind]))
    made = cp.score(ENGINES[engine](holed), "eq_5d_3l", items=FIVE, value_set=path)
    expected = looked_up(data, table_by(**BY[kind])).to_numpy()
    np.testing.assert_array_equal(index_of(made), np.where(gaps, np.nan, expected))


@pytest.mark.parametrize("engine", ["pandas", "polars", "polars-lazy", "duckdb"])
def test_values_that_the_table_does_not_know_are_named_or_missing(saved, engine):
    data = sheets(**BY["text"]).dropna()
    data.loc[data.sheet < 5, "age"] = "17"
    path = saved(table_by(**BY["text"]))
    frame = ENGINES[engine](data)
    count = int((data.sheet < 5).sum())
    with pytest.raises(CodeError) as caught:
        cp.score(frame, "eq_5d_3l", items=FIVE, value_set=path)
    assert f"'age': {count} values that the value set doesn't know" in str(caught.value)
    assert "It knows '18-34', '35-44', '65+'" in str(caught.value)
    made = cp.score(frame, "eq_5d_3l", items=FIVE, value_set=path, on_invalid="missing")
    assert np.isnan(index_of(made)).sum() == count


def test_columns_that_the_data_lack_are_named_with_the_reason(saved):
    path = saved(table_by(**BY["text"]))
    data = sheets(**BY["text"]).rename(columns={"sex": "Sex"}).drop(columns="age")
    with pytest.raises(ColumnError) as caught:
        cp.score(data, "eq_5d_3l", items=FIVE, value_set=path)
    assert "the data have no columns 'age', 'sex' (did you mean 'Sex'?)" in str(caught.value)
    assert "The value set differs by 'age', 'sex'" in str(caught.value)


@pytest.mark.parametrize("name", ["values.csv", "values.xlsx"])
def test_forms_of_a_table(saved, name):
    """A profile column, or a column an item; in any order; csv or a workbook."""
    table = plain_table()
    wide = pd.DataFrame([list(map(int, s)) for s in STATES], columns=list("12345"))
    wide = wide.assign(value=table["value"])
    data = sheets()
    expected = looked_up(data, table)
    for one in (table, table.sample(frac=1, random_state=1), wide, wide[["value", *"54321"]]):
        made = cp.score(data, "eq_5d_3l", items=FIVE, value_set=saved(one, name))
        np.testing.assert_array_equal(index_of(made), expected)


def test_a_profile_read_as_a_number_is_the_same_state(saved):
    table = plain_table().astype({"profile": float})
    made = cp.score(sheets(), "eq_5d_3l", items=FIVE, value_set=saved(table))
    np.testing.assert_array_equal(index_of(made), looked_up(sheets(), plain_table()))


def spoilt(column, row, cell):
    table = plain_table().astype(object)
    table.loc[row, column] = cell
    return table


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (plain_table().rename(columns={"value": "Value"}), "no columns 'value' (did you mean 'Va"),
        (plain_table().rename(columns={"profile": "state"}), "no columns '1', '2', '3', '4', '5'."),
        (plain_table().drop(columns="value"), "a column 'value' and a column 'profile' or columns"),
        (spoilt("value", 3, "n/a?"), "no number as value in row 4"),
        (spoilt("value", 3, None), "no number as value in row 4"),
        (spoilt("value", 3, np.inf), "no number as value in row 4"),
        (spoilt("profile", 3, None), "no state in row 4"),
        (spoilt("profile", 3, "11111"), "a state that stands twice in rows 1, 4"),
        (spoilt("profile", 0, "44444"), "no such state as '44444'"),
        (spoilt("profile", 0, "44444"), "no value for '11111'"),
        (plain_table().iloc[5:], "no value for '11111', '11112', '11113', '11121', '11122'"),
        (
            pd.concat([plain_table(), plain_table().head(2)]),
            "a state that stands twice in rows 1, 2, 244, 245",
        ),
        (
            table_by(**BY["text"]).iloc[:-3],
            "profiles: 65+, male: no value for '33331', '33332', '33333'",
        ),
        (table_by(age=["a|b", "c"]), "column 'age' has |, which parts values here: 'a|b'"),
        (plain_table().assign(rank=range(243)), "237 more like these. Is the table meant to be"),
        (
            pd.DataFrame({"profile": ["".join(s) for s in product("12345", repeat=5)], "value": 1}),
            "no such state as '11114', '11115'",
        ),
    ],
)
def test_every_mistake_in_a_file_is_named(saved, table, said):
    with pytest.raises(DefinitionError) as caught:
        cp.score(sheets(), "eq_5d_3l", items=FIVE, value_set=saved(table))
    assert said in str(caught.value)


def test_several_mistakes_are_named_at_once(saved):
    table = spoilt("value", 3, "x")
    table.loc[5, "profile"] = "11111"
    table.loc[7, "profile"] = None
    with pytest.raises(DefinitionError) as caught:
        ValueSet.from_file(saved(table), items=list("12345"))
    for said in ("no state in row 8", "no number as value in row 4", "stands twice in rows 1, 6"):
        assert said in str(caught.value)


def test_a_column_that_splits_nothing_is_missed_in_the_data(saved):
    table = plain_table().assign(note="from the annex")
    with pytest.raises(ColumnError, match=r"no columns 'note'\. The value set differs by 'note'"):
        cp.score(sheets(), "eq_5d_3l", items=FIVE, value_set=saved(table))


def test_files_that_can_not_be_read(saved, tmp_path):
    with pytest.raises(ReadError, match="There is no file"):
        cp.score(sheets(), "eq_5d_3l", items=FIVE, value_set=tmp_path / "other.csv")
    with pytest.raises(ReadError, match="no data below"):
        cp.score(sheets(), "eq_5d_3l", items=FIVE, value_set=saved(plain_table().head(0)))
    with pytest.raises(OptionError, match="a table of your own is named by its path"):
        cp.score(sheets(), "eq_5d_3l", items=FIVE, value_set="crosswalk")


def test_the_choice_is_named(saved):
    own = cp.instrument("eq_5d_3l").with_value_set(saved(plain_table(), "crosswalk.csv"))
    assert own.value_sets[own.value_set].label == "crosswalk.csv"
    named = ValueSet.from_file(
        saved(plain_table()), items=list("12345"), label="Ours", source="Annex B"
    )
    assert (named.label, named.source) == ("Ours", "Annex B")
