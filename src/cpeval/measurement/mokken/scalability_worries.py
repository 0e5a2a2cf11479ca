"""What the reader of a scalability analysis should worry about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import listed
from cpeval.measurement.mokken.item_codes import ItemCodes, many_categories
from cpeval.measurement.mokken.scalability_estimates import Estimates, limits

Floats = NDArray[np.float64]

#: Below this many people intervals are wide, and their theory, for many people, thin.
FEW_PEOPLE = 50
#: Below this many clusters standard errors from clusters are themselves uncertain.
FEW_CLUSTERS = 20


def worries(
    items: ItemCodes,
    names: list[str],
    found: Sequence[Estimates],
    *,
    n_clusters: int | None,
    level: float,
) -> list[str]:
    """Name what is odd in one sample, the gravest first."""
    said = []
    constant = _constant(items)
    if constant.any():
        which = [name for name, is_one in zip(names, constant, strict=True) if is_one]
        said.append(
            f"Everyone gives the same answer to {listed(which)}: no coefficient is defined there. "
            "Those of the other items don't change."
        )
    said += _against(names, found[0], constant)
    many = many_categories(items, names)
    if many:
        said.append(f"Items with many categories: {', '.join(many)}. Are they items of the scale?")
    said += _perfect(items, names, found[0])
    n, whole = items.n_people, found[0]
    if n < FEW_PEOPLE:
        low, high = limits(*whole.scale[:2], whole, level=level, interval="wald")
        range_of = f": H may be anything from {low[0]:.2f} to {min(high[0], 1.0):.2f}"
        said.append(
            f"Only {n} people{range_of if high[0] > low[0] else ''}. Below {FEW_PEOPLE} the "
            "standard errors, which are for many people, are too uncertain to choose items by."
        )
    if n_clusters is not None and n_clusters < FEW_CLUSTERS:
        said.append(
            f"Only {n_clusters} clusters: standard errors from fewer than {FEW_CLUSTERS} are "
            "uncertain and often too small."
        )
    return said


def _constant(items: ItemCodes) -> NDArray[np.bool_]:
    return np.bincount(items.item, minlength=items.n_items) < 2


def _against(names: list[str], whole: Estimates, constant: NDArray[np.bool_]) -> list[str]:
    """Name items, else pairs, whose coefficient is negative."""
    of_items, of_pairs = whole.items[0], whole.pairs[0]
    against = of_pairs < 0
    if not against.any():
        return []
    rivals = max(int((~constant).sum()) - 1, 1)
    suspect = (of_items < 0) | (against.sum(axis=1) > rivals / 2)
    if suspect.any():
        which = [name for name, is_one in zip(names, suspect, strict=True) if is_one]
        if len(which) == 1:
            verb, ask = "runs", "Should it be reversed, or was it reversed twice?"
        else:
            verb, ask = "run", "Should some be reversed, or were they reversed twice?"
        return [f"{listed(which)} {verb} against other items (negative coefficients). {ask}"]
    one, two = np.nonzero(np.triu(against))
    pairs = [f"{names[i]!r} with {names[j]!r}" for i, j in zip(one, two, strict=True)]
    more = f" and {len(pairs) - 5} more" if len(pairs) > 5 else ""
    return [
        "Items of a Mokken scale go together in every pair; these pairs have a negative "
        f"coefficient: {'; '.join(pairs[:5])}{more}."
    ]


def _perfect(items: ItemCodes, names: list[str], whole: Estimates) -> list[str]:
    """Name pairs without a Guttman error: copies, and others."""
    one, two = np.nonzero(np.triu(whole.pairs[0] == 1, 1))
    copies: list[str] = []
    nested: list[str] = []
    for i, j in zip(one, two, strict=True):
        same = np.array_equal(items.codes[:, i], items.codes[:, j])
        (copies if same else nested).append(f"{names[i]!r} with {names[j]!r}")
    said = []
    if copies:
        said.append(f"Everyone answers both alike: {'; '.join(copies)}. Is one a copy?")
    if nested:
        said.append(
            f"No Guttman error was seen in {'; '.join(nested)}: the standard error 0 and its "
            "interval don't say how sure that is."
        )
    return said
