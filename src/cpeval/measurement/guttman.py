"""Guttman errors of all pairs of items at once: weights, observed and expected, influence.

An item with scores 0 to m has m steps (score at least 1, at least 2 …). A person who takes a step
that fewer people take, but not one of another item that more people take, makes a Guttman error.
All is in tables of category × category: C categories of all items together, item after item.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.measurement.item_codes import ItemCodes

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Guttman:
    """Guttman errors of pairs of items, as shares: divided by the people who answered both.

    Attributes
    ----------
    joint : numpy.ndarray, shape (C, C)
        How many people gave both answers.
    answered : numpy.ndarray, shape (C, k)
        How many of them answered the other item.
    n_pair : numpy.ndarray, shape (k, k)
        How many people answered both items.
    weight : numpy.ndarray, shape (C, C)
        Errors that a person with these two answers makes; 0 within an item.
    observed, expected : numpy.ndarray, shape (k, k)
        Errors a person: made, and to be expected if the two items had nothing to do with each
        other. The diagonal is 0.
    half : numpy.ndarray, shape (C, k)
        Errors to be expected of a person with that answer, from the pair with another item.
    """

    joint: Floats
    answered: Floats
    n_pair: Floats
    weight: Floats
    observed: Floats
    expected: Floats
    half: Floats


def joint_counts(items: ItemCodes) -> Floats:
    """Count who gave both of two answers; shape (C, C)."""
    joint = np.zeros((items.n_categories, items.n_categories))
    for rows in items.chunks():
        flags, _ = items.indicators(rows, single=True)
        joint += flags.T @ flags
    return joint


def guttman(items: ItemCodes, joint: Floats) -> Guttman:
    """Weigh, count and expect the Guttman errors of every pair of items.

    Parameters
    ----------
    items : ItemCodes
        Its people are not looked at.
    joint : numpy.ndarray, shape (C, C)
        From `joint_counts`.
    """
    first, item = items.first, items.item
    answered = np.add.reduceat(joint, first, axis=1)  # (C, k): who answered the other item too
    n_pair = np.add.reduceat(answered, first, axis=0)
    share = answered / np.maximum(n_pair, 1)[item]
    weight = _weights(items, answered)
    observed = _blocks(weight * joint, first) / np.maximum(n_pair, 1)
    half = np.add.reduceat(weight * share[:, item].T, first, axis=1)
    expected = np.add.reduceat(half * share, first, axis=0)
    return Guttman(
        joint=joint,
        answered=answered,
        n_pair=n_pair,
        weight=weight,
        observed=observed,
        expected=expected,
        half=half,
    )


def _weights(items: ItemCodes, answered: Floats) -> Floats:
    """Return the errors that each two answers make; shape (C, C).

    Steps of two items that the same number of people take have no order. mokken averages over
    both orders, so each counts half. A step over scores that nobody gave counts as many as they
    are.
    """
    first, item = items.first, items.item
    taken = _from_above(answered, items)  # (C, k): people who answer this or more, by other item
    rise = np.diff(items.score, prepend=0.0)
    rise[first] = 0.0  # everybody has the lowest category
    mine, other = taken[:, item], taken[:, item].T
    easier = np.where(mine > other, 1.0, np.where(mine == other, 0.5, 0.0))
    easier *= (item[:, None] != item) * np.multiply.outer(rise, rise)
    # Not taken: steps above one's answer. Taken: those up to it.
    not_taken = _from_above(easier, items) - easier
    once: Floats = _up_to(not_taken.T, items).T
    return once + once.T


def _up_to(table: Floats, items: ItemCodes) -> Floats:
    """Sum rows within each item, up to and with each row."""
    sums: Floats = table.cumsum(axis=0)
    before = np.vstack([np.zeros((1, table.shape[1])), sums[items.first[1:] - 1]])
    return np.subtract(sums, before[items.item])


def _from_above(table: Floats, items: ItemCodes) -> Floats:
    """Sum rows within each item, from each row to the last."""
    total: Floats = np.add.reduceat(table, items.first, axis=0)
    return total[items.item] - _up_to(table, items) + table


def _blocks(table: Floats, first: NDArray[np.intp]) -> Floats:
    """Sum a table of categories over the categories of each two items."""
    return np.add.reduceat(np.add.reduceat(table, first, axis=0), first, axis=1)


def ratio(observed: Floats, expected: Floats) -> Floats:
    """Return observed over expected errors; NaN where none is expected."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, observed / expected, np.nan)


@dataclass(frozen=True, kw_only=True, eq=False)
class Covariances:
    """What items have in common, people who answered both; divisors n - 1.

    Attributes
    ----------
    observed, largest : numpy.ndarray, shape (k, k)
        The covariance, and the largest that these answers could have. The diagonal is 0.
    independent : numpy.ndarray, shape (k, k)
        The variance of the covariance if the items had nothing to do with each other.
    """

    observed: Floats
    largest: Floats
    independent: Floats

    def z(self) -> tuple[Floats, Floats, float]:
        """Return Mokken's Z of pairs, shape (k, k), of items, shape (k,), and of the scale."""
        with np.errstate(invalid="ignore", divide="ignore"):
            pairs = self.observed / np.sqrt(self.independent)
            items = self.observed.sum(axis=1) / np.sqrt(self.independent.sum(axis=1))
            # Each pair stands twice in the sums.
            scale = self.observed.sum() / np.sqrt(2 * self.independent.sum())
        return pairs, items, float(scale)


def covariances(items: ItemCodes, errors: Guttman) -> Covariances:
    """Return covariances of items from their errors: expected ones minus those made."""
    degrees = np.maximum(errors.n_pair - 1, 1)
    more = errors.n_pair / degrees
    share = errors.answered / np.maximum(errors.n_pair, 1)[items.item]
    low = items.score[items.first]
    points = (items.score - low[items.item])[:, None]  # far from 0, squares lose digits
    mean = np.add.reduceat(points * share, items.first, axis=0)
    spread = (points - mean[items.item]) ** 2 * share
    variance = np.add.reduceat(spread, items.first, axis=0) * more
    independent = variance * variance.T / degrees
    np.fill_diagonal(independent, 0.0)
    return Covariances(
        observed=(errors.expected - errors.observed) * more,
        largest=errors.expected * more,
        independent=independent,
    )


def pair_influence(items: ItemCodes, errors: Guttman) -> Floats:
    """Return how each two answers move the coefficient of their pair; shape (C, C).

    Hij = 1 - F / E moves by this over the number of people who answered both, when a person with
    these answers joins. The weights stay.
    """
    own, other = np.ix_(items.item, items.item)
    share = ratio(errors.observed, errors.expected)
    half = errors.half[:, items.item]
    seen = errors.weight - errors.observed[own, other]
    foreseen = half + half.T - 2 * errors.expected[own, other]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((share[own, other] * foreseen - seen) / errors.expected[own, other])


def pair_errors(items: ItemCodes, errors: Guttman) -> Floats:
    """Return the standard error of every pair's coefficient; shape (k, k)."""
    moved = pair_influence(items, errors)
    squares = np.where(errors.joint > 0, errors.joint * moved**2, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(_blocks(squares, items.first)) / errors.n_pair


def item_errors(items: ItemCodes, errors: Guttman) -> tuple[Floats, float]:
    """Return the standard errors of the items' coefficients, shape (k,), and of the scale's.

    A person moves F of an item by the weights of all its pairs with their answers, and E by what
    those answers make one expect: gathers from two products of the people's indicators.
    """
    n = items.n_people
    with np.errstate(divide="ignore"):
        # Pairs that fewer answer count each of them more.
        scaled = np.where(errors.n_pair > 0, n / np.maximum(errors.n_pair, 1), 0.0)
    np.fill_diagonal(scaled, 0.0)
    weight = errors.weight * scaled[np.ix_(items.item, items.item)]
    half = errors.half * scaled[items.item]
    gaps = bool((items.codes < 0).any())
    observed, expected = errors.observed.sum(axis=1), errors.expected.sum(axis=1)
    share = ratio(observed, expected)
    whole = ratio(observed.sum(), expected.sum())
    squares, square = np.zeros(items.n_items), 0.0
    for rows in items.chunks():
        flags, place = items.indicators(rows)
        seen = (flags @ weight).ravel()[place]
        foreseen = flags @ half
        if gaps:
            there = (items.codes[rows] >= 0).astype(float)
            foreseen += (there @ half.T).ravel()[place]
            seen -= there @ (errors.observed * scaled)
            foreseen -= there @ (2 * errors.expected * scaled)
            seen *= there
            foreseen *= there
        else:
            foreseen += half.sum(axis=1)[place % items.n_categories]
            seen -= observed
            foreseen -= 2 * expected
        squares += ((share * foreseen - seen) ** 2).sum(axis=0)
        square += float(((whole * foreseen.sum(axis=1) - seen.sum(axis=1)) ** 2).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        by_item = np.where(expected > 0, np.sqrt(squares) / expected / n, np.nan)
        scale = np.sqrt(square) / expected.sum() / n if expected.sum() > 0 else np.nan
    return by_item, float(scale)
