"""Scales from ratings that may lie between the codes, by the same plan as `cpeval.score`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.definitions.items import Item
from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, listed
from cpeval.scoring.algebra import Arrays, Value
from cpeval.scoring.blocks import ROWS
from cpeval.scoring.plan import Plan, Use, straight_line

Floats = NDArray[np.float64]


class RatedPlan(Plan):
    """A plan on standard codes; what lies between two codes is worth what lies between them."""

    def answer(self, item: Item) -> Value:
        """The rating as it is."""
        return self.algebra.column(self.use.columns[item.code])

    def mapped(self, x: Value, table: Mapping[float, float]) -> Value:
        """Map by a straight line where the table is one, else by lines between its values."""
        if straight_line(table) is not None:
            return super().mapped(x, table)
        codes = sorted(table)
        between = np.interp(x, codes, [table[code] for code in codes], left=np.nan, right=np.nan)
        return np.where(np.isnan(x), np.nan, between)


def scale_scores(instrument: Instrument, ratings: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Score sheets.

    Parameters
    ----------
    instrument : Instrument
    ratings : array, shape (n, n_items)
        On the definition's codes or between them; NaN where missing.

    Returns
    -------
    scores : array of float, shape (n, n_scales)
        In the order of ``instrument.scored``; NaN where too few items were rated.
    answered : array of int, shape (n, n_scales)
        How many items of the scale were rated.
    """
    use = Use(definition=instrument, columns={item.code: item.code for item in instrument.items})
    scales = instrument.scored
    n = len(ratings)
    scores, answered = np.full((n, len(scales)), np.nan), np.zeros((n, len(scales)), np.intp)
    columns = dict(zip(use.columns, ratings.T, strict=True))
    for start in range(0, n, ROWS):
        rows = slice(start, min(start + ROWS, n))
        plan = RatedPlan(use, Arrays(columns, rows))
        parts: dict[str, Value] = {item.code: plan.points(item) for item in instrument.items}
        named: dict[str, Value] = {}
        # Where nobody rated, 0 / 0 is what makes a mean missing.
        with np.errstate(divide="ignore", invalid="ignore"):
            for number, scale in enumerate(scales):
                named[scale.name] = plan.scale(scale, parts, named)
                scores[rows, number] = named[scale.name]
                if instrument.items_of(scale):
                    answered[rows, number] = plan.count(scale, parts)
    return scores, answered


def item_points(instrument: Instrument, ratings: Floats) -> Floats:
    """Return what each rating is worth in a scale, reversed items reversed; NaN where missing.

    Parameters
    ----------
    instrument : Instrument
    ratings : array, shape (n, n_items)
        On the definition's codes or between them.

    Returns
    -------
    array of float, shape (n, n_items)
    """
    use = Use(definition=instrument, columns={item.code: item.code for item in instrument.items})
    columns = dict(zip(use.columns, ratings.T, strict=True))
    plan = RatedPlan(use, Arrays(columns, slice(0, len(ratings))))
    points = [np.broadcast_to(plan.points(item), len(ratings)) for item in instrument.items]
    return np.asarray(np.stack(points, axis=1), dtype=float)


def require_codes_where_needed(instrument: Instrument, ratings: Floats, what: str) -> None:
    """Raise `OptionError` if a rating lies between codes where a scale has no use for that.

    Scales that count ratings or value a state, and items with rules, look at codes alone.

    Parameters
    ----------
    instrument : Instrument
    ratings : array, shape (n, n_items)
    what : str
        Where the ratings come from, for the message, such as ``rule='median'``.
    """
    strict: dict[str, set[str]] = {}
    for scale in instrument.scored:
        if scale.combine in ("count", "value_set", "goal_attainment"):
            strict.setdefault(instrument.column(scale), set()).update(instrument.items_of(scale))
    ruled = {code for item in instrument.items if item.rules for code in _codes_of(item)}
    faults = []
    for number, item in enumerate(instrument.items):
        wanting = [name for name, codes in strict.items() if item.code in codes]
        if not wanting and item.code not in ruled:
            continue
        x = ratings[:, number]
        odd = np.unique(x[~np.isnan(x) & ~np.isin(x, list(instrument.answers(item).codes))])
        if odd.size:
            faults.append(f"item {item.code} ({listed(odd, most=3)})")
    if faults:
        scales = f" of {listed(strict)}" if strict else ""
        raise OptionError(
            f"{what} gives ratings between the codes: {', '.join(faults)}. {instrument.name} has "
            f"scales{scales} that look at codes alone, so they can't be scored from these. Use "
            "recorded consensus values, or a rule that gives codes."
        )


def _codes_of(item: Item) -> list[str]:
    return [item.code, *(rule.item for rule in item.rules)]


def items_in_scales(instrument: Instrument) -> NDArray[np.bool_]:
    """Say which items are under which scale, shape (n_items, n_scales)."""
    codes = [item.code for item in instrument.items]
    inside = [np.isin(codes, instrument.items_of(scale)) for scale in instrument.scored]
    return np.array(inside, dtype=bool).reshape(len(inside), len(codes)).T


def banded(
    instrument: Instrument, scores: Floats, bands: str | Mapping[str, str] | None
) -> NDArray[np.object_]:
    """Return each score's band, None without, shape (n, n_scales)."""
    from cpeval.scoring.bands import band

    made = np.full(scores.shape, None, dtype=object)
    if bands is None and not any(scale.bands for scale in instrument.scored):
        return made
    frame = pd.DataFrame(scores, columns=instrument.columns)
    labelled = band(frame, instrument, bands=bands)
    for number, name in enumerate(instrument.columns):
        if f"{name}_band" in labelled:
            label = labelled[f"{name}_band"].astype(object)
            made[:, number] = label.where(label.notna(), None)
    return made
