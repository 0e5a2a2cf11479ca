"""How many assessors and items a wanted precision needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import OptionError, did_you_mean, is_number, listed, require_share, require_whole
from cpeval.fidelity.generalisability import Generalisability
from cpeval.fidelity.measurement_error import planned_shares, precision
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What is one or more levels of a facet.
Levels = int | Sequence[int]

#: Columns that a facet's name can't be.
_OWN = ("n", "g", "phi", "sem", "sem_relative", "phi_low", "phi_high", "enough")

#: Combinations beyond which a table helps nobody.
_MOST_ROWS = 10_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DecisionStudy(Result):
    """A `Result` that also says what is needed.

    Attributes
    ----------
    needed : pandas.DataFrame
        With a target: facet, the numbers of the other facets under their names, needed (the least
        number of the facet that meets the target; infinite if none does). Otherwise empty.
    unit_variance : float
        Variance of true scores, in squared points; fixed facets are part of them.
    facets : tuple of str
        The facets that ``table`` has numbers for.
    fixed : tuple of str
        Those that are held fixed.
    target : float or None
        What phi should reach, or the sem stay within.
    target_of : str or None
        "phi" or "sem".
    mean : float
        Mean of the ratings of the generalisability study.
    """

    needed: pd.DataFrame
    unit_variance: float
    facets: tuple[str, ...]
    fixed: tuple[str, ...]
    target: float | None
    target_of: str | None
    mean: float

    def plot(self, ax: Axes | None = None, *, what: str | None = None) -> Axes:
        """Draw phi, or another column, by the numbers of levels.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        what : {"phi", "g", "sem", "sem_relative"}, optional
            By default what the target is about, or phi.
        """
        from cpeval.plots.decision_study import decision_study

        return decision_study(
            self.table,
            self.facets,
            what=what or self.target_of or "phi",
            target=self.target if what in (None, self.target_of) else None,
            ax=ax,
        )


def decision_study(
    g: Generalisability,
    levels: Mapping[str, Levels] | None = None,
    *,
    fixed: Sequence[str] = (),
    phi: float | None = None,
    sem: float | None = None,
    **facets: Levels,
) -> DecisionStudy:
    r"""Say how precise a unit's mean score is with other numbers of assessors, items and so on.

    Parameters
    ----------
    g : Generalisability
        From `generalisability`.
    levels : mapping, optional
        Facet to the number or numbers of its levels to try, for names that can't be arguments.
        A nested facet's number is that in each level of what it is nested in.
    fixed : sequence of str, optional
        Facets whose levels in the study are all there are, such as the items of an instrument:
        they are part of what is meant by the score, and no source of error. Their number stays.
    phi : float, optional
        Wanted: a phi of at least this.
    sem : float, optional
        Wanted: an absolute standard error of at most this many points. One target only.
    **facets : int or sequence of int
        The same as ``levels``: ``assessor=[1, 2, 3], item=[10, 20]``.

    Returns
    -------
    DecisionStudy
        ``table``, a row a combination: each facet's number, n (ratings of a unit), g, phi, sem,
        sem_relative, phi_low, phi_high (interval of phi, from the generalisability study) and,
        with a target, enough. Facets without numbers keep the study's.

    Raises
    ------
    OptionError
        ``g`` is no generalisability study; a facet that it doesn't have, twice, or fixed with
        another number; numbers that are not whole and above 0; two targets, or one out of range;
        every facet fixed.

    Notes
    -----
    With :math:`n'_f` levels, a variance counts :math:`\sigma^2_\alpha / \prod_{f \in \alpha} n'_f`.
    Effects with a random facet are absolute error :math:`\Delta`, those of them that the unit has
    a part in relative error :math:`\delta`; effects of the unit with fixed facets only are true
    score :math:`\tau` [1]_. ``needed`` solves :math:`A + B / n' \le \sigma^2_\Delta` for one facet
    at a time.

    References
    ----------
    .. [1] Brennan (2001). Generalizability Theory. Springer. Sections 4.1 and 4.4.

    Examples
    --------
    >>> from cpeval.fidelity.generalisability import generalisability
    >>> data = pd.DataFrame({
    ...     "unit": list("AAAABBBBCCCC"),
    ...     "assessor": ["Kim", "Kim", "Lee", "Lee"] * 3,
    ...     "item": [1, 2] * 6,
    ...     "rating": [2, 3, 2, 4, 3, 4, 4, 4, 4, 5, 5, 5],
    ... })
    >>> found = decision_study(generalisability(data), assessor=[1, 2], item=[2, 10], phi=0.8)
    >>> found.table[["assessor", "item", "n", "phi", "enough"]].round(3).values.tolist()
    [[1, 2, 2, 0.667, False], [1, 10, 10, 0.811, True],
     [2, 2, 4, 0.75, False], [2, 10, 20, 0.882, True]]
    """
    if not isinstance(g, Generalisability):
        raise OptionError(
            f"'g' must come from generalisability(...). Got {type(g).__name__}: {g!r:.60}."
        )
    fixed = _fixed(g, fixed)
    tried = _tried(g, {**_apart(levels, facets), **facets}, fixed)
    target_of, target = _target(phi, sem)
    grid = pd.DataFrame(list(product(*tried.values())), columns=list(tried))
    point, spread = _precisions(g, grid, fixed)
    tails = [(1 - g.level) / 2, (1 + g.level) / 2]
    low, high = np.array([_interval(values, tails) for values in spread]).T
    table = grid.apply(_whole).assign(
        n=_whole(grid.prod(axis=1)),
        g=point[:, 1],
        phi=point[:, 2],
        sem=point[:, 4],
        sem_relative=point[:, 3],
        phi_low=low,
        phi_high=high,
    )
    needed = pd.DataFrame()
    if target is not None:
        enough = table["phi"] >= target if target_of == "phi" else table["sem"] <= target
        table["enough"] = enough
        limit = _limit(float(point[0, 0]), phi, sem)
        needed = _needed(g, tried, fixed, limit)
    return DecisionStudy(
        table=table,
        note=_note(g, tried, fixed, target_of, target),
        warnings=tuple(_worries(g, tried, table, needed)),
        needed=needed,
        unit_variance=float(point[0, 0]),
        facets=tuple(tried),
        fixed=fixed,
        target=target,
        target_of=target_of,
        mean=g.mean,
    )


def _apart(levels: Mapping[str, Levels] | None, facets: Mapping[str, Levels]) -> dict[str, Levels]:
    if levels is not None and not isinstance(levels, Mapping):
        raise OptionError(
            "'levels' must be a mapping such as {'assessor': [1, 2]}; the numbers of a facet can "
            f"also be an argument, assessor=[1, 2]. Got {levels!r}."
        )
    given = dict(levels or {})
    twice = [name for name in given if name in facets]
    if twice:
        raise OptionError(f"Numbers of {listed(twice)} are given twice.")
    return given


def _fixed(g: Generalisability, fixed: Sequence[str]) -> tuple[str, ...]:
    if isinstance(fixed, str) or not isinstance(fixed, Sequence):
        raise OptionError(f"'fixed' must be a list of facets, such as ['item']. Got {fixed!r}.")
    _require_facets(g, fixed, "'fixed'")
    if set(fixed) == set(g.design.facets):
        raise OptionError(
            "Every facet is fixed: then nothing is left for scores to differ by. Leave one random."
        )
    return tuple(name for name in g.design.facets if name in fixed)


def _require_facets(g: Generalisability, names: Sequence[str], what: str) -> None:
    facets = g.design.facets
    odd = [f"{name!r}{did_you_mean(name, facets)}" for name in names if name not in facets]
    if odd:
        raise OptionError(
            f"{what} names {', '.join(odd)}, no facet of the study. Its facets: {listed(facets)}."
        )


def _tried(
    g: Generalisability, given: Mapping[str, Levels], fixed: tuple[str, ...]
) -> dict[str, list[float]]:
    """Return every facet's numbers of levels, the study's where none are given."""
    _require_facets(g, list(given), "decision_study")
    clash = [name for name in g.design.facets if name in _OWN]
    if clash:
        raise OptionError(
            f"Facets called {listed(clash)} would stand twice in the table. Rename the columns."
        )
    tried: dict[str, list[float]] = {}
    for name in g.design.facets:
        own = g.n_levels[name]
        if name not in given:
            tried[name] = [own]
            continue
        values = _listed(name, given[name])
        if name in fixed and values != [own]:
            raise OptionError(
                f"{name!r} is fixed, so its number is the study's, {own:g}. Got {listed(values)}."
            )
        tried[name] = values
    rows = int(np.prod([len(values) for values in tried.values()]))
    if rows > _MOST_ROWS:
        raise OptionError(
            f"There are {rows} combinations to try, more than {_MOST_ROWS}. Give fewer numbers."
        )
    return tried


def _listed(name: str, numbers: Levels) -> list[float]:
    """Return one or more numbers of levels as a list."""
    several = isinstance(numbers, Sequence | np.ndarray) and not isinstance(numbers, str)
    values: list[Any] = list(numbers) if several else [numbers]  # type: ignore[arg-type]
    if not values:
        raise OptionError(f"{name!r} has no numbers of levels to try.")
    for value in values:
        require_whole(name, value, least=1)
    return [float(value) for value in values]


def _target(phi: float | None, sem: float | None) -> tuple[str | None, float | None]:
    if phi is not None and sem is not None:
        raise OptionError("Give one target, 'phi' or 'sem', not both.")
    if phi is not None:
        require_share("phi", phi)
        return "phi", float(phi)
    if sem is not None:
        if not is_number(sem) or not 0 < sem < np.inf:
            raise OptionError(f"'sem' must be a number of points above 0. Got {sem!r}.")
        return "sem", float(sem)
    return None, None


def _precisions(
    g: Generalisability, grid: pd.DataFrame, fixed: tuple[str, ...]
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return unit_variance, g, phi, sem_relative and sem of each row, and draws of phi."""
    components = g.table["estimate"].to_numpy()
    rows, draws = [], []
    for levels in grid.to_dict("records"):
        shares = planned_shares(g.design, {str(name): n for name, n in levels.items()}, fixed)
        one = precision(components, shares)
        rows.append([one.unit_variance, one.g, one.phi, one.sem_relative, one.sem])
        draws.append(precision(g.draws, shares).phi)
    return np.array(rows, dtype=float), draws


def _interval(values: NDArray[np.float64], tails: list[float]) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, tails)
    return float(low), float(high)


def _whole(values: pd.Series) -> pd.Series:
    return values.astype(int) if (values == np.floor(values)).all() else values


def _limit(unit_variance: float, phi: float | None, sem: float | None) -> float:
    """Return how large the absolute error variance may be."""
    if sem is not None:
        return sem**2
    assert phi is not None
    return unit_variance * (1 - phi) / phi if phi > 0 else np.inf


#: A number of levels that is a whole one but for rounding is that whole one.
_ROUNDING = 1e-9


def _needed(
    g: Generalisability, tried: Mapping[str, list[float]], fixed: tuple[str, ...], limit: float
) -> pd.DataFrame:
    """Return the least number of each facet, for the numbers of the others."""
    components = g.table["estimate"].to_numpy()
    rows = []
    for name in g.design.facets:
        if name in fixed:
            continue
        holds = np.array([name in effect for effect in g.design.effects])
        others = {other: values for other, values in tried.items() if other != name}
        for numbers in product(*others.values()):
            levels = dict(zip(others, numbers, strict=True))
            shares = planned_shares(g.design, {**levels, name: 1}, fixed)
            error = components * shares.absolute
            rest, divided = error[~holds].sum(), error[holds].sum()
            if divided == 0 and rest <= limit:
                least = 1.0
            elif rest >= limit:
                least = np.inf
            else:
                least = max(1.0, np.ceil(divided / (limit - rest) * (1 - _ROUNDING)))
            rows.append({"facet": name, **levels, "needed": least})
    return pd.DataFrame(rows, columns=["facet", *g.design.facets, "needed"])


def _note(
    g: Generalisability,
    tried: Mapping[str, list[float]],
    fixed: tuple[str, ...],
    target_of: str | None,
    target: float | None,
) -> str:
    kept = [
        f"{name} {values[0]:g}"
        for name, values in tried.items()
        if values == [g.n_levels[name]] and name not in fixed
    ]
    parts = [f"Decision study for {g.design.text}, from variances by {g.method}"]
    if fixed:
        parts.append(f"{', '.join(fixed)} fixed")
    if kept:
        parts.append(f"numbers as in the study: {', '.join(kept)}")
    if target is not None:
        parts.append(
            f"wanted: {target_of} {'at least' if target_of == 'phi' else 'at most'} {target:g}"
        )
    return "; ".join(parts) + f" (Brennan, 2001). Interval of phi: {100 * g.level:g} %."


def _worries(
    g: Generalisability,
    tried: Mapping[str, list[float]],
    table: pd.DataFrame,
    needed: pd.DataFrame,
) -> list[str]:
    said = []
    wide = table["phi_high"] - table["phi_low"]
    if (wide > 0.3).any():
        said.append(
            "The generalisability study leaves phi uncertain: its interval spans up to "
            f"{wide.max():.2f}."
        )
    if len(needed) and np.isinf(needed["needed"]).all():
        said.append("No number of one facet alone meets the target with those of the others.")
    ahead = [name for name, values in tried.items() if max(values) > 3 * max(g.n_levels[name], 1)]
    if ahead:
        said.append(f"Numbers of {listed(ahead)} go far beyond those of the study.")
    return said
