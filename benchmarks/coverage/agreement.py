"""How often the 95 % intervals of agreement and ICC hold the truth, by simulation.

Agreement: three raters, four categories of shares .4, .3, .2, .1; a rater names the true category
with chance .7, else any by share; the truth is the coefficient of 2,000,000 subjects. ICC: the
variance of subjects is 1, of raters .1, of error .5, four raters drawn anew each time. With gaps,
each rating is missing with chance .2. Monte Carlo error of 1,000 samples: 0.7 points.

Takes some minutes, so ``make bench`` leaves it out. The figures in docs/agreement.md and
docs/coverage.md are from here.
"""

import numpy as np
import pandas as pd

import cpeval as cp

SHARES = np.array([0.4, 0.3, 0.2, 0.1])
SIZES = (20, 50, 150, 1000)
SAMPLES = 1000
GAPS = 0.2
ICC = {"ICC2": 1 / 1.6, "ICC3": 1 / 1.5, "generalised": 1 / 1.6}


def categories(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw ratings in categories, shape (n, 3)."""
    truth = rng.choice(4, (n, 1), p=SHARES)
    return np.where(rng.random((n, 3)) < 0.7, truth, rng.choice(4, (n, 3), p=SHARES))


def points(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw ratings in points, shape (n, 4)."""
    subjects, raters = rng.normal(0, 1, (n, 1)), rng.normal(0, np.sqrt(0.1), (1, 4))
    return subjects + raters + rng.normal(0, np.sqrt(0.5), (n, 4))


def gappy(values: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Leave ratings out at random."""
    out = values.astype(float)
    out[rng.random(out.shape) < GAPS] = np.nan
    return pd.DataFrame(out, columns=[f"r{k}" for k in range(out.shape[1])])


def whole(values: np.ndarray, _: np.random.Generator) -> pd.DataFrame:
    """Leave nothing out."""
    return pd.DataFrame(values, columns=[f"r{k}" for k in range(values.shape[1])])


def main() -> None:
    """Simulate and print the table."""
    rng = np.random.default_rng(1)
    many = cp.measurement.agreement(whole(categories(2_000_000, rng), rng)).table
    truth = many.set_index("coefficient")["estimate"].to_dict()
    for name, draw, cut in (
        ("agreement", categories, whole),
        ("agreement, gaps", categories, gappy),
        ("ICC", points, whole),
        ("ICC, gaps", points, gappy),
    ):
        run = cp.measurement.agreement if draw is categories else cp.measurement.icc
        known = truth if draw is categories else ICC
        for n in SIZES:
            hits = dict.fromkeys(known, 0)
            for _ in range(SAMPLES):
                result = run(cut(draw(n, rng), rng))
                table = result.table
                if draw is points:
                    general = result.generalised.iloc[[0]].assign(coefficient="generalised")
                    table = pd.concat([table, general], ignore_index=True)
                rows = zip(table["coefficient"], table["ci_low"], table["ci_high"], strict=True)
                for coefficient, low, high in rows:
                    if coefficient in known:
                        hits[coefficient] += low <= known[coefficient] <= high
            shown = ", ".join(f"{key} {100 * hit / SAMPLES:.1f}" for key, hit in hits.items())
            print(f"{name}, n = {n}: {shown}", flush=True)


if __name__ == "__main__":
    main()
