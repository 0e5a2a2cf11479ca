"""Statistics of differential item functioning for all items, given what people are matched on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.measurement.item_bias.mantel_haenszel import common_odds
from cpeval.measurement.item_bias.proportional_odds import null_log_likelihood, proportional_odds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: A log odds ratio times this is on the delta scale of the Educational Testing Service.
DELTA = 2.35

#: What classes B and C start from: delta; change of Nagelkerke's R² by two sets of rules.
ETS = (1.0, 1.5)
JODOIN_GIERL = (0.035, 0.07)
ZUMBO = (0.13, 0.26)

#: With more than two answers, the standard error of the common odds ratio is a spread between
#: people, of which a group needs so many: with 5 against 300, 95 % intervals cover 85 %.
FEWEST_FOR_SE = 10

#: One-sided, 5 %: a delta that is surely above 1.
_SURE = 1.645


class Statistics(NamedTuple):
    """Of k items; NaN where undefined.

    Attributes
    ----------
    estimate, se : numpy.ndarray, shape (k,)
        Log odds ratio of a higher answer, focal against reference, among people who match.
    statistic, p : numpy.ndarray, shape (k,)
        The test that flags.
    parts : dict of str to numpy.ndarray, shape (k,)
        What else the method says, by the name of a column.
    n : numpy.ndarray, shape (k,)
        People compared.
    failed : numpy.ndarray of bool, shape (k,)
        Items that vary but can't be tested.
    infinite : numpy.ndarray of bool, shape (k,)
        Items that can be tested, but whose log odds ratio is infinite: ``estimate`` is NaN.
    """

    estimate: Floats
    se: Floats
    statistic: Floats
    p: Floats
    parts: dict[str, Floats]
    n: Integers
    failed: Bools
    infinite: Bools


def dif_statistics(
    answers: Integers, steps: int, focal: Bools, anchors: Bools, *, method: str, match: str
) -> Statistics:
    """Compare the groups on each item among people with like scores on the anchors.

    Parameters
    ----------
    answers : numpy.ndarray, shape (k, n)
        Steps from 0 to ``steps``.
    focal : numpy.ndarray of bool, shape (n,)
        The focal group.
    anchors : numpy.ndarray of bool, shape (k,)
        The items that people are matched on.
    method : {"ordinal_logistic", "mantel"}
    match : {"total", "rest"}
        Whether the item itself counts towards the score.
    """
    total = answers[anchors].sum(axis=0)
    of_item = _logistic if method == "ordinal_logistic" else _mantel
    found = []
    for item, own in enumerate(answers):
        with_own = match == "total"
        score = total + own * (int(with_own) - int(anchors[item]))
        width = steps + 1
        cells = (score * 2 + focal) * width + own
        most = int(score.max()) + 1
        counts = np.bincount(cells, minlength=most * 2 * width).reshape(most, 2, width)
        counts = counts[counts.sum(axis=(1, 2)) > 0][:, :, counts.sum(axis=(0, 1)) > 0]
        scores = np.flatnonzero(np.bincount(score))
        found.append(of_item(counts, scores.astype(float)))
    columns = {name: np.array([one[name] for one in found]) for name in found[0]}
    constant = (answers == answers[:, :1]).all(axis=1)
    estimate = columns.pop("estimate")
    return Statistics(
        estimate=estimate,
        se=columns.pop("se"),
        statistic=columns.pop("statistic"),
        p=(p := columns.pop("p")),
        n=columns.pop("n").astype(np.int64),
        failed=np.isnan(p) & ~constant,
        infinite=np.isnan(estimate) & ~np.isnan(p),
        parts=columns,
    )


def _logistic(counts: Integers, scores: Floats) -> dict[str, float]:
    """Add the group, then its product with the score, to a regression on the score."""
    n = int(counts.sum())
    names = ("estimate", "se", "statistic", "p", "p_uniform", "p_non_uniform", "r2_change")
    nothing = dict.fromkeys(names, float("nan")) | {"n": n}
    by_score = counts.sum(axis=(1, 2))
    spread = np.sqrt(np.cov(scores, fweights=by_score)) if scores.size > 1 else 0.0
    if counts.shape[2] < 2 or spread == 0 or not counts.sum(axis=(0, 2)).all():
        return nothing
    z = np.repeat((scores - np.average(scores, weights=by_score)) / spread, 2)
    group = np.tile([0.0, 1.0], scores.size)
    patterns = counts.reshape(-1, counts.shape[2])
    there = patterns.sum(axis=1) > 0
    design = np.stack([z, group, z * group], axis=1)[there]
    score, uniform = (proportional_odds(patterns[there], design[:, :p]) for p in (1, 2))
    if not (score.converged and uniform.converged):
        return nothing
    gain = max(2 * (uniform.log_likelihood - score.log_likelihood), 0.0)
    of_group = {
        "estimate": float(uniform.coefficients[1]) if uniform.finite else float("nan"),
        "se": float(uniform.se[1]),
        "p_uniform": float(stats.chi2.sf(gain, 1)),
    }
    # A group whose people all have one score, such as a group of one, holds no slope of its own.
    if np.linalg.matrix_rank(np.column_stack([np.ones(len(design)), design])) < 4:
        return nothing | of_group
    both = proportional_odds(patterns[there], design)
    if not both.converged:
        return nothing | of_group
    more = max(2 * (both.log_likelihood - uniform.log_likelihood), 0.0)
    null = null_log_likelihood(patterns)
    r2 = [_nagelkerke(fit.log_likelihood, null, n) for fit in (score, both)]
    return {
        **nothing,
        **of_group,
        "statistic": gain + more,
        "p": float(stats.chi2.sf(gain + more, 2)),
        "p_non_uniform": float(stats.chi2.sf(more, 1)),
        "r2_change": r2[1] - r2[0],
    }


def _nagelkerke(value: float, null: float, n: int) -> float:
    return float(np.expm1(2 * (null - value) / n) / np.expm1(2 * null / n))


def _mantel(counts: Integers, _: Floats) -> dict[str, float]:
    found = common_odds(counts)
    held = counts.shape[2] == 2 or found.fewest >= FEWEST_FOR_SE
    return {
        "estimate": found.log_odds,
        "se": found.se if held else float("nan"),
        "statistic": found.statistic,
        "p": float(stats.chi2.sf(found.statistic, 1)),
        "delta": DELTA * found.log_odds,
        "n": found.compared,
    }


def by_r2(change: Floats, significant: Bools, limits: tuple[float, float]) -> list[str]:
    """Class items by the change of R²: A where it is small or not significant."""
    return _classes(change, significant & (change >= limits[0]), change >= limits[1])


def by_delta(estimate: Floats, se: Floats, significant: Bools) -> list[str]:
    """Class items as the Educational Testing Service does: C where delta is surely above 1.

    Without a standard error nothing is sure.
    """
    delta, wide = DELTA * np.abs(estimate), DELTA * se
    sure = delta - ETS[0] > _SURE * wide
    return _classes(estimate, significant & (delta >= ETS[0]), sure & (delta >= ETS[1]))


def _classes(value: Floats, moderate: Bools, large: Bools) -> list[str]:
    letters = np.where(moderate & large, "C", np.where(moderate, "B", "A"))
    return ["" if np.isnan(one) else str(text) for one, text in zip(value, letters, strict=True)]
