"""An instrument's card: its scales in a table, where it is from, how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.errors import listed
from cpeval.result import Result

if TYPE_CHECKING:
    from cpeval.definitions.model import Instrument
    from cpeval.definitions.scales import Band, Scale


@dataclass(frozen=True, kw_only=True, eq=False)
class Description(Result):
    """A `Result` that shows itself as a card.

    Attributes
    ----------
    instrument : Instrument
        What is described.
    """

    instrument: Instrument

    def shown(self) -> str:
        """Return the table as text, each column at the left under its heading."""
        cells = [list(self.table), *self._cells().to_numpy().tolist()]
        rows = [[" ".join(cell.split()) for cell in row] for row in cells]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join(lines)

    def _cells(self) -> pd.DataFrame:
        """The table as text, with nothing where a scale has no such number."""
        return self.table.astype(object).where(self.table.notna(), "").astype(str)

    def __str__(self) -> str:
        """Return the card as text."""
        said = [self.note, *(f"Warning: {text}" for text in self.warnings)]
        return "\n".join([self.shown(), "", *said])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        one = self.instrument
        warnings = "".join(f"<p><strong>{escape(text)}</strong></p>" for text in self.warnings)
        return (
            f"<h4>{escape(one.title)} (<code>{escape(one.name)}</code>)</h4>"
            f"<p>{escape(self.note)}</p>{warnings}"
            f"{self._cells().to_html(index=False, border=0, justify='left')}"
        )


def describe(one: Instrument) -> Description:
    """Describe an instrument."""
    table = pd.DataFrame(
        {
            "column": one.column(s),
            "label": s.label,
            "items": _number(one, s),
            "range": "" if s.range is None else f"{s.range[0]:g} to {s.range[1]:g}",
            "better": s.better or "",
            "answered": _answered(one, s),
            "missing": _missing_rule(s),
            "bands": _bands(s),
            "published": "; ".join(_published(s)),
        }
        for s in one.scales
    )
    table["answered"] = table["answered"].astype("Int64")
    return Description(
        table=table, note=_note(one), warnings=tuple(open_questions(one)), instrument=one
    )


def _note(one: Instrument) -> str:
    licence = f"{one.licence.terms} {one.licence.address}".strip()
    return " ".join(
        [
            f"{one.citation} Licence: {licence} Status: {one.status}.",
            *(
                f"{one.column(scale)}: {figure}."
                for scale in one.scales
                for figure in _published(scale, with_source=True)
            ),
            *one.choices,
            *_ratings(one),
        ]
    )


def _ratings(one: Instrument) -> list[str]:
    """Say who rates, how many items have anchors, and which rate themselves from data."""
    said = []
    if one.all_informants:
        said.append(f"Rated by {', '.join(one.all_informants)}.")
    anchored = sum(bool(item.anchors) for item in one.items)
    if anchored:
        said.append(f"Anchors for {anchored} of {len(one.items)} items.")
    if one.automatic:
        rules = [
            f"{item.code} ({item.label}) from {item.auto.value}"
            for item in one.automatic
            if item.auto
        ]
        said.append(f"Rated from data by a rule: {'; '.join(rules)}.")
    return said


def open_questions(one: Instrument) -> list[str]:
    """Say what is not certain about a definition, and what is left to its user."""
    said = []
    if one.status in ("provisional", "illustrative"):
        said.append(f"{one.name} is {one.status}. {one.status_note}".strip())
    elif one.status_note:
        said.append(one.status_note)
    if one.unkeyed:
        said.append(
            f"The items of {', '.join(one.column(s) for s in one.unkeyed)} are for you to say "
            "(with_keys): they are not public."
        )
    if one.codings and one.coding is None:
        said.append(f"Data have one of the codings {listed(one.codings)}: say which (coding=).")
    if one.value_sets and one.value_set is None:
        said.append(f"Choose a value set (value_set=): {', '.join(one.value_sets)}.")
    return said


def _number(one: Instrument, scale: Scale) -> str:
    if one.goals is not None and not one.items:
        return "as many as there are goals"
    if scale in one.unkeyed:
        return "for you to say" if scale.key_items is None else f"{scale.key_items}, for you to say"
    return str(len(one.items_of(scale)))


def _answered(one: Instrument, scale: Scale) -> int | None:
    if scale.items is None or scale.combine == "goal_attainment":
        return None
    number = scale.key_items if scale.items == "key" else len(one.items_of(scale))
    return scale.answered or number


def _missing_rule(scale: Scale) -> str:
    if scale.items is None:
        return "missing if a part is"
    if scale.combine == "goal_attainment":
        return "goals that are not rated don't count"
    if scale.answered is None:
        return "all must be answered"
    if scale.combine == "mean":
        return "mean of those answered"
    return "prorated" if scale.prorate else "of those answered"


def _bands(scale: Scale) -> str:
    sets = []
    for one in scale.bands:
        said = ", ".join(f"{_span(b)} {b.label}" for b in one.bands)
        name = f"{one.name}: " if one.name else ""
        sets.append(f"{name}{said}{'' if one.verified else ' (from memory)'}")
    return "; ".join(sets)


def _span(band: Band) -> str:
    return f"{band.low:g}" if band.low == band.high else f"{band.low:g}-{band.high:g}"


def _published(scale: Scale, *, with_source: bool = False) -> list[str]:
    """Say each figure that is published of a scale, and which of them are from memory."""
    said = []
    for key in ("important_difference", "reliable_change", "reliability"):
        figure = getattr(scale, key)
        if figure is not None:
            aside = [figure.source] if with_source else []
            aside += [] if figure.verified else ["from memory"]
            shown = f" ({'; '.join(aside)})" if aside else ""
            said.append(f"{key.replace('_', ' ')} {figure.value:g}{shown}")
    return said
