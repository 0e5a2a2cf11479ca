"""Cross-products of rows by unit, each about its unit's own mean. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cpeval.errors import DataError, listed

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

#: Numbers taken together: they stay in the cache between centring and multiplying.
_AT_ONCE = 1 << 16


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitSums:
    """What a pass gives, of U units and q columns.

    Attributes
    ----------
    n : array of int, shape (U,)
        Rows used.
    weight : array, shape (U,)
        Their weights' sum; ``n`` without weights.
    dropped : array of int, shape (U,)
        Rows left out.
    origin : array, shape (q,)
        What was subtracted from the columns everywhere.
    offset : array, shape (U, q)
        Each unit's (weighted) means less ``origin``; 0 where ``n`` is 0.
    cross : array, shape (U, q, q)
        (Weighted) cross-products about the unit's own means.
    """

    n: NDArray[np.int64]
    weight: Floats
    dropped: NDArray[np.int64]
    origin: Floats
    offset: Floats
    cross: Floats


#: Powers of larger numbers, or of smaller ones, don't fit into a float.
_LARGEST = 1e40


def require_sizes(sums: UnitSums, names: Sequence[str]) -> None:
    """Raise for columns whose numbers are too large or too small to multiply.

    Raises
    ------
    DataError
        The message names each.
    """
    total = max(float(sums.weight.sum()), 1.0)
    with np.errstate(all="ignore"):
        spread = np.sqrt(np.einsum("uqq->q", sums.cross) / total)
    mean = np.abs(sums.origin + sums.offset).max(axis=0, initial=0.0)
    size = np.fmax(spread, mean)
    # Overflow makes infinity, and of two infinities what is no number.
    large = ~np.isfinite(spread + mean) | (size > _LARGEST)
    for wrong, word in ((large, "large"), ((size > 0) & (size < 1 / _LARGEST), "small")):
        if wrong.any():
            which = listed(names[k] for k in map(int, np.flatnonzero(wrong)))
            raise DataError(
                f"Values too {word} to compute with: {which}. Correct them, or take another unit."
            )


def symmetric(matrices: Floats) -> Floats:
    """Average matrices with their transposes: rounding leaves the two halves apart."""
    return 0.5 * (matrices + matrices.swapaxes(-1, -2))


def near(values: Floats) -> Floats:
    """Round to 24 binary digits, so that subtracting it from what is near is exact."""
    fraction, exponent = np.frexp(values)
    return np.ldexp(np.round(fraction * 2.0**24) / 2.0**24, exponent)


def unit_sums(
    columns: list[Floats], unit: Codes, n_units: int, origin: Floats, weights: Floats | None
) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Sum cross-products by unit.

    Parameters
    ----------
    columns : list of q arrays, shape (n,)
        Without missing values.
    unit : array of int, shape (n,)
        Each row's unit, 0 to ``n_units`` - 1.
    n_units : int
    origin : array, shape (q,)
    weights : array, shape (n,), optional

    Returns
    -------
    n, weight, offset, cross : arrays
        As in `UnitSums`.

    Notes
    -----
    Rows are ordered by their unit's size, then unit, by counting. Units of one size are then a
    three-dimensional block, centred and multiplied at once: the loop is over sizes, of which there
    are at most sqrt(2 n). Only a block at a time is copied, into one place that stays in the cache.
    """
    q = len(columns)
    n = np.bincount(unit, minlength=n_units)
    by_size = np.argsort(n, kind="stable")
    place = np.empty(n_units, dtype=np.intp)
    place[by_size] = np.arange(n_units)
    order = _counting_order(place[unit], n_units)
    held = columns if weights is None else [*columns, weights]
    copied = np.empty((len(held), max(_AT_ONCE // len(held), int(n.max(initial=0)))))
    weight, offset, cross = np.zeros(n_units), np.zeros((n_units, q)), np.zeros((n_units, q, q))
    sizes, first_unit = np.unique(n[by_size], return_index=True)
    ends = np.append(first_unit[1:], n_units)[: sizes.size]
    start = 0
    for size, first, end in zip(sizes.tolist(), first_unit.tolist(), ends.tolist(), strict=True):
        if size == 0:
            continue
        step = max(1, _AT_ONCE // (size * len(held)))
        for low in range(first, end, step):
            high = min(low + step, end)
            stop = start + size * (high - low)
            _copy_rows(held, order, start, stop, copied)
            block = copied[:, : stop - start].reshape(len(held), high - low, size)
            which = by_size[low:high]
            # `require_sizes` says what overflowed.
            with np.errstate(over="ignore", invalid="ignore"):
                weight[which], offset[which], cross[which] = _about_own_mean(
                    block.transpose(1, 0, 2), origin, weighted=weights is not None
                )
            start = stop
    return n.astype(np.int64), weight, offset, symmetric(cross)


def _copy_rows(
    columns: list[Floats], order: Codes | None, start: int, stop: int, into: Floats
) -> None:
    """Copy the rows from ``start`` to ``stop`` of the order, or as they come without one."""
    if order is None:
        for k, column in enumerate(columns):
            into[k, : stop - start] = column[start:stop]
        return
    rows = order[start:stop].astype(np.intp)
    for k, column in enumerate(columns):
        # All rows are there: "clip" only saves looking.
        np.take(column, rows, out=into[k, : stop - start], mode="clip")


def _about_own_mean(
    block: Floats, origin: Floats, *, weighted: bool
) -> tuple[Floats, Floats, Floats]:
    """Return weight, offset and cross of k units of equal size.

    ``block`` has shape (k, q, m), the weights after the q columns; it is centred in place.
    """
    if not weighted:
        rest = block
        rest -= origin[:, np.newaxis]
        mean = rest.mean(axis=2)
        rest -= mean[:, :, np.newaxis]
        size = np.full(len(block), float(block.shape[2]))
        return size, mean, rest @ rest.transpose(0, 2, 1)
    share = block[:, -1:, :]
    weight = share.sum(axis=2)
    rest = block[:, :-1, :]
    rest -= origin[:, np.newaxis]
    mean = (rest * share).sum(axis=2) / weight
    rest -= mean[:, :, np.newaxis]
    return weight[:, 0], mean, (rest * share) @ rest.transpose(0, 2, 1)


def _counting_order(place: Codes, n_places: int) -> Codes | None:
    """Return the rows in order of place, ties as they come; None where they are already."""
    if place.size < 2 or (place[1:] >= place[:-1]).all():
        return None
    rows = place.size
    index = np.int32 if rows < 2**31 else np.int64
    # Turning a matrix with one entry a row is a counting sort, in time that grows with rows only.
    one_a_row = sparse.csr_matrix(
        (np.ones(rows, np.int8), place.astype(index), np.arange(rows + 1, dtype=index)),
        shape=(rows, n_places),
    )
    return np.asarray(one_a_row.tocsc().indices)
