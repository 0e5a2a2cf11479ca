"""Statistics of change before and after, each a row of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.effect_sizes import noncentrality_interval
from cpeval.measurement.raters.crossed_moments import crossed_moments
from cpeval.measurement.raters.generalised_interval import generalised_interval
from cpeval.measurement.raters.icc_forms import implied, of_moments

Floats = NDArray[np.float64]
Row = dict[str, Any]


def _row(term: str, estimate: float, se: float, half: float, n: int) -> Row:
    return {
        "term": term,
        "estimate": estimate,
        "se": se,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "n": n,
    }


def _normal(level: float) -> float:
    return float(stats.norm.ppf((1 + level) / 2))


def mean_change(term: str, change: Floats, level: float) -> Row:
    """The mean change with its t interval."""
    n = len(change)
    se = float(change.std(ddof=1) / np.sqrt(n))
    return _row(term, float(change.mean()), se, float(stats.t.ppf((1 + level) / 2, n - 1)) * se, n)


def effect_size(before: Floats, change: Floats, level: float) -> Row:
    """The mean change in standard deviations before; variance of Bonett (2008)."""
    n = len(change)
    sd = float(before.std(ddof=1))
    size = float(change.mean()) / sd
    se = float(np.sqrt((change.var(ddof=1) / sd**2 + size**2 / 2) / (n - 1)))
    return _row("effect_size", size, se, _normal(level) * se, n)


def response_mean(change: Floats, level: float) -> Row:
    """The mean change in standard deviations of the change; exact interval."""
    n = len(change)
    size = float(change.mean() / change.std(ddof=1))
    low, high = noncentrality_interval(size * np.sqrt(n), n - 1, level)
    se = float(np.sqrt(1 / n + size**2 / (2 * (n - 1))))
    row = _row("srm", size, se, 0.0, n)
    return row | {"ci_low": low / np.sqrt(n), "ci_high": high / np.sqrt(n)}


def against_stable(change: Floats, stable: Floats, level: float) -> Row:
    """Guyatt's index: mean change in standard deviations of the change of stable people."""
    sd = float(stable.std(ddof=1))
    size = float(change.mean()) / sd
    # The two groups are of different people, so their errors add up.
    variance = change.var(ddof=1) / len(change) / sd**2 + size**2 / (2 * (len(stable) - 1))
    se = float(np.sqrt(variance))
    return _row("guyatt", size, se, _normal(level) * se, len(change) + len(stable))


def anchor_correlation(change: Floats, anchor: Floats, level: float) -> Row:
    """Spearman's correlation of change and anchor; interval of Bonett & Wright (2000)."""
    both = ~np.isnan(anchor)
    n = int(both.sum())
    rho = float(stats.spearmanr(change[both], anchor[both]).statistic)
    se = float(np.sqrt((1 + rho**2 / 2) / (n - 3))) if n > 3 else float("nan")
    ends = np.tanh(np.arctanh(np.clip(rho, -1, 1)) + np.array([-1, 1]) * _normal(level) * se)
    row = _row("anchor_correlation", rho, (1 - rho**2) * se, 0.0, n)
    return row | {"ci_low": float(ends[0]), "ci_high": float(ends[1])}


def retest(scores: Floats, level: float) -> list[Row]:
    """Agreement, error and smallest detectable change of people who didn't change.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n, 2)
        At the two occasions; changes vary.
    """
    n = len(scores)
    change = scores[:, 1] - scores[:, 0]
    moments = crossed_moments(scores)
    rows, found = of_moments(moments, level, complete=True)
    two = next(row for row in rows if row["coefficient"] == "ICC2")
    squares = implied(found, moments)
    # With two occasions, Shrout & Fleiss' interval is too narrow when scores shift.
    low, high = (np.nan, np.nan) if squares is None else generalised_interval(squares, level)
    agree = {"estimate": two["estimate"], "ci_low": low, "ci_high": high}
    error = float(np.sqrt(max(found.raters, 0.0) + found.error))
    mean, variance = float(change.mean()), float(change.var(ddof=1))
    # Of error² = (mean² - variance / n) / 2 + variance / 2, by the delta method.
    spread = np.sqrt(mean**2 * variance / n + variance**2 / (2 * (n - 1)))
    se = float(spread / (2 * error))
    ends = error * np.exp(np.array([-1.0, 1.0]) * _normal(level) * se / error)
    sem = {"estimate": error, "se": se, "ci_low": float(ends[0]), "ci_high": float(ends[1])}
    factor = float(stats.norm.ppf(0.975) * np.sqrt(2))
    return [
        {"term": "icc_agreement", **agree, "n": n},
        {"term": "sem", **sem, "n": n},
        {"term": "sdc", **{key: factor * value for key, value in sem.items()}, "n": n},
    ]
