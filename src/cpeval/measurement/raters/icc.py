"""Intraclass correlations: how far ratings on a scale of numbers agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import TooFewError, listed, require_level
from cpeval.measurement.raters.crossed_moments import CrossedMoments, crossed_moments
from cpeval.measurement.raters.crossed_reml import Components
from cpeval.measurement.raters.generalised_interval import MeanSquares, generalised_interval
from cpeval.measurement.raters.icc_forms import ROUNDING, implied, of_moments, stepped_up
from cpeval.measurement.raters.ratings import rating_data
from cpeval.numeric import numbers
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

Floats = NDArray[np.float64]

_FEW_SUBJECTS = 50

#: Shrout & Fleiss' interval of ICC2 is called too narrow below this share of the other's width.
_NARROW = 0.8

#: Only when raters differ at least so much: their mean square over that of error.
_DIFFER = 10.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class IntraclassCorrelation(Result):
    """A `Result` that also has the variances behind it.

    Attributes
    ----------
    generalised : pandas.DataFrame
        coefficient (ICC2, ICC2k), estimate, ci_low, ci_high: an interval that also holds with few
        raters who differ, where the table's, Shrout & Fleiss', is too narrow.
    components : pandas.DataFrame
        term (subjects, raters, error) and estimate, the variance in squared points.
    sem : float
        Standard error of measurement in points, for absolute agreement: the root of the variances
        of raters (if above 0) and error.
    n_unrated : int
        Subjects that nobody rated, left out.
    n_rated_once : int
        Subjects that one rater rated.
    n_missing : int
        Ratings that are missing among the subjects used.
    """

    generalised: pd.DataFrame
    components: pd.DataFrame
    sem: float
    n_unrated: int
    n_rated_once: int
    n_missing: int

    def plot(self, ax: Axes | None = None, *, labels: Labels | None = None) -> Axes:
        """Draw each form with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Coefficient to what to show.
        """
        from cpeval.plots.intervals import intervals

        return intervals(
            self.table,
            ax=ax,
            label="coefficient",
            labels=labels,
            xlabel="Intraclass correlation",
        )


def icc(
    ratings: IntoDataFrame,
    *,
    level: float = 0.95,
    subject: str | None = None,
    rater: str | None = None,
    rating: str | None = None,
) -> IntraclassCorrelation:
    r"""Give the six intraclass correlations of Shrout & Fleiss, with gaps allowed.

    Parameters
    ----------
    ratings : eager dataframe, shape (n_subjects, n_raters)
        A row a subject, a column a rater and nothing else, numbers on one scale. Or a row a rating,
        when ``subject``, ``rater`` and ``rating`` are named. Gaps are allowed; a subject without
        any rating is left out. Both are counted.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    subject, rater, rating : str, optional
        Columns of long data: all three or none.

    Returns
    -------
    IntraclassCorrelation
        ``table``, a row a form: coefficient (ICC1, ICC2, ICC3, ICC1k, ICC2k, ICC3k), kind (what it
        means), estimate (at most 1), statistic (F that subjects don't differ), df1, df2, p,
        ci_low, ci_high, n (subjects), raters. k is the number of raters.

    Raises
    ------
    OptionError
        ``ratings`` is not an eager dataframe; one or two of ``subject``, ``rater``, ``rating``.
    ColumnError, DataError, DuplicateError
        Not numbers; infinite values; a subject rated twice by one rater.
    TooFewError
        Fewer than two raters, a rater without ratings, fewer than two subjects rated twice, or
        ratings that are all equal.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    Without gaps, estimates, F and intervals are Shrout & Fleiss' [1]_, from mean squares; an
    estimate can then be below 0. Their interval of ICC2 is approximate (Satterthwaite), the others
    are exact for normal ratings; that of ICC2k is ICC2's stepped up. With few raters whose levels
    differ and many subjects ICC2's holds the truth in as few as two of three samples; then
    ``warnings`` says so and ``generalised`` has one that holds [3]_.

    With gaps, variances are REML's, so not below 0: with subjects and error for ICC1, also raters
    at random for ICC2, raters as fixed effects for ICC3. The F tests and the intervals of ICC1 and
    ICC3 remain exact: Wald's pivot for a ratio of variances [2]_. ICC2's interval is Shrout &
    Fleiss' with the mean squares that REML's variances imply: with N ratings, k becomes
    (N - r) / (n - 1), n becomes (N - n) / (r - 1), and error has N - n - r + 1 degrees of freedom.
    Gaps must not depend on what the missing rating would have been.

    References
    ----------
    .. [1] Shrout & Fleiss (1979). Psychological Bulletin, 86(2), 420-428.
    .. [2] Harville & Fenech (1985). Biometrics, 41(1), 137-152.
    .. [3] Ionan, Polley, McShane & Dobbin (2014). BMC Medical Research Methodology, 14, 121.

    Examples
    --------
    >>> ratings = pd.DataFrame(
    ...     {"J1": [9, 6, 8, 7, 10, 6], "J2": [2, 1, 4, 1, 5, 2],
    ...      "J3": [5, 3, 6, 2, 6, 4], "J4": [8, 2, 8, 6, 9, 7]}
    ... )
    >>> icc(ratings).table.estimate.round(2).tolist()
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    require_level(level)
    data = rating_data(
        ratings, subject=subject, rater=rater, rating=rating, what="The intraclass correlation"
    )
    values = data.spread(numbers(data.table, list(data.table.columns)), gap=np.nan)
    there = ~np.isnan(values)
    times = there.sum(axis=1)
    used = values[times > 0]
    if (times >= 2).sum() < 2:
        raise TooFewError(
            "The intraclass correlation needs two subjects that two raters rated. There are "
            f"{(times >= 2).sum()}, among {len(values)} subjects by {listed(data.raters)}."
        )
    moments = crossed_moments(used)
    if moments.total[-1, -1] <= moments.n_ratings * (ROUNDING * moments.mean) ** 2:
        raise TooFewError(
            f"All ratings are equal ({listed([moments.mean])}): there is nothing to correlate."
        )
    complete = bool(there[times > 0].all())
    rows, found = of_moments(moments, level, complete=complete)
    table = pd.DataFrame(rows)
    table["n"] = moments.n
    table["raters"] = moments.r
    estimates = dict(zip(table["coefficient"], table["estimate"], strict=True))
    generalised = _generalised(found, moments, level, estimates)
    once = int((times == 1).sum())
    missing = int((~there[times > 0]).sum())
    return IntraclassCorrelation(
        table=table,
        note=_note(moments, level, complete=complete),
        warnings=(
            *_worries(table, found, moments, len(values), once, missing, level),
            *_too_narrow(table, generalised, implied(found, moments)),
        ),
        generalised=generalised,
        components=pd.DataFrame(
            {
                "term": ["subjects", "raters", "error"],
                "estimate": [found.subjects, found.raters, found.error],
            }
        ),
        sem=float(np.sqrt(max(found.raters, 0.0) + found.error)),
        n_unrated=len(values) - len(used),
        n_rated_once=once,
        n_missing=missing,
    )


def _generalised(
    found: Components, moments: CrossedMoments, level: float, estimates: dict[str, float]
) -> pd.DataFrame:
    squares = implied(found, moments)
    ends = (np.nan, np.nan) if squares is None else generalised_interval(squares, level)
    rows = [
        {
            "coefficient": name,
            "estimate": estimates[name],
            "ci_low": stepped_up(ends[0], raters),
            "ci_high": stepped_up(ends[1], raters),
        }
        for name, raters in (("ICC2", 1), ("ICC2k", moments.r))
    ]
    return pd.DataFrame(rows)


def _note(moments: CrossedMoments, level: float, *, complete: bool) -> str:
    how = (
        "from mean squares (Shrout & Fleiss, 1979)"
        if complete
        else "with gaps, variances by REML; intervals of ICC1 and ICC3 exact (Harville & Fenech, "
        "1985), of ICC2 those of Shrout & Fleiss (1979) with the mean squares that the variances "
        "imply"
    )
    return (
        f"Intraclass correlations of {moments.n_ratings} ratings of {moments.n} subjects by "
        f"{moments.r} raters, with {100 * level:g} % intervals for normal ratings: {how}."
    )


def _worries(
    table: pd.DataFrame,
    found: Components,
    moments: CrossedMoments,
    n_rows: int,
    once: int,
    missing: int,
    level: float,
) -> list[str]:
    said = []
    if n_rows > moments.n:
        said.append(f"{n_rows - moments.n} subjects that nobody rated were left out.")
    if missing:
        said.append(
            f"{missing} of {moments.n * moments.r} ratings are missing: results hold if that "
            "doesn't depend on what they would have been."
        )
    if once:
        said.append(f"{once} subjects were rated once and say nothing about agreement.")
    if moments.parts > 1:
        said.append(
            f"Subjects and raters fall into {moments.parts} groups without a rating between them: "
            "raters of different groups can't be compared."
        )
    if np.isnan(found.error):
        said.append("Too few ratings to tell raters from error: ICC2 and ICC3 are undefined.")
    elif found.error <= ROUNDING * moments.total[-1, -1]:
        said.append(
            "Raters agree fully or differ by constants, so there is no error: intervals of ICC3, "
            "and of ICC1 if they agree, are points."
        )
    elif found.subjects <= 0:
        said.append("Subjects differ no more than error explains.")
    if moments.n < _FEW_SUBJECTS:
        two = table.set_index("coefficient").loc["ICC2"]
        span = (
            f"the {100 * level:g} % interval of ICC2 runs from {two['ci_low']:.2f} to "
            f"{two['ci_high']:.2f}"
            if np.isfinite(two["ci_low"])
            else "correlations are imprecise"
        )
        said.append(f"Only {moments.n} subjects: {span}.")
    return said


def _too_narrow(
    table: pd.DataFrame, generalised: pd.DataFrame, squares: MeanSquares | None
) -> list[str]:
    """Say so when raters are few and differ, so that the table's interval of ICC2 fails."""
    if squares is None or squares.raters < _DIFFER * squares.error:
        return []
    ours = generalised.iloc[0]
    theirs = table.set_index("coefficient").loc["ICC2"]
    if not theirs["ci_high"] - theirs["ci_low"] < _NARROW * (ours["ci_high"] - ours["ci_low"]):
        return []
    return [
        "Raters are few and differ, so the interval of ICC2 in the table can be much too narrow; "
        f"the generalised interval runs from {ours['ci_low']:.2f} to {ours['ci_high']:.2f} (see "
        ".generalised)."
    ]
