"""Did the intervention's arm do better? The one comparison of arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.effect_sizes import hedges_j, standardised_difference
from cpeval.errors import (
    CpevalError,
    OptionError,
    TooFewError,
    listed,
    require_level,
    require_option,
)
from cpeval.numeric import ROWS_COUNT, rows_text
from cpeval.outcomes import comparison_words as words
from cpeval.outcomes.cluster_analyses import places_moments
from cpeval.outcomes.comparison import BESIDE, Comparison
from cpeval.outcomes.estimates import Estimate
from cpeval.outcomes.primary import by_people, by_units
from cpeval.outcomes.regression import INDEPENDENT
from cpeval.outcomes.sensitivity import Sensitivity, of_people, of_units
from cpeval.people.analysed import Analysed, analysed
from cpeval.people.columns import leverages
from cpeval.people.pairing import Flags
from cpeval.people.rows import require_study
from cpeval.people.units import units_of
from cpeval.people.variables import Variables
from cpeval.seeds import require_seed
from cpeval.sites.icc import icc
from cpeval.study import Study

#: Cluster-robust errors, and another name for them.
_CLUSTERED = ("CR1S", "cluster")


def compare(
    data: IntoDataFrame,
    outcome: str,
    study: Study,
    covariates: Variables | None = (),
    *,
    sensitivity: bool = True,
    vcov: str | None = None,
    level: float = 0.95,
    seed: int | np.random.Generator | None = 0,
) -> Comparison:
    r"""Compare the arms at follow-up, given the score at baseline: one answer, and how firm it is.

    People without the outcome at both waves, or without a covariate, are left out and counted.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave; a person, in a study without waves.
    outcome : str
        Column of scores, in the instrument's points; of 0 and 1 for a share. Missing is null or
        NaN.
    study : Study
        With an arm that has two values. Without a wave or a baseline, the arms are compared
        without a baseline score (give it as a covariate, where it is a column of its own). With
        a team or site, those count rather than people: see Notes.
    covariates : sequence of str, or mapping of str to "number" or "category"
        Columns, taken at baseline (at follow-up, without one); None is none. Numbers are taken
        as they are; text, true/false and categories as categories, against their first value in
        order; a mapping says otherwise, such as ``{"ethnicity": "category"}`` for codes.
    sensitivity : bool, default True
        Whether to add the other analyses. Without them it takes milliseconds.
    vcov : {"classical", "HC0", "HC1", "HC2", "HC3", "CR1S", "cluster"}, optional
        Errors of a regression over people as the primary analysis. By default HC3 without team
        and site, and no regression but the means of units with them. "CR1S" ("cluster"), for
        studies with a team or site, errs with few of them.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    seed : int, numpy.random.Generator or None, default 0
        For analyses that draw. The same seed gives the same answer.

    Returns
    -------
    Comparison
        ``table``, "primary" in the first row, then the sensitivity analyses: analysis, method,
        term (the arm's column), wave, group (the intervention), reference (the comparison),
        estimate (intervention minus comparison, in the outcome's points; a risk difference for an
        outcome of 0 and 1), se, statistic, df, p, ci_low, ci_high, n (people), n_intervention,
        n_comparison, hedges_g, hedges_g_low, hedges_g_high.

    Raises
    ------
    StudyError
        The study names no arm; or a wave and no follow-up.
    OptionError
        ``outcome``, ``vcov``, ``covariates`` or ``seed`` is not as above, or doesn't suit the
        study.
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
    **Without team and site** the primary analysis is least squares of the outcome at follow-up on
    the arm (1 the intervention), the outcome at baseline (unless it is the same for everyone,
    which a warning says) and the covariates, by statsmodels, with HC3 errors [1]_ and t on n - k
    degrees of freedom. Someone alone in a category is fitted exactly, says nothing of the arms,
    and is left out.

    **With a team or site** a unit is what got the arm: the site where each has one arm, else the
    team; where people of one place are in both arms, those of the place in one arm. Covariates'
    slopes come from within units, so that a difference between the arms doesn't enter them;
    units' means are adjusted by them, and each unit counts once [2]_.

    * With four or more sites that hold both arms: each site's own difference, averaged, every
      site counting once, one-sample t on sites less one degrees of freedom. It holds whatever
      the sites' variances are [3]_.
    * With two or three such sites: the same, unless each arm of each has three units or more;
      then Welch's t of the units' means within sites.
    * Without such sites: Welch's t of the means of each arm's units (or sites).

    Welch's degrees of freedom are bounded: :math:`1/df = (1 - w)/\nu + w/m`, m the least number
    of units of an arm less one and :math:`w = 2/(3m)`, between Welch's and the bound that holds
    whatever the variances [4]_. With one unit in an arm there is a difference and no p value.
    The choice hangs on the design, never on the outcome; docs/few-sites.md has the study behind
    it, and where it is conservative.

    **Sensitivity analyses**: without covariates; of change scores (where there is a baseline);
    and, with a team or site, least squares over people with CR2 errors, a mixed model with
    Kenward and Roger's degrees of freedom, the wild bootstrap, and a permutation of the arms (its
    se is the spread over arrangements; its p and interval don't use it). A wild bootstrap's p and
    interval are its own too; its se is that of the sample, df are clusters less one.

    hedges_g is the estimate over the pooled within-arm standard deviation of the outcome at
    baseline (at follow-up, without one) of those analysed, times Hedges' exact
    factor with n - 2 degrees of freedom; its interval is the estimate's on that scale.

    References
    ----------
    .. [1] MacKinnon & White (1985). Journal of Econometrics, 29(3), 305-325.
    .. [2] Donald & Lang (2007). Review of Economics and Statistics, 89(2), 221-233.
    .. [3] Ibragimov & Müller (2010). Journal of Business & Economic Statistics, 28(4), 453-468.
    .. [4] Ibragimov & Müller (2016). Review of Economics and Statistics, 98(1), 83-96.

    Examples
    --------
    >>> data = pd.DataFrame({"id": [1, 2, 3, 4, 5, 6], "arm": list("ttttcc"),
    ...                      "score": [5, 6, 7, 6, 3, 5]})
    >>> study = Study(person="id", arm="arm", intervention="t")
    >>> table = compare(data, "score", study, vcov="classical", sensitivity=False).table
    >>> table[["estimate", "df", "p"]].round(3).iloc[0].tolist()
    [2.0, 4.0, 0.082]
    """
    require_level(level)
    if vcov in ("CR0", "CR1", "CR2", "CR3"):
        raise OptionError(
            f"'vcov' {vcov!r} is no choice here. CR2 stands among the sensitivity analyses; for "
            "others take cp.sites.linear(moments, vcov=...)."
        )
    require_option("vcov", vcov, [None, *INDEPENDENT, *_CLUSTERED])
    require_option("sensitivity", sensitivity, (True, False))
    require_seed(seed)
    require_study(study)
    _require_errors_suit(vcov, study)
    used = analysed(data, outcome, study, covariates, "compare")
    units = units_of(used.arm, used.site, used.team)
    warnings, beside = list(used.warnings), Sensitivity()
    kind: str | None = vcov if vcov in INDEPENDENT else "HC3"
    correlation = None
    if units is None:
        _require_errors_exist(used, str(kind))
        primary = by_people(used, str(kind), level)
        if sensitivity:
            beside = of_people(used, str(kind), level)
    else:
        kind = "CR1S" if vcov in _CLUSTERED else None
        primary = (
            by_units(used, units, level)
            if kind is None
            else by_people(used, kind, level, clusters=used.unit)
        )
        warnings += words.of_clusters(used, units, primary, regression=kind is not None)
        warnings += primary.warnings
        moments = places_moments(used, units, outcome)
        try:
            correlation = icc(moments, level=level)
        except CpevalError as problem:
            # With one unit in an arm that has been said already.
            if min(units.per_arm) > 1:
                warnings.append(f"{BESIDE} the intraclass correlation is missing. {problem}")
        if sensitivity:
            beside = of_units(
                used,
                units,
                moments,
                level,
                seed,
                regression=kind,
                comparison=primary.comparison,
            )
            warnings += words.of_sensitivity(beside, primary.row, units, level)
    if np.isnan(primary.row.se) and (units is None or min(units.per_arm) > 1):
        warnings.append(words.without_error(units))
    scale = _pooled_sd(used)
    used_at = study.follow_up if study.baseline is None else study.baseline
    if np.isnan(scale):
        at = "" if study.wave is None else f" at {used_at!r}"
        warnings.append(f"The outcome doesn't vary within the arms{at}: Hedges' g is undefined.")
    balance = _balance(used)
    return Comparison(
        table=pd.DataFrame(
            [
                _row(primary.row, used, primary.used, study, scale),
                *(_row(one, used, None, study, scale) for one in beside.rows),
            ]
        ),
        note=words.note(
            outcome,
            study,
            used,
            primary.row,
            level,
            units=units,
            binary=used.zero_or_one,
            balance=balance,
        ),
        warnings=tuple(warnings),
        outcome=outcome,
        primary=primary.row.method,
        coefficients=primary.coefficients,
        n_excluded=used.n_excluded,
        vcov_kind=kind,
        n_clusters=used.n_clusters if primary.n_units is None else primary.n_units,
        units=primary.units,
        differences=primary.differences,
        balance=balance,
        icc=correlation,
        heterogeneity=beside.heterogeneity,
        leave_one_out=beside.leave_one_out,
        odds=beside.odds,
    )


def _balance(used: Analysed) -> pd.DataFrame:
    """Compare the baseline score and the covariates of those analysed between the arms."""
    rows = []
    for term, x in zip(used.design.terms[2:], used.design.x[:, 2:].T, strict=True):
        means = np.array([x[used.arm == code].mean() for code in (0, 1)])
        # About the first value: a year squared would lose its spread.
        variances = np.array([(x[used.arm == code] - x[0]).var(ddof=1) for code in (0, 1)])
        if term in used.design.levels:
            variances = means * (1 - means)
        rows.append((term, means[0], means[1], standardised_difference(means, variances)))
    return pd.DataFrame(rows, columns=["term", "comparison", "intervention", "smd"])


def _require_errors_suit(vcov: str | None, study: Study) -> None:
    """Raise `OptionError` if the errors don't suit the design."""
    places = [column for column in (study.site, study.team) if column is not None]
    if places and vcov in INDEPENDENT:
        raise OptionError(
            f"'vcov' {vcov!r} takes people as independent, and the study has {listed(places)}. "
            "Leave it out, or use a study without site and team."
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


def _row(
    one: Estimate, used: Analysed, people: Flags | None, study: Study, scale: float
) -> dict[str, object]:
    """Put an estimate and its standardised form into a row of the table.

    ``people`` are those whose units say something of the difference; None is everyone.
    """
    g = hedges_j(used.arm.size - 2) / scale
    arm = used.arm if people is None else used.arm[people]
    return {
        "analysis": one.analysis,
        "method": one.method,
        "term": study.arm,
        "wave": study.follow_up,
        "group": used.groups[1],
        "reference": used.groups[0],
        **one.numbers,
        "n": arm.size,
        "n_intervention": int(arm.sum()),
        "n_comparison": int(arm.size - arm.sum()),
        "hedges_g": g * one.estimate,
        "hedges_g_low": g * one.ci_low,
        "hedges_g_high": g * one.ci_high,
    }
