"""Invariant item ordering: whether items have the same order of difficulty for everyone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import TooFewError, listed, require_alpha, require_option, require_share
from cpeval.measurement.item_scores import item_scores
from cpeval.measurement.mokken.backward_selection import backward_selection, h_transposed
from cpeval.measurement.mokken.item_order_tables import (
    groups_of,
    pairs_of,
    steps_of,
    table_of,
    totals_of,
    violations_of,
    with_constants,
)
from cpeval.measurement.mokken.item_order_warnings import (
    item_worries,
    no_comparison,
    plainly_violating,
)
from cpeval.measurement.mokken.item_scalability import covariances
from cpeval.measurement.mokken.ordered_pairs import ordered_pairs
from cpeval.measurement.mokken.rest_groups import default_min_size
from cpeval.measurement.whole_codes import WholeCodes, require_min_size, whole_codes
from cpeval.result import Result
from cpeval.scoring.item_columns import Items

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

Integers = NDArray[np.int64]

#: What the methods are called, and the test of each.
METHODS = {
    "miio": "manifest invariant item ordering (paired t tests)",
    "mscpm": "the manifest scale of the cumulative probability model (McNemar's tests)",
    "it": "increasingness in transposition (chi-square tests)",
}

#: Below this H^T, an order of items is of no use (Ligtvoet et al., 2010).
_LEAST_HT = 0.3


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class InvariantOrdering(Result):
    """A `Result` that also says how accurately people order the items, and which items to keep.

    Attributes
    ----------
    HT : float
        H^T of the items in the table, constant ones left out. Below 0.3 the order says nothing
        of use; from 0.3 its accuracy is low, from 0.4 medium, from 0.5 high.
    HT_selected : float
        H^T of the items that the backward selection keeps; NaN if fewer than two.
    steps : pandas.DataFrame
        The backward selection: item, then a column a step, step_1, step_2 ...: with how many
        others the item has a significant violation. NaN once it is removed.
    removed : tuple of str
        The items that were removed, in that order.
    pairs : pandas.DataFrame
        A row a pair: item (the easier), item_2, n_groups, active_pairs, violations,
        max_violation, sum_violation, statistic_max, significant.
    groups : pandas.DataFrame
        A row a pair and rest-score group: item, item_2, group, rest_low, rest_high, n, mean,
        mean_low, mean_high, mean_2, mean_2_low, mean_2_high (95 % intervals, t).
    violations : pandas.DataFrame
        A row a violation: item, item_2, group, size, statistic, p, significant; for "mscpm" also
        code (the share at it or above is at fault), for "it" code and code_2.
    min_size : int
        The least people in a group.
    n_excluded, n_imputed : int
        Rows left out; answers filled in.
    """

    HT: float
    HT_selected: float
    steps: pd.DataFrame
    removed: tuple[str, ...]
    pairs: pd.DataFrame
    groups: pd.DataFrame
    violations: pd.DataFrame
    min_size: int
    n_excluded: int
    n_imputed: int

    def plot(
        self,
        ax: Axes | None = None,
        *,
        items: tuple[str, str] | None = None,
        labels: Labels | None = None,
    ) -> Axes:
        """Draw two items' means over their rest-score groups, with intervals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        items : (str, str), optional
            By default the pair with most significant violations.
        labels : mapping, optional
            Item to what to show.
        """
        from cpeval.plots.item_rest import pair_means

        return pair_means(self.pairs, self.groups, ax=ax, items=items, labels=labels)


def invariant_ordering(
    items: IntoDataFrame,
    *,
    method: str = "miio",
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    missing: str = "listwise",
    min_size: int | None = None,
    min_violation: float = 0.03,
    alpha: float = 0.05,
    seed: int | np.random.Generator | None = None,
) -> InvariantOrdering:
    r"""Check that items have one order of difficulty, whatever people's level.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, n_columns)
        A column an item, whole-number codes, reversed items already reversed; with
        ``instrument``, data that hold its item columns among others. A row a person.
    method : {"miio", "mscpm", "it"}
        Compare means, shares at each code or above, or joint frequencies of two codes. Each asks
        more than the one before it. With two codes "miio" and "mscpm" are the same.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    missing : {"listwise", "two_way"}
        Leave out rows that lack an item, or fill in by two-way imputation. Both are counted.
    min_size : int, optional
        Least people in a rest-score group, by default as `monotonicity` has it.
    min_violation : float, default 0.03
        How far the order must turn to count, as a share; for "miio" of the range of the codes,
        so 0.12 points with codes 0 to 4.
    alpha : float, default 0.05
        A violation with a smaller p is significant (one-sided; chi-square: two-sided).
    seed : int or numpy.random.Generator, optional
        For two-way imputation.

    Returns
    -------
    InvariantOrdering
        ``table``, a row an item, the one with the highest mean first, of equal ones the later
        column: item, mean, item_h (H), active_pairs (the groups less one of all its pairs, times
        the comparisons in a group), violations, max_violation, sum_violation ("miio" in points,
        else shares), statistic_max (t; z of McNemar's test; chi-square), significant (how many
        violations are), crit (80 or more: serious), selected (not removed by the backward
        selection), n (people). A constant item isn't compared; it comes last, NaN.

    Raises
    ------
    OptionError
        ``items`` is not an eager dataframe; an option out of its bounds.
    ColumnError, CodeError, DataError, DefinitionError
        Columns that are text or stand twice; infinite values; answers that are not whole
        numbers; and what `cpeval.score` raises.
    TooFewError
        Fewer than three items that are not constant, or two people; an item that nobody answered.

    Notes
    -----
    Of two items with means in all of the sample :math:`\bar X_i \ge \bar X_j`, the order is
    violated in a group of people with like sums of the *other* items if there
    :math:`\bar X_j - \bar X_i` exceeds the least violation ("miio" [1]_), if
    :math:`P(X_j \ge c) - P(X_i \ge c)` does at a code c ("mscpm"), or
    :math:`P(X_i = u, X_j = v) - P(X_i = v, X_j = u)` does for codes u < v ("it"). The tests are
    the paired t test, McNemar's in the normal approximation of [2]_, and the chi-square test of
    equal cells.

    Backward selection removes the item with significant violations with most others until none
    are left. Of several, the one whose removal leaves the highest H, then the first in the
    table (mokken: at random).

    mokken 3.1.2 counts one of McNemar's cells as 0 for "mscpm", so its z, its significance and
    its selection differ; the values here are right.

    References
    ----------
    .. [1] Ligtvoet, van der Ark, te Marvelde & Sijtsma (2010). Educational and Psychological
       Measurement, 70(4), 578-595. Ligtvoet, van der Ark, Bergsma & Sijtsma (2011).
       Psychometrika, 76(2), 200-216.
    .. [2] Molenaar & Sijtsma (2000). MSP5 for Windows: User's manual. Groningen: iec ProGAMMA.

    Examples
    --------
    >>> answers = [[1, 0, 0], [2, 1, 0], [1, 2, 1], [2, 1, 1], [0, 1, 0], [2, 2, 1]]
    >>> found = invariant_ordering(pd.DataFrame(answers * 50, columns=["a", "b", "c"]))
    >>> found.table[["item", "violations", "significant"]].values.tolist(), round(found.HT, 3)
    ([['a', 0, 0], ['b', 0, 0], ['c', 0, 0]], 0.537)
    """
    require_option("method", method, tuple(METHODS))
    require_share("min_violation", min_violation)
    require_alpha(alpha)
    what = "Invariant item ordering"
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
    order, left = _in_order(codes, what)
    compared = codes.take(order)
    everything = covariances(codes.answers, codes.steps)
    found = everything.take(order)
    points = codes.steps if method == "miio" else 1
    pairs = ordered_pairs(
        compared.answers,
        codes.steps,
        method=method,
        min_size=size,
        min_violation=points * min_violation,
    )
    totals = totals_of(pairs, pairs.p < alpha)
    violated = np.zeros_like(found.seen, dtype=bool)
    violated[pairs.first, pairs.second] = totals["significant"] > 0
    removed, counts = backward_selection(violated | violated.T, found)
    kept = np.delete(np.arange(len(compared.names)), removed)
    # Only differences between means have a unit.
    unit = codes.unit if method == "miio" else 1
    table = table_of(compared, found, pairs, totals, kept, unit)
    worries = [
        *item_worries(codes, everything),
        *no_comparison(codes, table, size, what="rest-score group a pair"),
        *plainly_violating(table),
    ]
    ht = h_transposed(compared.answers)
    if ht < _LEAST_HT:
        worries.append(
            f"H^T of {ht:.2f} is below {_LEAST_HT}: people hardly agree on an order of these "
            "items, even where nothing violates it."
        )
    return InvariantOrdering(
        table=with_constants(table, codes, left),
        note=(
            f"Order of {len(compared.names)} items among {codes.n} people: {METHODS[method]}, in "
            f"rest-score groups of at least {min(size, codes.n)}; differences of more than "
            f"{min_violation:g} {'of the range ' if method == 'miio' else ''}count "
            "(Ligtvoet, van der Ark, te Marvelde & Sijtsma, 2010; Molenaar & Sijtsma, 2000)."
        ),
        warnings=(*scores.warnings, *worries),
        HT=ht,
        HT_selected=h_transposed(compared.answers[kept]),
        steps=steps_of(compared, counts),
        removed=tuple(compared.names[place] for place in removed),
        pairs=pairs_of(compared, pairs, totals, unit),
        groups=groups_of(compared, pairs),
        violations=violations_of(compared, pairs, pairs.p < alpha, method, unit),
        min_size=size,
        n_excluded=scores.n_excluded,
        n_imputed=scores.n_imputed,
    )


def _in_order(codes: WholeCodes, what: str) -> tuple[Integers, Integers]:
    """Return the places of items that vary, the highest mean first, and of those that don't."""
    sums = codes.answers.sum(axis=1)
    # mokken reverses an ascending order, so of equal means the later item comes first.
    order = np.argsort(sums, kind="stable")[::-1]
    constant = codes.constant
    if (~constant).sum() < 3:
        names = np.array(codes.names, dtype=object)
        raise TooFewError(
            f"{what} needs three items on which answers differ. Everyone answers alike: "
            f"{listed(names[constant])}; others: {listed(names[~constant])}."
        )
    return order[~constant[order]], order[constant[order]]
