"""Did people change? Baseline against follow-up, within each arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from scipy import stats

from cpeval.effect_sizes import hedges_j, noncentrality_interval
from cpeval.errors import TooFewError, listed, require_level
from cpeval.people.pairing import Floats, left_out, pair
from cpeval.people.rows import people_text, require_study, require_two_waves
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

#: A spread below this, relative to the scores, is rounding.
_ROUNDING = 4 * float(np.finfo(float).eps)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Change(Result):
    """A `Result` that also says how many people were left out.

    Attributes
    ----------
    outcome : str
        The column.
    n_excluded : int
        People seen at either wave without a score at both, or without an arm.
    """

    outcome: str
    n_excluded: int

    def plot(self, ax: Axes | None = None, *, group_labels: Labels | None = None) -> Axes:
        """Draw the mean change in each arm with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        group_labels : mapping, optional
            Arm (or its text) to what to show.
        """
        from cpeval.plots.intervals import intervals

        return intervals(
            self.table,
            ax=ax,
            label="group",
            labels=group_labels,
            xlabel=f"Mean change in {self.outcome}",
        )


def change(data: IntoDataFrame, outcome: str, study: Study, *, level: float = 0.95) -> Change:
    r"""Say how much people changed from baseline to the primary follow-up, arm by arm.

    People without a score at both waves are left out and counted. A change within one arm is
    not an effect: what would have happened anyway is in it. `compare` compares the arms.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave.
    outcome : str
        Column of scores, in the instrument's points. Missing is null or NaN.
    study : Study
        With wave, baseline and follow-up. Without an arm, everyone is in one group, "all".
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Change
        ``table``, a row an arm (the comparison first): group, wave (the follow-up), n (people
        with both scores), excluded (people seen at either wave without both), before, after,
        sd_before, sd_after (of the n), estimate (mean of after minus before), se, statistic,
        df, p (paired t test), ci_low, ci_high (t interval), d_z, d_z_low, d_z_high, d_av,
        hedges_g, hedges_g_low, hedges_g_high. What can't be computed is NaN, and a warning
        names the arm.

    Raises
    ------
    StudyError
        The study names no wave, baseline or follow-up.
    ColumnError, DataError
        Columns absent or not numeric; infinite values; rows without a person.
    DuplicateError, WaveError, ArmError
        A person twice at a wave; a wave absent from the data; people in several arms.
    TooFewError
        No rows, or nobody with both scores.
    OptionError
        ``outcome`` is not a name, or one of the study's columns.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    With the changes' mean :math:`\bar d` and standard deviation :math:`s_d`:
    :math:`t = \bar d / (s_d / \sqrt n)` on n - 1 degrees of freedom;
    :math:`d_z = \bar d / s_d`, its interval from the noncentral t [1]_;
    :math:`d_{av} = \bar d / \sqrt{(s_1^2 + s_2^2) / 2}`; :math:`g = J(n - 1)\, d_{av}` with
    Hedges' exact J [2]_ [3]_. The interval of g is that of the noncentrality times
    :math:`J(n - 1)\, s_d / (s_{av} \sqrt n)` [4]_: it takes the ratio of the two standard
    deviations as known, so it is approximate.

    References
    ----------
    .. [1] Cumming (2012). Understanding the new statistics. Routledge.
    .. [2] Hedges (1981). Journal of Educational Statistics, 6(2), 107-128.
    .. [3] Goulet-Pelletier & Cousineau (2018). The Quantitative Methods for Psychology, 14(4),
       242-265.
    .. [4] Algina & Keselman (2003). Educational and Psychological Measurement, 63(4), 537-553.

    Examples
    --------
    >>> data = pd.DataFrame({"id": [1, 2, 3, 1, 2, 3], "wave": [0, 0, 0, 6, 6, 6],
    ...                      "score": [10, 12, 11, 13, 14, 16]})
    >>> study = Study(person="id", wave="wave", baseline=0, follow_up=6)
    >>> table = change(data, "score", study).table
    >>> table[["n", "estimate", "statistic"]].round(2).iloc[0].tolist()
    [3.0, 3.33, 3.78]
    """
    require_level(level)
    require_study(study)
    waves = require_two_waves(study, "change")
    pairs = pair(data, outcome, study, what="change")
    rows = pairs.rows
    lacks = {
        "without a score at follow-up": np.isnan(pairs.after),
        "without a score at baseline": np.isnan(pairs.before),
    }
    paired = ~np.logical_or.reduce(list(lacks.values())) & (rows.arm >= 0)
    if not paired.any():
        raise TooFewError(
            f"Nobody has {outcome!r} at both {listed([waves[0]])} and {listed([waves[1]])}: "
            f"{people_text(pairs.seen.sum())} with a row at one of them."
        )
    table = []
    warnings = [*rows.warnings]
    for code, group in enumerate(rows.groups):
        used = paired & (rows.arm == code)
        row = _paired(pairs.before[used], pairs.after[used], level)
        excluded = int((pairs.seen & (rows.arm == code) & ~used).sum())
        table.append({"group": group, "wave": waves[1], "excluded": excluded, **row})
        warnings.extend(_undefined(row, f"Arm {group!r}" if study.arm else "All people"))
    known = pairs.seen & (rows.arm >= 0)
    warnings.append(left_out(lacks, known, rows.arm, rows.groups))
    return Change(
        table=pd.DataFrame(table)[_COLUMNS],
        note=_note(outcome, waves, level),
        warnings=tuple(text for text in warnings if text),
        outcome=outcome,
        n_excluded=int((pairs.seen & ~paired).sum()),
    )


_COLUMNS = [
    *("group", "wave", "n", "excluded", "before", "after", "sd_before", "sd_after"),
    *("estimate", "se", "statistic", "df", "p", "ci_low", "ci_high"),
    *("d_z", "d_z_low", "d_z_high", "d_av", "hedges_g", "hedges_g_low", "hedges_g_high"),
]


def _paired(before: Floats, after: Floats, level: float) -> dict[str, float]:
    """Arrays only: scores of the n people of an arm, both shape (n,), nothing missing."""
    n = before.size
    empty = dict.fromkeys(_COLUMNS[4:], float("nan")) | {"n": n, "df": max(n - 1, 0)}
    if n == 0:
        return empty
    row = empty | {"before": before.mean(), "after": after.mean()}
    row["estimate"] = (after - before).mean()
    if n == 1:
        return row
    scale = max(np.abs(before).max(), np.abs(after).max())
    sd_before, sd_after, sd = (
        s if s > _ROUNDING * scale else 0.0
        for s in ((x - x[0]).std(ddof=1) for x in (before, after, after - before))
    )
    row |= {"sd_before": sd_before, "sd_after": sd_after, "se": sd / np.sqrt(n)}
    sd_average = np.sqrt((sd_before**2 + sd_after**2) / 2)
    j = hedges_j(n - 1)
    if sd_average > 0:
        row["d_av"] = row["estimate"] / sd_average
        row["hedges_g"] = j * row["d_av"]
    if sd == 0:
        return row
    # SciPy rather than pingouin.ttest, which calls the same ttest_rel and then rounds the
    # interval to two decimals, names its columns by its version, and costs a second to import.
    t, p = stats.ttest_rel(after, before)
    half = stats.t.isf((1 - level) / 2, n - 1) * row["se"]
    low, high = noncentrality_interval(float(t), n - 1, level)
    row |= {
        "statistic": float(t),
        "p": float(p),
        "ci_low": row["estimate"] - half,
        "ci_high": row["estimate"] + half,
        "d_z": row["estimate"] / sd,
        "d_z_low": low / np.sqrt(n),
        "d_z_high": high / np.sqrt(n),
    }
    # By the ratio of standard deviations, not of d_av to d_z, which fails when both are 0.
    row["hedges_g_low"] = j * row["d_z_low"] * sd / sd_average
    row["hedges_g_high"] = j * row["d_z_high"] * sd / sd_average
    return row


def _undefined(row: Mapping[str, float], who: str) -> list[str]:
    """Say what could not be computed for an arm, and why."""
    n = row["n"]
    if n == 0:
        return [f"{who}: nobody has both scores, so there is no change to report."]
    if n == 1:
        return [f"{who}: one person has both scores; a test and an interval need two."]
    found = []
    if np.isnan(row["statistic"]):
        found.append(f"{who}: everyone changed by the same, so the test and d_z are undefined.")
    if np.isnan(row["d_av"]):
        found.append(f"{who}: all scores are equal at each wave, so d_av is undefined.")
    elif n == 2:
        found.append(f"{who}: Hedges' g needs three people with both scores.")
    return found


def _note(outcome: str, waves: tuple[object, object], level: float) -> str:
    return (
        f"Change in {outcome} from {listed([waves[0]])} to {listed([waves[1]])} within each arm, "
        f"among people with both scores: paired t test and {100 * level:g} % t interval on n - 1 "
        "degrees of freedom. d_z is the mean change over the standard deviation of changes, with "
        "an interval from the noncentral t (Cumming, 2012); d_av is the mean change over the root "
        "mean square of the two waves' standard deviations (Goulet-Pelletier & Cousineau, 2018); "
        "Hedges' g is d_av times the exact small-sample factor with n - 1 degrees of freedom "
        "(Hedges, 1981), with the approximate interval of Algina & Keselman (2003). A change "
        "within an arm includes what would have happened anyway."
    )
