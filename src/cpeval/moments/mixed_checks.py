"""Blocks brought into good units, and refused where a mixed model can't be estimated from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cpeval.errors import DataError, OptionError, TooFewError, listed
from cpeval.moments.mixed_likelihood import project, solve
from cpeval.moments.mixed_parameters import Floats
from cpeval.moments.mixed_sums import Structure
from cpeval.moments.newton import Minimum

#: What is left of a sum of squares of 1 after its explanation, if it isn't rounding.
_PERFECT = 1e-12
#: Smallest eigenvalue of a correlation matrix of terms that counts as not collinear.
_COLLINEAR = 1e-13
#: Smallest part of a factor's information that is its own.
_ALIASED = 1e-10
#: Largest gradient of the deviance that counts as zero.
_CONVERGED = 1e-8
#: With variances 1e8 times as large as the residual's, rounding leaves a larger gradient. What the
#: deviance could still fall says that the maximum was reached.
_NO_GAIN = 1e-8


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """Blocks whose columns have a total square of n, and how to get back.

    Attributes
    ----------
    blocks : numpy.ndarray, shape (G, q, q)
    random : numpy.ndarray, shape (q, k)
        Z~ = W @ random, Z~ @ turn = Z.
    turn : numpy.ndarray, shape (k, k)
    scales : numpy.ndarray, shape (q,)
        What each column was divided by, the outcome last.
    origin : numpy.ndarray, shape (q,)
    intercept : int or None
    n : float
    group : numpy.ndarray of int, shape (G,), or None
    terms : tuple of str
    """

    blocks: Floats
    random: Floats
    turn: Floats
    scales: Floats
    origin: Floats
    intercept: int | None
    n: float
    group: NDArray[np.intp] | None
    terms: tuple[str, ...]

    @property
    def outcome_scale(self) -> float:
        """What the outcome was divided by."""
        return float(self.scales[-1])

    def to_beta(self) -> tuple[Floats, Floats]:
        """Return T, (p, p), and s, (p,): T @ b * outcome_scale + s is about the data's origin."""
        p = len(self.terms)
        matrix = np.eye(p)
        shift = np.zeros(p)
        if self.intercept is not None:
            matrix[self.intercept] -= self.origin[:p]
            shift[self.intercept] = self.origin[p]
        return matrix / self.scales[:p], shift

    def to_effects(self, *, nested: bool) -> Floats:
        """Return the matrix that takes effects of Z~ to effects of Z, outcome scale apart."""
        inverse = np.asarray(np.linalg.inv(self.turn), dtype=np.float64)
        return np.eye(2) * inverse[0, 0] if nested else inverse

    def log_scales(self, *, restricted: bool) -> float:
        """Return what the changes of scale took from the deviance."""
        p = len(self.terms)
        outcome = 2.0 * float(np.log(self.scales[p]))
        if not restricted:
            return self.n * outcome
        return (self.n - p) * outcome + 2.0 * float(np.log(self.scales[:p]).sum())


def prepare(
    blocks: ArrayLike,
    counts: ArrayLike,
    *,
    group: ArrayLike | None,
    random: ArrayLike | None,
    origin: ArrayLike | None,
    intercept: int | None,
    terms: Sequence[str] | None,
    rotate: bool,
) -> Prepared:
    """Check shapes and values, and divide columns by their root mean squares.

    Columns with random effects are made orthogonal as well if ``rotate``, so that slopes whose
    zero is far away do no harm.

    Raises
    ------
    OptionError
        Shapes that don't fit together.
    DataError
        Values that aren't finite, or collinear terms.
    TooFewError
        No more rows than terms.
    """
    values = np.asarray(blocks, dtype=float)
    sizes = np.asarray(counts, dtype=float)
    if values.ndim != 3 or values.shape[1] != values.shape[2] or values.shape[1] < 2:
        raise OptionError(
            "'blocks' must have the shape (units, q, q), q the number of terms and the outcome. "
            f"Got {values.shape}."
        )
    if sizes.shape != values.shape[:1]:
        raise OptionError(
            f"'counts' must hold one number for each of {len(values)} units. Got {sizes.shape}."
        )
    p = values.shape[1] - 1
    names = tuple(terms) if terms is not None else tuple(str(i) for i in range(p))
    shift = np.zeros(p + 1) if origin is None else np.asarray(origin, dtype=float)
    if intercept is not None and not 0 <= intercept < p:
        raise OptionError(f"'intercept' must be from 0 to {p - 1}, or None. Got {intercept!r}.")
    columns = _random(random, p, intercept)
    if len(names) != p or shift.shape != (p + 1,):
        raise OptionError(
            f"'terms' must have {p} names and 'origin' {p + 1} numbers. "
            f"Got {len(names)} and {shift.shape}."
        )
    if shift.any() and intercept is None:
        raise OptionError("Without an intercept nothing may be subtracted: 'origin' must be 0.")
    _require_finite(values)
    sites = None
    if group is not None:
        sites = _group(group, len(values))
        if columns.shape[1] != 1:
            raise OptionError("Nested factors have random intercepts only. Leave out the slopes.")
    empty = np.flatnonzero(~(sizes > 0))
    if len(empty):
        raise OptionError(
            f"Units without rows: {listed(empty)} (counted from 0). Leave them out, and number "
            "the sites anew."
        )
    n = float(sizes.sum())
    if n <= p:
        raise TooFewError(
            f"{int(n)} rows are too few for {p} terms: a mixed model needs more rows than terms."
        )
    total = np.diagonal(values.sum(axis=0))
    if not total[p] > 0:
        raise DataError("The outcome is constant: there is no variance to explain.")
    zero = [name for name, square in zip(names, total, strict=False) if not square > 0]
    if zero:
        raise DataError(f"Terms are zero in all rows: {listed(zero)}. Leave them out.")
    scales = np.sqrt(total / n)
    scaled = values / np.outer(scales, scales)
    _require_independent(scaled.sum(axis=0)[:p, :p] / n, names)
    # Z = X @ columns = X~ @ (scales * columns); its mean squares give the turn.
    effects = np.vstack([columns * scales[:p, None], np.zeros(columns.shape[1])])
    square = effects.T @ scaled.sum(axis=0) @ effects / n
    turn = np.linalg.cholesky(square).T if rotate else np.diag(np.sqrt(np.diagonal(square)))
    return Prepared(
        blocks=scaled,
        random=effects @ np.linalg.inv(turn),
        turn=turn,
        scales=scales,
        origin=shift,
        intercept=intercept,
        n=n,
        group=sites,
        terms=names,
    )


def _random(random: ArrayLike | None, p: int, intercept: int | None) -> Floats:
    """Return which columns have random effects, (p, k)."""
    if random is None:
        if intercept is None:
            raise OptionError(
                "Random intercepts need the intercept among the model's terms: leave it in, or "
                "say in 'random' which combination of terms is constant."
            )
        return np.eye(p)[:, [intercept]]
    columns = np.asarray(random, dtype=float)
    if columns.ndim != 2 or columns.shape[0] != p or not 1 <= columns.shape[1] <= p:
        raise OptionError(
            f"'random' must have the shape ({p}, k): Z = X @ random. Got {columns.shape}."
        )
    if np.linalg.matrix_rank(columns) < columns.shape[1]:
        raise OptionError("The columns of 'random' must be linearly independent.")
    return columns


def _group(group: ArrayLike, n_units: int) -> NDArray[np.intp]:
    sites = np.asarray(group)
    if sites.shape != (n_units,) or sites.dtype.kind not in "iu":
        raise OptionError(
            f"'group' must hold a whole number for each of {n_units} units, its site's. "
            f"Got {sites.dtype}, {sites.shape}."
        )
    there = np.unique(sites)
    if not np.array_equal(there, np.arange(len(there))):
        raise OptionError("'group' must number the sites from 0 without gaps.")
    return sites.astype(np.intp)


def _require_finite(values: Floats) -> None:
    wrong = np.flatnonzero(~np.isfinite(values).all(axis=(1, 2)))
    if len(wrong):
        raise DataError(
            f"Cross-products that are not finite, in units {listed(wrong)} (counted from 0). "
            "Look for infinite or missing values in the data."
        )


def _require_independent(square: Floats, names: Sequence[str]) -> None:
    """Raise `DataError` that names the terms of a linear dependence."""
    values, vectors = np.linalg.eigh(square)
    if values[0] > _COLLINEAR:
        return
    flat = np.abs(vectors[:, values <= _COLLINEAR]).max(axis=1)
    wrong = [name for name, share in zip(names, flat, strict=True) if share > 1e-6]
    raise DataError(f"Terms are linearly dependent: {listed(wrong)}. Leave out one of them.")


def require_residual(structure: Structure, ready: Prepared, factors: Sequence[str]) -> None:
    """Raise `DataError` where nothing is left to explain, in all rows or within groups.

    The outcome's mean square is 1 here, so that what is left can be told from rounding.
    """
    total = ready.blocks.sum(axis=0) / ready.n
    if _left(total)[0] < _PERFECT:
        raise DataError(
            "The terms explain the outcome perfectly: there is no residual variance. Is the "
            "outcome, or something it was computed from, among the terms?"
        )
    left, rank = _left(structure.within / ready.n)
    if structure.n - structure.rank - rank > 0 and left < _PERFECT:
        raise DataError(
            f"Within each {factors[-1]} the outcome doesn't vary beyond what the terms explain: "
            "there is no residual variance, and no mixed model to fit. Analyse one row for each "
            f"{factors[-1]} instead."
        )


def _left(square: Floats) -> tuple[float, int]:
    """Return what the terms leave of the outcome's square, and the rank of the terms."""
    p = len(square) - 1
    values, vectors = np.linalg.eigh(square[:p, :p])
    there = values > _COLLINEAR * 100
    along = (vectors[:, there].T @ square[:p, p]) / np.sqrt(values[there])
    return float(square[p, p] - along @ along), int(there.sum())


def require_identified(structure: Structure, theta: Floats, factors: Sequence[str]) -> None:
    """Raise where the data can't tell a variance from the terms, or from another variance."""
    sums = structure.sums(structure.parameters.gamma(theta), residual=True)
    information = project(sums, solve(sums.cross), restricted=True).traces
    own = np.diagonal(information)
    # The variances and covariances of random slopes are all of the one factor.
    several = len(factors) > 1
    for i, (mine, whole) in enumerate(zip(own[:-1], np.diagonal(sums.traces)[:-1], strict=True)):
        name = factors[i if several else 0]
        n_groups = structure.n_groups[i if several else 0]
        if n_groups < 2:
            raise TooFewError(
                f"There is one {name}: the variance between them can't be estimated. It takes "
                "two at least, and many more to be estimated well."
            )
        if mine < _ALIASED * whole:
            raise DataError(
                f"The terms explain all differences between groups of {name!r}: no variance "
                f"between them can be estimated. Leave out {name!r} as a random factor, or the "
                "terms that tell its groups apart."
            )
    if not own[-1] > 0:
        _raise_aliased(np.ones(len(own), dtype=bool), factors, len(own))
    sizes = np.sqrt(own)
    values, vectors = np.linalg.eigh(information / np.outer(sizes, sizes))
    if values[0] < _ALIASED:
        involved = np.abs(vectors[:, 0]) > 1e-3
        _raise_aliased(involved, factors, len(own))


def _raise_aliased(involved: NDArray[np.bool_], factors: Sequence[str], m: int) -> None:
    if len(factors) == 1 and m > 2:
        raise TooFewError(
            f"The rows of each {factors[0]} are too few to tell random slopes from residuals. "
            "Leave out the slopes."
        )
    if involved[-1]:
        raise TooFewError(
            f"Each {factors[-1]} has one row only: differences between them can't be told from "
            f"residuals. Leave out {factors[-1]!r} as a random factor."
        )
    raise TooFewError(
        f"Each {factors[0]} has one {factors[1]} only: their variances can't be told apart. "
        f"Leave out one of {listed(factors)} as a random factor."
    )


def require_convergence(best: Minimum) -> None:
    """Raise `DataError` when the search for the largest likelihood got stuck."""
    largest = float(np.abs(best.gradient).max())
    if not (largest < _CONVERGED or best.gain < _NO_GAIN):
        raise DataError(
            "The likelihood has no clear maximum that could be found: its slope is still "
            f"{largest:.2g} after {best.steps} steps. Random effects fewer or simpler may do."
        )


def require_information(own: Floats) -> Floats:
    """Return the roots of the information on each variance, or raise `DataError`."""
    if not (own > 0).all():
        raise DataError(
            "Differences between groups are so much larger than within them that rounding leaves "
            "nothing to compute errors from. Analyse one row for each group instead."
        )
    return np.sqrt(own)
