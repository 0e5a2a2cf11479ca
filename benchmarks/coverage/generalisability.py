"""How often the 95 % intervals of a generalisability study hold the truth, by simulation.

Normal ratings, all crossed: variances of units .25, assessors .04, items .09, unit x assessor .09,
unit x item .06, assessor x item .01, error .36. With gaps, each rating is missing with chance .15.
Monte Carlo error of 1,000 samples: 0.7 points.

Takes some minutes, so ``make bench`` leaves it out. The figures in
docs/fidelity-generalisability.md are from here.
"""

import numpy as np
import pandas as pd

from cpeval import fidelity

SAMPLES = 1000
GAPS = 0.15
VARIANCES = np.array([0.25, 0.04, 0.09, 0.09, 0.06, 0.01, 0.36])
SIZES = ((20, 3, 10), (50, 4, 18), (20, 2, 5))


def ratings(units: int, assessors: int, items: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw long ratings."""
    shapes = (
        *((units, 1, 1), (1, assessors, 1), (1, 1, items)),
        *((units, assessors, 1), (units, 1, items), (1, assessors, items)),
        (units, assessors, items),
    )
    y = np.full((units, assessors, items), 3.0)
    for variance, shape in zip(VARIANCES, shapes, strict=True):
        y += np.sqrt(variance) * rng.standard_normal(shape)
    j, a, k = (index.ravel() for index in np.indices(y.shape))
    return pd.DataFrame({"unit": j, "assessor": a, "item": k, "rating": y.ravel()})


def coefficients(assessors: int, items: int) -> np.ndarray:
    """Return the true g, phi, sem and sem_relative without gaps."""
    unit, a, i, ua, ui, ai, error = VARIANCES
    relative = ua / assessors + ui / items + error / (assessors * items)
    absolute = relative + a / assessors + i / items + ai / (assessors * items)
    return np.array(
        [unit / (unit + relative), unit / (unit + absolute), absolute**0.5, relative**0.5]
    )


def main() -> None:
    """Simulate and print the table."""
    rng = np.random.default_rng(1)
    for units, assessors, items in SIZES:
        for gaps, method in ((0.0, "anova"), (GAPS, "reml"), (GAPS, "anova")):
            hits, of_coefficients = np.zeros(VARIANCES.size), np.zeros(4)
            for _ in range(SAMPLES):
                data = ratings(units, assessors, items, rng)
                data = data[rng.random(len(data)) >= gaps]
                found = fidelity.generalisability(data, method=method)
                low, high = (found.table[end].to_numpy() for end in ("ci_low", "ci_high"))
                hits += (low <= VARIANCES) & (high >= VARIANCES)
                truth = coefficients(assessors, items)
                low, high = (found.coefficients[end].to_numpy() for end in ("ci_low", "ci_high"))
                of_coefficients += (low <= truth) & (high >= truth)
            print(
                f"{units} units, {assessors} assessors, {items} items, gaps {gaps:g}, {method}: "
                f"{found.method}; variances {np.round(100 * hits / SAMPLES, 1).tolist()}; "
                f"g, phi, sem, relative {np.round(100 * of_coefficients / SAMPLES, 1).tolist()}",
                flush=True,
            )


if __name__ == "__main__":
    main()
