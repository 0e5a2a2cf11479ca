"""Time reliability, items and dimensions on 10,000 people x 30 items x 5 categories.

Ratios are to figures recorded in R 4.2.2 (psych 2.2.9, mokken 3.1.2) on an AMD EPYC with two cores
and one thread; the bootstrap of alpha was timed on a slower machine, 31 to 49 s. A ratio of 0.03
is 30 times faster. Goal: at most 1/30 of R's 31 s for the bootstrap of alpha with 2,000 samples.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from _timing import Row, medians, show

from cpeval.measurement import dimensions, items, reliability

N_PEOPLE, N_ITEMS, DRAWS, REPEATS = 10_000, 30, 2_000, 5
PSYCH_ALPHA, PSYCH_OMEGA, CHECK_RELIABILITY, BOOTSTRAP = 0.174, 0.122, 0.636, 31.0


def answers() -> pd.DataFrame:
    """Draw from a graded response model, as the recorded runs did."""
    random = np.random.default_rng(20240601)
    ability = random.normal(size=(N_PEOPLE, 1, 1))
    slope = random.uniform(0.8, 2, (1, N_ITEMS, 1))
    threshold = np.sort(random.normal(0, 1.2, (1, N_ITEMS, 4)), axis=2)
    chance = random.random((N_PEOPLE, N_ITEMS, 1))
    scores = (1 / (1 + np.exp(-slope * (ability - threshold))) > chance).sum(axis=2)
    return pd.DataFrame(scores, columns=[f"item {number}" for number in range(1, N_ITEMS + 1)])


def main() -> None:
    """Measure and print."""
    data = answers()
    peers: dict[str, tuple[Callable[[], object], float | None, float | None]] = {
        "alpha and items (psych::alpha)": (
            lambda: reliability(data, coefficients=["alpha"]),
            PSYCH_ALPHA,
            None,
        ),
        "omega, 3 factors (psych::omega)": (
            lambda: reliability(data, coefficients=["omega_total", "omega_hierarchical"]),
            PSYCH_OMEGA,
            None,
        ),
        "alpha, lambda2, rho (mokken::check.reliability)": (
            lambda: reliability(data, coefficients=["alpha", "lambda2", "mokken_ms"]),
            CHECK_RELIABILITY,
            None,
        ),
        "alpha, bootstrap of 2,000 (psych::alpha)": (
            lambda: reliability(data, bootstrap=DRAWS, coefficients=["alpha"], seed=1),
            BOOTSTRAP,
            1 / 30,
        ),
        "all seven": (lambda: reliability(data), None, None),
        "lambda2 and 6, bootstrap of 2,000": (
            lambda: reliability(data, bootstrap=DRAWS, coefficients=["lambda2", "lambda6"], seed=1),
            None,
            None,
        ),
        "items": (lambda: items(data), None, None),
        "dimensions, 500 draws": (lambda: dimensions(data, seed=1), None, None),
    }
    median = medians({name: run for name, (run, _, _) in peers.items()}, REPEATS)
    rows = []
    for name, (_, recorded, goal) in peers.items():
        ratio = None if recorded is None else median[name] / recorded
        rows.append(Row(name, median[name], ratio=ratio, goal=goal))
    show(f"{N_PEOPLE:,} x {N_ITEMS}, median of {REPEATS}; ratios to R's recorded times", rows)


if __name__ == "__main__":
    main()
