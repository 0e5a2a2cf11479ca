"""`noise_cost`: what noise would take from the precision of estimates, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import OptionError
from cpeval.moments.coding import INTERCEPT
from cpeval.moments.noise import gaussian_sd, noisy_moments, sensitivity
from cpeval.moments.sharing import require_noise
from cpeval.moments.site_moments import SiteMoments
from cpeval.result import Result
from cpeval.sites.linear import linear

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

#: An error that grows by more than a half is the noise's more than the data's.
_DEAR = 1.5
#: A shift of more than this share of an error is a bias worth a word.
_SHIFTED = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class NoiseCost(Result):
    """What `noise_cost` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (p, 6)
        term, estimate and se (without noise), noise (the root mean square of what noise adds to the
        estimate), shift (its mean: bias), growth (the root of se squared and noise squared, next
        to se: 1 is no cost).
    noise_sd : float
        Standard deviation of the noise in a unit's count, in people. In a sum or a product it is
        as large, every column scaled to -1 to 1 between its bounds.
    n_drowned : int
        Units whose noisy count was below ``minimum`` in more than one of a hundred draws: `to_json`
        would refuse them.
    draws : int
    """

    noise_sd: float
    n_drowned: int
    draws: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how much the error of each term grows.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from cpeval.plots.noise_cost import growth

        return growth(self.table, ax=ax)


def noise_cost(
    moments: SiteMoments,
    *,
    epsilon: float,
    delta: float = 1e-6,
    minimum: int = 5,
    draws: int = 200,
    vcov: str = "CR2",
    cluster: str = "site",
    seed: int | np.random.Generator | None = None,
) -> NoiseCost:
    r"""Say what the noise of `SiteMoments.to_json` would cost in precision.

    Parameters
    ----------
    moments : SiteMoments
        Without noise, made with ``bounds``. Of one site, or of several that would all add noise.
    epsilon, delta, minimum
        As in `SiteMoments.to_json`.
    draws : int, default 200
        How often noise is drawn.
    vcov, cluster : str
        Of the errors to compare with, as in `linear`. One site has "classical" ones only.
    seed : int or numpy.random.Generator, optional
        Makes the answer repeatable.

    Returns
    -------
    NoiseCost
        Not to be published: it is computed from the exact moments.

    Raises
    ------
    OptionError
        As `SiteMoments.to_json` and `linear`; fewer than two draws.

    Notes
    -----
    Noise is added to the moments as `SiteMoments.to_json` would, and least squares computed from
    each draw. With d the differences from the estimate without noise, growth is
    :math:`\sqrt{1 + \overline{d^2} / se^2}`.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> data = pd.DataFrame({"trust": np.arange(8000) % 8, "new": np.arange(8000) // 8 % 2})
    >>> data["y"] = np.clip(random.normal(42 + 2 * data.new, 9), 14, 70)
    >>> moments = SiteMoments.from_data(
    ...     data, "y ~ new", site="trust", bounds={"new": (0, 1), "y": (14, 70)}
    ... )
    >>> found = noise_cost(moments, epsilon=1, seed=1)
    >>> round(found.noise_sd, 1)
    10.3
    """
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 2:
        raise OptionError(f"'draws' is a whole number of at least 2. Got {draws!r}.")
    exact = linear(moments, vcov=vcov, cluster=cluster)
    require_noise(moments, epsilon, delta)
    terms = list(exact.table["term"])
    place = {name: k for k, name in enumerate(moments.columns)}
    columns = np.array([place[term] for term in terms if term != INTERCEPT], dtype=np.intp)
    used = moments.n > 0
    n, mean, cross = moments.weight[used], moments.mean[used], moments.cross[used]
    sd = gaussian_sd(epsilon, delta) * sensitivity(len(moments.columns))
    random = np.random.default_rng(seed)
    found, drowned = np.empty((draws, len(terms))), np.zeros(n.size)
    for draw in range(draws):
        made = noisy_moments(n, mean, cross, moments.bounds, sd, random)
        count = np.maximum(np.round(made.n), 0.0)
        drowned += count < minimum
        found[draw] = _coefficients(count, made.mean, made.cross, columns, moments.intercept)
    estimate, se = exact.table["estimate"].to_numpy(), exact.table["se"].to_numpy()
    away = found - estimate
    size, shift = np.sqrt((away**2).mean(axis=0)), away.mean(axis=0)
    growth = np.sqrt(1 + (size / se) ** 2)
    n_drowned = int((drowned > draws / 100).sum())
    return NoiseCost(
        table=pd.DataFrame(
            {
                "term": terms,
                "estimate": estimate,
                "se": se,
                "noise": size,
                "shift": shift,
                "growth": growth,
            }
        ),
        note=(
            f"Least squares of {moments.formula} from moments with Gaussian noise, epsilon "
            f"{epsilon:g} and delta {delta:g} for one row (Balle & Wang, 2018), {draws:,} draws, "
            f"against {vcov} errors. The noise in each unit's count is {sd:.3g} people, and as "
            "much in each sum of products, columns scaled to -1 to 1."
        ),
        warnings=tuple(_worries(terms, growth, shift / se, n_drowned)),
        noise_sd=sd,
        n_drowned=n_drowned,
        draws=draws,
    )


def _coefficients(
    n: Floats, mean: Floats, cross: Floats, columns: NDArray[np.intp], intercept: bool
) -> Floats:
    """Regress the last column on some others, from units' counts, means and cross-products."""
    origin = n @ mean / max(n.sum(), 1.0) if intercept else np.zeros(mean.shape[1])
    rest = mean - origin
    total = cross.sum(axis=0) + np.einsum("u,ua,ub->ab", n, rest, rest)
    slopes: Floats = np.linalg.lstsq(
        total[np.ix_(columns, columns)], total[columns, -1], rcond=None
    )[0]
    if not intercept:
        return slopes
    return np.append(origin[-1] - origin[columns] @ slopes, slopes)


def _worries(terms: list[str], growth: Floats, shift: Floats, n_drowned: int) -> list[str]:
    found = []
    dear = [term for term, size in zip(terms, growth, strict=True) if size > _DEAR]
    if dear:
        found.append(
            f"Noise would make estimates much less precise: {', '.join(map(repr, dear))}. A larger "
            "epsilon, fewer terms or more people in a unit cost less."
        )
    moved = [term for term, size in zip(terms, shift, strict=True) if abs(size) > _SHIFTED]
    if moved:
        found.append(
            f"Noise would bias {', '.join(map(repr, moved))}: units are so small that noise makes "
            "sums of squares negative, which are then set to zero."
        )
    if n_drowned:
        found.append(f"Noise would drown {n_drowned} units, which to_json refuses then.")
    return found
