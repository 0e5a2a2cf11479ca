"""`cluster_summary`: a mean for each cluster, then a t test of the means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cpeval.errors import listed, require_level
from cpeval.moments.cluster_means import MeansTest, stratified, unmatched
from cpeval.moments.site_moments import SiteMoments
from cpeval.result import Result
from cpeval.sites.cluster_arms import ClusterArms, cluster_arms


@dataclass(frozen=True, kw_only=True, eq=False)
class ClusterSummary(Result):
    """What `cluster_summary` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (1, 9)
        term, estimate (arm 1 minus arm 0, in the outcome's units), se, df, statistic (t), p,
        ci_low, ci_high, n (rows). NaN where there are too few clusters for an error.
    means : pandas.DataFrame, shape (G, 5 or 6)
        A row for each cluster: site, team (where clusters are teams), treated (1 or 0), estimate
        (its mean, adjusted to the covariates' overall means), mean (plain), n.
    balanced : bool
        Whether the t test is exact for normal errors: clusters of one size, no covariates.
    covariates : tuple of str
        Terms that were adjusted for.
    df_lost : int
        Degrees of freedom that covariates of clusters took.
    cluster : str
    strata : str or None
    n, n_clusters, n_treated, n_strata, n_dropped : int
        Rows, clusters, clusters in arm 1, strata with both arms (1 without strata), rows left
        out for missing values.
    """

    means: pd.DataFrame
    balanced: bool
    covariates: tuple[str, ...]
    df_lost: int
    cluster: str
    strata: str | None
    n: int
    n_clusters: int
    n_treated: int
    n_strata: int
    n_dropped: int


def cluster_summary(
    moments: SiteMoments,
    term: str,
    *,
    cluster: str = "team",
    strata: str | None = "site",
    covariates: Sequence[str] | str | None = None,
    slopes: str = "strata",
    level: float = 0.95,
) -> ClusterSummary:
    r"""Compare the means of clusters in two arms: the analysis in two stages.

    Parameters
    ----------
    moments : SiteMoments
        From `SiteMoments.from_data`.
    term : str
        The arm, such as ``"arm[T.CP]"``: the same for everyone in a cluster, 1 or 0.
    cluster : {"team", "site"}
        What got the arm.
    strata : {"site", None}
        Whether arms are compared within sites (with a team in each arm these are pairs, and the
        test is the paired t) or among all clusters. ``None`` if sites are the clusters.
    covariates : sequence of str, optional
        Terms to adjust for; by default all of the model but the arm and its interactions.
        ``()`` for none.
    slopes : {"strata", "within"}
        Where the covariates' slopes come from: people of a stratum, as Hayes and Moulton have
        it, or people of one cluster. Take "within" where the arms differ in the covariates, as
        without randomisation: the former then pull the difference towards zero.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    ClusterSummary

    Raises
    ------
    OptionError
        An option isn't known; a term isn't there; more than two arms; no intercept.
    DataError
        The arm varies within clusters, or isn't 1 or 0.
    LevelError
        ``level`` is not between 0 and 1.
    TooFewError
        One arm only, or no site with both; no more rows than terms.

    Notes
    -----
    First people's outcomes are regressed on covariates and strata, without the arm; then the mean
    residual of each cluster counts once, whatever its size [1]_: pooled t on G - 2 degrees of
    freedom, or with strata on G - S - 1, strata weighted by :math:`n_1 n_0 / (n_1 + n_0)` of
    their clusters. A covariate that is the same for all of a cluster takes a degree of freedom.

    The t test is exact for normal errors if clusters are of one size and nothing is adjusted for;
    otherwise it is an approximation that is known to be robust. With rows weighted, means are.
    An outcome of 0 and 1, or true and false, gives the difference of risks.

    References
    ----------
    .. [1] Hayes & Moulton (2017). Cluster Randomised Trials, 2nd ed. Chapman & Hall/CRC.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AAAABBBBCCCC"), "team": [1, 1, 2, 2] * 3,
    ...                      "new": [0, 0, 1, 1] * 3,
    ...                      "y": [3.0, 5, 4, 6, 5, 7, 8, 10, 7, 9, 9, 11]})
    >>> moments = SiteMoments.from_data(data, "y ~ new", site="trust", team="team")
    >>> found = cluster_summary(moments, "new")
    >>> found.table[["estimate", "se", "df", "p"]].round(4)
       estimate      se   df       p
    0       2.0  0.5774  2.0  0.0742
    """
    require_level(level)
    arms = cluster_arms(
        moments, term, cluster=cluster, strata=strata, covariates=covariates, slopes=slopes
    )
    if arms.strata is None:
        found = unmatched(arms.adjusted, arms.arm, df_lost=arms.df_lost, level=level)
    else:
        found = stratified(arms.adjusted, arms.arm, arms.strata, df_lost=arms.df_lost, level=level)
    row = {
        "term": term,
        "estimate": found.estimate,
        "se": found.se,
        "df": found.df,
        "statistic": found.statistic,
        "p": found.p,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "n": arms.n,
    }
    return ClusterSummary(
        table=pd.DataFrame([row]),
        note=_note(arms, found, cluster, level),
        warnings=(*arms.warnings, *_worries(arms, found, cluster)),
        means=arms.means,
        balanced=arms.balanced,
        covariates=arms.covariates,
        df_lost=arms.df_lost,
        cluster=cluster,
        strata=strata,
        n=arms.n,
        n_clusters=arms.arm.size,
        n_treated=found.n_treated,
        n_strata=found.n_strata,
        n_dropped=arms.n_dropped,
    )


def _note(arms: ClusterArms, found: MeansTest, cluster: str, level: float) -> str:
    within = "" if arms.strata is None else f", within {found.n_strata:,} sites with both arms"
    adjusted = f", adjusted for {listed(arms.covariates)}" if arms.covariates else ""
    exact = "exact for normal errors" if arms.balanced else "approximate, as sizes differ"
    if arms.covariates:
        exact = "approximate, as means are adjusted"
    risks = arms.zero_or_one
    told = "; the outcome is 0 or 1, so the estimate is a difference of risks" if risks else ""
    return (
        f"{'Risks' if risks else 'Means'} of {found.n_treated:,} {cluster}s in arm 1 less those "
        f"of {found.n_compared:,} in arm 0{within}{adjusted}; t of the means, {exact} "
        f"(Hayes & Moulton, 2017); {level:.0%} interval{told}."
    )


def _worries(arms: ClusterArms, found: MeansTest, cluster: str) -> list[str]:
    worries = []
    if np.isnan(found.se):
        worries.append(
            f"No error: {arms.arm.size} {cluster}s are too few for it, or their differences are "
            "all the same."
        )
    beyond = (arms.means["estimate"] < 0) | (arms.means["estimate"] > 1)
    if arms.zero_or_one and beyond.any():
        worries.append(
            f"Adjusted risks of {beyond.sum()} {cluster}s lie below 0 or above 1: for the "
            "difference that does no harm, but they are no risks to report. covariates=() has the "
            "plain ones."
        )
    if arms.df_lost:
        worries.append(
            f"Covariates that are the same for all of a {cluster} took {arms.df_lost} "
            f"{'degree' if arms.df_lost == 1 else 'degrees'} of freedom."
        )
    return worries
