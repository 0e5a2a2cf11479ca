"""How often the 95 % intervals of H hold the true H: a simulation, with its Monte Carlo error.

Graded response model, abilities N(0, 1), scores 0 to 4; the true H is that of 2,000,000 people.
The figures in docs/mokken.md and docs/coverage.md are from here. Takes some minutes, so
``make bench`` leaves it out.
"""

import numpy as np
import pandas as pd

import cpeval as cp

DRAWS, PEOPLE, MANY = 2_000, (50, 150, 1_000), 2_000_000
#: Slopes and first thresholds of the items; thresholds of an item are 0.9 apart.
SCALES = {
    "7 items, H about 0.4": (np.full(7, 1.6), np.linspace(-2.2, -0.6, 7)),
    "5 items, H about 0.7": (np.full(5, 2.8), np.linspace(-2.2, -0.6, 5)),
}


def answers(rng: np.random.Generator, n: int, slopes: np.ndarray, first: np.ndarray):
    """Draw scores of n people."""
    ability = rng.normal(size=n)
    scores = {}
    for k, (slope, low) in enumerate(zip(slopes, first, strict=True)):
        lean = slope * ability + rng.logistic(size=n)
        scores[f"q{k}"] = np.searchsorted(slope * (low + 0.9 * np.arange(4)), lean)
    return pd.DataFrame(scores)


def main() -> None:
    """Simulate and print."""
    print(f"coverage of 95 % intervals of H in {DRAWS:,} samples; Monte Carlo error below 0.01")
    for name, (slopes, first) in SCALES.items():
        rng = np.random.default_rng(7)
        truth = cp.measurement.scalability(answers(rng, MANY, slopes, first)).H
        for n in PEOPLE:
            held = {"wald": 0, "range_preserving": 0}
            errors, estimates = [], []
            for _ in range(DRAWS):
                row = cp.measurement.scalability(answers(rng, n, slopes, first)).table.iloc[0]
                low, high = 1 - row["estimate"], row["se"]
                estimates.append(row["estimate"])
                errors.append(row["se"])
                held["wald"] += row["ci_low"] <= truth <= row["ci_high"]
                spread = np.exp(1.959963984540054 * high / low)
                held["range_preserving"] += 1 - low * spread <= truth <= 1 - low / spread
            shares = ", ".join(f"{kind} {count / DRAWS:.3f}" for kind, count in held.items())
            print(
                f"  {name} (H = {truth:.3f}), n = {n}: {shares}; mean estimate "
                f"{np.mean(estimates):.3f}, mean se / sd of estimates "
                f"{np.mean(errors) / np.std(estimates):.3f}"
            )


if __name__ == "__main__":
    main()
