"""`diagnostics`: how far an estimate hangs on single clusters, and which clusters are enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import TooFewError, require_option
from cpeval.moments.clustering_level import LevelTest, clustering_level
from cpeval.moments.influence import Influence, influence, unevenness
from cpeval.moments.site_moments import SiteMoments
from cpeval.moments.whitening import whitened
from cpeval.result import Result
from cpeval.sites.prepared import prepare, to_the_data

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

#: A cluster dominates with more than this share of the information, and twice an equal share.
_DOMINANT = 1 / 3

#: A level-of-clustering test below this says that teams are too fine.
_ALPHA = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagnostics(Result):
    """What `diagnostics` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (G, 5 or 6)
        A row for each cluster: site, team (where clusters are teams), n (rows), leverage (they add
        up to the number of terms), partial_leverage (the cluster's share of what is known about
        the term; they add up to 1), without (the estimate without the cluster, in the outcome's
        units; NaN where there is none).
    term : str
    estimate : float
        With all clusters.
    effective : float
        Clusters of equal weight that would serve as well, if people were independent.
    effective_rho : float
        The same if people of a cluster were all alike; NaN for a model without an intercept.
    cv, gini, largest_share : float
        How unequal clusters are in size: standard deviation over mean; 0 (equal) towards 1; the
        largest cluster's share of the rows.
    level_test : LevelTest or None
        Whether teams are enough as clusters, against sites: statistic, p and p_bootstrap, which
        are one-sided. None without teams.
    cluster : str
    n, n_clusters, n_dropped : int
    """

    term: str
    estimate: float
    effective: float
    effective_rho: float
    cv: float
    gini: float
    largest_share: float
    level_test: LevelTest | None
    cluster: str
    n: int
    n_clusters: int
    n_dropped: int

    def plot(self, ax: Axes | None = None, *, labels: Labels | None = None) -> Axes:
        """Draw the estimate without each cluster, those that weigh most on top (40 at most).

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Site to what to show.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from cpeval.plots.influence import influence as drawn

        return drawn(
            self.table, self.estimate, cluster=self.cluster, term=self.term, ax=ax, labels=labels
        )


def diagnostics(
    moments: SiteMoments,
    term: str,
    *,
    cluster: str = "site",
    draws: int = 9999,
    seed: int | np.random.Generator | None = None,
) -> Diagnostics:
    r"""Say how far a term's estimate hangs on single clusters.

    Parameters
    ----------
    moments : SiteMoments
        From `SiteMoments.from_data`.
    term : str
        A term of the model, such as ``"arm[T.CP]"``.
    cluster : {"site", "team"}
        Who belongs together, as in `linear`.
    draws : int, default 9999
        Bootstrap samples of the level-of-clustering test, where there are teams; all arrangements
        where they are no more.
    seed : int or numpy.random.Generator, optional
        For those samples.

    Returns
    -------
    Diagnostics

    Raises
    ------
    OptionError
        An option isn't known; the term isn't there; there are no teams; ``draws`` is below 1.
    TooFewError
        One cluster only, or no more rows than terms.

    Notes
    -----
    Leverage is the trace of the cluster's block of the hat matrix. With
    :math:`a = X (X'X)^{-1} c`, partial leverage is :math:`a_g'a_g / a'a` [1]_, and the effective
    number of clusters :math:`G / (1 + \Gamma)`, :math:`\Gamma` the squared coefficient of
    variation of :math:`a_g'a_g`, or of :math:`(1'a_g)^2` for people who are all alike [2]_.

    The level-of-clustering test compares the variance by sites with that by teams [3]_. With few
    sites it has little power: a large p is no proof that teams are enough.

    References
    ----------
    .. [1] MacKinnon, Nielsen & Webb (2023). Stata Journal, 23(4), 942-982.
    .. [2] Carter, Schnepel & Steigerwald (2017). Review of Economics and Statistics, 99(4),
           698-709.
    .. [3] MacKinnon, Nielsen & Webb (2023). Journal of Econometrics, 235(2), 2027-2056.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AABBBBCCDD"), "new": [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
    ...                      "y": [3.0, 4, 5, 5, 8, 8, 6, 8, 9, 7]})
    >>> moments = SiteMoments.from_data(data, "y ~ new", site="trust")
    >>> found = diagnostics(moments, "new")
    >>> found.table.round(3)
      site  n  leverage  partial_leverage  without
    0    A  2     0.333             0.133      1.0
    1    B  4     0.667             0.267      4.0
    2    C  2     0.500             0.300      2.5
    3    D  2     0.500             0.300      1.5
    >>> round(found.effective, 3)
    3.719
    """
    require_option("cluster", cluster, ("site", "team"))
    prepared = prepare(moments, cluster)
    which = prepared.place(term)
    blocks = prepared.blocks
    if len(blocks.labels) < 2:
        raise TooFewError(
            f"One {cluster} only, {blocks.name(0)}: there is nothing to compare it with."
        )
    white = whitened(blocks.blocks, blocks.counts, floor=prepared.floor)
    contrast = to_the_data(prepared)[which]
    sums = blocks.blocks[:, 0, :-1] if moments.intercept else None
    found = influence(white, contrast, sums=sums)
    # About the origin of the moments the intercept is less by what y lost.
    away = blocks.origin.y if term == "Intercept" else 0.0
    shown: dict[str, object] = {"site": [blocks.sites[g] for g in blocks.group]}
    if cluster == "team":
        shown["team"] = list(blocks.labels)
    shown |= {
        "n": blocks.counts,
        "leverage": found.leverage,
        "partial_leverage": found.partial_leverage,
        "without": found.without + away,
    }
    level = None
    if moments.team_column is not None:
        teams = prepared if cluster == "team" else prepare(moments, "team")
        fine = whitened(teams.blocks.blocks, teams.blocks.counts, floor=teams.floor)
        level = clustering_level(
            fine, teams.blocks.group, to_the_data(teams)[teams.place(term)], draws=draws, seed=seed
        )
    uneven = unevenness(blocks.counts)
    warnings = _worries(
        found, found.estimate + away, away, term, cluster, blocks.name, perfect=white.fit.perfect
    )
    return Diagnostics(
        table=pd.DataFrame(shown),
        note=(
            f"Estimate of {term} in {prepared.formula}: {found.estimate + away:.4g}, and without "
            f"each of {len(blocks.labels):,} {cluster}s. In effect there are "
            f"{found.effective:,.1f} {cluster}s of equal weight (Carter, Schnepel & Steigerwald, "
            f"2017){_level_words(level)}."
        ),
        warnings=(*prepared.warnings, *warnings, *_level_worries(level)),
        term=term,
        estimate=found.estimate + away,
        effective=found.effective,
        effective_rho=found.effective_rho,
        cv=uneven.cv,
        gini=uneven.gini,
        largest_share=uneven.largest_share,
        level_test=level,
        cluster=cluster,
        n=prepared.n,
        n_clusters=len(blocks.labels),
        n_dropped=prepared.n_dropped,
    )


def _worries(
    found: Influence,
    estimate: float,
    away: float,
    term: str,
    cluster: str,
    name: Callable[[int], str],
    *,
    perfect: bool,
) -> list[str]:
    worries, clusters = [], found.leverage.size
    share, without = found.partial_leverage, found.without + away
    for k in np.flatnonzero(share > max(_DOMINANT, 2 / clusters)):
        worries.append(
            f"One {cluster} dominates: {name(int(k))} holds {share[k]:.0%} of what is known about "
            f"{term!r}."
        )
    needed = np.flatnonzero(np.isnan(without))
    if needed.size:
        worries.append(f"{term!r} can't be known without {cluster} {_some(needed, name)}.")
    turned = np.flatnonzero(without * estimate < 0)
    # Without errors an estimate near zero is what rounding left, and has no sign.
    if turned.size and not perfect:
        worries.append(f"Without {cluster} {_some(turned, name)} the estimate has the other sign.")
    if found.effective < clusters / 2:
        worries.append(
            f"The {clusters:,} {cluster}s weigh as unequally as {found.effective:,.1f} equal ones: "
            f"tests that count on {clusters:,} are too sure. CR2 in cp.sites.linear allows for it."
        )
    return worries


def _some(which: np.ndarray, name: Callable[[int], str], most: int = 5) -> str:
    names = " or ".join(name(int(k)) for k in which[:most])
    return f"{names} or one of {which.size - most} others" if which.size > most else names


def _level_words(level: LevelTest | None) -> str:
    if level is None or np.isnan(level.p_bootstrap):
        return ""
    return (
        "; level-of-clustering test of teams against sites, p (one-sided, bootstrap) "
        f"{level.p_bootstrap:.3g} (MacKinnon, Nielsen & Webb, 2023)"
    )


def _level_worries(level: LevelTest | None) -> list[str]:
    if level is None:
        return []
    if np.isnan(level.p_bootstrap):
        return [
            "Whether teams are enough as clusters can't be tested: that takes two sites, one of "
            "them with two teams, errors, and a term that doesn't hang on one team."
        ]
    if level.p_bootstrap < _ALPHA:
        return [
            "Teams of one site err together: teams are too fine as clusters. Take cluster='site', "
            "or sites as strata in the formula."
        ]
    return []
