"""An instrument's card: its scales in a table, where it is from, how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.result import Result

if TYPE_CHECKING:
    from cpeval.definitions.model import Instrument
    from cpeval.definitions.scales import Scale


@dataclass(frozen=True, kw_only=True, eq=False)
class Description(Result):
    """A `Result` that shows itself as a card.

    Attributes
    ----------
    instrument : Instrument
        What is described.
    """

    instrument: Instrument

    def _repr_html_(self) -> str:
        one = self.instrument
        warnings = "".join(f"<p><strong>{escape(text)}</strong></p>" for text in self.warnings)
        return (
            f"<h4>{escape(one.title)} (<code>{escape(one.name)}</code>)</h4>"
            f"<p>{escape(self.note)}</p>{warnings}"
            f"{self.table.to_html(index=False, border=0, na_rep='')}"
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
        }
        for s in one.scales
    )
    table["answered"] = table["answered"].astype("Int64")
    return Description(
        table=table, note=_note(one), warnings=tuple(open_questions(one)), instrument=one
    )


def _note(one: Instrument) -> str:
    licence = f"{one.licence.terms} {one.licence.address}".strip()
    return " ".join([f"{one.citation} Licence: {licence} Status: {one.status}.", *one.choices])


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
        said.append(f"Data have one of the codings {', '.join(one.codings)}: say which (coding=).")
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
        said = ", ".join(f"{b.low:g}-{b.high:g} {b.label}" for b in one.bands)
        name = f"{one.name}: " if one.name else ""
        sets.append(f"{name}{said}{'' if one.verified else ' (from memory)'}")
    return "; ".join(sets)
