"""How many people stand behind a number, gated against every other total that is shown.

Two totals that differ by fewer people than may be shown give those people's number away. The
one that is shown second is a range then, and what it could be worked out from goes or is rounded.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cpeval.report.disclosure import KEYS, PEOPLE, SIZES, Withheld, is_small, totalled
from cpeval.report.numbers import MOST_DECIMALS, decimals_between, is_number

Count = int | Withheld
Place = tuple[Hashable, Hashable]

#: Together with an interval or a p value these tell the number of people.
TELLING = (
    "sd", "sd_before", "sd_after", "se", "df", "statistic", "d_z", "d_z_low", "d_z_high", "d_av",
)  # fmt: skip
#: Decimals of columns on a scale of their own, where a number of people is a range.
_DECIMALS = {"p": 3, "hedges_g": 2, "hedges_g_low": 2, "hedges_g_high": 2}


def gated(n: int, totals: Collection[int], limit: int, *, hidden: bool = False) -> Count:
    """Return a number of people as it may stand beside totals that are shown.

    Parameters
    ----------
    n : int
    totals : collection of int
        Numbers that a reader knows and may compare it with.
    limit : int
        The smallest count, and the smallest difference, that is shown beside zero.
    hidden : bool
        Whether the number of people seen, which it is a part of, is withheld.

    Returns
    -------
    int or Withheld
        `Withheld` without bounds if a range could not hide the difference: it would have fewer
        than ``limit - 1`` values. Then no statistic of these people may be shown.

    Examples
    --------
    >>> str(gated(104, [106], 5)), str(gated(98, [106], 5)), str(gated(106, [106], 5))
    ('102 to 105', '98', '106')
    >>> str(gated(3, [106], 5)), str(gated(5, [6], 5)), str(gated(47, [], 5, hidden=True))
    ('<5', 'withheld', '40 or more')
    """
    if limit <= 1 or n == 0:
        return n
    if n < limit:
        return Withheld(1, limit - 1)
    near = [] if n in totals else [total for total in totals if abs(total - n) < limit]
    above = [total for total in near if total > n]
    if above:
        low, high = max(limit, min(above) - limit + 1), min(above) - 1
        return Withheld(low, high) if high - low >= limit - 2 else Withheld()
    if near:
        return Withheld(max(near) + 1, max(near) + limit - 1)
    if hidden and n not in totals:
        return Withheld(max(limit, n // (2 * limit) * (2 * limit)))
    return n


def rest(total: Count | None, part: Count) -> Count:
    """Return what a total leaves beside a part, as a range if either is one.

    >>> str(rest(106, Withheld(102, 105))), str(rest(20, Withheld(1, 4))), str(rest(9, 9))
    ('<5', '16 to 19', '0')
    """
    if not isinstance(total, Withheld) and not isinstance(part, Withheld):
        return Withheld() if total is None else total - part
    if isinstance(total, Withheld) or total is None or not isinstance(part, Withheld):
        return Withheld()
    if part.low is None or part.high is None:
        return Withheld()
    return Withheld(max(0, total - part.high), max(0, total - part.low))


@dataclass
class Totals:
    """Totals that a reader knows, by arm and wave, in the order in which they become known."""

    limit: int
    baseline: Hashable = None
    seen: dict[Place, object] = field(default_factory=dict)
    lost: dict[Place, object] = field(default_factory=dict)
    scored: dict[tuple[Hashable, Hashable, Hashable], Count] = field(default_factory=dict)
    changed: dict[tuple[Hashable, Hashable, Hashable], Count] = field(default_factory=dict)
    #: Outcomes of nearly the same people, whose numbers are compared with each other too.
    beside: dict[Hashable, tuple[Hashable, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, participants: pd.DataFrame | None, baseline: Hashable, limit: int) -> Totals:
        """Take them from the released table of who took part."""
        if participants is None:
            return cls(limit, baseline)
        places = list(zip(participants["group"], participants["wave"], strict=True))
        lost = participants.get("lost", pd.Series(index=participants.index, dtype=object))
        return cls(
            limit,
            baseline,
            dict(zip(places, participants["n"], strict=True)),
            dict(zip(places, lost, strict=True)),
        )

    def start(self, group: Hashable) -> object:
        """Return an arm's number at baseline (in a study of one wave: at it); None if unknown."""
        if self.baseline is not None:
            return self.seen.get((group, self.baseline))
        return next((n for (arm, _), n in self.seen.items() if arm == group), None)

    def hides(self, group: Hashable, wave: Hashable) -> bool:
        """Say whether the number seen there is withheld."""
        return isinstance(self.seen.get((group, wave)), Withheld)

    def known(self, outcome: Hashable, group: Hashable, wave: Hashable) -> set[int]:
        """Return what numbers of people of an arm at a wave can be compared with."""
        start, lost = self.start(group), self.lost.get((group, wave))
        cells = [self.seen.get((group, wave)), start]
        if is_number(start) and is_number(lost):
            cells.append(int(start) - int(lost))  # type: ignore[call-overload]
        for one in (outcome, *self.beside.get(outcome, ())):
            cells += [self.scored.get((one, group, at)) for at in (self.baseline, wave)]
            cells.append(self.changed.get((one, group, wave)))
        return {int(cell) for cell in cells if is_number(cell)}  # type: ignore[call-overload]

    def all_known(self) -> tuple[set[int], bool]:
        """Return every number of people that is shown, by arm and over arms, and whether any is
        withheld.
        """  # noqa: D205
        waves: dict[Hashable, list[object]] = {}
        for (_, wave), n in self.seen.items():
            waves.setdefault(wave, []).append(n)
        whole = [totalled(cells) for cells in waves.values()]
        left = [
            rest(int(start), int(lost))  # type: ignore[call-overload]
            for (group, _), lost in self.lost.items()
            if is_number(lost) and is_number(start := self.start(group))
        ]
        cells = [*self.seen.values(), *whole, *left, *self.scored.values(), *self.changed.values()]
        hidden = any(isinstance(cell, Withheld) for cell in self.seen.values())
        return {int(cell) for cell in cells if is_number(cell)} - {0}, hidden  # type: ignore[call-overload]

    def starts(self) -> tuple[set[int], bool]:
        """Return what a number of all people at baseline can be compared with, and whether any
        arm's is withheld.
        """  # noqa: D205
        arms = {group: self.start(group) for group, _ in self.seen}
        shown = [int(n) for n in arms.values() if is_number(n)]  # type: ignore[call-overload]
        hidden = len(shown) < len(arms)
        return {*shown, *([] if hidden else [sum(shown)])} - {0}, hidden


def protect_means(table: pd.DataFrame, outcome: Hashable, totals: Totals) -> pd.DataFrame:
    """Guard the numbers of people behind means, and count what is shown among the totals."""
    cells = table.astype(object)
    counts: list[Count] = []
    for row in table.to_dict("records"):
        place = (row["group"], row["wave"])
        n, missing = int(row["n"]), row.get("missing")
        beside = (totals.scored.get((one, *place)) for one in totals.beside.get(outcome, ()))
        near = (totals.seen.get(place), totals.start(row["group"]), *beside)
        known = {t for t in near if is_number(t)}
        if missing is not None and not totals.hides(*place):
            known.add(n + int(missing))
        count = gated(n, {int(t) for t in known}, totals.limit, hidden=totals.hides(*place))  # type: ignore[call-overload]
        totals.scored[(outcome, *place)] = count
        counts.append(count)
        if missing is not None:
            whole = None if totals.hides(*place) else n + int(missing)
            _put(cells, len(counts) - 1, "missing", rest(whole, count))
    return _with_counts(cells, {"n": counts}, totals.limit)


def protect_change(table: pd.DataFrame, outcome: Hashable, totals: Totals) -> pd.DataFrame:
    """Guard the numbers of people behind changes."""
    cells = table.astype(object)
    counts: list[Count] = []
    for row in table.to_dict("records"):
        group, wave, n = row["group"], row["wave"], int(row["n"])
        known, start = totals.known(outcome, group, wave), totals.start(group)
        excluded = row.get("excluded")
        if excluded is not None and not isinstance(start, Withheld):
            known.add(n + int(excluded))
        hidden = totals.hides(group, wave)
        count = gated(n, known, totals.limit, hidden=hidden)
        totals.changed[(outcome, group, wave)] = count
        counts.append(count)
        if excluded is not None:
            whole = None if isinstance(start, Withheld) else n + int(excluded)
            _put(cells, len(counts) - 1, "excluded", rest(whole, count))
    return _with_counts(cells, {"n": counts}, totals.limit)


def protect_comparison(table: pd.DataFrame, outcome: Hashable, totals: Totals) -> pd.DataFrame:
    """Guard the numbers of people in both arms of a comparison; ``n`` says no more than they."""
    cells = table.astype(object)
    counts: dict[str, list[Count]] = {"n": [], "n_intervention": [], "n_comparison": []}
    first = table.iloc[0]
    for row in table.to_dict("records"):
        if counts["n"] and any(row[name] != first[name] for name in counts):
            # Who is in other analyses only would come out by subtraction.
            for name in counts:
                counts[name].append(Withheld())
            continue
        arms = []
        for column, role in (("n_intervention", "group"), ("n_comparison", "reference")):
            group, wave = row[role], row["wave"]
            known = totals.known(outcome, group, wave)
            hidden = totals.hides(group, wave)
            arms.append(gated(int(row[column]), known, totals.limit, hidden=hidden))
            counts[column].append(arms[-1])
        counts["n"].append(totalled(arms))
    return _with_counts(cells, counts, totals.limit)


def protect_reliability(table: pd.DataFrame, totals: Totals) -> pd.DataFrame:
    """Guard the numbers of rows behind reliabilities: all people at baseline that have them."""
    known, hidden = totals.starts()
    counts: list[Count] = []
    groups = {group for group, _ in totals.seen}
    for row in table.to_dict("records"):
        n, scale = int(row["n"]), row.get("scale")
        arms = [
            cell
            for (outcome, _, wave), cell in totals.scored.items()
            if outcome == scale and (wave == totals.baseline or totals.baseline is None)
        ]
        whole = totalled(arms) if len(arms) == len(groups) > 0 else None
        if hidden and not 0 < n < totals.limit and totals.limit > 1:
            counts.append(Withheld())  # any number of all may give away that of an arm
        elif isinstance(whole, Withheld):
            low, high = whole.low or 0, whole.high or 0
            counts.append(whole if low <= n <= high else gated(n, known, totals.limit))
        else:
            counts.append(gated(n, known | ({whole} if whole else set()), totals.limit))
    shown = _with_counts(table.astype(object), {"n": counts}, totals.limit)
    if hidden:  # an estimate alone tells no number of people; its interval does
        for position, count in enumerate(counts):
            if count == Withheld() and is_number(table["estimate"].iloc[position]):
                _put(shown, position, "estimate", round(float(table["estimate"].iloc[position]), 2))
    return shown


def protect_other(table: pd.DataFrame, totals: Totals) -> pd.DataFrame:
    """Withhold the small counts of any other table, and the statistics beside them."""
    cells = table.astype(object)
    few = {c: is_small(table[c], totals.limit) for c in PEOPLE if c in table}
    for column, small in few.items():
        for row in np.flatnonzero(small):
            _put(cells, int(row), column, Withheld(1, totals.limit - 1))
            for other in (str(c) for c in cells if column in SIZES and c not in (*KEYS, *few)):
                _put(cells, int(row), other, Withheld())
    return cells


def _with_counts(cells: pd.DataFrame, counts: dict[str, list[Count]], limit: int) -> pd.DataFrame:
    """Put counts into a table, with what follows for the statistics beside them."""
    for row in range(len(cells)):
        found = [of[row] for of in counts.values()]
        if any(isinstance(count, Withheld) and _tells_few(count, limit) for count in found):
            for column in (str(c) for c in cells if c not in KEYS):
                if column not in (*SIZES, "missing", "excluded"):
                    _put(cells, row, column, Withheld())
        elif any(isinstance(count, Withheld) for count in found):
            coarsen(cells, row)
    for column, of in counts.items():
        for row, count in enumerate(of):
            _put(cells, row, column, count)
    for column in (c for c in ("missing", "excluded") if c in cells):
        for row, small in enumerate(is_small(cells[column], limit)):
            if small:
                _put(cells, row, column, Withheld(1, limit - 1))
    return cells


def _tells_few(count: Withheld, limit: int) -> bool:
    return count.low is None or (count.high is not None and count.high < limit)


def coarsen(cells: pd.DataFrame, row: int) -> None:
    """Withhold what tells a row's number of people, and round the rest so that it doesn't.

    A mean of whole scores is a fraction, whose last digits tell what it was divided by.
    """
    position = cells.index[row]
    low, high = (cells[c].iloc[row] if c in cells else None for c in ("ci_low", "ci_high"))
    decimals = min(decimals_between(low, high), 2)
    ends = [float(x) for x in (low, high) if is_number(x) and x != 0]  # type: ignore[arg-type]
    while decimals < MOST_DECIMALS and any(round(end, decimals) == 0 for end in ends):
        decimals += 1  # on which side of no difference a bound lies must stay
    for column in (str(c) for c in cells if c not in KEYS):
        value = cells.loc[position, column]
        if column in TELLING and is_number(value):
            _put(cells, row, column, Withheld())
        elif is_number(value) and isinstance(value, float):
            _put(cells, row, column, round(value, _DECIMALS.get(column, decimals)))


def _put(cells: pd.DataFrame, row: int, column: str, value: object) -> None:
    values = cells[column].to_numpy(dtype=object, copy=True)
    values[row] = value
    cells[column] = pd.Series(values, index=cells.index, dtype=object)


def span(cells: Iterable[object]) -> Count | None:
    """Add numbers of people; None if one is not known at all.

    >>> str(span([20, Withheld(16, 19)])), span([20, Withheld()]), span([])
    ('36 to 39', None, None)
    """
    found = list(cells)
    if not found or not all(is_number(c) or isinstance(c, Withheld) for c in found):
        return None
    total = totalled(found)
    return None if isinstance(total, Withheld) and total.low is None else total
