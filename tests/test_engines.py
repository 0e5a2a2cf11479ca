"""One plan, every engine: lazy and distributed frames give what pandas gives."""

import warnings

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import CodeError
from cpeval.scoring.goals import score_goals

NAMES = ["ces_d", "sf_36", "swemwbs", "connecting_people"]


def answers(name, rows=60):
    """Random answer sheets with gaps, numbered so that an engine may return them in any order."""
    rng = np.random.default_rng(7)
    one = cp.instrument(name)
    data = {"sheet": np.arange(rows)}
    for item in one.items:
        codes = np.array(sorted(one.answers(item).codes))
        data[f"{name}_{item.code}"] = np.where(
            rng.random(rows) < 0.1, np.nan, rng.choice(codes, rows)
        )
    return pd.DataFrame(data)


def assert_equal_to_pandas(name, frame):
    expected = cp.score(answers(name), name, answered=True)
    scored = cp.score(frame, name, answered=True)
    assert type(scored) is type(frame)
    plain = nw.from_native(scored).collect("pandas").to_pandas().sort_values("sheet")
    for column in expected.columns:
        ours = plain[column].astype(float).to_numpy()
        np.testing.assert_allclose(ours, expected[column].astype(float), rtol=1e-12, err_msg=column)


@pytest.mark.parametrize("name", NAMES)
def test_duckdb(name):
    import duckdb

    data = answers(name)
    assert_equal_to_pandas(name, duckdb.from_df(data))
    with pytest.raises(CodeError, match=f"'{name}_1': 60 answers not among"):
        cp.score(duckdb.from_df(data.assign(**{f"{name}_1": 55})), name)


# narwhals announces that its Dask part will become a package of its own, which is not out yet.
@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")
@pytest.mark.parametrize("name", NAMES)
def test_dask(name):
    import dask.dataframe as dd

    assert_equal_to_pandas(name, dd.from_pandas(answers(name), npartitions=3))


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
    expected = score_goals(goals, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scored = score_goals(spark.createDataFrame(goals), **options)
        plain = nw.from_native(scored).collect("pandas").to_pandas().sort_values("person")
    for column in expected.columns:
        ours = plain[column].astype(float).to_numpy()
        np.testing.assert_allclose(ours, expected[column].astype(float), rtol=1e-12, err_msg=column)
