"""Every engine gives the moments that pandas gives."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cpeval.errors import DataError
from cpeval.moments import SiteMoments

from .conftest import made, with_gaps

RTOL = 1e-11  # the same sums in another order, relative to each column's spread


def table(data):
    return pa.Table.from_pandas(data, preserve_index=False)


def dask(data):
    import dask.dataframe as dd

    return dd.from_pandas(data, npartitions=3)


ENGINES = {
    "polars": lambda data: pl.from_arrow(table(data)),
    "polars lazy": lambda data: pl.from_arrow(table(data)).lazy(),
    "pyarrow": table,
    "duckdb": lambda data: duckdb.from_arrow(table(data)),
}
FORMULAS = [
    "y ~ arm + baseline + C(sex) + arm:baseline",
    "log(y + 20) ~ told*C(grade) + I(baseline**2) + sqrt(`age at start`)",
    "y ~ 0 + sex",
    "y ~ 1",
]


def assert_same(one, other, rtol=RTOL):
    assert one.terms == other.terms
    assert one.levels == other.levels
    assert (one.site, one.team) == (other.site, other.team)
    np.testing.assert_array_equal(one.n, other.n)
    np.testing.assert_array_equal(one.dropped, other.dropped)
    np.testing.assert_allclose(one.weight, other.weight, rtol=rtol)
    for by in ("site", "team") if one.team_column else ("site",):
        mine, theirs = one.blocks(by), other.blocks(by)
        size = np.sqrt(np.einsum("gqq->q", theirs.blocks))
        scale = np.outer(size, size) + np.finfo(float).tiny
        np.testing.assert_allclose(mine.blocks / scale, theirs.blocks / scale, atol=rtol, rtol=0)
        np.testing.assert_allclose(mine.origin.x, theirs.origin.x, rtol=rtol)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree(engine, formula, weights):
    data = with_gaps(made())
    options = {"site": "trust", "team": "team", "weights": weights}
    expected = SiteMoments.from_data(data, formula, **options)
    found = SiteMoments.from_data(ENGINES[engine](data), formula, **options)
    assert expected.dropped.sum() >= 3
    assert_same(found, expected)


# narwhals announces that its Dask part will become a package of its own, which is not out yet.
@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")
@pytest.mark.parametrize("apart", [None, 1e7])
def test_dask_agrees(apart):
    data = (
        with_gaps(made()) if apart is None else far(apart=apart).rename(columns={"site": "trust"})
    )
    formula = "y ~ arm + baseline + C(sex) + arm:baseline" if apart is None else "y ~ x"
    options = {"site": "trust", "team": "team" if apart is None else None}
    expected = SiteMoments.from_data(data, formula, **options)
    found = SiteMoments.from_data(dask(data), formula, **options)
    assert_same(found, expected)
    np.testing.assert_allclose(found.cross, expected.cross, rtol=1e-8, atol=1e-8)


@pytest.mark.spark
def test_spark_agrees(tmp_path):
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(tmp_path))
        .getOrCreate()
    )
    data = with_gaps(made())
    path = str(tmp_path / "data.parquet")
    data.to_parquet(path)
    formula = "y ~ arm + baseline + C(sex) + arm:baseline"
    expected = SiteMoments.from_data(data, formula, site="trust", team="team")
    found = SiteMoments.from_data(session.read.parquet(path), formula, site="trust", team="team")
    assert_same(found, expected)


def far(shift=1e8, apart=0.0):
    """Outcome and covariate with mean `shift` and sd 1; sites `apart` from each other."""
    rng = np.random.default_rng(1)
    site = np.repeat(np.arange(6), 50)
    x, e = rng.normal(0, 1, 300), rng.normal(0, 1, 300)
    data = pd.DataFrame({"site": site, "x": shift + x, "y": shift + x + e})
    return data + np.outer(site * apart, [0, 1, 1])


#: Far columns hold 1e-8 of their spread themselves: the moments of what they hold are compared.
@pytest.mark.parametrize("apart", [0.0, 1e7])
@pytest.mark.parametrize("engine", ["pandas", *ENGINES])
def test_a_mean_of_1e8_keeps_eight_digits(engine, apart):
    from fractions import Fraction

    data = far(apart=apart)
    frame = data if engine == "pandas" else ENGINES[engine](data)
    moments = SiteMoments.from_data(frame, "y ~ x", site="site")
    for g in range(6):
        rows = data[data.site == g]
        exact = [[Fraction(v) for v in rows[name]] for name in ("x", "y")]
        rest = [[v - sum(c) / len(c) for v in c] for c in exact]
        cross = [[float(sum(a * b for a, b in zip(u, v, strict=True))) for v in rest] for u in rest]
        np.testing.assert_allclose(moments.cross[g], cross, rtol=1e-8)


@pytest.mark.parametrize("engine", ["pandas", *ENGINES])
def test_infinite_values_and_impossible_arithmetic_are_refused(engine):
    def moments(data, formula, **options):
        frame = data if engine == "pandas" else ENGINES[engine](data)
        return SiteMoments.from_data(frame, formula, site="trust", **options)

    data = made()
    data.loc[6, "y"] = np.inf
    with pytest.raises(DataError, match=r"[Ii]nfinite"):
        moments(data, "y ~ arm")
    with pytest.raises(DataError, match="logarithm of zero"):
        moments(made().assign(z=[0.0, *np.ones(239)]), "y ~ log(z)")
    with pytest.raises(DataError, match="negative"):
        moments(made().assign(w=[-1.0, *np.ones(239)]), "y ~ arm", weights="w")


def test_input_is_left_alone_and_index_does_not_matter():
    data = with_gaps(made())
    data.index = np.random.default_rng(0).permutation(len(data))
    before = data.copy()
    one = SiteMoments.from_data(data, FORMULAS[0], site="trust")
    pd.testing.assert_frame_equal(data, before)
    assert_same(one, SiteMoments.from_data(data.reset_index(drop=True), FORMULAS[0], site="trust"))


def test_categories_and_nullable_types_are_taken():
    data = made()
    expected = SiteMoments.from_data(data, "y ~ sex + grade + told", site="trust")
    typed = data.astype({"sex": "category", "trust": "category", "grade": "Int64"})
    typed["told"] = typed.told.astype("boolean")
    assert_same(SiteMoments.from_data(typed, "y ~ sex + grade + told", site="trust"), expected)
    enums = pl.from_pandas(data).with_columns(
        pl.col("sex").cast(pl.Enum(["x", "m", "f"])), pl.col("trust").cast(pl.Categorical)
    )
    for frame in (enums, enums.lazy()):
        assert_same(SiteMoments.from_data(frame, "y ~ sex + grade + told", site="trust"), expected)
