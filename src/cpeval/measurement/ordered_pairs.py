"""Pairs of items compared in groups of people with like rest scores: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.measurement.rest_groups import rest_groups

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Up to so many cells, people are counted by rest score and answers at once, and then grouped; with
#: more, the groups are found first.
_FEW_CELLS = 20_000

#: From a block of tables and the least violation: where it is violated (pair, group, code, code),
#: by how much, and three counts that the test needs.
_Found = tuple[Integers, Integers, Integers, Integers, Floats, Integers, Integers, Integers]


@dataclass(frozen=True, kw_only=True)
class OrderedPairs:
    """All pairs of k items in order, the easier one first, with g groups and v violations in all.

    Attributes
    ----------
    first, second : numpy.ndarray, shape (pairs,)
        Places of the items.
    n_groups : numpy.ndarray, shape (pairs,)
    comparisons : int
        How many comparisons each group brings.
    pair, group, low, high, n : numpy.ndarray, shape (g,)
        A pair's group: its number from 0, rest scores in steps, people.
    mean_first, mean_second, sd_first, sd_second : numpy.ndarray, shape (g,)
        Of the two items in the group, in steps. sd is NaN for one person.
    v_pair, v_group, v_code, v_other : numpy.ndarray, shape (v,)
        Where the order is violated: the step (of two categories the lower, and the other).
    size, statistic, p : numpy.ndarray, shape (v,)
        By how much, and the test of it.
    """

    first: Integers
    second: Integers
    n_groups: Integers
    comparisons: int
    pair: Integers
    group: Integers
    low: Integers
    high: Integers
    n: Integers
    mean_first: Floats
    mean_second: Floats
    sd_first: Floats
    sd_second: Floats
    v_pair: Integers
    v_group: Integers
    v_code: Integers
    v_other: Integers
    size: Floats
    statistic: Floats
    p: Floats


def ordered_pairs(
    answers: Integers, steps: int, *, method: str, min_size: int, min_violation: float
) -> OrderedPairs:
    """Compare each pair of items in groups by the sum of the other items.

    Parameters
    ----------
    answers : numpy.ndarray, shape (k, n)
        Steps from 0 to ``steps``, the item with the highest mean first.
    method : {"miio", "mscpm", "it"}
    min_size : int
    min_violation : float
        Violations are larger than this: differences between means for "miio", else between
        shares.
    """
    k = len(answers)
    find, test, comparisons = _method(method, steps)
    total = answers.sum(axis=0)
    groups, found, n_groups = [], [], []
    done = 0
    for item in range(k - 1):
        tables, low, high = _tables(answers, total, item, steps, min_size)
        described = _described(tables)
        here = np.nonzero(described[0])
        groups.append((here[0] + done, here[1], *(p[here] for p in (low, high, *described))))
        n_groups.append((described[0] > 0).sum(axis=1))
        pair, *rest = find(tables, min_violation)
        found.append((pair + done, *rest))
        done += len(tables)
    group = [np.concatenate(parts) for parts in zip(*groups, strict=True)]
    violation = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    statistic, p = test(*violation[5:])
    first, second = np.triu_indices(k, 1)
    of_groups = ["pair", "group", "low", "high", "n"]
    of_groups += ["mean_first", "sd_first", "mean_second", "sd_second"]
    of_violations = ["v_pair", "v_group", "v_code", "v_other", "size"]
    return OrderedPairs(
        first=first,
        second=second,
        n_groups=np.concatenate(n_groups),
        comparisons=comparisons,
        statistic=statistic,
        p=p,
        **dict(zip(of_groups, group, strict=True)),
        **dict(zip(of_violations, violation[:5], strict=True)),
    )


def _tables(
    answers: Integers, total: Integers, item: int, steps: int, min_size: int
) -> tuple[Integers, Integers, Integers]:
    """Count people by group and by the answers to one item and each later one.

    Returns tables of shape (later items, groups, m + 1, m + 1) and the groups' rest scores.
    """
    later = answers[item + 1 :]
    width = steps + 1
    rest = total - answers[item]
    scores = (len(answers) - 2) * steps + 1
    cell = answers[item] * width
    if scores * width**2 <= _FEW_CELLS:
        cells = rest * width**2 + cell
        # One off the rest score, and one up in the other item's answer.
        turn = width**2 - 1
        size = scores * width**2
        full = np.stack([np.bincount(cells - turn * one, minlength=size) for one in later])
        by_score = full.reshape(len(later), scores, width**2)
        grouped = rest_groups(by_score.sum(axis=2), min_size)
        inside = grouped.group[:, None] == np.arange(grouped.n_groups.max())[:, None]
        # Counts of people are exact as floats, which multiply faster.
        tables = (inside.astype(float) @ by_score.astype(float)).astype(np.int64)
    else:
        margins = np.stack([np.bincount(rest - other, minlength=scores) for other in later])
        grouped = rest_groups(margins, min_size)
        size = int(grouped.n_groups.max()) * width**2
        place = grouped.group * width**2
        tables = np.stack(
            [
                np.bincount(offset[rest - other] + cell + other, minlength=size)
                for offset, other in zip(place, later, strict=True)
            ]
        )
    return tables.reshape(len(later), -1, width, width), grouped.low, grouped.high


def _described(tables: Integers) -> tuple[Integers, Floats, Floats, Floats, Floats]:
    """Return the groups' sizes, then mean and sd of one item and of the other."""
    n = tables.sum(axis=(2, 3))
    step = np.arange(tables.shape[-1])
    found = []
    for axis in (3, 2):
        margin = tables.sum(axis=axis)
        sums, squares = margin @ step, margin @ step**2
        found += [_ratio(sums, n), np.sqrt(_ratio(n * squares - sums**2, n * (n - 1)))]
    return (n, *found)


def _ratio(above: Integers, below: Integers) -> Floats:
    shape = np.broadcast_shapes(above.shape, below.shape)
    share: Floats = np.divide(above, below, out=np.full(shape, np.nan), where=below > 0)
    return share


def _method(
    method: str, steps: int
) -> tuple[
    Callable[[Integers, float], _Found],
    Callable[[Integers, Integers, Integers], tuple[Floats, Floats]],
    int,
]:
    """Return how violations are found and tested, and the comparisons that a group brings."""
    if method == "mscpm":
        return _by_steps, mcnemar, steps
    if method == "it":
        return _by_categories, symmetry, steps * (steps + 1) // 2
    return (_by_steps, mcnemar, 1) if steps == 1 else (_by_means, paired_t, 1)


def _by_means(tables: Integers, least: float) -> _Found:
    n = tables.sum(axis=(2, 3))
    step = np.arange(tables.shape[-1])
    first, second = tables.sum(axis=3) @ step, tables.sum(axis=2) @ step
    size = _ratio(second, n) - _ratio(first, n)
    pair, group = np.nonzero(size > least)
    apart = step - step[:, None]  # second less first
    squares = (tables[pair, group] * apart**2).sum(axis=(1, 2))
    here = (pair, group)
    none = np.zeros_like(pair)
    return pair, group, none, none, size[here], n[here], (second - first)[here], squares


def _by_steps(tables: Integers, least: float) -> _Found:
    n = tables.sum(axis=(2, 3))
    # People at a step or above on each item, and on both; the lowest code is no step.
    first = tables.sum(axis=3)[..., ::-1].cumsum(axis=-1)[..., ::-1][..., 1:]
    second = tables.sum(axis=2)[..., ::-1].cumsum(axis=-1)[..., ::-1][..., 1:]
    size = _ratio(second, n[..., None]) - _ratio(first, n[..., None])
    pair, group, step = np.nonzero(size > least)
    place = np.arange(tables.shape[-1])
    above = place >= step[:, None] + 1
    both = (tables[pair, group] * (above[:, :, None] & above[:, None])).sum(axis=(1, 2))
    here = (pair, group, step)
    only_first, only_second = first[here] - both, second[here] - both
    return pair, group, step, step, size[here], only_first, only_second, both


def _by_categories(tables: Integers, least: float) -> _Found:
    n = tables.sum(axis=(2, 3))
    low, high = np.triu_indices(tables.shape[-1], 1)
    against, along = tables[..., low, high], tables[..., high, low]
    size = _ratio(against - along, n[..., None])
    here = np.nonzero(size > least)
    pair, group, place = here
    found = against[here], along[here]
    return pair, group, low[place] - 1, high[place] - 1, size[here], *found, found[0]


def paired_t(n: Integers, sums: Integers, squares: Integers) -> tuple[Floats, Floats]:
    """Test, one-sided, whether differences are above 0 from their number, sum and squares.

    Returns t and p. All differences equal: t is infinite and p 0. One difference: t is 0, p 1.

    Examples
    --------
    >>> t, p = paired_t(np.array([4]), np.array([4]), np.array([6]))
    >>> t.round(4).tolist(), p.round(4).tolist()
    ([2.4495], [0.0459])
    """
    spread = (n * squares - sums**2) / np.maximum(n - 1, 1)
    with np.errstate(divide="ignore"):
        t = np.where(n > 1, sums / np.sqrt(spread, out=np.zeros(len(n)), where=n > 1), 0.0)
    return t, np.where(n > 1, stats.t.sf(t, np.maximum(n - 1, 1)), 1.0)


def mcnemar(first: Integers, second: Integers, both: Integers) -> tuple[Floats, Floats]:
    """Test, one-sided, whether more people pass only the second item than only the first.

    The normal approximation that Molenaar and Sijtsma take for McNemar's test. ``both`` isn't
    needed. Returns z and p.

    Examples
    --------
    >>> z, p = mcnemar(np.array([3]), np.array([13]), np.array([0]))
    >>> z.round(4).tolist(), p.round(4).tolist()
    ([2.3038], [0.0106])
    """
    least, n = np.minimum(first, second), first + second
    b = ((2 * least + 1 - n) ** 2 - 10 * n) / (12 * np.maximum(n, 1))
    z = np.abs(np.sqrt(2 * least + 2 + b) - np.sqrt(2 * n - 2 * least + b))
    return z, stats.norm.sf(z)


def symmetry(against: Integers, along: Integers, both: Integers) -> tuple[Floats, Floats]:
    """Test, two-sided, whether two cells are equally likely: chi-square on one degree.

    Returns chi-square and p.

    Examples
    --------
    >>> x, p = symmetry(np.array([13]), np.array([3]), np.array([0]))
    >>> x.tolist(), p.round(4).tolist()
    ([6.25], [0.0124])
    """
    x = (against - along) ** 2 / np.maximum(against + along, 1)
    return x, stats.chi2.sf(x, 1)
