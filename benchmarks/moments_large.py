"""Make moments of a hundred million people in DuckDB, or in Spark, without fetching any of them.

`python benchmarks/moments_large.py 100_000_000` is the recorded run; without a number ten million.
`--spark` asks Spark in local mode too, with the same call. The data are a Parquet file in a
temporary folder, 7 bytes a person: arm and sex as text, whole numbers, one baseline in fifty
missing. Counts, means and products of twenty sites are checked against DuckDB's own aggregates of
these sites, which are computed another way (regr_sxy and its like, not sums of products).
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
from _timing import Row, medians, show

import cpeval as cp

N_SITES, N_CHECKED = 2_000, 20
FORMULA = "y ~ arm + baseline + age + sex"
LEVELS = {"arm": ["usual", "CP"], "sex": ["f", "m"]}
#: Both add up some ten thousand whole numbers; DuckDB's own way rounds at each row.
RTOL = 1e-9


def write(path: Path, rows: int) -> None:
    """Make the people. A team's worth of rows in a row is of one site, as in a real extract."""
    query = f"""
        SELECT (hash(i // 20) % {N_SITES})::SMALLINT AS site,
            CASE WHEN site % 2 = 1 THEN 'CP' ELSE 'usual' END AS arm,
            CASE WHEN hash(i * 3 + 1) % 50 = 0 THEN NULL
                ELSE (hash(i * 3 + 1) % 41)::TINYINT END AS baseline,
            (18 + hash(i * 5 + 2) % 60)::TINYINT AS age,
            CASE WHEN hash(i * 7 + 3) % 2 = 0 THEN 'f' ELSE 'm' END AS sex,
            (20 + site % 7 + coalesce(baseline, 20) // 4 + hash(i * 11 + 4) % 21)::SMALLINT AS y
        FROM range({rows}) t(i)
    """
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def by_hand(people: duckdb.DuckDBPyRelation) -> None:
    """Sum all products by site, with neither levels, checks nor an origin."""
    values = "(arm = 'CP')::DOUBLE AS a, baseline::DOUBLE AS b, age::DOUBLE AS c"
    values += ", (sex = 'm')::DOUBLE AS d, y::DOUBLE AS e"
    names = "abcde"
    products = [f"sum({one} * {two})" for k, one in enumerate(names) for two in names[k:]]
    asked = ", ".join(["site", "count(*)", *(f"sum({name})" for name in names), *products])
    complete = people.filter("baseline IS NOT NULL").project(f"site, {values}")
    complete.aggregate(asked, "site").fetchall()


def check(moments: cp.SiteMoments, people: duckdb.DuckDBPyRelation) -> None:
    """Compare twenty sites with DuckDB's own aggregates of them."""
    sites = np.random.default_rng(1).choice(N_SITES, N_CHECKED, replace=False).tolist()
    pairs = [("baseline", "y"), ("age", "y"), ("baseline", "age")]
    asked = ", ".join(
        [
            "site, count(*), avg(y), avg(baseline), regr_syy(y, age), regr_sxx(y, baseline)",
            *(f"regr_sxy({one}, {two})" for one, two in pairs),
        ]
    )
    some = people.filter(f"site IN {tuple(sites)} AND baseline IS NOT NULL")
    place = {name: k for k, name in enumerate(moments.columns)}
    for site, *expected in some.aggregate(asked, "site").fetchall():
        unit = moments.site.index(site)
        mean, cross = moments.mean[unit], moments.cross[unit]
        y, baseline = place["y"], place["baseline"]
        found = [moments.n[unit], mean[y], mean[baseline], cross[y, y], cross[baseline, baseline]]
        found += [cross[place[one], place[two]] for one, two in pairs]
        np.testing.assert_allclose(found, expected, rtol=RTOL)


def timed(run: Callable[[], object]) -> tuple[float, object]:
    """Run once: seconds, and what came of it."""
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def in_spark(path: Path) -> tuple[float, cp.SiteMoments]:
    """Read the same file in Spark, on all cores of this machine, and make the same moments."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false")
    spark = session.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    data = spark.read.parquet(str(path))
    found = timed(lambda: cp.SiteMoments.from_data(data, FORMULA, site="site", levels=LEVELS))
    spark.stop()
    return found


def main() -> None:
    """Make, check and time; memory is that of this process, DuckDB in it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--spark", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "people.parquet")
        write(path, asked.rows)
        size = path.stat().st_size / 1024**3
        people = duckdb.read_parquet(str(path))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        hand, _ = timed(lambda: by_hand(people))
        seconds, moments = timed(
            lambda: cp.SiteMoments.from_data(people, FORMULA, site="site", levels=LEVELS)
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        check(moments, people)
        fitted = medians({"REML": lambda: cp.sites.mixed(moments)}, 3)["REML"]
        rows = [
            Row("SQL by hand", hand),
            Row("SiteMoments, DuckDB", seconds, ratio=seconds / hand),
            Row("REML with Kenward-Roger", fitted),
        ]
        if asked.spark:
            seconds, other = in_spark(path)
            np.testing.assert_array_equal(other.n, moments.n)
            np.testing.assert_allclose(other.mean, moments.mean, rtol=RTOL)
            rows.append(Row("SiteMoments, Spark in local mode", seconds))
    show(
        f"{asked.rows:,} people in {N_SITES:,} sites, {size:.2f} GiB of Parquet; "
        f"peak memory {before:.1f} GiB before, {peak:.1f} GiB after",
        rows,
    )


if __name__ == "__main__":
    main()
