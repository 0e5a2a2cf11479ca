"""Time generalisability studies, beside R's lme4 where it is installed.

lme4 is timed inside R on the same ratings, without starting R or reading the file. Goals: a
balanced study of a million ratings in 2 s; REML with gaps in no more time than lme4.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from _timing import Row, medians, show

from cpeval import fidelity

REPEATS = 3
LME4 = """
args <- commandArgs(trailingOnly = TRUE)
d <- read.csv(args[1])
if (!suppressWarnings(suppressMessages(require(lme4, quietly = TRUE)))) quit(status = 3)
d$unit <- factor(d$unit); d$assessor <- factor(d$assessor); d$item <- factor(d$item)
f <- rating ~ 1 + (1 | unit) + (1 | assessor) + (1 | item) + (1 | unit:assessor) +
  (1 | unit:item) + (1 | assessor:item)
s <- sapply(1:2, function(k) system.time(suppressMessages(lmer(f, d)))[["elapsed"]])
cat(min(s))
"""


def ratings(units: int, assessors: int, items: int, gaps: float) -> pd.DataFrame:
    """Draw ratings with differences between units, assessors and items."""
    rng = np.random.default_rng(1)
    y = (
        3
        + 0.5 * rng.standard_normal((units, 1, 1))
        + 0.2 * rng.standard_normal((1, assessors, 1))
        + 0.3 * rng.standard_normal((1, 1, items))
        + 0.3 * rng.standard_normal((units, assessors, 1))
        + 0.25 * rng.standard_normal((units, 1, items))
        + 0.6 * rng.standard_normal((units, assessors, items))
    )
    j, a, k = (index.ravel() for index in np.indices(y.shape))
    data = pd.DataFrame({"unit": j, "assessor": a, "item": k, "rating": y.ravel()})
    return data[rng.random(len(data)) >= gaps].reset_index(drop=True)


def lme4_seconds(data: pd.DataFrame) -> float | None:
    """Return how long lme4 takes, or None without R or lme4."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        data.to_csv(path, index=False)
        done = subprocess.run(
            ["Rscript", "-e", LME4, str(path)], capture_output=True, text=True, check=False
        )
    return float(done.stdout) if done.returncode == 0 else None


def main() -> None:
    """Time and print."""
    rows = []
    for units, gaps in ((60, 0.1), (400, 0.1)):
        data = ratings(units, 3, 20, gaps)
        name = f"REML, {len(data):,} ratings of {units} units, gaps"
        ours = medians({name: lambda d=data: fidelity.generalisability(d)}, REPEATS)[name]
        theirs = lme4_seconds(data)
        if theirs is None:
            rows.append(Row(name, ours))
        else:
            rows += [Row("lme4", theirs), Row(name, ours, ratio=ours / theirs, goal=1.0)]
    for units, gaps, goal in ((10_000, 0.0, 2.0), (10_000, 0.1, None)):
        data = ratings(units, 4, 25, gaps)
        name = f"{'Henderson' if gaps else 'ANOVA'}, {len(data):,} ratings of {units:,} units"
        seconds = medians({name: lambda d=data: fidelity.generalisability(d)}, REPEATS)[name]
        rows.append(Row(name, seconds, goal=goal))
    show("Generalisability study: units x assessors x items", rows)


if __name__ == "__main__":
    main()
