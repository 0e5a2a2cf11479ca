"""Random intercepts of two nested factors, teams within sites, summed over teams and sites.

With the residual variance as unit, V = I + s ZZ' (sites) + t UU' (teams). Within a team everything
about its mean is untouched by s and t. Team means have weights b w, b their size and
w = 1 / (1 + t b); a site's mean, weighted so, has the variance (1 + s B) / B, B the sum of its
weights. Sums are of deviations from means, so nothing cancels when s or t is large.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cpeval.moments.mixed_parameters import Floats, diagonal
from cpeval.moments.mixed_sums import Sums, with_residual


class NestedFactors:
    """Cross-products of teams, with the site of each.

    Parameters
    ----------
    blocks : numpy.ndarray, shape (G, q, q)
        ``W'W`` of each team, W = [X y].
    random : numpy.ndarray, shape (q, 1)
        The column of ones is W @ random; the last row, the outcome's, is zero.
    n : float
        Rows in all teams.
    group : numpy.ndarray of int, shape (G,)
        The site of each team, 0 to the number of sites less one; each occurs.

    Attributes
    ----------
    rank, within, parameters
        As in `OneFactor`; the parameters are the variance of sites, then of teams.
    """

    def __init__(self, blocks: Floats, random: Floats, n: float, group: NDArray[np.intp]) -> None:
        self.n = n
        self.parameters = diagonal(2)
        self._order = np.argsort(group, kind="stable")
        self._site = group[self._order]
        self._starts = np.flatnonzero(np.diff(self._site, prepend=-1))
        rows = (blocks @ random[:, 0]).T[:, self._order]  # 1'W: (q, G)
        self._size = np.einsum("ag,a->g", rows, random[:, 0])
        self._mean = rows / self._size
        self.rank = len(self._size)
        self.within = blocks.sum(axis=0) - rows @ self._mean.T

    @property
    def n_groups(self) -> tuple[int, ...]:
        """Sites, and teams."""
        return len(self._starts), len(self._size)

    def cross(self, gamma: Floats) -> tuple[float, Floats]:
        """Return log det V and W'V^-1 W, shape (q, q)."""
        return self._cross(gamma)[:2]

    def _cross(self, gamma: Floats) -> tuple[float, Floats, Floats, Floats, Floats, Floats, Floats]:
        """Return log det V, W'V^-1 W, team weights, site weights, shrinking, means, deviations."""
        weight = self._size / (1.0 + gamma[1] * self._size)
        total = self._by_site(weight)
        mean = self._by_site(weight * self._mean) / total
        shrunk = 1.0 / (1.0 + gamma[0] * total)
        deviation = self._mean - mean[:, self._site]
        cross = self.within + (weight * deviation) @ deviation.T + (total * shrunk * mean) @ mean.T
        log_det = -float(np.log(weight / self._size).sum() + np.log(shrunk).sum())
        return log_det, cross, weight, total, shrunk, mean, deviation

    def scores(self, gamma: Floats) -> tuple[Floats, Floats]:
        """Return 1'V^-1 W of each site, (q, S), and of each team in the order given, (q, G)."""
        _, _, weight, total, shrunk, mean, deviation = self._cross(gamma)
        team = np.empty_like(deviation)
        team[:, self._order] = weight * (deviation + (shrunk * mean)[:, self._site])
        return total * shrunk * mean, team

    def unexplained(self, gamma: Floats) -> tuple[Floats, Floats]:
        """Return the variance of each site, (S,), and team, (G,), given the data."""
        _, _, weight, _, shrunk, _, _ = self._cross(gamma)
        team = np.empty_like(weight)
        factor = (gamma[0] * shrunk)[self._site]
        team[self._order] = gamma[1] * weight / self._size + factor * (gamma[1] * weight) ** 2
        return gamma[0] * shrunk, team

    def sums(self, gamma: Floats, *, residual: bool = False) -> Sums:
        """Return all that the likelihood and its derivatives need; see `Sums`."""
        log_det, cross, weight, total, shrunk, mean, deviation = self._cross(gamma)
        factor = gamma[0] * shrunk
        site = total * shrunk * mean
        team = weight * (deviation + (shrunk * mean)[:, self._site])
        carried = self._by_site(weight * team)
        centre = carried / total
        spread = team - centre[:, self._site]
        squares = self._by_site(weight**2)
        mixed = (shrunk * site) @ carried.T
        first = [site @ site.T, team @ team.T]
        second = [
            [(total * shrunk * site) @ site.T, mixed],
            [mixed.T, (weight * spread) @ spread.T + (total * shrunk * centre) @ centre.T],
        ]
        both = (shrunk**2 * squares).sum()
        trace = [(total * shrunk).sum(), weight.sum() - (factor * squares).sum()]
        cubes = self._by_site(weight**3)
        traces = [
            [((total * shrunk) ** 2).sum(), both],
            [both, (squares - 2 * factor * cubes + (factor * squares) ** 2).sum()],
        ]
        found = Sums(
            n=self.n,
            log_det=log_det,
            cross=cross,
            first=np.array(first),
            second=np.array(second),
            trace=np.array(trace),
            traces=np.array(traces),
        )
        return (
            self._with_residual(found, weight, total, shrunk, factor, site, team)
            if residual
            else found
        )

    def _with_residual(
        self,
        found: Sums,
        weight: Floats,
        total: Floats,
        shrunk: Floats,
        factor: Floats,
        site: Floats,
        team: Floats,
    ) -> Sums:
        own = weight / self._size
        once = team / self._size
        centre = self._by_site(weight * once) / total
        team_twice = weight * (once - ((1.0 - shrunk) * centre)[:, self._site])
        site_twice = self._by_site(team_twice)
        a = self._by_site(self._size * own**2)
        b = self._by_site(self._size * own**3)
        c = self._by_site(self._size**2 * own**3)
        d = self._by_site(self._size**2 * own**2)
        outside = self.n - self.rank
        return with_residual(
            found,
            first=self.within + once @ team.T,
            second=[site_twice @ site.T, team_twice @ team.T],
            third=self.within + once @ team_twice.T,
            trace=outside + own.sum() - (factor * a).sum(),
            traces=[
                (shrunk**2 * a).sum(),
                a.sum() - (2 * factor * c).sum() + (factor**2 * d * a).sum(),
            ],
            trace_twice=outside
            + (own**2).sum()
            - (2 * factor * b).sum()
            + ((factor * a) ** 2).sum(),
        )

    def _by_site(self, values: Floats) -> Floats:
        """Sum over the teams of each site."""
        summed: Floats = np.add.reduceat(values, self._starts, axis=-1)
        return summed
