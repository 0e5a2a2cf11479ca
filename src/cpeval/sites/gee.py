"""Binary and count outcomes over sites: generalised estimating equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import (
    ColumnError,
    DataError,
    OptionError,
    TooFewError,
    listed,
    require_level,
    require_option,
)
from cpeval.moments.formula import Formula, parse
from cpeval.moments.from_data import require_one_wave
from cpeval.moments.model_matrix import ModelMatrix, model_matrix
from cpeval.numeric import ROWS_COUNT, eager, rows_text
from cpeval.people.clusters import arm_varies
from cpeval.people.columns import redundant
from cpeval.result import Result
from cpeval.sites.gee_estimates import Codes, Equations, Floats, at_the_bound, solve
from cpeval.sites.inference import tidy
from cpeval.study import Study

#: What each family's exponentiated coefficients are.
FAMILIES = {"binomial": "odds ratio", "poisson": "rate ratio", "gaussian": "difference"}

CORRELATIONS = ("exchangeable", "independence")

#: Below this many clusters even corrected errors of GEE are not to be relied upon.
_FEW_CLUSTERS = 40


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EstimatingEquations(Result):
    """A `Result` with what belongs to the equations.

    Attributes
    ----------
    vcov : pandas.DataFrame, shape (p, p)
        Covariance of the estimates.
    family, corr : str
        As asked for.
    correlation : float
        Between two people of a cluster, as estimated; 0 under independence.
    cluster : str
        "site" or "team".
    n, n_clusters, n_dropped : int
        Rows used, clusters, rows left out for a missing value.
    dropped_terms : tuple of str
        Terms that were constant or followed from others.
    """

    vcov: pd.DataFrame
    family: str
    corr: str
    correlation: float
    cluster: str
    n: int
    n_clusters: int
    n_dropped: int
    dropped_terms: tuple[str, ...]


def gee(
    data: IntoDataFrame,
    formula: str,
    *,
    family: str = "binomial",
    study: Study | None = None,
    site: str | None = None,
    team: str | None = None,
    cluster: str | None = None,
    corr: str = "exchangeable",
    exposure: str | None = None,
    small_sample: str = "bias_reduced",
    df: str = "G-p",
    level: float = 0.95,
) -> EstimatingEquations:
    r"""Fit odds, rates or means over sites, with errors that allow for clusters.

    Parameters
    ----------
    data : eager dataframe
        One row a person. Rows with a missing value are left out and counted.
    formula : str
        Such as ``"recovered ~ arm + age + C(sex)"``.
    family : {"binomial", "poisson", "gaussian"}
        Outcomes of 0 and 1 (odds ratios), counts (rate ratios), or scores (differences).
    study : Study, optional
        Names site and team; its arm has the comparison as reference.
    site, team : str, optional
        The columns, without a study or to override it.
    cluster : {"site", "team"}, optional
        Who belongs together. By default what got the study's arm: the team where there are teams
        and a site has both arms; else the site.
    corr : {"exchangeable", "independence"}
        How people of a cluster go together; the errors hold either way.
    exposure : str, optional
        For counts: the column of time at risk, above 0.
    small_sample : {"bias_reduced", "none"}
        Errors of Mancl & DeRouen, or the plain sandwich, which is too small with few clusters.
    df : {"G-p", "normal"}
        t inference on clusters minus terms, or normal inference.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    EstimatingEquations
        ``table``, a row a term: term, estimate (log odds, log rates, or differences), se, df,
        statistic, p, ci_low, ci_high, ratio, ratio_low, ratio_high (NaN for scores).

    Raises
    ------
    OptionError
        An option isn't known or doesn't fit; no site is named; the formula can't be read.
    ColumnError, DataError
        Columns absent, or not of the kind that is needed; outcomes that the family can't have,
        infinite values.
    TooFewError
        One cluster; no more clusters than terms, where df are "G-p"; an outcome that doesn't
        vary, or that terms predict with certainty; a term that hangs on one cluster.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    Coefficients are those of statsmodels [1]_. With D the derivatives of a cluster's means, V their
    working covariance, r its residuals and :math:`M = \sum D'V^{-1}D`, the bias-reduced
    errors [2]_ are :math:`M^{-1} \sum D'V^{-1}(I-H)^{-1} r r' (I-H')^{-1}V^{-1}D M^{-1}` with
    :math:`H = D M^{-1} D' V^{-1}`. Odds ratios from GEE are of the average over clusters, and are
    not risk ratios.

    References
    ----------
    .. [1] Liang & Zeger (1986). Biometrika, 73(1), 13-22.
    .. [2] Mancl & DeRouen (2001). Biometrics, 57(1), 126-134.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AABBCCDD"), "new": [0, 0, 0, 0, 1, 1, 1, 1],
    ...                      "well": [0, 1, 0, 0, 1, 0, 1, 1]})
    >>> found = gee(data, "well ~ new", site="trust", corr="independence")
    >>> found.table[["term", "estimate", "se", "df", "ratio"]].round(3)
            term  estimate     se  df  ratio
    0  Intercept    -1.099  1.886   2  0.333
    1        new     2.197  2.667   2  9.000
    """
    require_option("family", family, list(FAMILIES))
    require_option("corr", corr, CORRELATIONS)
    require_option("small_sample", small_sample, ("bias_reduced", "none"))
    require_option("df", df, ("G-p", "normal"))
    require_option("cluster", cluster, (None, "site", "team"))
    require_level(level)
    site, team = _places(study, site, team, cluster)
    if exposure is not None and family != "poisson":
        raise OptionError("'exposure' is for counts: family='poisson'.")
    parsed = parse(formula)
    arm = None if study is None or team is None or cluster is not None else study.arm
    require_one_wave(eager(data), study, parsed.columns)
    labels = tuple(dict.fromkeys(name for name in (site, team, arm) if name is not None))
    extra = (exposure,) if exposure is not None else ()
    matrix, more = model_matrix(
        data, parsed, label_columns=labels, number_columns=extra, study=study
    )
    _require_outcomes(matrix, parsed, family)
    offset = None if exposure is None else _offset(more[exposure], exposure, matrix)
    role, code = _clusters(matrix, site, team, arm, cluster)
    n_clusters = int(code.max()) + 1
    if n_clusters < 2:
        raise TooFewError(
            f"All rows are in one {role}: errors that allow for clusters need two at least."
        )
    x, terms, faults = _without_redundant(matrix, parsed)
    if df == "G-p" and n_clusters <= len(terms):
        raise TooFewError(
            f"{n_clusters} {role}s for {len(terms)} terms ({', '.join(terms)}) leave no degrees of "
            "freedom. Use fewer terms."
        )
    found = solve(
        matrix.y,
        x,
        code,
        family=family,
        corr=corr,
        bias_reduced=small_sample == "bias_reduced",
        offset=offset,
    )
    _require_solution(found, matrix, family, parsed, role, code)
    freedom = float(n_clusters - len(terms)) if df == "G-p" else np.inf
    table = tidy(
        terms, found.estimate, np.sqrt(np.diag(found.vcov)), np.full(len(terms), freedom), level
    )
    if np.isfinite(freedom):
        table["df"] = table["df"].astype(int)
    for name, column in (("", "estimate"), ("_low", "ci_low"), ("_high", "ci_high")):
        with np.errstate(over="ignore"):
            table[f"ratio{name}"] = np.nan if family == "gaussian" else np.exp(table[column])
    return EstimatingEquations(
        table=table,
        note=_note(formula, family, corr, found, small_sample, freedom, n_clusters, role, study),
        warnings=tuple(_worries(family, n_clusters, role, faults, matrix.n_dropped, found)),
        vcov=pd.DataFrame(found.vcov, index=list(terms), columns=list(terms)),
        family=family,
        corr=corr,
        correlation=found.correlation,
        cluster=role,
        n=matrix.y.size,
        n_clusters=n_clusters,
        n_dropped=matrix.n_dropped,
        dropped_terms=tuple(faults),
    )


def _places(
    study: Study | None, site: str | None, team: str | None, cluster: str | None
) -> tuple[str, str | None]:
    """Return the columns of site and team; a study without sites has its teams for sites."""
    if study is not None and not isinstance(study, Study):
        raise OptionError(f"'study' must be a cpeval.Study. Got {type(study).__name__}.")
    if study is not None and site in (None, study.site):
        site, team = study.site, study.team if team is None else team
    if site is None and team is None:
        raise OptionError("Say which column has the sites: site=, or a study that names it.")
    if cluster == "team" and team is None:
        raise OptionError("cluster='team' needs teams: team=, or a study that names them.")
    if site is None or site == team:
        assert team is not None
        return team, None
    return site, team


def _clusters(
    matrix: ModelMatrix, site: str, team: str | None, arm: str | None, cluster: str | None
) -> tuple[str, Codes]:
    """Return "site" or "team", and each row's cluster, from 0 without gaps."""
    sites = matrix.labels[site][0]
    if team is None:
        return "site" if cluster != "team" else "team", np.unique(sites, return_inverse=True)[1]
    if cluster is None:
        # Without an arm the site: the wider cluster errs on the careful side.
        both = arm is not None and arm_varies(matrix.labels[arm][0], sites)
        cluster = "team" if both else "site"
    if cluster == "site":
        return cluster, np.unique(sites, return_inverse=True)[1]
    teams, labels = matrix.labels[team]
    return cluster, np.unique(sites * len(labels) + teams, return_inverse=True)[1]


def _require_outcomes(matrix: ModelMatrix, formula: Formula, family: str) -> None:
    """Raise for outcomes that the family can't have, or that don't vary."""
    y, name = matrix.y, formula.outcome.text
    if family == "binomial":
        wrong, should = ~np.isin(y, (0, 1)), "0 or 1"
    elif family == "poisson":
        wrong, should = (y < 0) | (y != np.round(y)), "a whole number, 0 or above"
    else:
        wrong, should = np.zeros(y.size, dtype=bool), ""
    if wrong.any():
        raise DataError(
            f"The outcome {name!r} should be {should} (family {family!r}): "
            f"{listed(np.unique(y[wrong]), most=10)} in {rows_text(matrix.rows[wrong])}. "
            f"{ROWS_COUNT}"
        )
    if np.ptp(y) <= 4 * np.finfo(float).eps * np.abs(y).max():
        raise TooFewError(
            f"The outcome {name!r} is {listed([y[0]])} in all {y.size} complete rows, so there is "
            "nothing to compare."
        )


def _offset(time: Floats, name: str, matrix: ModelMatrix) -> Floats:
    if (time <= 0).any():
        wrong = matrix.rows[time <= 0]
        raise DataError(
            f"{name!r} should be above 0, to be time at risk: {rows_text(wrong)}. Rows without any "
            f"time can't be counted: make them missing. {ROWS_COUNT}"
        )
    return np.asarray(np.log(time))


def _without_redundant(
    matrix: ModelMatrix, formula: Formula
) -> tuple[Floats, tuple[str, ...], dict[str, str]]:
    """Leave out terms that are constant or follow from earlier ones."""
    x, terms = matrix.x, matrix.terms
    if not formula.intercept:
        # `redundant` takes the first column as the constant; without one, rank decides alone.
        if np.linalg.matrix_rank(x / np.abs(x).max(axis=0)) < len(terms):
            raise ColumnError(
                f"The terms {listed(terms)} can't be told apart. Leave one out, or keep the "
                "intercept, so that the one too many is found."
            )
        return x, terms, {}
    faults = redundant(x, terms)
    kept = [k for k, term in enumerate(terms) if term not in faults]
    return x[:, kept], tuple(terms[k] for k in kept), faults


def _require_solution(
    found: Equations, matrix: ModelMatrix, family: str, formula: Formula, role: str, code: Codes
) -> None:
    """Raise `TooFewError` where there is no solution, or none of its errors."""
    name = formula.outcome.text
    bound = at_the_bound(found.fitted, family)
    if bound.any() or not found.converged:
        rows = matrix.rows[bound]
        where = f" Such as in {rows_text(rows, most=5)}. {ROWS_COUNT}" if rows.size else ""
        raise TooFewError(
            f"The equations for {name!r} have no solution: some combination of the terms predicts "
            f"it with certainty, as where an arm has no events.{where} Compare risks by {role} "
            "instead (cpeval.sites.linear, a linear probability model with CR2), or use fewer "
            "terms."
        )
    if found.alone.size:
        first = [np.flatnonzero(code == one)[0] for one in found.alone]
        raise TooFewError(
            f"A term can't be known without a single {role}, so its error has no estimate: look "
            f"at the {role} of {rows_text(matrix.rows[first])}. Leave out the term that is "
            "peculiar to it, or use small_sample='none' and don't rely on that term. "
            f"{ROWS_COUNT}"
        )


def _note(
    formula: str,
    family: str,
    corr: str,
    found: Equations,
    small_sample: str,
    freedom: float,
    n_clusters: int,
    role: str,
    study: Study | None,
) -> str:
    errors = (
        "bias-reduced errors (Mancl & DeRouen, 2001)"
        if small_sample == "bias_reduced"
        else "sandwich errors without correction"
    )
    law = f"t on {freedom:g} degrees of freedom (G - p)" if np.isfinite(freedom) else "normal"
    within = f", correlation {found.correlation:.3g}" if corr == "exchangeable" else ""
    reading = ""
    if study is not None and study.arm is not None and study.randomised is not True:
        reading = (
            " The study doesn't say that chance made the arms: other differences between them may "
            "lie behind these."
        )
    ratio = "" if family == "gaussian" else f", ratio: {FAMILIES[family]}"
    return (
        f"Generalised estimating equations (Liang & Zeger, 1986) of {formula}, family {family}"
        f"{ratio}; {corr} working correlation within {n_clusters} {role}s{within}; {errors}, {law}."
        f"{reading}"
    )


def _worries(
    family: str,
    n_clusters: int,
    role: str,
    faults: dict[str, str],
    n_dropped: int,
    found: Equations,
) -> list[str]:
    texts = []
    if n_dropped:
        texts.append(f"Left out for a missing value: {n_dropped} rows.")
    if faults:
        what = "; ".join(f"{term!r} {fault}" for term, fault in faults.items())
        texts.append(f"Left out of the model: {what}.")
    if n_clusters < _FEW_CLUSTERS:
        other = {
            "binomial": f"risks by {role}, compared by a t test on one risk a {role}, and a linear "
            "probability model with CR2 (cpeval.sites.linear)",
            "poisson": f"rates by {role}, compared by a t test on one rate a {role}",
        }.get(family, "cpeval.sites.linear with CR2")
        texts.append(
            f"With {n_clusters} {role}s GEE may err more often than it says, corrected or not. "
            f"Give beside it: {other}."
        )
    if found.correlation < 0:
        texts.append(
            f"The correlation within {role}s is below 0 ({found.correlation:.3g}): people of one "
            f"{role} are less alike than people of several. Usually that is chance."
        )
    return texts
