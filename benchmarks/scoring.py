"""Time `cp.score` on 1,000,000 answer sheets of 14 items against code written by hand.

The instrument: 14 items with codes 1 to 5, summed, missing when an item is. The code by hand does
the same checks: it refuses answers outside the codes, and leaves a total missing where an answer
is. Goal: at most 1.2 times the code by hand, on Polars eager and lazy and on pandas.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from _timing import Row, medians, show

import cpeval as cp

N_ROWS, N_ITEMS, REPEATS = 1_000_000, 14, 25
MISSING = 0.01
ITEMS = [f"q{number}" for number in range(1, N_ITEMS + 1)]
ITEM_LINES = ", ".join(
    f'{{ code = "{n}", label = "item {n}", responses = "five" }}' for n in range(1, 15)
)
DEFINITION = f"""
name = "benchmark"
title = "Fourteen items"
version = "1"
status = "illustrative"
citation = "None: made for timing."
licence = {{ terms = "Free." }}
items = [{ITEM_LINES}]

[responses.five]
codes = {{ 1 = "1", 2 = "2", 3 = "3", 4 = "4", 5 = "5" }}

[[scales]]
label = "Total"
items = "all"
combine = "sum"
range = [14, 70]
"""


class InvalidError(Exception):
    """What the code by hand raises."""


def polars_by_hand(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame | pl.LazyFrame:
    """Check and sum as someone would who writes Polars for this one questionnaire."""
    invalid = frame.select((~pl.col(ITEMS).is_between(1, 5)).sum())
    counts = (invalid.collect() if isinstance(invalid, pl.LazyFrame) else invalid).row(0)
    if any(counts):
        raise InvalidError(counts)
    total = pl.sum_horizontal(ITEMS, ignore_nulls=False).cast(pl.Float64)
    return frame.with_columns(benchmark=total)


def numpy_by_hand(frame: pd.DataFrame) -> pd.DataFrame:
    """Check and sum as someone would who takes the answers out of pandas into numpy."""
    answers = frame[ITEMS].to_numpy()
    valid = ((answers >= 1) & (answers <= 5)) | np.isnan(answers)
    if not valid.all():
        raise InvalidError((~valid).sum(axis=0))
    return frame.assign(benchmark=answers.sum(axis=1))


def answers() -> pl.DataFrame:
    """Draw the answer sheets: whole numbers, one in a hundred missing."""
    random = np.random.default_rng(1)
    codes = random.integers(1, 6, (N_ROWS, N_ITEMS))
    missing = random.random((N_ROWS, N_ITEMS)) < MISSING
    columns = {
        name: pl.Series(codes[:, place]).set(pl.Series(missing[:, place]), None)
        for place, name in enumerate(ITEMS)
    }
    return pl.DataFrame(columns)


def main() -> None:
    """Check that all give the same totals, then measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "benchmark.toml")
        path.write_text(DEFINITION, encoding="utf-8")
        instrument = cp.Instrument.from_toml(path)
    eager = answers()
    lazy = eager.lazy()
    wide = eager.to_pandas()

    def ours(frame: object) -> object:
        return cp.score(frame, instrument, items="q{n}")

    runs: dict[str, Callable[[], object]] = {
        "Polars eager, by hand": lambda: polars_by_hand(eager),
        "Polars eager, cp.score": lambda: ours(eager),
        "Polars lazy, by hand": lambda: polars_by_hand(lazy).collect(),
        "Polars lazy, cp.score": lambda: ours(lazy).collect(),
        "pandas, by hand in numpy": lambda: numpy_by_hand(wide),
        "pandas, cp.score": lambda: ours(wide),
    }
    totals = [np.asarray(run()["benchmark"], dtype=float) for run in runs.values()]
    for other in totals[1:]:
        np.testing.assert_array_equal(other, totals[0])
    median = medians(runs, REPEATS)
    names = [*runs]
    rows = []
    for by_hand, by_us, goal in zip(names[::2], names[1::2], (1.2, 1.2, 1.2), strict=True):
        rows.append(Row(by_hand, median[by_hand]))
        rows.append(Row(by_us, median[by_us], ratio=median[by_us] / median[by_hand], goal=goal))
    show(f"scoring {N_ROWS:,} x {N_ITEMS}, median of {REPEATS}", rows)


if __name__ == "__main__":
    main()
