"""Did the intervention's arm do better? The one comparison of arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.effect_sizes import hedges_j
from cpeval.errors import OptionError, TooFewError, listed, require_level, require_option
from cpeval.numeric import ROWS_COUNT, rows_text
from cpeval.outcomes.regression import INDEPENDENT, Fit, least_squares
from cpeval.people.analysed import Analysed, analysed
from cpeval.people.columns import leverages
from cpeval.people.rows import require_study
from cpeval.people.variables import Variables
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

#: Cluster-robust errors, and another name for them.
_CLUSTERED = ("CR1S", "cluster")

#: Below this many clusters, CR1S errors are known to be too small (Cameron & Miller, 2015).
_FEW_CLUSTERS = 40


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison(Result):
    """A `Result` with the whole regression behind it.

    Attributes
    ----------
    outcome : str
        The column.
    coefficients : pandas.DataFrame
        term, estimate, se, statistic, df, p, ci_low, ci_high of every term.
    n_excluded : int
        People seen at either wave who were not analysed.
    vcov_kind : str
        "classical", "HC0" to "HC3", or "CR1S".
    n_clusters : int or None
        None where people count as independent.
    """

    outcome: str
    coefficients: pd.DataFrame
    n_excluded: int
    vcov_kind: str
    n_clusters: int | None

    def plot(self, ax: Axes | None = None, *, group_labels: Labels | None = None) -> Axes:
        """Draw the difference between the arms with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        group_labels : mapping, optional
            Arm (or its text) to what to show.
        """
        from cpeval.plots.intervals import contrasts

        return contrasts(
            self.table,
            ax=ax,
            labels=group_labels,
            xlabel=f"Difference in {self.outcome}",
        )


def compare(
    data: IntoDataFrame,
    outcome: str,
    study: Study,
    *,
    covariates: Variables | None = (),
    vcov: str = "HC3",
    level: float = 0.95,
) -> Comparison:
    r"""Compare the arms at follow-up, given the score at baseline (analysis of covariance).

    People without the outcome at both waves, or without a covariate, are left out and counted.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave; a person, in a study without waves.
    outcome : str
        Column of scores, in the instrument's points. Missing is null or NaN.
    study : Study
        With an arm that has two values. Without a wave or a baseline, the arms are compared
        without a baseline score (give it as a covariate, where it is a column of its own). With
        a team or site, errors are cluster-robust.
    covariates : sequence of str, or mapping of str to "number" or "category"
        Columns, taken at baseline (at follow-up, without one); None is none. Numbers are taken
        as they are; text, true/false and categories as categories, against their first value in
        order; a mapping says otherwise, such as ``{"ethnicity": "category"}`` for codes.
    vcov : {"classical", "HC0", "HC1", "HC2", "HC3", "CR1S", "cluster"}, default "HC3"
        The errors. In a study with a team or site, the default stands for "CR1S" (also called
        "cluster"), and the others, which take people as independent, are refused.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Comparison
        ``table``, one row: analysis ("primary"), term (the arm's column), wave, group (the
        intervention), reference (the comparison), estimate (intervention minus comparison, in
        the outcome's points), se, statistic, df, p, ci_low, ci_high (t interval), n (people),
        n_intervention, n_comparison, hedges_g, hedges_g_low, hedges_g_high.

    Raises
    ------
    StudyError
        The study names no arm; or a wave and no follow-up.
    OptionError
        ``outcome``, ``vcov`` or ``covariates`` is not as above, or doesn't suit the study.
    ColumnError
        Columns absent, not numeric, numbers stored as text, or covariates that are constant or
        follow from each other.
    ArmError
        Not two arms; the intervention is not in the data; people in several arms.
    DataError, DuplicateError, WaveError
        Infinite values, or such as can't be squared; rows without a person; a person twice at a
        wave; a wave absent.
    TooFewError
        The outcome is the same for everyone, fewer than two people in an arm, no more people
        than terms, or someone whom the model fits exactly where the errors can't bear that.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    Least squares of the outcome at follow-up on the arm (1 the intervention), the outcome at
    baseline (unless it is the same for everyone, which a warning says) and the covariates, by
    statsmodels, with t inference. Without clusters the default
    is HC3 [1]_ on n - k degrees of freedom. With them, the sandwich over clusters times
    G / (G - 1) x (n - 1) / (n - k) on G - 1 degrees of freedom; it is too small with few
    clusters [2]_, and ``warnings`` then says so. Clusters are those that got the arm: teams
    (within sites) where a site has both arms, else sites; teams also where people in one team
    differ in arm. Someone alone in a category is fitted exactly, says nothing of the arms, and
    is left out.

    hedges_g is the estimate over the pooled within-arm standard deviation of the outcome at
    baseline (at follow-up, without one) of those analysed, times Hedges' exact
    factor with n - 2 degrees of freedom; its interval is the estimate's on that scale.

    References
    ----------
    .. [1] MacKinnon & White (1985). Journal of Econometrics, 29(3), 305-325.
    .. [2] Cameron & Miller (2015). Journal of Human Resources, 50(2), 317-372.

    Examples
    --------
    >>> data = pd.DataFrame({"id": [1, 2, 3, 4, 5, 6], "arm": list("ttttcc"),
    ...                      "score": [5, 6, 7, 6, 3, 5]})
    >>> study = Study(person="id", arm="arm", intervention="t")
    >>> table = compare(data, "score", study, vcov="classical").table
    >>> table[["estimate", "df", "p"]].round(3).iloc[0].tolist()
    [2.0, 4.0, 0.082]
    """
    require_level(level)
    require_option("vcov", vcov, [*INDEPENDENT, *_CLUSTERED])
    require_study(study)
    _require_errors_suit(vcov, study)
    used = analysed(data, outcome, study, covariates, "compare")
    # In a study with clusters HC3 stands for CR1S; with a single cluster it is the reverse.
    kind = "CR1S" if used.unit is not None else vcov if vcov in INDEPENDENT else "HC3"
    _require_errors_exist(used, kind)
    fit = least_squares(used.after, used.design.x, vcov=kind, level=level, clusters=used.unit)
    warnings = list(used.warnings)
    if used.arm_by_cluster and min(used.clusters_per_arm) < 2:
        fit = fit.without_errors()
        warnings.append(_one_cluster(used))
    elif used.n_clusters is not None and used.n_clusters < _FEW_CLUSTERS:
        warnings.append(_few_clusters(used))
    if np.isnan(fit.se[1]) and not used.arm_by_cluster:
        warnings.append("The model fits the outcome exactly: errors and tests are undefined.")
    scale = _pooled_sd(used)
    used_at = study.follow_up if study.baseline is None else study.baseline
    if np.isnan(scale):
        at = "" if study.wave is None else f" at {used_at!r}"
        warnings.append(f"The outcome doesn't vary within the arms{at}: Hedges' g is undefined.")
    return Comparison(
        table=pd.DataFrame([_row(fit, used, study, scale)]),
        note=_note(outcome, study, used, kind, fit.df, level),
        warnings=tuple(warnings),
        outcome=outcome,
        coefficients=_coefficients(fit, used.design.terms),
        n_excluded=used.n_excluded,
        vcov_kind=kind,
        n_clusters=used.n_clusters,
    )


def _require_errors_suit(vcov: str, study: Study) -> None:
    """Raise `OptionError` if the errors don't suit the design."""
    places = [column for column in (study.site, study.team) if column is not None]
    if places and vcov in INDEPENDENT and vcov != "HC3":
        raise OptionError(
            f"'vcov' {vcov!r} takes people as independent, and the study has {listed(places)}. "
            "Use 'CR1S', or a study without site and team."
        )
    if not places and vcov in _CLUSTERED:
        raise OptionError(
            f"'vcov' {vcov!r} needs clusters, and the study names neither site nor team."
        )


def _require_errors_exist(used: Analysed, kind: str) -> None:
    """Raise `TooFewError` if HC2 or HC3 would divide by zero."""
    if kind not in ("HC2", "HC3"):
        return
    exact = used.rows[leverages(used.design.x) > 1 - 1e-9]
    if exact.size:
        raise TooFewError(
            f"The model fits people exactly, so {kind} errors can't be computed: "
            f"{rows_text(np.sort(exact))}. A covariate singles them out; leave it out, or use "
            f"vcov='HC1'. {ROWS_COUNT}"
        )


def _pooled_sd(used: Analysed) -> float:
    """Return the pooled within-arm standard deviation at baseline; NaN without spread."""
    scores_by_arm = [used.before[used.arm == code] for code in (0, 1)]
    squares = [
        ((rest - rest.mean()) ** 2).sum()
        for rest in (scores - scores[0] for scores in scores_by_arm)
    ]
    sd = float(np.sqrt(sum(squares) / (used.arm.size - 2)))
    return sd if sd > 4 * np.finfo(float).eps * np.abs(used.before).max() else float("nan")


def _row(fit: Fit, used: Analysed, study: Study, scale: float) -> dict[str, object]:
    """Put the arm's coefficient and its standardised form into a row of the table."""
    n = used.arm.size
    g = hedges_j(n - 2) / scale
    return {
        "analysis": "primary",
        "term": study.arm,
        "wave": study.follow_up,
        "group": used.groups[1],
        "reference": used.groups[0],
        "estimate": fit.estimate[1],
        "se": fit.se[1],
        "statistic": fit.statistic[1],
        "df": fit.df,
        "p": fit.p[1],
        "ci_low": fit.ci_low[1],
        "ci_high": fit.ci_high[1],
        "n": n,
        "n_intervention": int(used.arm.sum()),
        "n_comparison": int(n - used.arm.sum()),
        "hedges_g": g * fit.estimate[1],
        "hedges_g_low": g * fit.ci_low[1],
        "hedges_g_high": g * fit.ci_high[1],
    }


def _coefficients(fit: Fit, terms: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "term": terms,
            "estimate": fit.estimate,
            "se": fit.se,
            "statistic": fit.statistic,
            "df": fit.df,
            "p": fit.p,
            "ci_low": fit.ci_low,
            "ci_high": fit.ci_high,
        }
    )


def _few_clusters(used: Analysed) -> str:
    assert used.clusters is not None
    comparison, intervention = used.clusters_per_arm
    return (
        "These errors are too small with few clusters, so the interval is too narrow and p too "
        f"low; G = {used.n_clusters} {used.clusters.role}s "
        f"({intervention} with the intervention, {comparison} with the comparison)."
    )


def _one_cluster(used: Analysed) -> str:
    assert used.clusters is not None
    return (
        f"An arm has only one {used.clusters.role}, so the arms can't be told from the "
        f"{used.clusters.role}s: the difference stands without error, test or interval."
    )


def _note(outcome: str, study: Study, used: Analysed, kind: str, df: int, level: float) -> str:
    """Say what was done, and what it may be read as."""
    comparison, intervention = used.groups
    at = "" if study.wave is None else f" at {study.follow_up}"
    errors = {
        "classical": "errors that take the spread as equal everywhere",
        "CR1S": "errors robust to clusters (CR1S)",
        "HC3": "HC3 errors (MacKinnon & White, 1985)",
    }.get(kind, f"{kind} errors")
    if used.unit is not None and used.clusters is not None:
        errors += f" by {used.clusters.role}, {used.n_clusters} of them"
    where = "" if study.wave is None else " at the same wave"
    where = " at baseline" if study.baseline is not None else where
    return (
        f"Mean {outcome}{at} of {study.arm} {intervention} minus {comparison}"
        + (f", adjusted for {', '.join(used.adjusted)}" if used.adjusted else "")
        + f": least squares, {errors}, {100 * level:g} % t interval on {df} degrees of freedom. "
        f"Hedges' g is the difference over the pooled standard deviation within arms{where}, "
        "times the exact small-sample factor with n - 2 degrees of freedom; its interval is the "
        f"difference's on that scale. {_reading(study, used)}"
    )


def _reading(study: Study, used: Analysed) -> str:
    """Say whether the difference is an effect."""
    if study.randomised is not True:
        return (
            "The study doesn't say that chance put people into the arms: other differences "
            "between them may lie behind this one."
        )
    who = f"{used.clusters.role}s" if used.arm_by_cluster and used.clusters else "people"
    return (
        f"Chance put {who} into the arms, so the difference estimates the effect of being "
        "offered the intervention, unless those left out differ between the arms."
    )
