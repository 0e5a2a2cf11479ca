"""Who of an ego's alters at one wave is who at another: by id, or by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cpeval.networks.alter_sets import Bools
from cpeval.networks.blocks import Floats, Ints
from cpeval.networks.names import similarity


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs of rows of the table of alters, one before and one after.

    Attributes
    ----------
    before, after : array of int, shape (M,)
        Rows; none stands twice.
    similarity : array, shape (M,)
        Of the names; 1 for equal ids or names.
    unclear : array of int
        Rows that were left without a match because several would have done as well.
    """

    before: Ints
    after: Ints
    similarity: Floats
    unclear: Ints


def by_key(before: Ints, after: Ints, person: Ints, key: Ints) -> Matches:
    """Match rows of one person with one key.

    Parameters
    ----------
    before, after : array of int
        The rows of either wave.
    person, key : array of int, shape (N,)
        Of all rows; a key of -1 matches nothing.

    Returns
    -------
    Matches
        A key that a person has twice at one of the waves, and at the other at all, is unclear.
    """
    width = int(key.max(initial=0)) + 1
    ours, theirs = (rows[key[rows] >= 0] for rows in (before, after))
    left, right = (person[rows] * width + key[rows] for rows in (ours, theirs))
    once_left, once_right = (~pd.Series(k).duplicated(keep=False).to_numpy() for k in (left, right))
    shared_left, shared_right = np.isin(left, right), np.isin(right, left)
    unclear_keys = np.concatenate(
        [left[shared_left & ~once_left], right[shared_right & ~once_right]]
    )
    clear_left = shared_left & ~np.isin(left, unclear_keys)
    clear_right = shared_right & ~np.isin(right, unclear_keys)
    one, other = ours[clear_left], theirs[clear_right]
    one = one[np.argsort(left[clear_left], kind="stable")]
    other = other[np.argsort(right[clear_right], kind="stable")]
    unclear = np.concatenate([ours[shared_left & ~clear_left], theirs[shared_right & ~clear_right]])
    order = np.argsort(one, kind="stable")
    return Matches(one[order], other[order], np.ones(one.size), np.sort(unclear))


def by_likeness(
    before: Ints, after: Ints, person: Ints, names: pd.Series, *, least: float
) -> Matches:
    """Match rows of one person whose names are the most alike, each to the other's best.

    Parameters
    ----------
    before, after : array of int
        Rows that have no match yet.
    person : array of int, shape (N,)
    names : pandas.Series, shape (N,)
        As `names.plain` makes them; None is no name.
    least : float
        Names less alike don't match.

    Returns
    -------
    Matches
        Best first: two names match when neither has another that is as like. What ties is unclear.
    """
    named = names.notna().to_numpy()
    left, right = (rows[named[rows]] for rows in (before, after))
    pairs = pd.DataFrame({"person": person[left], "one": left}).merge(
        pd.DataFrame({"person": person[right], "other": right}), on="person"
    )
    one, other = pairs["one"].to_numpy(), pairs["other"].to_numpy()
    alike = similarity(names.iloc[one], names.iloc[other])
    near = alike >= least
    one, other, alike = one[near], other[near], alike[near]
    kept: list[tuple[Ints, Ints, Floats]] = []
    while one.size:
        best = _sole_best(one, alike) & _sole_best(other, alike)
        if not best.any():
            break
        kept.append((one[best], other[best], alike[best]))
        free = ~np.isin(one, one[best]) & ~np.isin(other, other[best])
        one, other, alike = one[free], other[free], alike[free]
    if not kept:
        empty = np.zeros(0, dtype=np.int64)
        return Matches(empty, empty, np.zeros(0), np.unique(np.concatenate([one, other])))
    before_row, after_row, score = (np.concatenate(part) for part in zip(*kept, strict=True))
    order = np.argsort(before_row, kind="stable")
    return Matches(
        before_row[order],
        after_row[order],
        score[order],
        np.unique(np.concatenate([one, other])),
    )


def _sole_best(rows: Ints, alike: Floats) -> Bools:
    """Say which pairs are the best that their row has, with no other as good."""
    grouped = pd.Series(alike).groupby(rows)
    best = alike == grouped.transform("max").to_numpy()
    n_best = pd.Series(best).groupby(rows).transform("sum").to_numpy()
    return np.asarray(best & (n_best == 1))
