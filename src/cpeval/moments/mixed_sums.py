"""What the likelihood of a mixed model needs of the data, whatever its random effects are.

With V the covariance of the outcomes in units of the residual variance, V = sum of gamma_i G_i
(the last G is the identity, the residual), and W = [X y], everything about the model follows from
a few matrices that are sums over groups: none has a row for each person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cpeval.moments.mixed_parameters import Floats, Parameters


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """Sums over groups at one set of m variance parameters (m + 1 with the residual, last).

    Attributes
    ----------
    n : float
        Rows.
    log_det : float
        log det V.
    cross : numpy.ndarray, shape (q, q)
        W'V^-1 W.
    first : numpy.ndarray, shape (m, q, q)
        W'V^-1 G_i V^-1 W.
    second : numpy.ndarray, shape (m, m, q, q)
        W'V^-1 G_i V^-1 G_j V^-1 W.
    trace : numpy.ndarray, shape (m,)
        tr(V^-1 G_i).
    traces : numpy.ndarray, shape (m, m)
        tr(V^-1 G_i V^-1 G_j).
    """

    n: float
    log_det: float
    cross: Floats
    first: Floats
    second: Floats
    trace: Floats
    traces: Floats


class Structure(Protocol):
    """Random effects of a kind: `OneFactor` or `NestedFactors`."""

    n: float
    rank: int
    within: Floats
    parameters: Parameters

    @property
    def n_groups(self) -> tuple[int, ...]:
        """Groups of each factor, outermost first."""

    def cross(self, gamma: Floats) -> tuple[float, Floats]:
        """Return log det V and W'V^-1 W."""

    def sums(self, gamma: Floats, *, residual: bool = False) -> Sums:
        """Return all sums, with those of the residual if asked."""


def with_residual(
    found: Sums,
    *,
    first: Floats,
    second: Sequence[Floats],
    third: Floats,
    trace: float,
    traces: Sequence[float],
    trace_twice: float,
) -> Sums:
    """Add the residual, whose G is the identity, as the last parameter.

    Parameters
    ----------
    found : Sums
        Of the m other parameters.
    first : numpy.ndarray, shape (q, q)
        W'V^-2 W.
    second : sequence of m arrays, shape (q, q)
        W'V^-2 G_i V^-1 W.
    third : numpy.ndarray, shape (q, q)
        W'V^-3 W.
    trace, trace_twice : float
        tr(V^-1) and tr(V^-2).
    traces : sequence of m floats
        tr(V^-2 G_i).
    """
    m = len(found.trace)
    q = len(found.cross)
    both = np.empty((m + 1, m + 1, q, q))
    both[:m, :m] = found.second
    both[m, :m] = np.array(second)
    both[:m, m] = np.array(second).transpose(0, 2, 1)
    both[m, m] = third
    square = np.empty((m + 1, m + 1))
    square[:m, :m] = found.traces
    square[m, :m] = square[:m, m] = traces
    square[m, m] = trace_twice
    return Sums(
        n=found.n,
        log_det=found.log_det,
        cross=found.cross,
        first=np.concatenate([found.first, first[None]]),
        second=both,
        trace=np.append(found.trace, trace),
        traces=square,
    )
