"""Time agreement and ICC, against Python's krippendorff in the same run and figures seen in R.

``cp.measurement.agreement`` gives all coefficients with standard errors, and every pair's kappa, in
one call. The peer gives one coefficient without an error. R's figures were recorded on 2 cores of
an AMD EPYC (R 4.2.2, irrCAC 1.0, irr 0.84.1, psych 2.2.9), not in this run, and stand below the
table.
"""

import numpy as np
import pandas as pd
from _timing import Row, medians, show

import cpeval as cp

try:
    import krippendorff
except ImportError:  # a peer to compare with, not something that cpeval needs
    krippendorff = None

REPEATS = 9

#: Median seconds for 2,000 subjects x 4 raters.
IN_R = {
    "irrCAC gwet.ac1.raw, quadratic": 0.002,
    "irr kripp.alpha, ordinal": 0.060,
    "irr icc, one form": 0.016,
    "psych ICC, lmer": 0.060,
    "psych ICC, without lmer (one run)": 16.388,
}


def ratings(n: int, r: int) -> pd.DataFrame:
    """Draw ratings of 1 to 5 that agree to some extent, one in ten missing."""
    random = np.random.default_rng(1)
    x = random.normal(size=(n, 1)) + random.normal(size=(n, r))
    codes = np.digitize(x, [-1.2, -0.4, 0.4, 1.2]) + 1.0
    codes[random.random((n, r)) < 0.1] = np.nan
    return pd.DataFrame(codes, columns=[f"rater {k}" for k in range(r)])


def main() -> None:
    """Check that alpha is the same, then measure and print."""
    if krippendorff is None:
        print("krippendorff is not installed, so there is no peer: pip install krippendorff")
    for n, r in ((2_000, 4), (100_000, 5)):
        data = ratings(n, r)
        whole = data.fillna(3.0)
        runs = {
            "agreement, ordinal": lambda d=data: cp.measurement.agreement(d, weights="ordinal"),
            "icc": lambda d=whole: cp.measurement.icc(d),
            "icc, gaps": lambda d=data: cp.measurement.icc(d),
        }
        if krippendorff is not None:
            peer = data.to_numpy().T

            def alpha(x: np.ndarray = peer) -> float:
                return krippendorff.alpha(reliability_data=x, level_of_measurement="ordinal")

            runs["krippendorff.alpha, ordinal"] = alpha
            table = cp.measurement.agreement(data, weights="ordinal").table
            ours = table.set_index("coefficient").loc["krippendorff_alpha", "estimate"]
            np.testing.assert_allclose(ours, alpha(), rtol=1e-9)
        median = medians(runs, REPEATS)
        base = median.get("krippendorff.alpha, ordinal")
        rows = [
            Row(
                name,
                seconds,
                ratio=seconds / base if base and name.startswith("agreement") else None,
                # All of it in well under a second.
                goal=None if name.startswith("kripp") or (base and "ordinal" in name) else 0.5,
            )
            for name, seconds in median.items()
        ]
        show(f"{n:,} subjects x {r} raters, median of {REPEATS}", rows)
    print("In R, 2,000 x 4 without gaps, recorded on another machine:")
    for name, seconds in IN_R.items():
        print(f"  {name}: {seconds:.3f} s")


if __name__ == "__main__":
    main()
