"""Designs with few sites, and draws from them as cross-products of units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

#: What a baseline point adds to the outcome, and by how much the arms differ at baseline, in
#: standard deviations of people.
SLOPE, IMBALANCE = 0.6, 0.5
#: Share of the baseline's variance that is between units.
BASELINE_ICC = 0.1

ICCS = (0.0, 0.01, 0.05, 0.1, 0.2)
SIZES = ("equal", "unequal", "by arm")
SPREADS = ("equal", "by site", "by arm", "of teams by arm")
#: Not among the conditions of the goal: sums of a few skewed effects are not normal.
SKEWED = "skewed teams"
COVARIATES = ("none", "baseline")


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """Units, each in one arm: arm and site of each, shape (U,)."""

    name: str
    arm: np.ndarray
    site: np.ndarray
    #: People in each unit, where all have as many.
    size: int = 15

    @property
    def within(self) -> bool:
        """Whether some site holds both arms."""
        return any(np.ptp(self.arm[self.site == s]) for s in range(self.site.max() + 1))

    @property
    def nested(self) -> bool:
        """Whether some site holds several units."""
        return len(set(self.site)) < self.site.size


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """A design with everything that is varied."""

    design: Design
    icc: float
    sizes: str
    spread: str
    covariate: str
    #: The true effect of the programme, in standard deviations of people.
    effect: float = 0.0

    @property
    def people(self) -> np.ndarray:
        """People in each unit: 15; 5 to 45; or 5 to 15 with the programme, 30 to 45 without."""
        size, units, treated = self.design.size, self.design.arm.size, self.design.arm == 1
        if self.sizes == "equal":
            return np.full(units, size)
        if self.sizes == "unequal":
            spread = np.linspace(size / 3, 3 * size, units).round()
            return np.random.default_rng(units).permutation(spread)
        out = np.empty(units)
        out[treated] = np.linspace(size / 3, size, treated.sum()).round()
        out[~treated] = np.linspace(2 * size, 3 * size, units - treated.sum()).round()
        return out

    @property
    def sd(self) -> np.ndarray:
        """Residual standard deviation of each unit: 1; 1 to 3 over sites; 3 with the programme.

        It is 1 too where the teams' effects are what has a larger spread with the programme.
        """
        if self.spread == "by arm":
            return np.where(self.design.arm == 1, 3.0, 1.0)
        if self.spread != "by site":
            return np.ones(self.design.arm.size)
        sites = self.design.site.max() + 1
        by_site = np.random.default_rng(sites + 100).permutation(np.linspace(1, 3, sites))
        return by_site[self.design.site]

    def draw(self, replicates: int, rng: np.random.Generator) -> np.ndarray:
        """Draw cross-products of [1, (baseline), outcome], shape (replicates, U, q, q).

        Means and sums of squares of normal samples are drawn directly: the law is that of people's
        outcomes, at a cost that does not grow with them. Units and, where sites hold several,
        sites add independent normal effects, each with a variance of icc / (1 - icc) times
        people's mean variance; with "of teams by arm" those of units with the programme have four
        times that, and "skewed teams" are exponential.
        """
        n, sd, design = self.people, self.sd, self.design
        shape = (replicates, n.size)
        tau = np.sqrt(self.icc / (1 - self.icc) * (sd**2).mean())
        skewed = self.spread == SKEWED
        place = tau * (rng.exponential(size=shape) - 1 if skewed else rng.normal(size=shape))
        if self.spread == "of teams by arm":
            place *= 1 + design.arm
        if design.nested:
            place += tau * rng.normal(size=(replicates, design.site.max() + 1))[:, design.site]
        mean = place + sd / np.sqrt(n) * rng.normal(size=shape) + self.effect * design.arm
        if self.covariate == "none":
            inside = sd**2 * rng.chisquare(n - 1, size=shape)
            return _blocks(n, [mean], [[inside]])
        x = (
            np.sqrt(BASELINE_ICC / (1 - BASELINE_ICC) + 1 / n) * rng.normal(size=shape)
            + IMBALANCE * design.arm
        )
        xx = rng.chisquare(n - 1, size=shape)
        along = sd * np.sqrt(xx) * rng.normal(size=shape)
        rest = sd**2 * rng.chisquare(n - 2, size=shape)
        xy = SLOPE * xx + along
        yy = SLOPE**2 * xx + 2 * SLOPE * along + along**2 / xx + rest
        return _blocks(n, [x, mean + SLOPE * x], [[xx, xy], [xy, yy]])


def _blocks(n: np.ndarray, means: list, inside: list) -> np.ndarray:
    """Put counts, means and squares about them together."""
    k = len(means)
    out = np.empty((*means[0].shape, k + 1, k + 1))
    out[..., 0, 0] = n
    for i, one in enumerate(means):
        out[..., 0, i + 1] = out[..., i + 1, 0] = n * one
        for j, other in enumerate(means):
            out[..., i + 1, j + 1] = inside[i][j] + n * one * other
    return out


def with_arm(blocks: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Put the arm behind the intercept: it is constant in each unit."""
    q = blocks.shape[-1]
    take = [0, 0, *range(1, q)]
    factor = np.ones((arm.size, q + 1))
    factor[:, 1] = arm
    return blocks[..., take, :][..., take] * factor[:, :, None] * factor[:, None, :]


def _between(name: str, treated: int, compared: int, teams: int = 1) -> Design:
    sites = np.repeat(np.arange(treated + compared), teams)
    return Design(name=name, arm=(sites < treated).astype(int), site=sites)


def _within(name: str, sites: int, treated: int = 1, compared: int = 1, size: int = 15) -> Design:
    arm = np.tile([1] * treated + [0] * compared, sites)
    site = np.repeat(np.arange(sites), treated + compared)
    return Design(name=name, arm=arm, site=site, size=size)


DESIGNS = (
    _within("5 sites x 2 teams, arm within", 5),
    _within("5 sites, people allocated within", 5, size=8),
    _between("5 sites, arm between, 3 v 2", 3, 2),
    _between("5 sites, arm between, 2 v 3", 2, 3),
    _between("8 sites, arm between, 4 v 4", 4, 4),
    _within("8 sites x 2 teams, arm within", 8),
    _between("8 sites x 2 teams, arm between", 4, 4, teams=2),
    _between("20 sites, arm between, 10 v 10", 10, 10),
    _within("20 sites x 2 teams, arm within", 20),
    _between("20 sites x 2 teams, arm between", 10, 10, teams=2),
)
#: For the branches of the rule that those don't reach.
MORE_DESIGNS = (
    _between("4 sites, arm between, 2 v 2", 2, 2),
    _between("12 sites, arm between, 2 v 10", 2, 10),
    _between("12 sites, arm between, 10 v 2", 10, 2),
    _between("10 sites, arm between, 3 v 7", 3, 7),
    _between("10 sites, arm between, 7 v 3", 7, 3),
    _between("16 sites, arm between, 4 v 12", 4, 12),
    _within("2 sites x 2 teams, arm within", 2),
    _within("3 sites x 2 teams, arm within", 3),
    _within("3 sites, people allocated within", 3, size=8),
    _within("2 sites x 6 teams, arm within", 2, 3, 3),
    _within("3 sites x 12 teams, arm within 3 v 9", 3, 3, 9),
    _within("5 sites x 4 teams, arm within 1 v 3", 5, 1, 3),
    Design(
        name="10 sites: 2 with both arms, 4 v 4 others",
        arm=np.array([1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0]),
        site=np.array([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ),
)


def cells(design: Design, spreads: tuple[str, ...] = SPREADS) -> Iterator[Cell]:
    """Cross everything."""
    for covariate, sizes, spread, icc in product(COVARIATES, SIZES, spreads, ICCS):
        yield Cell(design=design, icc=icc, sizes=sizes, spread=spread, covariate=covariate)
