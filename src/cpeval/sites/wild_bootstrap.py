"""`wild_bootstrap`: a test for few sites that draws whole sites' residuals with other signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from cpeval.errors import TooFewError, require_option
from cpeval.moments.site_moments import SiteMoments
from cpeval.moments.whitening import whitened
from cpeval.moments.wild_bootstrap import Variant, wild_bootstrap as bootstrapped
from cpeval.result import Result
from cpeval.sites.prepared import prepare, to_the_data


@dataclass(frozen=True, kw_only=True, eq=False)
class WildBootstrap(Result):
    """What `wild_bootstrap` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (1, 7)
        term, estimate (in the outcome's units), se, statistic (t against ``null``), p, ci_low,
        ci_high. The interval is infinite on a side where the test rejects nothing.
    null : float
    p_strict : float
        p where ties with the sample's own statistic don't count, as in Stata's and R's boottest.
    draws : int
        Samples that were made.
    enumerated : bool
        Whether they are all there are: then p is exact.
    smallest_p : float
        The least p that so many clusters and draws can give.
    variant, weights, cluster : str
    n, n_clusters, n_dropped : int
    """

    null: float
    p_strict: float
    draws: int
    enumerated: bool
    smallest_p: float
    variant: str
    weights: str
    cluster: str
    n: int
    n_clusters: int
    n_dropped: int


def wild_bootstrap(
    moments: SiteMoments,
    term: str,
    *,
    null: float = 0.0,
    draws: int = 9999,
    variant: str = "WCR-C",
    weights: str = "rademacher",
    cluster: str = "site",
    level: float = 0.95,
    ci: bool = True,
    seed: int | np.random.Generator | None = None,
) -> WildBootstrap:
    r"""Test one term by the wild cluster bootstrap, with the null imposed.

    Parameters
    ----------
    moments : SiteMoments
        From `SiteMoments.from_data`.
    term : str
        A term of the model, such as ``"arm[T.CP]"``.
    null : float, default 0
        Its value under the hypothesis, in the outcome's units.
    draws : int, default 9999
        Samples. Where all arrangements are no more, each is taken once and p is exact.
    variant : {"WCR-C", "WCR-V", "WCR-S", "WCR-B", "WCU-C", "WCU-V", "WCU-S", "WCU-B"}
        WCR imposes the null, WCU doesn't; C is the classic one, V has the jackknife's variance,
        S transformed scores, B both.
    weights : {"rademacher", "webb"}
        Multipliers; Webb's six values for fewer than about ten clusters.
    cluster : {"site", "team"}
    level : float, default 0.95
        Coverage of the interval.
    ci : bool, default True
        Whether to look for the interval, from the lowest to the highest value that the test
        doesn't reject.
    seed : int or numpy.random.Generator, optional
        For draws; the same seed gives the same answer.

    Returns
    -------
    WildBootstrap

    Raises
    ------
    OptionError
        An option isn't known, or the term isn't there.
    LevelError
        ``level`` is not between 0 and 1.
    TooFewError
        One cluster only, or no more rows than terms.

    Notes
    -----
    Outcomes are made anew as :math:`y^*_g = X_g \tilde\beta + v_g \tilde e_g`, with one multiplier
    :math:`v_g` a cluster and the estimates under the null, and the t statistics of those compared
    with the sample's own [1]_ [2]_. A drawn p is (hits + 1) / (draws + 1).

    References
    ----------
    .. [1] Cameron, Gelbach & Miller (2008). Review of Economics and Statistics, 90(3), 414-427.
    .. [2] MacKinnon, Nielsen & Webb (2023). Journal of Applied Econometrics, 38(5), 671-694.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AABBCCDDEEFF"), "new": [0, 1] * 6,
    ...                      "y": [3.0, 4, 5, 7, 6, 8, 9, 9, 2, 6, 4, 5]})
    >>> moments = SiteMoments.from_data(data, "y ~ new", site="trust")
    >>> found = wild_bootstrap(moments, "new")
    >>> found.draws, found.enumerated, found.smallest_p
    (64, True, 0.03125)
    """
    require_option("cluster", cluster, ("site", "team"))
    prepared = prepare(moments, cluster)
    which = prepared.place(term)
    clusters = len(prepared.blocks.labels)
    if clusters < 2:
        raise TooFewError(
            f"One {cluster} only, {prepared.blocks.name(0)}: there is nothing to compare it with."
        )
    white = whitened(prepared.blocks.blocks, prepared.blocks.counts, floor=prepared.floor)
    # About the origin of the moments the intercept is less by what y lost.
    away = prepared.blocks.origin.y if term == "Intercept" else 0.0
    found = bootstrapped(
        white,
        to_the_data(prepared)[which],
        null=null - away,
        draws=draws,
        variant=cast(Variant, variant),
        weights=weights,
        level=level,
        ci=ci,
        seed=seed,
    )
    row = {
        "term": term,
        "estimate": found.estimate + away,
        "se": found.se,
        "statistic": found.statistic,
        "p": found.p,
        "ci_low": found.ci_low + away,
        "ci_high": found.ci_high + away,
    }
    made = "all" if found.enumerated else "random"
    warnings = list(prepared.warnings)
    if np.isnan(found.p):
        warnings.append(
            f"{term!r} has no error: it can't be known without one of the {cluster}s, or the "
            "terms explain the outcome entirely."
        )
    elif ci and found.p < 1 - level and found.ci_low < null - away < found.ci_high:
        warnings.append(
            f"p is {found.p:.3g}, and yet the interval holds {null:g}: it goes from the lowest to "
            "the highest value that the test doesn't reject, and rejects some in between."
        )
    if found.smallest_p > 1 - level and not np.isnan(found.p):
        better = " weights='webb' has more arrangements." if weights == "rademacher" else ""
        warnings.append(
            f"With {clusters} {cluster}s p can't be below {found.smallest_p:.4g}, whatever the "
            f"data.{better}"
        )
    return WildBootstrap(
        table=pd.DataFrame([row]),
        note=(
            f"Wild cluster bootstrap {variant} of {moments.formula}, {made} {found.draws:,} "
            f"arrangements of {weights.capitalize()} multipliers over {clusters} {cluster}s; "
            f"against {null:g} (Cameron, Gelbach & Miller, 2008); {level:.0%} interval by "
            "inversion of the test."
        ),
        warnings=tuple(warnings),
        null=null,
        p_strict=found.p_strict,
        draws=found.draws,
        enumerated=found.enumerated,
        smallest_p=found.smallest_p,
        variant=variant,
        weights=weights,
        cluster=cluster,
        n=prepared.n,
        n_clusters=clusters,
        n_dropped=prepared.n_dropped,
    )
