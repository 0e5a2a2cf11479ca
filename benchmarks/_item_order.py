"""Time the checks of monotonicity, item order and DIF on 10,000 people x 30 items x 5 categories.

mokken can't be installed beside us, so the ratios are to times recorded for mokken 3.1.2 in R 4.2.2
(AMD EPYC, 2 cores, one thread of BLAS; median of three). The data are drawn from the same kind of
graded response model. Goals: monotonicity 20 times as fast, item order 100 times;
differential item functioning in seconds.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from _timing import Row, medians, show

import cpeval as cp

N_PEOPLE, N_ITEMS, STEPS, REPEATS = 10_000, 30, 4, 9

#: Seconds in R, by call. For the other two methods no time was recorded.
MONOTONICITY, MIIO = 0.418, 9.59


def answers() -> pd.DataFrame:
    """Draw answers from a graded response model."""
    random = np.random.default_rng(20240601)
    ability = random.normal(size=(N_PEOPLE, 1))
    slope = random.uniform(0.8, 2, N_ITEMS)
    thresholds = np.sort(random.normal(0, 1.2, (STEPS, N_ITEMS)), axis=0)
    level = random.random((N_PEOPLE, N_ITEMS))
    passed = [1 / (1 + np.exp(-slope * (ability - one))) > level for one in thresholds]
    return pd.DataFrame(np.sum(passed, axis=0), columns=[f"q{k + 1}" for k in range(N_ITEMS)])


def main() -> None:
    """Measure and print."""
    items = answers()
    order = cp.measurement.invariant_ordering
    runs: dict[str, Callable[[], object]] = {
        "monotonicity": lambda: cp.measurement.monotonicity(items),
        "invariant_ordering, miio": lambda: order(items),
        "invariant_ordering, mscpm": lambda: order(items, method="mscpm"),
        "invariant_ordering, it": lambda: order(items, method="it"),
    }
    group = np.arange(N_PEOPLE) % 2
    for method in ("ordinal_logistic", "mantel"):
        runs[f"dif, {method}"] = lambda method=method: cp.measurement.dif(
            items, group, method=method, purify=False
        )
    median = medians(runs, REPEATS)
    rows = [
        Row("check.monotonicity (mokken, recorded)", MONOTONICITY),
        Row("check.iio, MIIO (mokken, recorded)", MIIO),
    ]
    recorded = {"monotonicity": (MONOTONICITY, 20), "invariant_ordering, miio": (MIIO, 100)}
    for name, seconds in median.items():
        if name in recorded:
            base, times = recorded[name]
            rows.append(Row(name, seconds, ratio=seconds / base, goal=1 / times))
        else:
            rows.append(Row(name, seconds, goal=3.0 if name.startswith("dif") else None))
    show(f"item order, {N_PEOPLE:,} x {N_ITEMS}, median of {REPEATS}", rows)


if __name__ == "__main__":
    main()
