"""What may be shown of people at baseline: categories of few people, and who did not answer."""

from __future__ import annotations

from collections.abc import Collection, Hashable

import numpy as np
import pandas as pd

from cpeval.report.disclosure import (
    SINGLE_VALUES,
    Withheld,
    is_small,
    totalled,
    withhold,
    withhold_parts,
    withhold_rows,
)
from cpeval.report.numbers import decimals_for, is_number
from cpeval.report.sizes import gated, rest

#: With more levels than this a characteristic is likely to be names or free text.
MOST_LEVELS = 20


def protect_baseline(
    table: pd.DataFrame, limit: int, *, scores: Collection[Hashable] = ()
) -> pd.DataFrame:
    """Withhold small categories, and the cells that would give them away.

    Parameters
    ----------
    table : pandas.DataFrame
        Of ``outcomes.baseline``: term, level, group, n, missing, count, percent, mean, sd,
        median, smd … The group ``"all"`` adds up the arms; levels and missing add up to the
        people seen.
    limit : int
        The smallest count that is shown, beside zero.
    scores : collection
        Terms whose intervals are shown elsewhere: with the standard deviation an interval tells
        the number of people.

    Returns
    -------
    pandas.DataFrame
        Without minimum, maximum and missing: n says how many answered.

    Notes
    -----
    Levels of fewer than ``limit`` people in all are put together as one row that doesn't name
    them, and so are all levels where there are more than `MOST_LEVELS`.

    Within an arm `withhold_parts` guards the levels, and those who didn't answer with them. A
    level that is small in one arm and empty in another tells the arm of its people, so both are
    "0 to ``limit`` - 1". A level that is withheld in one arm is
    withheld in ``"all"`` too, whose cell then says only what the arms' cells say. The
    standardised difference of such a level goes, as it contains its share.
    An arm with fewer than ``limit`` answers goes as a whole, and the statistics of ``"all"``
    with it, since they less the other arm's would be the few people's.
    """
    found = table.reset_index(drop=True)
    parts = [_listed(rows, limit) for _, rows in found.groupby("term", sort=False, dropna=False)]
    found = pd.concat(parts, ignore_index=True) if parts else found
    cells = found.drop(columns=[c for c in SINGLE_VALUES if c in found]).astype(object)
    for term, rows in found.groupby("term", sort=False, dropna=False):
        _protect_term(cells, rows, limit, term in scores)
    return cells.drop(columns=[c for c in ("missing",) if c in cells])


def _listed(rows: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Put levels that may not be named together, after those that may."""
    if "count" not in rows or rows["count"].isna().all():
        return rows
    arms = rows[rows["group"] != "all"] if (rows["group"] != "all").any() else rows
    counts = arms.groupby("level", sort=False)["count"].sum()
    few = counts.index[(counts > 0) & (counts < limit)]
    unnamed = counts.index if len(counts) > MOST_LEVELS else few if len(few) > 1 else few[:0]
    if not len(unnamed):
        return rows
    kind = "different" if len(unnamed) == len(counts) else "other"
    at = rows["level"].isin(unnamed)
    merged = rows[at].drop_duplicates("group").copy()
    sums = rows[at].groupby("group", sort=False)["count"].sum()
    merged["level"] = f"{len(unnamed)} {kind} values: not shown"
    merged["count"] = merged["group"].map(sums).astype(float)
    merged["percent"] = 100 * merged["count"] / merged["n"].where(merged["n"] > 0)
    if "smd" in merged:
        merged["smd"] = float("nan")
    return pd.concat([rows[~at], merged])


def _protect_term(cells: pd.DataFrame, rows: pd.DataFrame, limit: int, score: bool) -> None:
    """Guard the rows of one characteristic, in place."""
    groups: dict[Hashable, pd.Index] = {
        name: part.index for name, part in rows.groupby("group", sort=False)
    }
    whole = groups.pop("all", None) if len(groups) > 1 else None
    categories = "count" in rows and rows["count"].notna().any()
    mixed = _mixed(rows, groups, limit) if categories else set()
    few = []
    for name, where in groups.items():
        n, missing = int(rows["n"][where[0]]), _missing(rows, where)
        if n == 0:
            continue
        size = gated(n, {n + missing}, limit)
        if 0 < n < limit or (size == Withheld() and not categories):
            withhold_rows(
                cells, cells.index.isin(where), size if isinstance(size, Withheld) else None
            )
            few.append(name)
        elif categories:
            _protect_levels(cells, rows, where, limit, mixed)
        elif isinstance(size, Withheld):
            _coarsen(cells, where, size, score)
    if whole is None:
        return
    total = totalled(cells["n"][where[0]] for where in groups.values())
    at = cells.index.isin(whole)
    if few:  # the sum of what is said of the arms, lest a small total say more of them
        withhold_rows(cells, at, total if isinstance(total, Withheld) else None)
        return
    adds_up = sum(rows["n"][where[0]] for where in groups.values()) == rows["n"][whole[0]]
    if isinstance(total, Withheld) and not adds_up:
        total = Withheld()
    if categories:
        _protect_sums(cells, rows, whole, groups, limit)
        if isinstance(total, Withheld):
            _shares(cells, whole, total)
    elif isinstance(total, Withheld):
        _coarsen(cells, whole, total, score)


def _missing(rows: pd.DataFrame, where: pd.Index) -> int:
    return int(rows["missing"][where[0]]) if "missing" in rows else 0


def _mixed(rows: pd.DataFrame, groups: dict[Hashable, pd.Index], limit: int) -> set[object]:
    """Return levels that are small in one arm and empty in another, of arms that are shown."""
    shown = [where for where in groups.values() if rows["n"][where[0]] >= limit]
    arms = rows.loc[[i for where in shown for i in where]]
    small = pd.Series(is_small(arms["count"], limit), arms["level"]).groupby(level=0).any()
    empty = pd.Series((arms["count"] == 0).to_numpy(), arms["level"]).groupby(level=0).any()
    return set(small.index[small & empty])


def _protect_levels(
    cells: pd.DataFrame, rows: pd.DataFrame, where: pd.Index, limit: int, mixed: set[object]
) -> None:
    """Guard the levels of one characteristic in one arm, and who has none."""
    counts, missing = rows["count"][where], _missing(rows, where)
    alike = [i for i, level in enumerate(rows["level"][where]) if level in mixed]
    *levels, unanswered = withhold_parts([*counts, missing], limit, alike)
    _hide(cells, where, levels)
    if isinstance(unanswered, Withheld):
        _shares(cells, where, rest(int(rows["n"][where[0]]) + missing, unanswered))


def _protect_sums(
    cells: pd.DataFrame,
    rows: pd.DataFrame,
    whole: pd.Index,
    groups: dict[Hashable, pd.Index],
    limit: int,
) -> None:
    """Let the levels of all people say what the arms' cells say."""
    levels, counts = rows["level"][whole], rows["count"][whole]
    by_arm = [
        dict(zip(cells["level"][where], cells["count"][where], strict=True))
        for where in groups.values()
    ]
    sums = [totalled(arm.get(level, 0) for arm in by_arm) for level in levels]
    own = zip(sums, counts, strict=True)
    if not all(isinstance(total, Withheld) or total == count for total, count in own):
        # People without an arm are in "all" only: guard it by itself, and hide there what is
        # hidden in an arm.
        parts = zip(withhold_parts(counts.to_numpy(), limit), sums, strict=True)
        sums = [t if isinstance(t, Withheld) and isinstance(p, int) else p for p, t in parts]
    _hide(cells, whole, sums)


def _hide(cells: pd.DataFrame, where: pd.Index, counts: list[int | Withheld]) -> None:
    for row, cell in zip(where, counts, strict=True):
        if isinstance(cell, Withheld):
            at = cells.index == row
            withhold_rows(cells, at)
            withhold(cells, "count", at, cell)


def _shares(cells: pd.DataFrame, where: pd.Index, n: int | Withheld) -> None:
    """Withhold shares with the number that they are of: a count and its share tell it."""
    at = cells.index.isin(where)
    for column in (c for c in ("percent", "smd") if c in cells):
        withhold(cells, column, at & cells[column].notna().to_numpy())
    if isinstance(n, Withheld):
        withhold(cells, "n", at, n)


def _coarsen(cells: pd.DataFrame, where: pd.Index, n: Withheld, score: bool) -> None:
    """Round the statistics of a number of people that is a range, so that they don't tell it."""
    at = cells.index.isin(where)
    sd = cells["sd"][where[0]] if "sd" in cells else None
    decimals = min(decimals_for(sd), 2)
    for column in (c for c in ("mean", "median", "sd", "smd") if c in cells):
        values = cells[column].to_numpy(dtype=object, copy=True)
        for row in np.flatnonzero(at):
            if is_number(values[row]):
                values[row] = round(float(values[row]), 2 if column == "smd" else decimals)
        cells[column] = pd.Series(values, index=cells.index, dtype=object)
    withhold(cells, "n", at, n)
    if score and "sd" in cells:
        withhold(cells, "sd", at)
