"""Variances by the method that fits the ratings, with what is known of their error."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import TooFewError
from cpeval.fidelity.balanced_components import (
    MeanSquares,
    implied_mean_squares,
    level_counts,
    mean_squares,
)
from cpeval.fidelity.component_intervals import mean_square_draws, modified_large_sample
from cpeval.fidelity.count_components import components_from_counts
from cpeval.fidelity.facet_cells import RatingCells
from cpeval.fidelity.likelihood_search import Found, most_likely
from cpeval.fidelity.restricted_likelihood import RestrictedLikelihood, best_block
from cpeval.progress import Steps

Floats = NDArray[np.float64]

METHODS = ("auto", "anova", "reml")

#: Multiplications of one step of REML beyond which "auto" takes Henderson's method (seconds).
_MOST_WORK = 1e10
#: Of all variance, less than this is rounding of 0.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimates:
    """Variances of the m effects in the order of the design; arrays of shape (m,).

    Attributes
    ----------
    components, raw : numpy.ndarray
        At least 0; as the method gives them.
    se, df, low, high : numpy.ndarray
        NaN where unknown.
    draws : numpy.ndarray, shape (4096, m)
    squares : MeanSquares or None
        Of balanced ratings.
    method : str
    how, intervals : str
        What was done, for a note.
    worries : tuple of str
    counts : dict or None
        Balanced: each factor's number of levels in what it is nested in.
    """

    components: Floats
    raw: Floats
    se: Floats
    df: Floats
    low: Floats
    high: Floats
    draws: Floats
    squares: MeanSquares | None
    method: str
    how: str
    intervals: str
    worries: tuple[str, ...] = ()
    counts: dict[str, int] | None = None


def estimates(cells: RatingCells, method: str, level: float) -> Estimates:
    """Estimate the variances.

    Parameters
    ----------
    cells : RatingCells
    method : str
        One of ``METHODS``.
    level : float

    Raises
    ------
    TooFewError
        The ratings leave some variances open.
    """
    counts = level_counts(cells)
    squares = None if counts is None else mean_squares(cells, counts)
    found = _estimates(cells, method, level, squares)
    return found if counts is None else replace(found, counts=counts)


def _estimates(
    cells: RatingCells, method: str, level: float, squares: MeanSquares | None
) -> Estimates:
    if squares is not None and method != "reml":
        return _from_mean_squares(squares, level)
    block, work = best_block(cells)
    if method == "anova" or (method == "auto" and work > _MOST_WORK):
        return _from_counts(cells, level, asked=method == "anova")
    return _from_likelihood(cells, block, level, squares)


def _cut(raw: Floats) -> Floats:
    return np.where(raw > _ROUNDING * np.abs(raw).sum(), raw, 0.0)


def _tidy(raw: Floats) -> Floats:
    """Make rounding of zero zero, so that it isn't said to be below."""
    return np.where(np.abs(raw) > _ROUNDING * np.abs(raw).sum(), raw, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Spread:
    """How far variances may be off, from mean squares."""

    se: Floats
    df: Floats
    low: Floats
    high: Floats
    draws: Floats


def _spread(squares: MeanSquares, components: Floats, level: float) -> _Spread:
    parts = squares.weights * squares.square
    low, high = modified_large_sample(squares, level)
    spread = (parts**2 / squares.df).sum(axis=1)
    return _Spread(
        se=np.sqrt((2 * parts**2 / (squares.df + 2)).sum(axis=1)),
        df=np.divide(
            components**2, spread, out=np.full(spread.shape, np.nan), where=components > 0
        ),
        low=np.maximum(low, 0.0),
        high=np.maximum(high, 0.0),
        draws=mean_square_draws(squares),
    )


def _from_mean_squares(squares: MeanSquares, level: float) -> Estimates:
    raw = _tidy(squares.components)
    components = _cut(raw)
    return Estimates(
        components=components,
        raw=raw,
        **vars(_spread(squares, components, level)),
        squares=squares,
        method="ANOVA",
        how="balanced, variances from mean squares (ANOVA; Brennan, 2001)",
        intervals=_MODIFIED,
    )


def _implied(cells: RatingCells, components: Floats, level: float) -> _Spread:
    squares = implied_mean_squares(cells, components)
    if squares is None:
        none = np.full(components.size, np.nan)
        draws = np.full((1, components.size), np.nan)
        return _Spread(se=none, df=none, low=none, high=none, draws=draws)
    return _spread(squares, components, level)


def _from_counts(cells: RatingCells, level: float, *, asked: bool) -> Estimates:
    raw = _tidy(_solved(cells))
    components = _cut(raw)
    return Estimates(
        components=components,
        raw=raw,
        **vars(_implied(cells, components, level)),
        squares=None,
        method="Henderson",
        how="not balanced, variances from sums of squares (Henderson's method 1, Brennan's "
        "analogous ANOVA, 2001)" + ("" if asked else ", since REML would take very long"),
        intervals=_AS_IF,
    )


_MODIFIED = "modified large sample (Ting et al., 1990)"
_AS_IF = f"{_MODIFIED}, as if balanced with the mean squares that the variances imply"


def _solved(cells: RatingCells) -> Floats:
    try:
        return components_from_counts(cells)
    except np.linalg.LinAlgError:
        raise _open(cells) from None


def _open(cells: RatingCells) -> TooFewError:
    return TooFewError(
        "A generalisability study is not possible: too few combinations were rated to tell "
        f"{', '.join(cells.design.terms)} apart. Leave out a facet, say what is nested in what "
        "(nested=), or have more of the combinations rated."
    )


def _from_likelihood(
    cells: RatingCells, block: str, level: float, squares: MeanSquares | None
) -> Estimates:
    scale = float(cells.y.std())
    with Steps() as step:
        step("Estimating variances by REML")
        model = RestrictedLikelihood(cells, block, (cells.y - cells.y.mean()) / scale)
        found = most_likely(model, np.maximum(_solved(cells) / scale**2, 0.02))
    components = found.variances * scale**2
    spread = _implied(cells, components, level)  # se at 0 stays unknown
    se = _asymptotic_se(cells, found) * scale**2
    return Estimates(
        components=components,
        raw=components,
        se=se,
        df=np.where(components > 0, 2 * components**2 / se**2, np.nan),
        low=spread.low,
        high=spread.high,
        draws=spread.draws,
        squares=squares,
        method="REML",
        how=f"{'' if squares is not None else 'not balanced, '}variances by REML",
        intervals=_AS_IF if squares is None else _MODIFIED,
        worries=_worries(found),
    )


def _worries(found: Found) -> tuple[str, ...]:
    if found.variances[-1] == 0:
        return (
            "Nothing is left for the residual: the other effects explain every rating. Either "
            "there is no error, or too few combinations were rated to tell it from them.",
        )
    if not found.settled:
        return ("The search for the variances did not settle: take them as rough.",)
    return ()


#: Eigenvalues of the information, scaled to a diagonal of 1, below this leave a direction open.
_OPEN = 1e-10


def _asymptotic_se(cells: RatingCells, found: Found) -> Floats:
    """Return standard errors from the information; NaN for variances at 0."""
    free = found.variances > 0
    matrix = found.at.information[np.ix_(free, free)] / 2
    root = np.sqrt(np.maximum(np.diagonal(matrix), np.finfo(float).tiny))
    scaled = matrix / np.outer(root, root)
    if not np.isfinite(scaled).all() or np.linalg.eigvalsh(scaled)[0] < _OPEN:
        raise _open(cells)
    se = np.full(free.size, np.nan)
    se[free] = np.sqrt(np.diagonal(np.linalg.inv(scaled))) / root
    return se
