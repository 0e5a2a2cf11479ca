"""Whether an instrument shows change, and how much change matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cpeval.errors import (
    OptionError,
    TooFewError,
    listed,
    require_level,
    require_option,
    require_whole,
)
from cpeval.measurement.change.change_statistics import (
    against_stable,
    anchor_correlation,
    effect_size,
    mean_change,
    response_mean,
    retest,
)
from cpeval.measurement.change.roc import (
    Curve,
    area,
    area_interval,
    best_cuts,
    bootstrapped_cuts,
    roc_curve,
    tied,
)
from cpeval.measurement.raters.paired_columns import paired
from cpeval.numeric import holds_numbers, numbers
from cpeval.result import Result
from cpeval.seeds import require_seed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

_FEW_PEOPLE = 50

#: Fewer draws have no ends of an interval.
_FEWEST_DRAWS = 100

#: An anchor that goes with change less than this says little about it (Revicki et al. 2008).
_WEAK = 0.3


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Responsiveness(Result):
    """A `Result` that also has the curve and the anchor's groups.

    Attributes
    ----------
    roc : pandas.DataFrame
        cut (change in points), sensitivity, specificity. Empty without an anchor.
    groups : pandas.DataFrame
        anchor, group (unchanged, minimal, improved, other), n, mean and sd of the change. Empty
        without an anchor.
    n_excluded : int
        Rows that lack a score, left out.
    n_without_anchor : int
        Rows used whose anchor is missing: they count only where the anchor doesn't.
    """

    roc: pd.DataFrame
    groups: pd.DataFrame
    n_excluded: int
    n_without_anchor: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve with its cuts; without an anchor, the standardised changes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.intervals import intervals
        from cpeval.plots.roc_curve import roc_curve as drawn

        if self.roc.empty:
            standardised = self.table[self.table["term"].isin(["effect_size", "srm"])]
            return intervals(standardised, ax=ax, xlabel="Standard deviations")
        return drawn(self.roc, self.table, ax=ax)


def responsiveness(
    before: ArrayLike,
    after: ArrayLike,
    *,
    anchor: ArrayLike | None = None,
    unchanged: Sequence[object] | None = None,
    improved: Sequence[object] | None = None,
    minimal: Sequence[object] | None = None,
    better: str = "higher",
    bootstrap: int = 0,
    seed: int | np.random.Generator | None = None,
    level: float = 0.95,
) -> Responsiveness:
    r"""Say whether a scale shows change, what change matters, and what change is noise.

    Parameters
    ----------
    before, after : sequence of numbers, shape (n,)
        Scores in points, paired by position. Rows that lack one are left out and counted.
    anchor : sequence, shape (n,), optional
        What people say of their change, or another measure of it, such as "same", "a little
        better", "much better". Rows without it count only where it isn't needed.
    unchanged, improved : sequence
        Its values that mean no change, and any improvement. Needed with an anchor. Other values,
        such as those for getting worse, are left out there and listed in ``groups``.
    minimal : sequence, optional
        Those of ``improved`` that mean just enough to matter; by default all.
    better : {"higher", "lower"}
        Which scores are better.
    bootstrap : int, default 0
        Draws for the intervals of the cuts, at least 100, say 2,000. 0 gives them none.
    seed : int or numpy.random.Generator, optional
        For the draws.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Responsiveness
        ``table``, a row a statistic: term, estimate, se, ci_low, ci_high, n, sensitivity,
        specificity (of cuts). Changes are after - before. Terms: mean_change; effect_size (mean
        change over the sd before); srm (over the sd of the change). With an anchor:
        anchor_correlation (of numbers, Spearman's); guyatt (mean change of the minimally improved
        over the sd of the change of the unchanged); mid_mean_change (that mean, in points); auc
        (improved against unchanged); mid_youden, mid_closest (cuts, in points); icc_agreement
        (test-retest of the unchanged, ICC2); sem (standard error of measurement, with the shift
        between occasions); sdc (smallest detectable change of a person).

    Raises
    ------
    OptionError
        Not columns of one length; an anchor without ``unchanged`` and ``improved``, or these
        without it; values in two of them; ``minimal`` not among ``improved``; ``better`` or
        ``bootstrap`` that can't be.
    ColumnError, DataError
        Scores that are not numbers; infinite values.
    TooFewError
        Fewer than three complete rows; scores before, or changes, that are all equal; fewer than
        three unchanged or minimally improved people; unchanged people whose changes are all equal.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    With D the change: effect size :math:`\bar D / s_0` [1]_, normal interval with variance
    :math:`s_D^2 / (s_0^2 (n - 1)) + d^2 / (2 (n - 1))` [2]_; standardised response mean
    :math:`\bar D / s_D`, exact interval by the noncentral t; Guyatt's index [3]_, normal interval
    by the delta method. The area has DeLong's interval [4]_. Cuts: Youden's has the largest
    sensitivity + specificity, the other is nearest to the corner where both are 1; of several that
    tie the one with the largest sensitivity is given. Intervals of cuts are bootstrap percentiles,
    drawn within the two groups. The ICC's interval is generalised (see `icc`). SEM is the root of
    the variances of occasions and error (occasions at 0 if below), its interval that of its
    logarithm with occasions fixed; SDC is :math:`1.96 \sqrt 2` SEM [5]_.

    References
    ----------
    .. [1] Kazis, Anderson & Meenan (1989). Medical Care, 27(3), S178-S189.
    .. [2] Bonett (2008). Psychological Methods, 13(2), 99-109.
    .. [3] Guyatt, Walter & Norman (1987). Journal of Chronic Diseases, 40(2), 171-178.
    .. [4] DeLong, DeLong & Clarke-Pearson (1988). Biometrics, 44(3), 837-845.
    .. [5] De Vet, Terwee, Mokkink & Knol (2011). Measurement in Medicine. Cambridge.

    Examples
    --------
    >>> before, after = [10, 12, 9, 14, 11, 13, 8, 12], [11, 12, 8, 15, 15, 18, 11, 17]
    >>> said = ["same"] * 4 + ["better"] * 4
    >>> found = responsiveness(
    ...     before, after, anchor=said, unchanged=["same"], improved=["better"]
    ... )
    >>> found.table.set_index("term").estimate["mid_mean_change"].item()
    4.25
    """
    require_level(level)
    require_option("better", better, ("higher", "lower"))
    require_whole("bootstrap", bootstrap, least=0)
    if 0 < bootstrap < _FEWEST_DRAWS:
        raise OptionError(
            f"'bootstrap' must be 0 or a number of draws from {_FEWEST_DRAWS}. Got {bootstrap!r}."
        )
    require_seed(seed)
    table = paired({"before": before, "after": after, "anchor": anchor}, needed=("before", "after"))
    scores = numbers(table, ["before", "after"])
    kept = ~np.isnan(scores).any(axis=1)
    scores = scores[kept]
    used = table.loc[np.flatnonzero(kept)].reset_index(drop=True)
    size = float(np.abs(scores).max(initial=0.0))
    change = tied(scores[:, 1] - scores[:, 0], size) if len(scores) else scores[:, 0]
    if len(scores) < 3 or np.ptp(scores[:, 0]) == 0 or np.ptp(change) == 0:
        why = "" if len(scores) < 3 else "; all scores before, or all changes, are equal"
        raise TooFewError(
            "Responsiveness needs three people whose scores before and whose changes vary. There "
            f"are {len(table)} rows, {len(scores)} with both scores{why}."
        )
    rows = [
        mean_change("mean_change", change, level),
        effect_size(scores[:, 0], change, level),
        response_mean(change, level),
    ]
    groups = _groups(
        used["anchor"] if anchor is not None else None,
        {"unchanged": unchanged, "improved": improved, "minimal": minimal},
    )
    curve = None
    if groups is not None:
        sign = 1.0 if better == "higher" else -1.0
        stable, some = groups.isin(["unchanged"]), groups.isin(["minimal"])
        any_better = some | groups.isin(["improved"])
        masks = [mask.to_numpy() for mask in (stable, some, any_better)]
        _require_groups(masks, change)
        said = used["anchor"]
        if holds_numbers(said):
            rows.append(
                anchor_correlation(change, said.to_numpy(dtype=float, na_value=np.nan), level)
            )
        rows += [
            against_stable(change[masks[1]], change[masks[0]], level),
            mean_change("mid_mean_change", change[masks[1]], level),
        ]
        curve, of_curve = _cut_rows(
            sign * change[masks[2]], sign * change[masks[0]], sign, bootstrap, seed, level
        )
        rows += [*of_curve, *retest(scores[masks[0]], level)]
    result = pd.DataFrame(rows).reindex(
        columns=["term", "estimate", "se", "ci_low", "ci_high", "n", "sensitivity", "specificity"]
    )
    missing = int(used["anchor"].isna().sum()) if anchor is not None else 0
    return Responsiveness(
        table=result,
        note=_note(len(scores), level, better, anchor=anchor is not None, bootstrap=bootstrap),
        warnings=tuple(_worries(result, curve, len(table) - len(scores), missing)),
        roc=_curve_table(curve, better),
        groups=_group_table(used["anchor"], groups, change)
        if groups is not None
        else pd.DataFrame(columns=["anchor", "group", "n", "mean", "sd"]),
        n_excluded=len(table) - len(scores),
        n_without_anchor=missing,
    )


def _groups(
    anchor: pd.Series | None, named: dict[str, Sequence[object] | None]
) -> pd.Series | None:
    """What each person's anchor means: unchanged, minimal, improved (more than that) or other."""
    given = {name: values for name, values in named.items() if values is not None}
    if anchor is None:
        if given:
            raise OptionError(f"{listed(given)} say what an anchor means: give anchor= too.")
        return None
    seen = pd.unique(anchor.dropna()).tolist()
    lists = {
        name: [values] if isinstance(values, str) or not np.iterable(values) else list(values)
        for name, values in given.items()
    }
    if "unchanged" not in lists or "improved" not in lists:
        raise OptionError(
            "An anchor needs unchanged= and improved=, lists of its values that mean no change "
            f"and improvement. Its values: {listed(seen)}."
        )
    unknown = {name: [v for v in values if v not in seen] for name, values in lists.items()}
    faults = [f"{name}= has {listed(values)}" for name, values in unknown.items() if values]
    both = [value for value in lists["unchanged"] if value in lists["improved"]]
    if both:
        faults.append(f"{listed(both)} can't be both unchanged and improved")
    minimal = [v for v in lists.get("minimal", []) if v in seen]
    stray = [v for v in minimal if v not in lists["improved"]]
    if stray:
        faults.append(f"minimal= has {listed(stray)}, which improved= lacks")
    if faults:
        raise OptionError(f"{'; '.join(faults)}. The anchor's values: {listed(seen)}.")
    meaning = dict.fromkeys(seen, "other")
    meaning |= dict.fromkeys(lists["unchanged"], "unchanged")
    meaning |= dict.fromkeys(lists["improved"], "improved")
    meaning |= dict.fromkeys(lists.get("minimal", lists["improved"]), "minimal")
    return anchor.astype(object).map(meaning)


def _require_groups(masks: list[NDArray[np.bool_]], change: Floats) -> None:
    stable, some, _ = masks
    if stable.sum() < 3 or some.sum() < 3:
        raise TooFewError(
            "An anchor needs three unchanged and three minimally improved people. There are "
            f"{stable.sum()} and {some.sum()} with both scores."
        )
    if np.ptp(change[stable]) == 0:
        raise TooFewError(
            f"The {stable.sum()} unchanged people all change by {change[stable][0]:.6g}: there is "
            "no spread to compare with. Is the anchor made from the scores?"
        )


def _cut_rows(
    improved: Floats,
    others: Floats,
    sign: float,
    bootstrap: int,
    seed: int | np.random.Generator | None,
    level: float,
) -> tuple[Curve, list[dict[str, Any]]]:
    """Rows of the area and the cuts; changes are turned so that larger is better."""
    curve = roc_curve(improved, others)
    estimate, se = area(improved, others)
    low, high = area_interval(estimate, se, level)
    n = len(improved) + len(others)
    rows: list[dict[str, Any]] = [
        {"term": "auc", "estimate": estimate, "se": se, "ci_low": low, "ci_high": high, "n": n}
    ]
    draws = {}
    if bootstrap:
        draws = bootstrapped_cuts(improved, others, bootstrap, np.random.default_rng(seed))
    for name, places in best_cuts(curve).items():
        place = places[0]
        row = {"term": f"mid_{name}", "estimate": sign * curve.cut[place], "n": n}
        if bootstrap:
            ends = sign * np.quantile(draws[name], [(1 - level) / 2, (1 + level) / 2])
            row |= {"se": draws[name].std(ddof=1) if bootstrap > 1 else np.nan}
            row |= {"ci_low": ends.min(), "ci_high": ends.max()}
        row |= {
            "sensitivity": curve.sensitivity[place],
            "specificity": curve.specificity[place],
        }
        rows.append(row)
    return curve, rows


def _curve_table(curve: Curve | None, better: str) -> pd.DataFrame:
    if curve is None:
        return pd.DataFrame(columns=["cut", "sensitivity", "specificity"], dtype=float)
    return pd.DataFrame(
        {
            "cut": curve.cut if better == "higher" else -curve.cut,
            "sensitivity": curve.sensitivity,
            "specificity": curve.specificity,
        }
    )


def _group_table(anchor: pd.Series, groups: pd.Series, change: Floats) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"anchor": anchor.astype(object).to_numpy(), "group": groups.to_numpy(), "change": change}
    ).dropna(subset=["anchor"])
    found = frame.groupby(["anchor", "group"], sort=True)["change"].agg(["size", "mean", "std"])
    return found.reset_index().rename(columns={"size": "n", "std": "sd"})


def _note(n: int, level: float, better: str, *, anchor: bool, bootstrap: int) -> str:
    text = (
        f"Responsiveness of {n} people, {better} scores better, {100 * level:g} % intervals: "
        "effect size (Kazis et al., 1989; interval of Bonett, 2008) and standardised response "
        "mean (exact)"
    )
    if anchor:
        cuts = f"; cuts by {bootstrap} bootstrap draws" if bootstrap else "; cuts without intervals"
        text += (
            "; by the anchor: Guyatt's index (1987), mean change, area under the curve (DeLong et "
            f"al., 1988){cuts}; of the unchanged: ICC of agreement, SEM, smallest detectable change"
        )
    return f"{text}."


def _worries(
    table: pd.DataFrame, curve: Curve | None, left_out: int, without_anchor: int
) -> list[str]:
    said = []
    if left_out:
        said.append(f"{left_out} rows that lack a score were left out.")
    if without_anchor:
        said.append(f"{without_anchor} people have no anchor and count only where it isn't needed.")
    terms = table["term"].tolist()
    found = dict(zip(terms, table["estimate"].to_numpy(dtype=float).tolist(), strict=True))
    people = dict(zip(terms, table["n"].to_numpy(dtype=int).tolist(), strict=True))
    few, what = people["mean_change"], "people"
    if curve is not None:
        few = min(people["mid_mean_change"], people["sdc"])
        what = "people in one of the anchor's groups"
        weak = found.get("anchor_correlation", 1.0)
        if abs(weak) < _WEAK:
            said.append(
                f"The anchor hardly goes with change (correlation {weak:.2f}, nearer to 0 than "
                f"{_WEAK}): what it says about change that matters is in doubt."
            )
        if found["auc"] == 1:
            said.append("The groups don't overlap, so the interval of auc is no more than a point.")
        if found["auc"] <= 0.5:
            said.append(
                "The improved don't change more than the unchanged. Is better= the right way round?"
            )
        for name, places in best_cuts(curve).items():
            if len(places) > 1:
                said.append(f"{len(places)} cuts are equally good for mid_{name}.")
        smallest, important = found["sdc"], abs(found["mid_mean_change"])
        if important < smallest:
            said.append(
                f"The change that matters (mid_mean_change, {important:.3g}) is smaller than what "
                f"can be told from noise in one person (sdc, {smallest:.3g}); in groups it can."
            )
    if few < _FEW_PEOPLE:
        said.append(f"Only {few} {what}: estimates are imprecise below {_FEW_PEOPLE}.")
    return said
