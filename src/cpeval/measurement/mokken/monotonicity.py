"""Monotonicity: whether people higher on the rest of a scale pass an item's steps more often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray
from scipy import stats

from cpeval.definitions.model import Instrument
from cpeval.errors import require_share
from cpeval.measurement.item_scores import item_scores
from cpeval.measurement.mokken.item_order_warnings import (
    item_worries,
    no_comparison,
    plainly_violating,
)
from cpeval.measurement.mokken.item_scalability import covariances, item_h
from cpeval.measurement.mokken.rest_groups import default_min_size, rest_groups
from cpeval.measurement.mokken.violation_crit import crit
from cpeval.measurement.whole_codes import WholeCodes, require_min_size, whole_codes
from cpeval.result import Result
from cpeval.scoring.item_columns import Items

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: One-sided, 5 %: the four decimals that MSP and mokken have.
_CRITICAL_Z = 1.6449

#: Coverage of the intervals in `Monotonicity.groups` and `Monotonicity.steps`.
_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Monotonicity(Result):
    """A `Result` that also holds the item-rest regressions.

    Attributes
    ----------
    groups : pandas.DataFrame
        A row an item and rest-score group: item, group, rest_low, rest_high (sums of the codes of
        the other items), n, mean, ci_low, ci_high (95 %, t; NaN where all answer alike).
    steps : pandas.DataFrame
        A row an item, group and step: item, group, code, n, count (who answered that code or a
        higher one), estimate (their share), ci_low, ci_high (95 %, Wilson).
    violations : pandas.DataFrame
        A row a violation: item, code, group (the lower), group_2 (the higher), estimate and
        estimate_2 (the shares that pass), size, z, significant.
    min_size : int
        The least people in a group.
    n_excluded, n_imputed : int
        Rows left out; answers filled in.
    """

    groups: pd.DataFrame
    steps: pd.DataFrame
    violations: pd.DataFrame
    min_size: int
    n_excluded: int
    n_imputed: int

    def plot(
        self, ax: Axes | None = None, *, item: str | None = None, labels: Labels | None = None
    ) -> Axes:
        """Draw an item's steps over its rest-score groups, with intervals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        item : str, optional
            By default the item with the largest crit.
        labels : mapping, optional
            Item or code to what to show.
        """
        from cpeval.plots.item_rest import step_curves

        return step_curves(self.table, self.steps, ax=ax, item=item, labels=labels)


def monotonicity(
    items: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    missing: str = "listwise",
    min_size: int | None = None,
    min_violation: float = 0.03,
    seed: int | np.random.Generator | None = None,
) -> Monotonicity:
    r"""Check that the chance of a higher answer doesn't fall as the rest score rises.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, n_columns)
        A column an item, whole-number codes, reversed items already reversed; with
        ``instrument``, data that hold its item columns among others. A row a person.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    missing : {"listwise", "two_way"}
        Leave out rows that lack an item, or fill in by two-way imputation. Both are counted.
    min_size : int, optional
        Least people in a rest-score group. By default n / 10 from 500 people on, n / 5 above
        250, n / 3 from 150 on (rounded down), else 50, as MSP and mokken have it.
    min_violation : float, default 0.03
        How far a share must fall to count as a violation.
    seed : int or numpy.random.Generator, optional
        For two-way imputation.

    Returns
    -------
    Monotonicity
        ``table``, a row an item: item, item_h (H), active_pairs (comparisons of two groups at a
        step that could fail), violations, max_violation, sum_violation (differences between
        shares), z_max, significant (how many violations have z above 1.6449, 5 % one-sided),
        crit (40 or more: look at the item; 80 or more: serious), n (people). NaN for an item
        without active pairs, such as a constant one.

    Raises
    ------
    OptionError
        ``items`` is not an eager dataframe; an option out of its bounds.
    ColumnError, CodeError, DataError, DefinitionError
        Columns that are text or stand twice; infinite values; answers that are not whole
        numbers; and what `cpeval.score` raises.
    TooFewError
        Fewer than three items or two people; an item that nobody answered.

    Notes
    -----
    The rest score of item j is the sum of the other items. People are grouped by it from below,
    each group as small as ``min_size`` and ties allow. With a share :math:`p_g = b_g / n_g` of
    group g at the code or higher (:math:`a_g = n_g - b_g` below), groups :math:`g < h` are active
    unless :math:`p_g = 0` or :math:`p_h = 1`, and violate if :math:`p_g - p_h` exceeds
    ``min_violation``. Then :math:`z = 2 \left|\sqrt{(b_h + 1)(a_g + 1)} - \sqrt{a_h b_g}\right| /
    \sqrt{n_g + n_h - 1}` [1]_ [2]_.

    References
    ----------
    .. [1] Molenaar & Sijtsma (2000). MSP5 for Windows: User's manual. Groningen: iec ProGAMMA.
    .. [2] Van der Ark (2007). Journal of Statistical Software, 20(11), 1-19.

    Examples
    --------
    >>> answers = [[0, 0, 1], [1, 0, 0], [0, 1, 1], [1, 1, 0], [1, 1, 2], [1, 2, 2]]
    >>> items = pd.DataFrame(answers * 50, columns=["a", "b", "c"])
    >>> monotonicity(items).table[["item", "active_pairs", "violations"]].values.tolist()
    [['a', 1, 0], ['b', 0, 0], ['c', 1, 0]]
    """
    require_share("min_violation", min_violation)
    what = "Monotonicity"
    scores = item_scores(
        items,
        instrument=instrument,
        scale=scale,
        columns=columns,
        missing=missing,
        allowed=("listwise", "two_way"),
        seed=seed,
        least_items=3,
        what=what,
    )
    codes = whole_codes(scores, what=what)
    require_min_size(min_size, codes.n)
    size = default_min_size(codes.n) if min_size is None else int(min_size)
    found = covariances(codes.answers, codes.steps)
    regressions = [*_regressions(codes, size)]
    checks = [_violations(one.passed, one.n, min_violation) for one in regressions]
    table = _table(codes, item_h(found), checks)
    none = no_comparison(codes, table, size, what="rest-score group")
    return Monotonicity(
        table=table,
        note=(
            f"Manifest monotonicity of {len(codes.names)} items among {codes.n} people, in "
            f"rest-score groups of at least {min(size, codes.n)}; falls of more than "
            f"{min_violation:g} count (Molenaar & Sijtsma, 2000; van der Ark, 2007)."
        ),
        warnings=(*scores.warnings, *item_worries(codes, found), *none, *plainly_violating(table)),
        groups=_groups(codes, regressions),
        steps=_steps(codes, regressions),
        violations=_listed(codes, regressions, checks),
        min_size=size,
        n_excluded=scores.n_excluded,
        n_imputed=scores.n_imputed,
    )


class _Regression(NamedTuple):
    """An item over its L rest-score groups, with m steps."""

    low: Integers  # (L,) rest scores, in steps
    high: Integers  # (L,)
    n: Integers  # (L,)
    frequencies: Integers  # (L, m + 1) people by answer
    passed: Integers  # (L, m) people at a step or above


class _Violations(NamedTuple):
    """One item's comparisons that could fail, and those that do."""

    active: int
    step: Integers  # (v,) 0 is the lowest
    lower: Integers  # (v,) group
    higher: Integers  # (v,)
    size: Floats  # (v,)
    z: Floats  # (v,)


def _regressions(codes: WholeCodes, min_size: int) -> Iterator[_Regression]:
    width = codes.steps + 1
    total = codes.answers.sum(axis=0)
    scores = (len(codes.names) - 1) * codes.steps + 1
    margins = [np.bincount(total - answers, minlength=scores) for answers in codes.answers]
    grouped = rest_groups(np.stack(margins), min_size)
    for item, answers in enumerate(codes.answers):
        cells = np.bincount((total - answers) * width + answers, minlength=scores * width)
        places = np.arange(grouped.n_groups[item])
        starts = np.searchsorted(grouped.group[item], places)
        frequencies = np.add.reduceat(cells.reshape(scores, width), starts, axis=0)
        passed = frequencies[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        low, high = grouped.low[item, places], grouped.high[item, places]
        yield _Regression(low, high, frequencies.sum(axis=1), frequencies, passed)


def _violations(passed: Integers, n: Integers, min_violation: float) -> _Violations:
    """Compare all pairs of an item's groups at all its steps."""
    share = passed / n[:, None]
    # Axes: lower group, higher group, step.
    fall = share[:, None] - share[None]
    pairs = np.triu(np.ones((len(n), len(n)), dtype=bool), 1)[:, :, None]
    active = pairs & (passed[:, None] > 0) & (passed[None] < n[None, :, None])
    lower, higher, step = np.nonzero(pairs & (fall > min_violation))
    b_low, b_high = passed[lower, step], passed[higher, step]
    a_low, a_high = n[lower] - b_low, n[higher] - b_high
    root = np.sqrt((b_high + 1.0) * (a_low + 1.0)) - np.sqrt(a_high * 1.0 * b_low)
    z = 2 * np.abs(root) / np.sqrt(n[lower] + n[higher] - 1.0)
    return _Violations(int(active.sum()), step, lower, higher, fall[lower, higher, step], z)


def _table(codes: WholeCodes, h: Floats, checks: list[_Violations]) -> pd.DataFrame:
    active = np.array([check.active for check in checks])
    count = np.array([len(check.size) for check in checks])
    significant = np.array([int((check.z > _CRITICAL_Z).sum()) for check in checks])
    largest = np.array([check.size.max(initial=0.0) for check in checks])
    total = np.array([check.size.sum() for check in checks])
    z_max = np.array([check.z.max(initial=0.0) for check in checks])
    weighed = crit(
        h,
        active=active,
        violations=count,
        largest=largest,
        total=total,
        statistic=z_max,
        significant=significant,
    )
    none = active == 0
    return pd.DataFrame(
        {
            "item": codes.names,
            "item_h": h,
            "active_pairs": active,
            "violations": count,
            "max_violation": np.where(none, np.nan, largest),
            "sum_violation": np.where(none, np.nan, total),
            "z_max": np.where(none, np.nan, z_max),
            "significant": significant,
            "crit": weighed,
            "n": codes.n,
        }
    )


def _repeated(codes: WholeCodes, regressions: list[_Regression]) -> dict[str, NDArray[np.generic]]:
    """The columns that say which item and group a row is of, a row a group."""
    counts = [len(one.n) for one in regressions]
    return {
        "item": np.repeat(np.array(codes.names, dtype=object), counts),
        "group": np.concatenate([np.arange(1, count + 1) for count in counts]),
    }


def _groups(codes: WholeCodes, regressions: list[_Regression]) -> pd.DataFrame:
    n = np.concatenate([one.n for one in regressions])
    frequencies = np.concatenate([one.frequencies for one in regressions])
    step = np.arange(codes.steps + 1)
    mean = (frequencies @ step) / n
    spread = (frequencies * (step - mean[:, None]) ** 2).sum(axis=1) / np.maximum(n - 1, 1)
    half = stats.t.ppf((1 + _LEVEL) / 2, np.maximum(n - 1, 1)) * np.sqrt(spread / n)
    half[spread == 0] = np.nan
    mean, half = codes.lowest + codes.unit * mean, codes.unit * half
    others = len(codes.names) - 1
    return pd.DataFrame(
        {
            **_repeated(codes, regressions),
            "rest_low": codes.rest_score(np.concatenate([one.low for one in regressions]), others),
            "rest_high": codes.rest_score(
                np.concatenate([one.high for one in regressions]), others
            ),
            "n": n,
            "mean": mean,
            "ci_low": mean - half,
            "ci_high": mean + half,
        }
    )


def _steps(codes: WholeCodes, regressions: list[_Regression]) -> pd.DataFrame:
    m = codes.steps
    n = np.repeat(np.concatenate([one.n for one in regressions]), m)
    count = np.concatenate([one.passed for one in regressions]).ravel()
    share = count / n
    z = stats.norm.isf((1 - _LEVEL) / 2)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    where = {name: np.repeat(values, m) for name, values in _repeated(codes, regressions).items()}
    groups = len(n) // m if m else 0
    return pd.DataFrame(
        {
            **where,
            "code": np.tile(codes.code(np.arange(1, m + 1)), groups),
            "n": n,
            "count": count,
            "estimate": share,
            "ci_low": np.maximum(middle - half, 0.0),
            "ci_high": np.minimum(middle + half, 1.0),
        }
    )


def _listed(
    codes: WholeCodes, regressions: list[_Regression], checks: list[_Violations]
) -> pd.DataFrame:
    counts = [len(check.size) for check in checks]
    step, lower, higher, size, z = (
        np.concatenate([check[place] for check in checks]) for place in range(1, 6)
    )
    shares = [one.passed / one.n[:, None] for one in regressions]
    low, high = (
        np.concatenate([s[c[place], c.step] for s, c in zip(shares, checks, strict=True)])
        for place in (2, 3)
    )
    return pd.DataFrame(
        {
            "item": np.repeat(np.array(codes.names, dtype=object), counts),
            "code": codes.code(step + 1),
            "group": lower + 1,
            "group_2": higher + 1,
            "estimate": low,
            "estimate_2": high,
            "size": size,
            "z": z,
            "significant": z > _CRITICAL_Z,
        }
    )
