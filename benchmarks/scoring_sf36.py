"""Time `cp.score` of the SF-36 for 1,000,000 people against Polars written by hand.

Thirty-six items, recodings of which one depends on another item, eight scales with half of their
items needed, two summaries. The code by hand checks the answers too, and gives the same scores.
Goal: at most 1.5 times Polars by hand, lazy and eager.
"""

import numpy as np
import polars as pl
from _timing import Row, medians, show

import cpeval as cp

N_ROWS, REPEATS = 1_000_000, 9
MISSING = 0.02
#: Items to how many answers they have.
SIZES = (
    dict.fromkeys((1, 2, 20, 22, 32, 33, 34, 35, 36), 5)
    | dict.fromkeys(range(3, 13), 3)
    | dict.fromkeys(range(13, 20), 2)
    | dict.fromkeys((21, *range(23, 32)), 6)
)
REVERSED = (20, 23, 26, 27, 30, 34, 36)
SCALES = {
    "pf": (range(3, 13), 5, 10, 30),
    "rp": (range(13, 17), 2, 4, 8),
    "bp": ((21, 22), 1, 2, 12),
    "gh": ((1, 33, 34, 35, 36), 3, 5, 25),
    "vt": ((23, 27, 29, 31), 2, 4, 24),
    "sf": ((20, 32), 1, 2, 10),
    "re": (range(17, 20), 2, 3, 6),
    "mh": ((24, 25, 26, 28, 30), 3, 5, 30),
}
MEANS = (84.52404, 81.19907, 75.49196, 72.21316, 61.05453, 83.59753, 81.29467, 74.84212)
SDS = (22.89490, 33.79729, 23.55879, 20.16964, 20.86942, 22.37642, 33.02717, 18.01189)
SUMMARIES = {
    "pcs": (0.42402, 0.35119, 0.31754, 0.24954, 0.02877, -0.00753, -0.19206, -0.22069),
    "mcs": (-0.22999, -0.12329, -0.09731, -0.01571, 0.23534, 0.26876, 0.43407, 0.48581),
}


class InvalidError(Exception):
    """What the code by hand raises."""


def by_hand(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Check and score as someone would who writes Polars for this one questionnaire."""
    sizes = sorted(set(SIZES.values()))
    alike = {size: [f"q{n}" for n, s in SIZES.items() if s == size] for size in sizes}
    checks = [(~pl.col(columns).is_between(1, size)).sum() for size, columns in alike.items()]
    counts = frame.select(*checks).collect().row(0)
    if any(counts):
        raise InvalidError(counts)
    item = {n: pl.col(f"q{n}") for n in SIZES}
    points = dict(item) | {n: SIZES[n] + 1 - item[n] for n in REVERSED}
    general = [5.0, 4.4, 3.4, 2.0, 1.0]
    points[1] = item[1].replace_strict(range(1, 6), general, default=None)
    pain = [6.0, 5.4, 4.2, 3.1, 2.2, 1.0]
    points[21] = item[21].replace_strict(range(1, 7), pain, default=None)
    work = {
        "alone": [6.0, 4.75, 3.5, 2.25, 1.0],
        "none": [6.0, 4.0, 3.0, 2.0, 1.0],
        "some": [5.0, 4.0, 3.0, 2.0, 1.0],
    }
    mapped = {k: item[22].replace_strict(range(1, 6), v, default=None) for k, v in work.items()}
    points[22] = (
        pl.when(item[21].is_null())
        .then(mapped["alone"])
        .when(item[21] == 1)
        .then(mapped["none"])
        .otherwise(mapped["some"])
    )
    scales = {}
    for name, (items, needed, low, high) in SCALES.items():
        own = [points[n] for n in items]
        there = pl.sum_horizontal(item[n].is_not_null() for n in items)
        sum_ = pl.mean_horizontal(own) * len(own)
        scales[f"sf_36_{name}"] = pl.when(there >= needed).then((sum_ - low) * (100 / (high - low)))
    frame = frame.with_columns(**scales)
    z = [(pl.col(f"sf_36_{n}") - m) / s for n, m, s in zip(SCALES, MEANS, SDS, strict=True)]
    sums = {
        f"sf_36_{name}": pl.sum_horizontal(
            [w * x for w, x in zip(weights, z, strict=True)], ignore_nulls=False
        )
        for name, weights in SUMMARIES.items()
    }
    return frame.with_columns(**{name: 50 + 10 * sum_ for name, sum_ in sums.items()})


def answers() -> pl.DataFrame:
    """Draw the answer sheets: whole numbers, one in fifty missing."""
    random = np.random.default_rng(1)
    columns = {}
    for n, size in SIZES.items():
        codes = random.integers(1, size + 1, N_ROWS)
        columns[f"q{n}"] = pl.Series(codes).set(pl.Series(random.random(N_ROWS) < MISSING), None)
    return pl.DataFrame(columns).select(f"q{n}" for n in range(1, 37))


def main() -> None:
    """Check that both give the same scores, then measure and print."""
    eager = answers()
    lazy = eager.lazy()
    runs = {
        "by hand": lambda: by_hand(lazy).collect(),
        "cp.score, lazy": lambda: cp.score(lazy, "sf_36", items="q{n}").collect(),
        "cp.score, eager": lambda: cp.score(eager, "sf_36", items="q{n}"),
    }
    expected = runs["by hand"]()
    for run in list(runs.values())[1:]:
        scored = run()
        for column in cp.instrument("sf_36").columns:
            np.testing.assert_allclose(
                scored[column].to_numpy(), expected[column].to_numpy(), rtol=1e-12, atol=1e-11
            )
    median = medians(runs, REPEATS)
    first = median["by hand"]
    rows = [Row("Polars lazy, by hand", first)]
    rows += [
        Row(name, seconds, ratio=seconds / first, goal=1.5)
        for name, seconds in list(median.items())[1:]
    ]
    show(f"SF-36, {N_ROWS:,} people, median of {REPEATS}", rows)


if __name__ == "__main__":
    main()
