"""Time `cp.measurement` on 10,000 people x 30 items x 5 categories against R's recorded times.

The times are of R 4.2.2, one thread, on an AMD EPYC with 2 cores: mokken 3.1.2, psych 2.2.9. The
data are of the same kind as R had: a graded response model, abilities N(0, 1), slopes U(0.8, 2),
thresholds N(0, 1.2). Another row is a line in `recorded`. Item order, reliability and agreement are
in files of their own, run from here. The last figure is the memory of scalability with standard
errors for 1,000,000 people.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import _agreement
import _item_order
import _reliability
import numpy as np
import pandas as pd
from _timing import Row, medians, show

import cpeval as cp

N_PEOPLE, N_ITEMS, N_CATEGORIES, REPEATS = 10_000, 30, 5, 15
MANY, MOST_GIB = 1_000_000, 4.0


@dataclass(frozen=True)
class Recorded:
    """What R took, and how many times faster we mean to be (None: no goal)."""

    what: str
    in_r: str
    seconds: float
    times: float | None
    run: Callable[[], object]


def answers(n_people: int, seed: int = 20240601) -> pd.DataFrame:
    """Draw scores 0 to 4 from a graded response model."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n_people)
    columns = {}
    for number in range(1, N_ITEMS + 1):
        slope, chance = rng.uniform(0.8, 2), rng.random(n_people)
        scores = np.zeros(n_people, dtype=np.int64)
        for threshold in np.sort(rng.normal(0, 1.2, N_CATEGORIES - 1)):
            scores += 1 / (1 + np.exp(-slope * (ability - threshold))) > chance
        columns[f"q{number}"] = scores
    return pd.DataFrame(columns)


def recorded(items: pd.DataFrame) -> list[Recorded]:
    """List what is timed."""
    measure = cp.measurement
    return [
        Recorded(
            "scalability, with standard errors",
            "mokken::coefH(X)",
            15.142,
            300,
            lambda: measure.scalability(items),
        ),
        Recorded(
            "select_scales, aisp",
            "mokken::aisp(X, lowerbound=.3)",
            7.650,
            200,
            lambda: measure.select_scales(items),
        ),
    ]


def memory() -> None:
    """Say how much memory and time 1,000,000 people take; in a process of its own."""
    items = answers(MANY)
    before = _peak()
    start = time.perf_counter()
    cp.measurement.scalability(items)
    seconds = time.perf_counter() - start
    verdict = "met" if _peak() <= MOST_GIB else "NOT MET"
    print(
        f"scalability of {MANY:,} x {N_ITEMS} with standard errors: {seconds:.1f} s, peak memory "
        f"{_peak():.2f} GiB ({before:.2f} before the call), goal {MOST_GIB:g} GiB: {verdict}"
    )


def _peak() -> float:
    """Return the largest memory that this process has had, in GiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def main() -> None:
    """Measure and print."""
    every = recorded(answers(N_PEOPLE))
    median = medians({one.what: one.run for one in every}, REPEATS)
    rows = []
    for one in every:
        ours = median[one.what]
        what = f"{one.what}: {one.seconds / ours:.0f} times as fast as {one.in_r}, {one.seconds} s"
        rows.append(Row(what, ours, goal=one.seconds / one.times if one.times else None))
    title = f"measurement of {N_PEOPLE:,} x {N_ITEMS} x {N_CATEGORIES}, median of {REPEATS}"
    show(title, rows)
    for part in (_item_order, _reliability, _agreement):
        part.main()
    subprocess.run([sys.executable, __file__, "memory"], check=True, env=dict(os.environ))


if __name__ == "__main__":
    memory() if sys.argv[1:] == ["memory"] else main()
