"""Which sites lie further from the target than chance lets them: a funnel plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import OptionError, TooFewError, listed, require_option
from cpeval.result import Result
from cpeval.sites.funnel_limits import (
    Floats,
    Spread,
    binomial_limits,
    normal_limits,
    poisson_limits,
    spread,
    tails,
)
from cpeval.sites.funnel_words import SIZES, SMALL, note, worries
from cpeval.sites.site_codes import sites_text
from cpeval.sites.site_counts import COLUMNS, SiteCounts, site_counts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

OVERDISPERSION = ("none", "additive", "multiplicative")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Funnel(Result):
    """A `Result` with the funnel around the sites.

    Attributes
    ----------
    kind : str
        "proportion", "rate", "mean" or "standardised_ratio".
    target : float
        What sites are compared with.
    limits : tuple of float
        The levels of the limits, the narrowest first.
    phi : float
        Mean square of the winsorised z scores; NaN for one site.
    tau2 : float
        Variance between sites (DerSimonian & Laird); NaN for one site.
    overdispersion : str
        What widened the limits: "none" where there is nothing to widen them for.
    curve : pandas.DataFrame
        The funnel to draw: n, and the limits for a site of that size.
    n_excluded : int
        Rows left out for a missing value.
    """

    kind: str
    target: float
    limits: tuple[float, ...]
    phi: float
    tau2: float
    overdispersion: str
    curve: pd.DataFrame
    n_excluded: int

    def plot(
        self, ax: Axes | None = None, *, labels: Labels | None = None, ylabel: str | None = None
    ) -> Axes:
        """Draw sites by size with the funnel; those outside the narrowest limits are named.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Site to what to show.
        ylabel : str, optional
            What the estimates are.
        """
        from cpeval.plots.funnel import funnel

        return funnel(
            self.table,
            self.curve,
            target=self.target,
            limits=self.limits,
            xlabel=SIZES[self.kind].capitalize(),
            ylabel=ylabel or self.kind.replace("_", " ").capitalize(),
            labels=labels,
            ax=ax,
        )


def funnel(
    data: IntoDataFrame,
    kind: str = "proportion",
    *,
    site: str,
    outcome: str | None = None,
    events: str | None = None,
    n: str | None = None,
    exposure: str | None = None,
    expected: str | None = None,
    mean: str | None = None,
    sd: str | None = None,
    target: float | None = None,
    overdispersion: str = "none",
    winsorise: float = 0.1,
    limits: Sequence[float] = (0.95, 0.998),
) -> Funnel:
    r"""Say which sites lie further from the target than chance lets them (Spiegelhalter, 2005).

    A row a person, with ``outcome``; or a row a site, with what was counted there.

    Parameters
    ----------
    data : eager dataframe
        Rows with a missing value are left out and counted.
    kind : {"proportion", "rate", "mean", "standardised_ratio"}, default "proportion"
        A proportion takes ``outcome`` (0 or 1), or ``events`` and ``n``; a rate ``outcome`` or
        ``events`` (counts) and ``exposure``; a standardised ratio the same and ``expected``; a
        mean ``outcome``, or ``mean``, ``sd`` and ``n``.
    site : str
        The column of sites.
    outcome : str, optional
        A person's outcome.
    events, n : str, optional
        Events and people of a site.
    exposure : str, optional
        Time at risk, in any unit, of a person or site.
    expected : str, optional
        Events expected of a person or site, from another source or model.
    mean, sd : str, optional
        Of a site, with ``n``.
    target : float, optional
        What sites should be at; by default all sites together.
    overdispersion : {"none", "additive", "multiplicative"}, default "none"
        Whether limits allow for differences between sites beyond chance: by a variance between
        sites that is added, or by widening all limits alike.
    winsorise : float, default 0.1
        The share of z scores at either end that is drawn in to the quantile there before the
        spread is measured; from 0 to below 0.5.
    limits : sequence of float, default (0.95, 0.998)
        The share of sites that chance keeps within, between 0 and 1.

    Returns
    -------
    Funnel
        ``table``, a row a site: site, n (size: people, exposure, or events expected), events (NaN
        for means), estimate, se (at the target, by chance alone), statistic (the z score, or t
        for means, with what overdispersion allows), ``low_…`` and ``high_…`` of each level, side
        ("above", "below", "within" the narrowest limits), beyond (the widest limit that the site
        lies beyond; NaN within), small (fewer than 5 people; for rates and ratios, events).

    Raises
    ------
    OptionError
        Arguments that don't go with the kind; a target that such a kind can't have.
    ColumnError, DataError
        Columns absent or not numeric; infinite or impossible values, such as events above n.
    DuplicateError
        A site in two rows, where there is a row a site.
    TooFewError
        No rows; one site without a target; nobody, or everybody, had the event, so that there is
        no target; means that don't vary within sites.

    Notes
    -----
    Without overdispersion, limits of counts are exact, by the binomial or Poisson distribution at
    the target: with :math:`r` the smallest count with :math:`P(R \le r) \ge p`, the limit is
    :math:`(r - \alpha) / n`, :math:`\alpha = (P(R \le r) - p) / P(R = r)` [1]_, kept to what is
    possible. Otherwise they are :math:`\theta + z_p \sqrt{\phi} s` or
    :math:`\theta + z_p \sqrt{s^2 + \tau^2}`, with :math:`s` the standard error at the target
    :math:`\theta`, :math:`\phi` the mean of the I squared winsorised z scores and, from the same
    scores, :math:`\tau^2 = (I \phi - (I - 1)) / (\sum w - \sum w^2 / \sum w)`,
    :math:`w = 1 / s^2` [2]_; limits never narrow. For means :math:`s^2` is the pooled
    variance within sites over n, and limits are of the t distribution with its degrees of
    freedom. A target from the same sites is taken as known.

    References
    ----------
    .. [1] Spiegelhalter (2005). Statistics in Medicine, 24(8), 1185-1202.
    .. [2] DerSimonian & Laird (1986). Controlled Clinical Trials, 7(3), 177-188.

    Examples
    --------
    >>> data = pd.DataFrame({"site": ["A", "B", "C"], "events": [10, 12, 30], "n": [50, 55, 60]})
    >>> found = funnel(data, site="site", events="events", n="n")
    >>> found.table[["site", "estimate", "low_95", "high_95", "side"]].round(3)
      site  estimate  low_95  high_95    side
    0    A     0.200   0.181    0.437  within
    1    B     0.218   0.186    0.432  within
    2    C     0.500   0.192    0.428   above
    """
    require_option("kind", kind, list(COLUMNS))
    require_option("overdispersion", overdispersion, OVERDISPERSION)
    levels = _levels(limits)
    _require_share(winsorise)
    if not isinstance(site, str):
        raise OptionError(f"'site' must be the name of a column. Got {site!r}.")
    given = {
        "outcome": outcome,
        "events": events,
        "n": n,
        "exposure": exposure,
        "expected": expected,
        "mean": mean,
        "sd": sd,
    }
    odd = {name: value for name, value in given.items() if not isinstance(value, str | None)}
    if odd:
        raise OptionError(
            "Columns are given by name: "
            + ", ".join(f"{name}={value!r} is none" for name, value in odd.items())
            + "."
        )
    counts = site_counts(data, kind, site, given)
    theta = _target(counts, kind, target)
    return _funnel(counts, kind, theta, overdispersion, winsorise, levels, given=target is not None)


def _funnel(
    counts: SiteCounts,
    kind: str,
    theta: float,
    overdispersion: str,
    winsorise: float,
    levels: tuple[float, ...],
    *,
    given: bool,
) -> Funnel:
    """Put the sites against the limits."""
    unit, df = _unit_variance(counts, kind, theta)
    estimate = counts.total / counts.size
    variance = unit / counts.size
    z = (estimate - theta) / np.sqrt(variance)
    found = spread(z, variance, winsorise=winsorise) if z.size > 1 else None
    factor, added, used = _widening(found, overdispersion)
    limit = _limits(kind, theta, unit, df, factor, added, exact=used == "none")
    sites = {name: limit(counts.size, p) for name, p in tails(levels).items()}
    beyond = np.full(z.size, np.nan)
    for level in levels:
        low, high = (sites[f"{side}_{100 * level:g}"] for side in ("low", "high"))
        beyond[(estimate < low) | (estimate > high)] = level
    side = np.where(np.isnan(beyond), "within", np.where(estimate > theta, "above", "below"))
    counted = counts.total if kind in ("rate", "standardised_ratio") else counts.size
    table = pd.DataFrame(
        {
            "site": pd.Series(counts.site, dtype=object).infer_objects(),
            "n": counts.size,
            "events": counts.total if kind != "mean" else np.nan,
            "estimate": estimate,
            "se": np.sqrt(variance),
            "statistic": (estimate - theta) / np.sqrt(factor * variance + added),
            **sites,
            "side": side,
            "beyond": beyond,
            "small": counted < SMALL,
        }
    )
    grid = _grid(counts.size, whole=kind in ("proportion", "mean"))
    curve = pd.DataFrame({"n": grid, **{k: limit(grid, p) for k, p in tails(levels).items()}})
    return Funnel(
        table=table,
        note=note(kind, theta, used, found, levels, table, df, winsorise, given=given),
        warnings=tuple(worries(counts, kind, table, theta, overdispersion, used, found)),
        kind=kind,
        target=theta,
        limits=levels,
        phi=found.phi if found else float("nan"),
        tau2=found.tau2 if found else float("nan"),
        overdispersion=used,
        curve=curve,
        n_excluded=counts.n_excluded,
    )


def _widening(found: Spread | None, overdispersion: str) -> tuple[float, float, str]:
    """Return what multiplies and what adds to the variances, and what was done."""
    if found is not None and overdispersion == "multiplicative" and found.phi > 1:
        return found.phi, 0.0, overdispersion
    if found is not None and overdispersion == "additive" and found.tau2 > 0:
        return 1.0, found.tau2, overdispersion
    return 1.0, 0.0, "none"


def _limits(
    kind: str, theta: float, unit: float, df: float, factor: float, added: float, *, exact: bool
) -> Callable[[Floats, float], Floats]:
    """Return the function of size and probability that gives the limit."""
    if exact and kind == "proportion":
        return lambda size, p: binomial_limits(size, theta, p)
    if exact and kind != "mean":
        return lambda size, p: poisson_limits(size, theta, p)
    least = -np.inf if kind == "mean" else 0.0
    most = 1.0 if kind == "proportion" else np.inf

    def limit(size: Floats, probability: float) -> Floats:
        wide = normal_limits(factor * unit / size + added, theta, probability, df=df)
        return np.clip(wide, least, most)

    return limit


def _unit_variance(counts: SiteCounts, kind: str, theta: float) -> tuple[float, float]:
    """Return the variance of a site of size 1 at the target, and its degrees of freedom."""
    if kind == "proportion":
        return theta * (1 - theta), np.inf
    if kind != "mean":
        return theta, np.inf
    assert counts.squares is not None
    df = float((counts.size - 1).sum())
    if df <= 0:
        raise TooFewError(
            f"No site has two people, of {sites_text(counts.site)}, so the spread within sites is "
            "not known."
        )
    within = float(counts.squares.sum()) / df
    largest = np.abs(counts.total / counts.size).max()
    if within <= (8 * np.finfo(float).eps * largest) ** 2:
        raise TooFewError(
            "The outcome doesn't vary within any site, so chance has no size to compare sites "
            "with. Check that the column holds the scores that are meant."
        )
    return within, df


def _target(counts: SiteCounts, kind: str, target: float | None) -> float:
    """Check the target, or take all sites together."""
    if not counts.site:
        raise TooFewError(
            "No site has anything to compare: sites of size 0, or with missing values only. "
            f"{counts.n_excluded} rows were left out for a missing value."
        )
    if target is None:
        if len(counts.site) == 1:
            raise TooFewError(
                f"There is one site ({listed(counts.site)}), which can't be compared with itself. "
                "Give target=."
            )
        theta = float(counts.total.sum() / counts.size.sum())
        if kind != "mean" and theta == 0:
            raise TooFewError("There are no events in any site, so no target. Give target=.")
        if kind == "proportion" and theta == 1:
            raise TooFewError("Everybody in every site had the event, so no target. Give target=.")
        return theta
    number = isinstance(target, int | float | np.number) and not isinstance(target, bool)
    least, most = {"mean": (-np.inf, np.inf), "proportion": (0, 1)}.get(kind, (0, np.inf))
    if not number or not least < target < most:
        between = {"mean": "finite", "proportion": "between 0 and 1"}.get(kind, "above 0")
        raise OptionError(f"The 'target' of kind {kind!r} must be {between}. Got {target!r}.")
    return float(target)


def _levels(limits: Sequence[float]) -> tuple[float, ...]:
    """Return the levels in order, or raise `OptionError`."""
    given = [limits] if isinstance(limits, int | float) else limits
    levels = [] if isinstance(given, str) else list(given)
    odd = [x for x in levels if isinstance(x, bool) or not isinstance(x, int | float)]
    if not levels or odd or not all(0 < x < 1 for x in levels):
        raise OptionError(
            f"'limits' must hold shares between 0 and 1, such as (0.95, 0.998). Got {limits!r}."
        )
    return tuple(sorted(set(map(float, levels))))


def _require_share(winsorise: float) -> None:
    number = isinstance(winsorise, int | float) and not isinstance(winsorise, bool)
    if not number or not 0 <= winsorise < 0.5:
        raise OptionError(f"'winsorise' must be from 0 to below 0.5. Got {winsorise!r}.")


def _grid(size: Floats, *, whole: bool) -> Floats:
    """Return sizes to draw the funnel at: from below the smallest to above the largest."""
    low, high = 0.8 * size.min(), 1.05 * size.max()
    if whole:
        return np.unique(np.round(np.geomspace(max(low, 1), np.ceil(high), 200)))
    return np.geomspace(low, high, 200)
