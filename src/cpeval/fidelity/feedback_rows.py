"""What a feedback sheet says of each item: how well it goes, and what the next level is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.definitions.items import Item
from cpeval.definitions.model import Instrument
from cpeval.fidelity.assessments import Floats
from cpeval.fidelity.place_items import PlaceItems

#: From three quarters of the way between the lowest and the highest level, an item goes well.
STRONG = 0.75
#: Where none does, as many of the best are named all the same, and with ties no more than so many.
_STRONGEST, _MOST_STRONGEST = 3, 5
#: How means are shown, and rounded before anything is said of them; more where codes have more.
_DECIMALS, _MOST_DECIMALS = 1, 4
STRENGTH, NEXT, WITHHELD = "strength", "next", "withheld"


def item_rows(
    one: Instrument, now: PlaceItems, before: PlaceItems | None, least: int
) -> pd.DataFrame:
    """Return a row an item, in the order of the sheet.

    Parameters
    ----------
    one : Instrument
    now, before : PlaceItems
    least : int
        Means of fewer units are withheld.
    """
    estimate = np.where(now.item_n >= least, now.items, np.nan)
    previous = np.full(estimate.shape, np.nan)
    if before is not None:
        previous = np.where(before.item_n >= least, before.items, np.nan)
    gone = np.isnan(estimate)
    decimals = decimals_shown(one)
    shown = np.array([as_shown(x, decimals) for x in estimate])
    share = np.array([_share(one, i, x) for i, x in zip(one.items, shown, strict=True)])
    strong = _strong(share)
    levels = [_next(one, i, x) for i, x in zip(one.items, shown, strict=True)]
    table = pd.DataFrame(
        {
            "group": np.select([gone, strong], [WITHHELD, STRENGTH], NEXT),
            "item": [i.code for i in one.items],
            "label": [i.label for i in one.items],
            "estimate": estimate,
            "previous": previous,
            "change": estimate - previous,
            "share": share,
            "level": [code for code, _ in levels],
            "anchor": [text for _, text in levels],
            "n": now.item_n,
        }
    )
    rank = np.select([gone, strong], [2, 0], 1)
    order = np.lexsort((np.where(strong, -share, share), rank))
    return table.iloc[order].reset_index(drop=True)


def decimals_shown(one: Instrument) -> int:
    """Return how many decimals a mean is shown with: one, or as many as the codes have."""
    codes = [float(code) for item in one.items for code in one.answers(item).codes]
    places = range(_DECIMALS, _MOST_DECIMALS)
    return next((n for n in places if all(round(x, n) == x for x in codes)), _MOST_DECIMALS)


def as_shown(mean: float, decimals: int) -> float:
    """Round a mean to what a sheet shows, so that what is said of it fits what is read."""
    return float(f"{mean:.{decimals}f}")


def _strong(share: Floats) -> NDArray[np.bool_]:
    """Say which items go well; where none does, which are the strongest so far, if any stand out.

    Ties stay together: with more than a few at the place of the third best only those above it
    count, and what is at the lowest level is no strength.
    """
    known = np.nan_to_num(share, nan=-1.0)
    strong: NDArray[np.bool_] = known >= STRONG
    if strong.any() or not (known > 0).any():
        return strong
    third = np.sort(known)[::-1][:_STRONGEST][-1]
    best: NDArray[np.bool_] = (known >= third) & (known > 0)
    if best.sum() > _MOST_STRONGEST or best.sum() == (known >= 0).sum():
        best = known > max(third, 0.0)
    return best


def _share(one: Instrument, item: Item, level: float) -> float:
    """Return how far a rating is on the way from the item's worst to its best level."""
    points = one.points(item)
    codes = sorted(points)
    worth = np.interp(level, codes, [points[code] for code in codes])
    low, high = min(points.values()), max(points.values())
    return float((worth - low) / (high - low)) if high > low else float("nan")


def _next(one: Instrument, item: Item, level: float) -> tuple[float, str | None]:
    """Return the next level that is described: by its anchor, else by the answer's label."""
    if np.isnan(level):
        return np.nan, None
    if item.anchors:
        anchor = one.next_anchor(item, level)
        return (np.nan, None) if anchor is None else (anchor.code, anchor.text)
    points, labels = one.points(item), one.answers(item).codes
    codes = sorted(points)
    here = float(np.interp(level, codes, [points[code] for code in codes]))
    above = [code for code in codes if points[code] > here]
    if not above:
        return np.nan, None
    code = min(above, key=points.__getitem__)
    return code, labels[code]


def scale_rows(
    one: Instrument, now: PlaceItems, before: PlaceItems | None, least: int
) -> pd.DataFrame:
    """Return a row a scale; parameters as for `item_rows`."""
    previous: Floats = np.full(len(one.columns), np.nan)
    if before is not None:
        previous = np.where(before.scale_n >= least, before.scales, np.nan)
    return pd.DataFrame(
        {
            "scale": one.columns,
            "label": [scale.label for scale in one.scored],
            "estimate": np.where(now.scale_n >= least, now.scales, np.nan),
            "previous": previous,
            "n": now.scale_n,
        }
    )
