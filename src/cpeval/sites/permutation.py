"""`permutation`: arms exchanged among clusters, a test that is exact with few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import OptionError, listed, require_level
from cpeval.moments.cluster_permutation import Permutation as Exchanged, permutation_test
from cpeval.moments.site_moments import SiteMoments
from cpeval.people.units import many
from cpeval.people.variables import Variables
from cpeval.result import Result
from cpeval.sites.cluster_arms import ClusterArms, cluster_arms
from cpeval.sites.study_arms import arms_of_study
from cpeval.study import Study


@dataclass(frozen=True, kw_only=True, eq=False)
class Permutation(Result):
    """What `permutation` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (1, 6)
        term, estimate (arm 1 minus arm 0, in the outcome's units), p, ci_low, ci_high, n (rows).
        The interval is infinite where the test rejects nothing, NaN with ``ci=False``.
    means : pandas.DataFrame, shape (G, 5 or 6)
        A row for each cluster: site, team (where clusters are teams), treated (1 or 0), estimate
        (its mean, adjusted to the covariates' overall means), mean (plain), n.
    null : float
    arrangements : int
        In how many ways arms can be exchanged.
    draws : int
        Arrangements that were looked at.
    enumerated : bool
        Whether they are all: then p is exact.
    smallest_p : float
        The least two-sided p that the design can give.
    covariates : tuple of str
        Terms that were adjusted for.
    cluster : str
        What was exchanged: "team", "site"; or people of one of them in one arm.
    strata : str or None
        Within what.
    n, n_clusters, n_dropped : int
        Rows, clusters, rows left out for missing values.
    """

    means: pd.DataFrame
    null: float
    arrangements: int
    draws: int
    enumerated: bool
    smallest_p: float
    covariates: tuple[str, ...]
    cluster: str
    strata: str | None
    n: int
    n_clusters: int
    n_dropped: int


def permutation(
    data: IntoDataFrame | SiteMoments,
    outcome: str,
    study: Study | None = None,
    *,
    covariates: Variables | str | None = None,
    cluster: str | None = None,
    strata: str | None = "site",
    slopes: str | None = None,
    null: float = 0.0,
    draws: int = 99_999,
    level: float = 0.95,
    ci: bool = True,
    seed: int | np.random.Generator | None = None,
) -> Permutation:
    r"""Test a difference of arms by exchanging them among clusters.

    Parameters
    ----------
    data : eager dataframe, or SiteMoments
        One row a person and wave (a person, in a study without waves); or moments.
    outcome : str
        Column of scores. With moments, the term of the arm, such as ``"arm[T.CP]"``: the same
        for everyone in a cluster, 1 or 0.
    study : Study
        Names arm, sites, teams and waves. With moments it isn't needed.
    covariates : sequence or mapping, optional
        As in `cpeval.outcomes.compare`; the score at baseline joins them by itself. With
        moments, terms to adjust for: by default all of the model but the arm and its
        interactions, ``()`` for none.
    cluster : {"team", "site"}, optional
        What got the arm. By default the study's data say; teams, with moments.
    strata : {"site", None}
        Whether arms are exchanged within sites that have both, or among all clusters: as
        chance, or whoever allocated them, could have. ``None`` if sites are the clusters.
    slopes : {"within", "strata"}, optional
        Where the covariates' slopes come from: people of one cluster (the default with a study),
        or of a stratum (the default with moments). "within" suits arms that differ in the
        covariates; "strata" then pulls the difference towards zero.
    null : float, default 0
        The difference under the hypothesis, the same for every cluster.
    draws : int, default 99999
        Arrangements to draw at random; where there are no more, each is taken once and p is exact.
    level : float, default 0.95
        Coverage of the interval: the differences that the test doesn't reject.
    ci : bool, default True
        Whether to look for the interval.
    seed : int or numpy.random.Generator, optional
        For draws; the same seed gives the same answer.

    Returns
    -------
    Permutation

    Raises
    ------
    OptionError
        An option isn't known; a term isn't there; more than two arms; no intercept; a dataframe
        without a study.
    DataError
        The arm varies within clusters, or isn't 1 or 0.
    StudyError, ColumnError, ArmError, DuplicateError, WaveError
        As `cpeval.outcomes.compare` does for its data.
    LevelError
        ``level`` is not between 0 and 1.
    TooFewError
        One arm only, one cluster, no site with both; no more rows than terms.

    Notes
    -----
    The statistic is the difference of the clusters' (adjusted) means, each counting once; within
    strata weighted by :math:`n_1 n_0 / (n_1 + n_0)` of their clusters. p is the share of
    arrangements at least as far from ``null``, ties included, and (hits + 1) / (draws + 1) for
    draws. It is exact if arms could have been exchanged: if chance allocated them [1]_ [2]_.
    Covariates are adjusted for without knowing the arms, so that p stays exact; the interval takes
    their slopes as known. Where people of one team are in different arms, those of a team in one
    arm are exchanged with those in the other.

    References
    ----------
    .. [1] Fisher (1935). The Design of Experiments. Oliver & Boyd.
    .. [2] Gail, Mark, Carroll, Green & Pee (1996). Statistics in Medicine, 15(11), 1069-1092.

    Examples
    --------
    >>> data = pd.DataFrame({"id": range(10), "trust": list("AABBCCDDEE"), "team": [1, 2] * 5,
    ...                      "new": [0, 1] * 5, "y": [3.0, 4, 5, 7, 6, 8, 9, 12, 2, 6]})
    >>> study = Study(person="id", site="trust", team="team", arm="new", intervention=1)
    >>> found = permutation(data, "y", study)
    >>> found.table[["term", "estimate", "p", "n"]]
      term  estimate       p   n
    0  new       2.4  0.0625  10
    >>> found.warnings[0]
    'With 5 pairs, the smallest two-sided p is 0.0625, whatever the data.'
    """
    require_level(level)
    number = isinstance(null, int | float | np.number) and not isinstance(null, bool)
    if not number or not np.isfinite(null):
        raise OptionError(f"'null' must be a number, such as 0. Got {null!r}.")
    if isinstance(data, SiteMoments):
        arms = cluster_arms(
            data,
            outcome,
            cluster="team" if cluster is None else cluster,
            strata=strata,
            covariates=cast("Sequence[str] | str | None", covariates),
            slopes="strata" if slopes is None else slopes,
        )
    elif slopes not in (None, "within"):
        raise OptionError("With a study, slopes come from within clusters: slopes='within'.")
    else:
        arms = arms_of_study(
            data, outcome, study, covariates=covariates, cluster=cluster, strata=strata
        )
    return exchanged(arms, null=null, draws=draws, level=level, ci=ci, seed=seed)


def exchanged(
    arms: ClusterArms,
    *,
    null: float = 0.0,
    draws: int = 99_999,
    level: float = 0.95,
    ci: bool = True,
    seed: int | np.random.Generator | None = None,
) -> Permutation:
    """Exchange the arms of clusters that are known: the test behind `permutation`."""
    found = permutation_test(
        arms.adjusted,
        arms.arm,
        strata=arms.strata,
        null=null,
        draws=draws,
        level=level,
        ci=ci,
        seed=seed,
    )
    row = {
        "term": arms.term,
        "estimate": found.estimate,
        "p": found.p,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "n": arms.n,
    }
    interval = f"; {level:.0%} interval by inversion of the test" if ci else ""
    return Permutation(
        table=pd.DataFrame([row]),
        note=f"{_done(arms, found, null)}{interval}.",
        warnings=(*arms.warnings, *_worries(arms, found, level, ci=ci)),
        means=arms.means,
        null=null,
        arrangements=found.arrangements,
        draws=found.draws,
        enumerated=found.enumerated,
        smallest_p=found.smallest_p,
        covariates=arms.covariates,
        cluster=arms.cluster,
        strata=arms.within,
        n=arms.n,
        n_clusters=arms.arm.size,
        n_dropped=arms.n_dropped,
    )


def _done(arms: ClusterArms, found: Exchanged, null: float) -> str:
    cluster = many(arms.cluster)
    where = "among all" if arms.within is None else f"within {arms.within}s, of"
    adjusted = f", adjusted for {listed(arms.covariates)}" if arms.covariates else ""
    looked = (
        f"all {found.arrangements:,} arrangements, so p is exact if arms could be exchanged"
        if found.enumerated
        else f"{found.draws:,} of {_count(found.arrangements)} arrangements at random"
    )
    return (
        f"Arms exchanged {where} {arms.arm.size:,} {cluster}: means of {cluster}{adjusted}, "
        f"against {null:g}; {looked}; smallest two-sided p possible {found.smallest_p:.4g} "
        "(Fisher, 1935)"
    )


def _count(number: int) -> str:
    """Show a whole number that may have hundreds of digits."""
    digits = str(number)
    return f"{number:,}" if len(digits) < 10 else f"about 10^{len(digits) - 1}"


def _design(arms: ClusterArms) -> str:
    """Say what there is to exchange: pairs, if it is pairs."""
    if arms.strata is not None:
        size = np.bincount(arms.strata)
        treated = np.bincount(arms.strata, weights=arms.arm)
        both = (treated > 0) & (treated < size)
        if (size[both] == 2).all():
            pairs = int(both.sum())
            return f"{pairs} pair{'s' if pairs > 1 else ''}"
    return f"{arms.arm.size} {many(arms.cluster)}"


def _worries(arms: ClusterArms, found: Exchanged, level: float, *, ci: bool) -> list[str]:
    worries = []
    if np.ptp(arms.adjusted) == 0:
        worries.append(
            f"All {many(arms.cluster)} have the same mean: p and interval say nothing. Check that "
            f"the outcome of {arms.outcome!r} is the one that is meant."
        )
    if found.smallest_p > 1 - level:
        given = _design(arms) if found.enumerated else f"{found.draws:,} draws"
        worries.append(
            f"With {given}, the smallest two-sided p is {found.smallest_p:.4g}, whatever the data."
        )
    if ci and np.isinf([found.ci_low, found.ci_high]).any():
        # Downwards, so that the level that is offered gives an interval.
        most = np.floor((1 - found.smallest_p) * 1e4) / 1e4
        advice = f" level={most:g} or less gives one." if most > 0 else ""
        worries.append(
            f"The {level:.0%} interval has no end: the test rejects no difference, however "
            f"large.{advice}"
        )
    return worries
