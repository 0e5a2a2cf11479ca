"""What a team's sheet says, in words: the same for the page and for the Word document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cpeval.fidelity.feedback_rows import (
    NEXT,
    STRENGTH,
    STRONG,
    WITHHELD,
    as_shown,
    decimals_shown,
)
from cpeval.fidelity.occasion_order import in_words
from cpeval.report.naming import capital, printable
from cpeval.report.numbers import fixed, is_number

if TYPE_CHECKING:
    from cpeval.definitions.model import Instrument
    from cpeval.fidelity.feedback import Feedback

_TOP = "at the highest level described"


@dataclass(frozen=True, kw_only=True)
class Line:
    """An item or a component."""

    name: str
    score: str
    before: str = ""
    change: str = ""
    step: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Lines under a heading; ``intro`` says how they were chosen."""

    ident: str
    heading: str
    intro: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The sheet.

    Attributes
    ----------
    title, place, when : str
    scales : tuple of Line
    parts : tuple of Part
        Strengths, then what to work on.
    compared : bool
        Whether there is a column of last time.
    before : str
        The head of that column.
    withheld : str
        Why something is not shown; empty when all is.
    foot : tuple of str
        What the numbers are, and the source.
    dense : bool
        Whether there are so many items that lines must be small to fit on one page.
    """

    title: str
    place: str
    when: str
    scales: tuple[Line, ...]
    parts: tuple[Part, ...]
    compared: bool
    before: str
    withheld: str
    foot: tuple[str, ...]
    dense: bool


def sheet(feedback: Feedback, waves: Mapping[object, str] | None = None) -> Sheet:
    """Put a `Feedback` into words.

    Parameters
    ----------
    feedback : Feedback
    waves : mapping, optional
        What occasions are called; by default themselves.
    """
    one = feedback.instrument
    table = feedback.table
    groups = {name: table[table["group"] == name] for name in (STRENGTH, NEXT, WITHHELD)}
    compared = bool(table["previous"].notna().any())
    called = {
        one: printable((waves or {}).get(one, in_words(one)))
        for one in (feedback.occasion, feedback.previous)
    }
    now = "" if feedback.occasion is None else called[feedback.occasion]
    return Sheet(
        title=printable(one.title),
        place=printable(feedback.place),
        when=" · ".join(filter(None, (now, _rated(feedback)))),
        scales=tuple(
            _line(row, decimals_shown(one))
            for row in _records(feedback.scales)
            if is_number(row["estimate"])
        ),
        parts=tuple(_parts(groups, feedback)),
        compared=compared,
        before="Last time" if feedback.previous is None else called[feedback.previous],
        withheld=_withheld(groups[WITHHELD], feedback),
        foot=(
            _legend(feedback, compared),
            _source(one),
        ),
        dense=len(table) > 24,
    )


def _rated(feedback: Feedback) -> str:
    """Say how many were rated: of people no more than that they are enough."""
    if _few(feedback):
        return ""
    if feedback.units_are_people and feedback.small_count > 1:
        return f"{feedback.small_count} or more rated"
    return f"{feedback.n_units} rated"


def _few(feedback: Feedback) -> bool:
    return feedback.units_are_people and feedback.n_units < feedback.small_count


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _line(row: Mapping[str, Any], decimals: int) -> Line:
    code = f"{row['item']}. " if "item" in row else ""
    step = ""
    if "anchor" in row:
        has = isinstance(row["anchor"], str)
        step = f"{row['level']:g}: {row['anchor']}" if has else _TOP
    return Line(
        name=printable(code + capital(str(row["label"]))),
        score=fixed(row["estimate"], decimals),
        before=fixed(row["previous"], decimals) if is_number(row["previous"]) else "",
        change=_change(row["estimate"], row["previous"], decimals),
        step=printable(step),
    )


def _change(now: object, before: object, decimals: int) -> str:
    """Say a change in words, so that it needs neither colour nor a sign that is read over."""
    if not (is_number(now) and is_number(before)):
        return ""
    # Of the scores as shown: a reader subtracts these.
    change = as_shown(now, decimals) - as_shown(before, decimals)  # type: ignore[arg-type]
    size = fixed(abs(change), decimals)
    if float(size) == 0:
        return "as before"
    return f"{'up' if change > 0 else 'down'} {size}"


def _parts(groups: Mapping[str, pd.DataFrame], feedback: Feedback) -> list[Part]:
    strong, rest = groups[STRENGTH], groups[NEXT]
    decimals = decimals_shown(feedback.instrument)
    parts = []
    if len(strong):
        good = bool((strong["share"] >= STRONG).all())
        parts.append(
            Part(
                ident="strengths",
                heading="Going well" if good else "Strongest so far",
                intro="Three quarters of the way to the highest level, or further."
                if good
                else "The highest of this sheet. None is three quarters of the way yet.",
                lines=tuple(_line(row, decimals) for row in _records(strong)),
            )
        )
    if len(rest):
        parts.append(
            Part(
                ident="next",
                heading="To work on next",
                intro=_order(len(strong), len(rest)),
                lines=tuple(_line(row, decimals) for row in _records(rest)),
            )
        )
    return parts


def _order(n_strong: int, n_rest: int) -> str:
    """Say in which order items to work on stand; of one there is nothing to say."""
    if n_rest == 1:
        return ""
    first = "The furthest from the highest level first."
    return first if n_strong else f"No item stands out above the others yet. {first}"


def _withheld(gone: pd.DataFrame, feedback: Feedback) -> str:
    if gone.empty:
        return ""
    if feedback.withheld and _few(feedback):
        return (
            f"Fewer than {feedback.small_count} were rated here, so no score is shown: it could "
            "tell of single people."
        )
    names = ", ".join(f"{row['item']} ({row['label']})" for row in _records(gone))
    why = (
        f"fewer than {feedback.small_count} were rated"
        if feedback.units_are_people
        else "not rated"
    )
    return printable(f"Not shown, since {why}: {names}.")


def _source(one: Instrument) -> str:
    """Say whose the levels and words are; what was made to teach is nobody's scale."""
    if one.status == "illustrative":
        return printable(f"Levels and wording are illustrative. {one.status_note}")
    return printable(f"Source of the scale: {one.citation}")


def _legend(feedback: Feedback, compared: bool) -> str:
    one = feedback.instrument
    codes = sorted({c for item in one.items for c in one.answers(item).codes})
    down = [item.code for item in one.items if item.reversed]
    text = f"Scores are means of agreed ratings, from {codes[0]:g} to {codes[-1]:g}."
    if compared:
        text += " Those rated last time may have been others."
    if one.status == "provisional":
        text += " The scale is provisional: its scoring was not verified in full."
    if down:
        text += f" On items {', '.join(down)} lower is better."
    return printable(text)
