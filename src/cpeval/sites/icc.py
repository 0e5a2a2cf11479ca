"""`icc`: how alike people of one site or team are, with an exact interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import OptionError, TooFewError, require_level, require_option
from cpeval.moments.coding import INTERCEPT
from cpeval.moments.icc_interval import IccInterval, icc_interval
from cpeval.moments.mixed_fit import MixedFit, fit_mixed
from cpeval.moments.site_moments import SiteMoments
from cpeval.result import Result
from cpeval.sites.prepared import Prepared, prepare

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False)
class ClusterCorrelation(Result):
    """What `icc` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (1 or 2, 13)
        A row for each kind of cluster: cluster ("site", "team"), estimate (of the intraclass
        correlation, 0 to 1), ci_low, ci_high, variance_between, variance_within (in the outcome's
        units squared), design_effect, statistic (F: do clusters differ?), df_num, df, p, n (rows),
        n_clusters.
    outcome : str
    level : float
    n, n_dropped : int
        Rows used, and left out for missing values.
    """

    outcome: str
    level: float
    n: int
    n_dropped: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each intraclass correlation on its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from cpeval.plots.intervals import intervals

        xlabel = f"Intraclass correlation of {self.outcome}"
        return intervals(self.table, ax=ax, label="cluster", xlabel=xlabel)


def icc(
    moments: SiteMoments, *, cluster: str | None = None, level: float = 0.95
) -> ClusterCorrelation:
    r"""Estimate the intraclass correlation of sites or teams, with an exact interval.

    Parameters
    ----------
    moments : SiteMoments
        From `SiteMoments.from_data`, of a model with an intercept. Its terms (arm, covariates) are
        taken out: the correlation is that of what they leave.
    cluster : {"site", "team"}, optional
        One kind of cluster; by default a row for sites, and one for teams where there are any.
        Each row has that one factor: with "team", teams of a site are as different as teams of
        two sites, unless sites are among the terms.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    ClusterCorrelation

    Raises
    ------
    OptionError
        ``cluster`` isn't known, or there are no teams or no intercept.
    LevelError
        ``level`` is not between 0 and 1.
    TooFewError
        One cluster only, or one row in each.
    DataError
        The terms explain the outcome, or all differences between clusters.

    Notes
    -----
    The estimate is :math:`\sigma_b^2 / (\sigma_b^2 + \sigma_w^2)` by REML, as in `mixed`: never
    below zero. The interval inverts Wald's F test of the ratio of the two variances [1]_ [2]_.
    It is exact, whatever the sizes and however few the clusters, where both kinds of differences
    are normal; for other outcomes, such as 0 and 1, it is an approximation. What lies below zero
    is cut off: if the true correlation is zero, it holds that in 97.5 % of samples for a level of
    95 %.

    The design effect is :math:`1 + (\sum n_g^2 / n - 1) \rho`, by which variances of differences
    between clusters grow [3]_.

    References
    ----------
    .. [1] Wald (1940). Annals of Mathematical Statistics, 11(1), 96-99.
    .. [2] Harville & Fenech (1985). Biometrics, 41(1), 137-152.
    .. [3] Eldridge, Ashby & Kerry (2006). International Journal of Epidemiology, 35(5), 1292-1300.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AABBBCCDDD"), "new": [0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
    ...                      "y": [3.0, 4, 6, 8, 7, 7, 6, 9, 11, 10]})
    >>> moments = SiteMoments.from_data(data, "y ~ new", site="trust")
    >>> icc(moments).table[["cluster", "estimate", "ci_low", "ci_high"]].round(3)
      cluster  estimate  ci_low  ci_high
    0    site     0.874   0.373    0.997
    """
    require_option("cluster", cluster, (None, "site", "team"))
    require_level(level)
    if cluster is not None:
        clusters = [cluster]
    else:
        teams = isinstance(moments, SiteMoments) and moments.team_column is not None
        clusters = ["site", "team"] if teams else ["site"]
    found = [_one(prepare(moments, by), by, level) for by in clusters]
    prepared = found[0].prepared
    warnings = [text for one in found for text in one.worries]
    if len(clusters) > 1:
        warnings.append(
            "Each row knows one kind of cluster. In the row of teams, what sites differ by is part "
            "of the variance between teams; that of sites takes people of two teams of a site to "
            "be as alike as people of one team, and its interval is exact only if they are. "
            "cp.sites.mixed(moments, random=('site', 'team')) has both at once, without intervals."
        )
    if prepared.zero_or_one:
        warnings.append(
            f"{moments.outcome} is 0 or 1: the interval is approximate. In simulations a 95 % "
            "interval held an intraclass correlation of .05 in 94.5 % of samples and one of .2 in "
            "92 to 94 %; the estimate is on the scale of risks, not of log odds."
        )
    if moments.weights_column is not None:
        warnings.append("With weights it is the correlation of rows of weight 1.")
    return ClusterCorrelation(
        table=pd.DataFrame([one.row for one in found]),
        note=(
            f"Intraclass correlation of {moments.outcome} in {moments.formula}, "
            f"{prepared.n:,} rows: REML, with the {level:.0%} interval of Wald (1940), exact for "
            "normal differences between and within clusters of any sizes (Harville & Fenech, 1985)."
        ),
        warnings=(*prepared.warnings, *warnings),
        outcome=moments.outcome,
        level=level,
        n=prepared.n,
        n_dropped=prepared.n_dropped,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _One:
    """A row of the table, what it was made of, and what to worry about."""

    prepared: Prepared
    row: dict[str, object]
    worries: list[str]


def _one(prepared: Prepared, by: str, level: float) -> _One:
    blocks = prepared.blocks
    if INTERCEPT not in prepared.terms:
        raise OptionError(
            "An intraclass correlation needs an intercept: leave '- 1' or '+ 0' out of the formula."
        )
    if len(blocks.labels) < 2:
        raise TooFewError(
            f"One {by} only, {blocks.name(0)}: how alike people of one {by} are can't be told. It "
            "takes two at least, and many more to be estimated well."
        )
    if blocks.counts.max() == 1:
        coarser = " cluster='site' has sites alone." if by == "team" else ""
        raise TooFewError(
            f"Each {by} has one row only: how alike people of one {by} are can't be told.{coarser}"
        )
    origin = np.append(blocks.origin.x, blocks.origin.y)
    fit = fit_mixed(blocks.blocks, blocks.counts, origin=origin, factors=(by,), terms=blocks.terms)
    interval = icc_interval(blocks.blocks, blocks.counts, level=level, floor=prepared.floor)
    between, within = float(fit.covariances[0][0, 0]), fit.residual
    estimate = between / (between + within)
    size = float(blocks.counts @ blocks.counts) / prepared.n
    row: dict[str, object] = {
        "cluster": by,
        "estimate": estimate,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "variance_between": between,
        "variance_within": within,
        "design_effect": 1 + (size - 1) * estimate,
        "statistic": interval.statistic,
        "df_num": interval.df_between,
        "df": interval.df_within,
        "p": interval.p,
        "n": prepared.n,
        "n_clusters": len(blocks.labels),
    }
    return _One(prepared=prepared, row=row, worries=_worries(fit, interval, estimate, by, level))


def _worries(
    fit: MixedFit, interval: IccInterval, estimate: float, by: str, level: float
) -> list[str]:
    if interval.below_zero:
        return [
            f"The {by}s differ less than chance alone would make them: all that the interval could "
            f"hold lies below zero, which a variance can't. Such samples are rare "
            f"({(1 - level) / 2:.2g} of all, if the true correlation is zero). Look whether people "
            f"of one {by} were made to differ, by matching or by competing for the same thing."
        ]
    if fit.at_boundary[0]:
        return [
            f"The variance between {by}s is estimated as zero. That doesn't show that there is "
            f"none: correlations up to {interval.high:.2g} fit the data."
        ]
    if not interval.low <= estimate <= interval.high:
        return [
            f"The estimate for {by}s lies outside its interval, which weighs clusters of unequal "
            "size in another way. Trust the interval."
        ]
    return []
