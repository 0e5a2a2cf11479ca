"""Score 50,000,000 answer sheets in DuckDB without bringing any of them into Python.

SWEMWBS: seven items, a sum, a metric score by the published table. The data stay in a database
file; what is collected is one row of counts (answers outside the codes) and one row of means.
Against SQL written by hand, which checks and scores the same. No goal: what counts is that it
runs, in how much memory, and at what a person would pay by hand.
"""

import resource
import tempfile
from pathlib import Path

import duckdb
import numpy as np
from _timing import Row, medians, show

import cpeval as cp

N_ROWS, REPEATS = 50_000_000, 3
ITEMS = [f"q{n}" for n in range(1, 8)]


def fill(base: duckdb.DuckDBPyConnection) -> None:
    """Make the answer sheets: codes 1 to 5, one answer in a hundred missing."""
    columns = ", ".join(
        f"CASE WHEN hash(i * 7 + {n}) % 100 = 0 THEN NULL "
        f"ELSE (1 + hash(i * 11 + {n}) % 5)::TINYINT END AS q{n}"
        for n in range(1, 8)
    )
    base.execute(f"CREATE TABLE sheets AS SELECT {columns} FROM range({N_ROWS}) t(i)")


def by_hand(base: duckdb.DuckDBPyConnection) -> tuple[float, ...]:
    """Check and score as someone would who writes SQL for this one questionnaire."""
    wrong = ", ".join(f"count(*) FILTER (WHERE NOT {c} BETWEEN 1 AND 5)" for c in ITEMS)
    counts = base.execute(f"SELECT {wrong} FROM sheets").fetchall()[0]
    assert not any(counts)
    table = cp.instrument("swemwbs").scale("swemwbs_metric").lookup or {}
    cases = " ".join(f"WHEN {raw:g} THEN {metric}" for raw, metric in table.items())
    sums = f"SELECT ({' + '.join(ITEMS)})::DOUBLE AS raw FROM sheets"
    query = f"SELECT avg(raw), avg(CASE raw {cases} END::DOUBLE), count(raw) FROM ({sums})"
    return base.execute(query).fetchall()[0]


def ours(base: duckdb.DuckDBPyConnection) -> tuple[float, ...]:
    """Score the relation, which stays lazy, and ask it for the means."""
    scored = cp.score(base.table("sheets"), "swemwbs", items="q{n}")
    asked = "avg(swemwbs), avg(swemwbs_metric), count(swemwbs)"
    return scored.aggregate(asked).fetchall()[0]


def main() -> None:
    """Check that both give the same means, then measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        base = duckdb.connect(str(Path(folder, "sheets.duckdb")))
        fill(base)
        np.testing.assert_allclose(ours(base), by_hand(base), rtol=1e-12)
        median = medians(
            {"SQL by hand": lambda: by_hand(base), "cp.score": lambda: ours(base)}, REPEATS
        )
        base.close()
    hand = median["SQL by hand"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    show(
        f"SWEMWBS, {N_ROWS:,} rows in DuckDB, median of {REPEATS}; peak memory {peak:.1f} GiB",
        [
            Row("SQL by hand", hand),
            Row("cp.score", median["cp.score"], ratio=median["cp.score"] / hand),
        ],
    )


if __name__ == "__main__":
    main()
