"""Slopes over occasions, of each site and of all: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.errors import DataError, TooFewError
from cpeval.moments.contrasts import contrast_tests
from cpeval.moments.mixed_fit import fit_mixed

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

#: A residual sum of squares of this share of the total is rounding.
_PERFECT = 1e-20


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteSlopes:
    """Slopes of s sites.

    Attributes
    ----------
    estimate, se, df : array, shape (s,)
        NaN where a site has no team with two occasions; se is NaN without residual freedom.
    common : float
        The slope that all sites would share, within teams.
    statistic, df_num, df_den, p : float
        Whether slopes differ between sites: F test.
    """

    estimate: Floats
    se: Floats
    df: Floats
    common: float
    statistic: float
    df_num: int
    df_den: int
    p: float


@dataclass(frozen=True, kw_only=True, eq=False)
class OverallSlope:
    """The slope over all sites.

    Attributes
    ----------
    estimate, se, df : float
    factors : tuple of str
        The random factors that were fitted: of "site" and "team"; none means least squares.
    why : str
        Why fewer than the data seem to have; empty if none is missing.
    """

    estimate: float
    se: float
    df: float
    factors: tuple[str, ...]
    why: str = ""


def site_slopes(y: Floats, time: Floats, team: Codes, site: Codes, n_sites: int) -> SiteSlopes:
    r"""Regress within teams on time, a slope for each site and one residual variance.

    Parameters
    ----------
    y, time : array, shape (n,)
    team, site : array of int, shape (n,)
        From 0; a team is in one site.
    n_sites : int

    Notes
    -----
    With deviations from teams' own means, :math:`b_k = \sum t y / \sum t^2` over site k, and
    :math:`s^2 = \sum (y - b t)^2 / (n - J - K)` over all, J teams and K sites with a slope: the
    least squares fit of teams and of an interaction of site and time.
    """
    n_teams = int(team.max(initial=-1)) + 1
    size = np.bincount(team, minlength=n_teams).astype(float)
    t = time - (np.bincount(team, time, n_teams) / size)[team]
    away = y - (np.bincount(team, y, n_teams) / size)[team]
    square = np.bincount(site, t * t, n_sites)
    along = np.bincount(site, t * away, n_sites)
    there = square > 0
    slope = np.divide(along, square, out=np.full(n_sites, np.nan), where=there)
    rest = away - np.where(there, slope, 0.0)[site] * t
    rss, total = float(rest @ rest), float(away @ away)
    rss = 0.0 if rss <= _PERFECT * float(y @ y) else rss
    k = int(there.sum())
    df = y.size - n_teams - k
    variance = rss / df if df > 0 and rss > 0 else np.nan
    se = np.sqrt(np.divide(variance, square, out=np.full(n_sites, np.nan), where=there))
    common = float(along.sum() / square.sum()) if k else np.nan
    between = total - common * float(along.sum()) - rss if k else np.nan
    tested = k > 1 and df > 0 and rss > 0
    statistic = between / (k - 1) / variance if tested else np.nan
    return SiteSlopes(
        estimate=slope,
        se=se,
        df=np.where(np.isnan(se), np.nan, float(df)),
        common=common,
        statistic=float(statistic),
        df_num=max(k - 1, 0),
        df_den=max(df, 0),
        p=float(stats.f.sf(statistic, k - 1, df)) if tested else np.nan,
    )


def overall_slope(y: Floats, time: Floats, team: Codes, site: Codes) -> OverallSlope:
    """Fit a mixed model by REML with Kenward and Roger's degrees of freedom.

    Parameters
    ----------
    y, time : array, shape (n,)
    team, site : array of int, shape (n,)
        From 0 without gaps; teams are numbered over all sites, and a team is in one.

    Notes
    -----
    Random intercepts of sites and of the teams in them where the data have both; else of the one
    that they have. A residual is a team's own occasion.
    """
    origin = np.array([0.0, time.mean(), y.mean()])
    columns = np.column_stack([np.ones_like(y), time - origin[1], y - origin[2]])
    n_sites, n_teams = int(site.max()) + 1, int(team.max()) + 1
    tries: list[tuple[tuple[str, ...], Codes]] = []
    if 1 < n_sites < n_teams:
        tries.append((("site", "team"), team))
    if n_teams > 1:
        tries.append(((("team",) if n_teams > n_sites else ("site",)), team))
    why = ""
    for factors, unit in tries:
        try:
            return _mixed(columns, origin, unit, site, factors, why)
        except (DataError, TooFewError) as error:
            why = why or str(error)
    return _least_squares(columns, why)


def _mixed(
    columns: Floats, origin: Floats, unit: Codes, site: Codes, factors: tuple[str, ...], why: str
) -> OverallSlope:
    n_units = int(unit.max()) + 1
    counts = np.bincount(unit, minlength=n_units)
    products = columns[:, :, None] * columns[:, None, :]
    order = np.argsort(unit, kind="stable")
    blocks = np.add.reduceat(products[order], np.cumsum(counts) - counts, axis=0)
    group = None
    if len(factors) > 1:
        group = np.zeros(n_units, dtype=np.intp)
        group[unit] = site
    fit = fit_mixed(
        blocks, counts, group=group, origin=origin, factors=factors, terms=("Intercept", "occasion")
    )
    found = contrast_tests(fit, df="kenward-roger")
    return OverallSlope(
        estimate=float(found.estimate[1]),
        se=float(found.se[1]),
        df=float(found.df[1]),
        factors=factors,
        why=why,
    )


def _least_squares(columns: Floats, why: str) -> OverallSlope:
    _, t, y = columns.T
    square, n = float(t @ t), y.size
    slope = float(t @ y) / square
    rest = y - slope * t
    rss = float(rest @ rest)
    enough = n > 2 and rss > _PERFECT * max(float(y @ y), np.finfo(float).tiny)
    se = np.sqrt(rss / (n - 2) / square) if enough else np.nan
    return OverallSlope(
        estimate=slope, se=float(se), df=float(n - 2) if enough else np.nan, factors=(), why=why
    )
