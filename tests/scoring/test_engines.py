"""One plan, every engine: lazy and distributed frames give what pandas gives."""

import warnings

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import CodeError

#: A definition with what the shipped ones use seldom or not at all.
EVERYTHING = {
    "name": "everything",
    "title": "Every way to combine",
    "citation": "Made up for this test.",
    "licence": {"terms": "free"},
    "responses": {
        "three": {"codes": {1: "no", 2: "partly", 3: "yes"}, "missing_codes": [9]},
        "thermometer": {"codes": {0: "worst", 10: "best"}, "between": True},
    },
    "items": [
        {"code": "1", "label": "one", "responses": "three"},
        {"code": "2", "label": "two", "responses": "three", "reversed": True},
        {"code": "3", "label": "three", "responses": "three"},
        {"code": "4", "label": "four", "responses": "thermometer"},
    ],
    "scales": [
        {
            "name": "weighted",
            "label": "Weighted mean",
            "items": ["1", "2"],
            "combine": "mean",
            "weights": {"1": 0.25, "2": 2},
            "answered": 1,
        },
        {
            "name": "count",
            "label": "How many are 3",
            "items": ["1-3"],
            "combine": "count",
            "counted": [3],
            "answered": 2,
            "prorate": True,
        },
        {"name": "top", "label": "Top", "items": ["1-3"], "combine": "maximum", "answered": 1},
        {
            "name": "sum",
            "label": "Sum",
            "items": ["1-3"],
            "lookup": {s: s**2 for s in range(3, 10)},
        },
        {"name": "thermometer", "label": "Thermometer", "items": ["4"]},
        {"name": "value", "label": "Value", "items": ["1-3"], "combine": "value_set"},
    ],
    "value_sets": {
        "subtracts": {
            "label": "Less what is taken off",
            "source": "Made up",
            "decrements": {c: {2: 0.1 * int(c), 3: 0.2 * int(c)} for c in "123"},
            "any_at": [{"codes": [2, 3], "amount": 0.05}, {"codes": [3], "amount": 0.2}],
        },
        "tabled": {
            "label": "By sex",
            "source": "Made up",
            "by": ["sex"],
            "profiles": {
                f"{a}{b}{c}|{sex}": a + b / 10 + c / 100 + (sex == "f")
                for a in (1, 2, 3)
                for b in (1, 2, 3)
                for c in (1, 2, 3)
                for sex in "fm"
            },
        },
    },
}
GOALS = {
    "name": "goals",
    "title": "Goals",
    "citation": "Made up for this test.",
    "licence": {"terms": "free"},
    "responses": {"level": {"codes": {-2: "", -1: "", 0: "", 1: "", 2: ""}}},
    "goals": {"label": "goal", "responses": "level"},
    "scales": [{"label": "T", "items": "all", "combine": "goal_attainment", "correlation": 0.3}],
}

USES = {name: {} for name in ("ces_d", "sf_36", "swemwbs", "connecting_people")} | {
    "everything-subtracts": {"value_set": "subtracts"},
    "everything-tabled": {"value_set": "tabled"},
    "goals": {"weights": "goals_weight_{n}"},
}
NAMES = list(USES)


def definition(name):
    own = {"everything": EVERYTHING, "goals": GOALS}.get(name.partition("-")[0])
    return cp.instrument(name) if own is None else cp.Instrument.from_mapping(own)


def answers(name, rows=60):
    """Random answer sheets with gaps, numbered so that an engine may return them in any order."""
    rng = np.random.default_rng(7)
    one = definition(name)
    one = one if one.goals is None else one.with_goals(4)
    data = {"sheet": np.arange(rows), "sex": rng.choice(["f", "m"], rows)}
    for item in one.items:
        codes = np.array(sorted(one.answers(item).codes))
        data[f"{one.name}_{item.code}"] = np.where(
            rng.random(rows) < 0.1, np.nan, rng.choice(codes, rows)
        )
        if one.goals is not None:
            data[f"goals_weight_{item.code}"] = rng.integers(0, 4, rows)
    return pd.DataFrame(data)


def scored(frame, name):
    return cp.score(frame, definition(name), answered=True, **USES[name])


def assert_equal_to_pandas(name, frame):
    data = answers(name)
    expected, columns = scored(data, name), list(data)
    ours = scored(frame, name)
    assert type(ours) is type(frame)
    plain = nw.from_native(ours).collect("pandas").to_pandas().sort_values("sheet")
    for column in expected.columns.drop(columns):
        assert expected[column].notna().any()
        np.testing.assert_allclose(
            plain[column].astype(float).to_numpy(),
            expected[column].astype(float),
            rtol=1e-12,
            err_msg=column,
        )


def test_pandas_by_blocks_and_by_expressions_agree():
    """Nullable columns go by expressions, numpy's by blocks of rows: the same scores."""
    for name in NAMES:
        data = answers(name, rows=40_000)
        by_blocks, by_expressions = scored(data, name), scored(data.convert_dtypes(), name)
        for column in by_blocks.columns.drop(list(data)):
            np.testing.assert_allclose(
                by_blocks[column].astype(float),
                by_expressions[column].astype("Float64").to_numpy(float, na_value=np.nan),
                rtol=1e-12,
                err_msg=column,
            )


def test_what_the_made_up_definition_gives_by_hand():
    data = pd.DataFrame(
        {
            "everything_1": [1, 3, np.nan, 9],
            "everything_2": [1, 1, 2, np.nan],
            "everything_3": [1, 3, 3, 2],
            "everything_4": [0, 10, 7, np.nan],
            "sex": ["f", "m", "f", "m"],
        }
    )
    out = scored(data, "everything-subtracts")
    gone = np.nan
    expected = {
        "weighted": [(0.25 + 6) / 2, (0.75 + 6) / 2, 4, gone],  # item 2 is reversed: 4 - x
        "count": [1, 3, 1.5, gone],  # 3s among 1, 3, 1; 3, 3, 3; 2 and 3 prorated
        "top": [3, 3, 3, 2],
        "sum": [25, 81, gone, gone],  # 1 + 3 + 1, 3 + 3 + 3, squared
        "thermometer": [0, 10, 7, gone],
        # 1 - 0.2 (item 1 at 3) - 0.6 (item 3 at 3) - 0.05 - 0.2
        "value": [1, 1 - 0.2 - 0.6 - 0.05 - 0.2, gone, gone],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(out[f"everything_{name}"], values, rtol=1e-14, atol=1e-15)
    tabled = scored(data, "everything-tabled")["everything_value"]
    np.testing.assert_allclose(tabled, [1 + 0.1 + 0.01 + 1, 3 + 0.1 + 0.03, gone, gone])


def test_goal_attainment_by_hand():
    gone = np.nan
    data = pd.DataFrame(
        {
            "goals_1": [0.0, 1, -2, gone, gone, 2],
            "goals_2": [0.0, gone, 1, gone, 1, 2],
            "goals_weight_1": [1, 1, 2, 1, 1, 0],
            "goals_weight_2": [1, 1, 1, 1, 3, 0],
        }
    )
    # 50 + 10 sum(wx) / sqrt(0.7 sum(w^2) + 0.3 (sum w)^2)
    two = 50 + 10 * (-4 + 1) / np.sqrt(0.7 * 5 + 0.3 * 9)
    np.testing.assert_allclose(scored(data, "goals")["goals"], [50, 60, two, gone, 60, gone])


@pytest.mark.parametrize("name", NAMES)
def test_duckdb(name):
    import duckdb

    data = answers(name)
    assert_equal_to_pandas(name, duckdb.from_df(data))
    first = f"{definition(name).name}_1"
    with pytest.raises(CodeError, match=f"'{first}': 60 answers not among"):
        scored(duckdb.from_df(data.assign(**{first: 55})), name)


# narwhals announces that its Dask part will become a package of its own, which is not out yet.
@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")
@pytest.mark.parametrize("name", NAMES)
def test_dask(name):
    import dask.dataframe as dd

    assert_equal_to_pandas(name, dd.from_pandas(answers(name), npartitions=3))


@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")
@pytest.mark.parametrize("engine", ["duckdb", "dask"])
def test_whole_numbers_without_gaps(engine):
    """Columns of integers are asked in another way than those with gaps, which are floats."""
    import dask.dataframe as dd
    import duckdb

    data = answers("swemwbs").drop(columns="sex").fillna(3).astype(int)
    frame = duckdb.from_df(data) if engine == "duckdb" else dd.from_pandas(data, npartitions=2)
    plain = nw.from_native(cp.score(frame, "swemwbs")).collect("pandas").to_pandas()
    expected = cp.score(data, "swemwbs").swemwbs
    assert plain.sort_values("sheet").swemwbs.tolist() == expected.tolist()


@pytest.fixture(scope="session")
def spark():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Spark's own modules warn of while they load
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[1]").appName("cpeval")
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
        }.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.mark.spark
@pytest.mark.parametrize("name", NAMES)
def test_spark(spark, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = spark.createDataFrame(answers(name))
        assert_equal_to_pandas(name, frame)


@pytest.mark.spark
def test_goals_one_a_row_on_spark(spark):
    rng = np.random.default_rng(9)
    goals = pd.DataFrame({"person": rng.integers(0, 15, 60), "level": rng.integers(-2.0, 3, 60)})
    goals["level"] = goals["level"].where(rng.random(60) > 0.2)
    goals["matters"] = rng.choice([0.0, 1, 2], 60)
    options = {"by": "person", "level": "level", "weight": "matters", "answered": True}
    expected = cp.score_goals(goals, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scored = cp.score_goals(spark.createDataFrame(goals), **options)
        plain = nw.from_native(scored).collect("pandas").to_pandas().sort_values("person")
    for column in expected.columns:
        ours = plain[column].astype(float).to_numpy()
        np.testing.assert_allclose(ours, expected[column].astype(float), rtol=1e-12, err_msg=column)
