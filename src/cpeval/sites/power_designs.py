"""The precision and the power of a comparison of two arms over sites. Numbers in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy import optimize, stats

#: An integer that is asked for is looked for up to here.
_MOST = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Design:
    """A study of two arms, of equal size everywhere.

    Attributes
    ----------
    sites, people : int
        Sites, and people in each team (in each site, where there are no teams).
    teams : int or None
        Teams in each site; None without.
    within : bool
        Whether each site has both arms.
    site_icc, team_icc : float
        Shares of the variance between sites, and between teams of a site.
    sd : float
        Of the outcome within an arm.
    r2_clusters, r2_people : float
        Shares of the variance between clusters, and within them, that a covariate explains.
    """

    sites: int
    people: int
    teams: int | None
    within: bool
    site_icc: float
    team_icc: float
    sd: float
    r2_clusters: float
    r2_people: float

    def having(self, **changes: int) -> Self:
        """Return the design with other numbers."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def people_in_all(self) -> int:
        """How many people there are."""
        return self.sites * (self.teams or 1) * self.people

    @property
    def clusters(self) -> int:
        """How many there are of what gets the arm."""
        if not self.within:
            return self.sites
        return self.people_in_all if self.teams is None else self.sites * self.teams

    @property
    def df(self) -> int:
        """Degrees of freedom of the difference: of clusters, less one a stratum, one the arm."""
        strata = self.sites if self.within else 1
        covariate = int(max(self.r2_clusters, self.r2_people) > 0)
        return self.clusters - strata - 1 - covariate

    @property
    def variance(self) -> float:
        """Return the squared error of the difference between the arms."""
        teams = self.teams or 1
        between = 1 - self.r2_clusters
        person = (1 - self.site_icc - self.team_icc) * (1 - self.r2_people)
        if not self.within:
            each = between * (self.site_icc + self.team_icc / teams) + person / (
                teams * self.people
            )
            half = self.sites // 2
            return self.sd**2 * each * (1 / half + 1 / (self.sites - half))
        if self.teams is None:
            half = self.people // 2
            return self.sd**2 * person / self.sites * (1 / half + 1 / (self.people - half))
        each = between * self.team_icc + person / self.people
        return self.sd**2 * each * 4 / (self.sites * teams)

    @property
    def design_effect(self) -> float:
        """By how much more people are needed than with independent ones, without a covariate."""
        plain = replace(self, r2_clusters=0.0, r2_people=0.0)
        return plain.variance * self.people_in_all / (4 * self.sd**2)


def power_of(design: Design, effect: float, level: float) -> float:
    """Return the power of a two-sided t test, exact for normal clusters of equal size.

    NaN without degrees of freedom.
    """
    if design.df < 1:
        return float("nan")
    shift = abs(effect) / np.sqrt(design.variance)
    edge = float(stats.t.isf(level / 2, design.df))
    if shift > edge + 40:
        return 1.0
    with np.errstate(all="ignore"):  # far in a tail the library flags values that it gets right
        high = float(stats.nct.sf(edge, design.df, shift))
        low = float(stats.nct.cdf(-edge, design.df, shift))
    return min(high + (low if np.isfinite(low) else 0.0), 1.0)


def effect_for(design: Design, power: float, level: float) -> float:
    """Return the smallest effect that is found with this power; NaN without df."""
    if design.df < 1:
        return float("nan")
    unit = float(np.sqrt(design.variance))
    high = unit
    while power_of(design, high, level) < power:
        high *= 2
    return float(
        optimize.brentq(
            lambda effect: power_of(design, effect, level) - power, 0, high, xtol=1e-12 * unit
        )
    )


def least(
    design: Design, what: str, effect: float, power: float, level: float, *, step: int, start: int
) -> int | None:
    """Return the smallest number of people or sites with this power; None if there is none.

    Parameters
    ----------
    design : Design
    what : {"people", "sites"}
    effect, power, level : float
    step, start : int
        The numbers looked at: ``start``, ``start + step`` and so on.
    """

    def enough(k: int) -> bool:
        found = power_of(design.having(**{what: start + k * step}), effect, level)
        return found >= power

    high = 1
    while not enough(high):
        high *= 2
        if start + high * step > _MOST:
            return None
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return start + high * step
