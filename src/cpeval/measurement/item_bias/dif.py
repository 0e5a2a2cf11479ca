"""Differential item functioning: whether groups answer an item differently at one level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray
from scipy import stats

from cpeval.definitions.model import Instrument
from cpeval.errors import (
    OptionError,
    TooFewError,
    did_you_mean,
    listed,
    require_alpha,
    require_option,
)
from cpeval.measurement.item_bias.dif_purification import ADJUST, MOST_STEPS, Purified, purified
from cpeval.measurement.item_bias.dif_statistics import (
    FEWEST_FOR_SE,
    JODOIN_GIERL,
    ZUMBO,
    by_delta,
    by_r2,
)
from cpeval.measurement.item_groups import Labels, labels_of, without
from cpeval.measurement.item_scores import ItemScores, item_scores
from cpeval.measurement.mokken.item_scalability import covariances, item_h
from cpeval.measurement.odd_answers import same_items
from cpeval.measurement.whole_codes import WholeCodes, whole_codes
from cpeval.result import Result
from cpeval.scoring.item_columns import Items

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels as Shown

Bools = NDArray[np.bool_]

#: Fewer people than this in a group find large differences only.
_FEW_PEOPLE = 100

#: Coverage of the intervals of the log odds ratios.
_LEVEL = 0.95

_METHODS = {
    "ordinal_logistic": (
        "likelihood-ratio tests in proportional-odds regression (Zumbo, 1999); size by the change "
        "of Nagelkerke's R², after Jodoin & Gierl (2001) and Zumbo"
    ),
    "mantel": (
        "Mantel's test (1963) and the common odds ratio (Mantel & Haenszel, 1959; Liu & Agresti, "
        "1996); size as ETS has it (Zieky, 1993; Penfield, 2007)"
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DifferentialFunctioning(Result):
    """A `Result` that also says how the items to match people on were found.

    Attributes
    ----------
    reference, focal : object
        The groups: estimates are of the focal against the reference group.
    steps : pandas.DataFrame
        A row a step and item: step, item, anchor (people were matched on it), statistic, p,
        p_adjusted, flagged.
    settled : bool
        Whether purification ended with the same items flagged twice (or wasn't asked for).
    n_excluded, n_imputed : int
        Rows left out; answers filled in.
    """

    reference: object
    focal: object
    steps: pd.DataFrame
    settled: bool
    n_excluded: int
    n_imputed: int

    def plot(self, ax: Axes | None = None, *, labels: Shown | None = None) -> Axes:
        """Draw each item's log odds ratio with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Item to what to show.
        """
        from cpeval.plots.intervals import intervals

        return intervals(
            self.table,
            ax=ax,
            label="item",
            labels=labels,
            xlabel=f"Log odds ratio of a higher answer, {self.focal} against {self.reference}",
        )


def dif(
    items: IntoDataFrame,
    group: str | Sequence[object],
    *,
    method: str = "ordinal_logistic",
    reference: object = None,
    match: str = "total",
    purify: bool = True,
    adjust: str = "holm",
    alpha: float = 0.05,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    missing: str = "listwise",
    seed: int | np.random.Generator | None = None,
) -> DifferentialFunctioning:
    r"""Say which items two groups answer differently although their scores are alike.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, n_columns)
        A column an item, whole-number codes, reversed items already reversed, and the group if
        it is a column; with ``instrument``, data that hold its item columns among others. A row a
        person.
    group : str or sequence, shape (n_rows,)
        Which of two groups each person is in: a column, or the values (a pandas Series goes by
        its index). Rows without one are left out and counted.
    method : {"ordinal_logistic", "mantel"}
        Regression finds differences that change with the score ("non-uniform") too. Mantel's test
        assumes no form; it sees only differences in one direction.
    reference : object, optional
        The group to compare with, by default the larger one, of equal ones the first in order.
    match : {"total", "rest"}
        Match people on the sum of the items with or without the one that is looked at. "total" is
        usual: without the item, matching is less exact and more items are flagged.
    purify : bool, default True
        Leave flagged items, and any that can't be tested, out of the score (save the item that is
        looked at, with "total") and look again, until the same items are flagged as before; at
        most ten times.
    adjust : {"holm", "bh", "none"}
        Adjust p for the number of items: chance of any false flag (Holm), share of false flags
        (Benjamini & Hochberg), or not.
    alpha : float, default 0.05
        An item is flagged if its adjusted p is smaller.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    missing : {"listwise", "two_way"}
        Leave out rows that lack an item, or fill in by two-way imputation. Both are counted.
    seed : int or numpy.random.Generator, optional
        For two-way imputation.

    Returns
    -------
    DifferentialFunctioning
        ``table``, a row an item: item, estimate (log odds ratio of a higher answer, focal against
        reference group, among people who match), se, ci_low, ci_high (95 %, normal), statistic
        (chi-square), df, p, p_adjusted, flagged, n (people compared). "ordinal_logistic" adds
        p_uniform, p_non_uniform (each on one df), r2_change (of Nagelkerke's R², both effects),
        size (A below 0.035 or not flagged, B, C from 0.07 on: Jodoin & Gierl), size_zumbo (0.13,
        0.26). "mantel" adds delta (2.35 times the estimate) and size (A: absolute delta below 1
        or unadjusted p not below 0.05; C: at least 1.5 and surely above 1; else B). What can't be
        computed for an item, such as a constant one, is NaN, its size empty. Where an answer
        tells the groups apart for certain, as where nobody in one passes, the estimate is
        infinite and given as NaN; the likelihood still has a limit, so "ordinal_logistic" tests
        and sizes the item. "mantel" gives items of more than two answers no se where fewer than
        10 people of a group have someone of the other to be compared with.

    Raises
    ------
    OptionError
        ``items`` is not an eager dataframe; an option out of its bounds; more than two groups.
    ColumnError, CodeError, DataError, DefinitionError
        Columns absent, text or there twice; infinite values; answers that are not whole numbers;
        and what `cpeval.score` raises.
    TooFewError
        Fewer than three items, or no two groups with people; an item that nobody answered.

    Notes
    -----
    With score s and group g (0 reference, 1 focal), :math:`\mathrm{logit}\,P(Y \ge c) = \alpha_c +
    \beta_1 s + \beta_2 g + \beta_3 s g`. The test that flags compares this with
    :math:`\beta_2 = \beta_3 = 0` on two degrees of freedom; p_uniform is for :math:`\beta_2`
    without :math:`\beta_3`, and estimate is that :math:`\beta_2` [1]_ [2]_. For "mantel" see
    `cpeval.measurement.mantel_haenszel.common_odds`; the classes are [3]_. Neither test corrects
    for continuity.

    The p values of a purified score don't know that it was chosen.

    References
    ----------
    .. [1] Zumbo (1999). A handbook on the theory and methods of differential item functioning.
       Ottawa: Directorate of Human Resources Research and Evaluation.
    .. [2] Jodoin & Gierl (2001). Applied Measurement in Education, 14(4), 329-349.
    .. [3] Zieky (1993), in Holland & Wainer, Differential item functioning, 337-347. Penfield
       (2007). Applied Measurement in Education, 20(3), 335-355.

    Examples
    --------
    >>> answers = [[0, 0, 1, 0], [1, 0, 1, 1], [1, 1, 2, 0], [2, 1, 1, 1], [2, 2, 2, 2]]
    >>> items = pd.DataFrame(answers * 40, columns=["a", "b", "c", "d"])
    >>> found = dif(items, [0] * 100 + [1] * 100)
    >>> found.table["flagged"].any(), found.reference
    (np.False_, 0)
    """
    require_option("method", method, tuple(_METHODS))
    require_option("match", match, ("total", "rest"))
    require_option("adjust", adjust, ADJUST)
    require_option("purify", purify, (True, False))
    require_alpha(alpha)
    what = "Differential item functioning"
    labels = labels_of(items, group, "group")
    if labels is None:
        raise OptionError("'group' must be a column or a value for each row. Got None.")
    scores = item_scores(
        items if instrument is not None else without(items, group),
        instrument=instrument,
        scale=scale,
        columns=columns,
        missing=missing,
        allowed=("listwise", "two_way"),
        seed=seed,
        least_items=3,
        what=what,
    )
    member = labels.code[scores.rows]
    places = _two_groups(labels, member, reference, what)
    codes = whole_codes(_with_group(scores, member), what=what)
    focal = member[member >= 0] == places[1]
    found = purified(codes, focal, method, match, adjust, alpha, purify=purify)
    first, second = (labels.labels[place] for place in places)
    table = _table(codes, found, method)
    return DifferentialFunctioning(
        table=table,
        note=(
            f"Differential functioning of {len(codes.names)} items between {second!r} (focal, "
            f"{int(focal.sum())} people) and {first!r} (reference, {int((~focal).sum())}), matched "
            f"on the {match} score{', purified' if purify else ''}: {_METHODS[method]}; p adjusted "
            f"by {adjust}."
        ),
        warnings=(
            *scores.warnings,
            *same_items(scores.values, scores.names),
            *_worries(codes, found, member, focal),
        ),
        reference=first,
        focal=second,
        steps=_steps(codes, found),
        settled=found.settled,
        n_excluded=scores.n_rows - codes.n,
        n_imputed=scores.n_imputed,
    )


def _two_groups(
    labels: Labels, member: NDArray[np.intp], reference: object, what: str
) -> tuple[int, int]:
    """Return the places of the reference and the focal group."""
    sizes = np.bincount(member[member >= 0], minlength=len(labels.labels))
    there = [int(place) for place in np.flatnonzero(sizes)]
    names = [labels.labels[place] for place in there]
    if len(there) > 2:
        raise OptionError(
            f"{what} compares two groups; {labels.name!r} has {len(there)}: {listed(names)}. Keep "
            "the rows of two, or join groups."
        )
    if len(there) < 2:
        raise TooFewError(
            f"{what} compares two groups. Of {len(member)} rows with the items, those with a "
            f"{labels.name!r} are in {listed(names) if names else 'none'}."
        )
    if reference is None:
        first = there[int(sizes[there[1]] > sizes[there[0]])]
    elif reference in names:
        first = there[names.index(reference)]
    else:
        raise OptionError(
            f"'reference' must be one of the groups, {listed(names)}. Got {reference!r}"
            f"{did_you_mean(reference, names)}."
        )
    return first, there[1] if first == there[0] else there[0]


def _with_group(scores: ItemScores, member: NDArray[np.intp]) -> ItemScores:
    """Keep the people who are in a group."""
    inside = member >= 0
    return replace(
        scores,
        values=scores.values[inside],
        n_excluded=scores.n_rows - int(inside.sum()),
        rows=scores.rows[inside],
    )


def _table(codes: WholeCodes, found: Purified, method: str) -> pd.DataFrame:
    last = found.steps[-1]
    one = last.statistics
    half = stats.norm.isf((1 - _LEVEL) / 2) * one.se
    table = pd.DataFrame(
        {
            "item": codes.names,
            "estimate": one.estimate,
            "se": one.se,
            "ci_low": one.estimate - half,
            "ci_high": one.estimate + half,
            "statistic": one.statistic,
            "df": 2 if method == "ordinal_logistic" else 1,
            "p": one.p,
            "p_adjusted": last.adjusted,
            "flagged": last.flagged,
            **one.parts,
        }
    )
    if method == "mantel":
        table["size"] = by_delta(one.estimate, one.se, one.p < 0.05)
    else:
        table["size"] = by_r2(one.parts["r2_change"], last.flagged, JODOIN_GIERL)
        table["size_zumbo"] = by_r2(one.parts["r2_change"], last.flagged, ZUMBO)
    return table.assign(n=one.n)


def _steps(codes: WholeCodes, found: Purified) -> pd.DataFrame:
    tables = [
        pd.DataFrame(
            {
                "step": number,
                "item": codes.names,
                "anchor": step.anchors,
                "statistic": step.statistics.statistic,
                "p": step.statistics.p,
                "p_adjusted": step.adjusted,
                "flagged": step.flagged,
            }
        )
        for number, step in enumerate(found.steps, start=1)
    ]
    return pd.concat(tables, ignore_index=True)


def _worries(
    codes: WholeCodes, found: Purified, member: NDArray[np.intp], focal: Bools
) -> list[str]:
    said = []
    names = np.array(codes.names, dtype=object)
    last = found.steps[-1]
    without_group = int((member < 0).sum())
    if without_group:
        said.append(f"{without_group} rows have no group and were left out.")
    if codes.constant.any():
        said.append(
            f"Items to which everyone gives the same answer: {listed(names[codes.constant])}."
        )
    against = item_h(covariances(codes.answers, codes.steps)) < 0
    if against.any():
        said.append(
            f"Items that go against the others, H below 0: {listed(names[against])}. Should they "
            "be reversed? As they are, they spoil the score that people are matched on."
        )
    if last.statistics.failed.any():
        said.append(
            "Items that can't be tested (is a group too small, or are its scores all alike?): "
            f"{listed(names[last.statistics.failed])}."
        )
    if last.statistics.infinite.any():
        said.append(
            "Items whose log odds ratio is infinite, because an answer tells the groups apart for "
            f"certain: {listed(names[last.statistics.infinite])}. Their estimate is NaN; p holds."
        )
    without_error = np.isfinite(last.statistics.estimate) & np.isnan(last.statistics.se)
    if without_error.any():
        said.append(
            f"Fewer than {FEWEST_FOR_SE} people of a group match someone of the other: an interval "
            f"would be too short, so there is none for {listed(names[without_error])}."
        )
    smaller = int(min(focal.sum(), (~focal).sum()))
    if smaller < _FEW_PEOPLE:
        errors = last.statistics.se[np.isfinite(last.statistics.se)]
        reach = (
            f" The 95 % interval of a typical item's log odds ratio reaches "
            f"{1.96 * np.median(errors):.2f} to either side."
            if errors.size
            else ""
        )
        said.append(
            f"Only {smaller} people in the smaller group: below {_FEW_PEOPLE}, only large "
            f"differences show.{reach}"
        )
    if not found.settled:
        trusted = ~last.flagged & ~last.statistics.failed & ~codes.constant
        why = (
            f"after {MOST_STEPS} steps other items are flagged than before"
            if trusted.sum() >= 2
            else "fewer than two items are left to match people on"
        )
        said.append(f"Purification doesn't settle: {why}. Read .steps before you trust a flag.")
    if last.flagged.any():
        said.append(f"Items that the groups answer differently: {listed(names[last.flagged])}.")
    return said
