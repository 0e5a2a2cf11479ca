"""Tables of a page: released results as captioned rows of cells, ready for the template.

Plain records and one template macro rather than great-tables: every header cell gets its scope,
a withheld count its spoken form, and no table brings a style sheet of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cpeval.report.disclosure import Withheld
from cpeval.report.naming import COLUMNS, Names, capital
from cpeval.report.numbers import (
    decimals_for,
    decimals_of,
    fixed,
    interval,
    is_number,
)
from cpeval.report.release import Released

#: Characters that stay on one line, in the header of a row and of a column.
SHORT, SHORTER = 16, 13


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: what is seen, and what a screen reader says if that differs."""

    text: str
    spoken: str = ""
    header: bool = False
    numeric: bool = False
    rowspan: int = 1
    quiet: bool = False

    @property
    def short(self) -> bool:
        """Whether it should stay on one line."""
        return len(self.text) <= (SHORT if self.header else SHORTER)


@dataclass(frozen=True, kw_only=True)
class Body:
    """Rows that belong together; with a ``title``, under a row that names them."""

    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table with its caption."""

    ident: str
    caption: str
    columns: tuple[Cell, ...]
    bodies: tuple[Body, ...]
    notes: tuple[str, ...] = field(default=())


def cell(value: object, text: str | None = None, *, numeric: bool = True) -> Cell:
    """Make a cell; a `Withheld` brings its spoken form."""
    if isinstance(value, Withheld):
        spoken = value.spoken if value.spoken != str(value) else ""
        quiet = value.low is None
        return Cell(text=str(value), spoken=spoken, numeric=numeric, quiet=quiet)
    return Cell(text=str(value) if text is None else text, numeric=numeric)


def count(value: object) -> Cell:
    """Make a cell of a number of people."""
    return cell(value, fixed(value, 0))


def header(text: str, *, rowspan: int = 1) -> Cell:
    """Make a row's header."""
    return Cell(text=text, header=True, rowspan=rowspan)


def heads(*labels: str, words: int = 1) -> tuple[Cell, ...]:
    """Column headers; the first ``words`` columns hold words, the others numbers."""
    return tuple(Cell(text=text, numeric=i >= words) for i, text in enumerate(labels))


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows, each by column."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False)]


def _by_wave(
    rows: Sequence[Mapping[str, Any]],
    names: Names,
    cells: Any,  # noqa: ANN401
) -> tuple[Body, ...]:
    """One body a wave, whose name stands once beside its arms."""
    waves: dict[object, list[Mapping[str, Any]]] = {}
    for row in rows:
        waves.setdefault(row["wave"], []).append(row)
    bodies = []
    for wave, members in waves.items():
        lines = []
        for i, row in enumerate(members):
            first = (header(names.head_of_wave(wave), rowspan=len(members)),) if i == 0 else ()
            lines.append((*first, header(names.arm(row["group"])), *cells(row)))
        bodies.append(Body(rows=tuple(lines)))
    return tuple(bodies)


def participants(released: Released, names: Names) -> Grid:
    """Who was seen, by wave and arm."""

    def cells(row: Mapping[str, Any]) -> tuple[Cell, ...]:
        percent = row.get("percent")
        share = cell(percent, f"{fixed(percent, 0)} %" if is_number(percent) else None)
        return (count(row["n"]), share, count(row.get("lost")), count(row.get("joined")))

    return Grid(
        ident="table-participants",
        caption="People by wave and arm",
        columns=heads(
            "Wave",
            "Arm",
            "Seen",
            "Of those at baseline",
            "Not seen",
            "Joined after baseline",
            words=2,
        ),
        bodies=_by_wave(records(released.table), names, cells),
        notes=("Not seen: at baseline, but not at this wave.",),
    )


def problems(released: Released, names: Names) -> Grid:
    """What the check of the data found, by kind and column."""
    rows = tuple(
        (
            header(capital(str(row["problem"]))),
            Cell(text=str(row["severity"])),
            Cell(text=names.column(row["column"]) if row["column"] else "whole file"),
            cell(row["cells"], "all" if row["cells"] is None else fixed(row["cells"], 0)),
        )
        for row in records(released.table)
    )
    return Grid(
        ident="table-problems",
        caption="Problems found in the data",
        columns=(*heads("Problem", "Kind", "Column", words=3), Cell(text="Cells", numeric=True)),
        bodies=(Body(rows=rows),),
        notes=(released.note,),
    )


def missing(means: Mapping[str, Released], names: Names) -> Grid | None:
    """How many people who were seen have no score, by outcome (label), arm and wave."""
    waves: dict[object, None] = {}
    for released in means.values():
        waves.update(dict.fromkeys(released.table["wave"]))
    bodies = []
    for label, released in means.items():
        arms: dict[object, dict[object, object]] = {}
        for row in records(released.table):
            arms.setdefault(row["group"], {})[row["wave"]] = row.get("missing")
        lines = []
        for i, (arm, found) in enumerate(arms.items()):
            first = (header(label, rowspan=len(arms)),) if i == 0 else ()
            numbers = (count(found.get(wave)) for wave in waves)
            lines.append((*first, header(names.arm(arm)), *numbers))
        bodies.append(Body(rows=tuple(lines)))
    if not bodies:
        return None
    labels = ("Outcome", "Arm", *(names.head_of_wave(wave) for wave in waves))
    return Grid(
        ident="table-missing",
        caption="People seen without a score, by outcome, arm and wave",
        columns=heads(*labels, words=2),
        bodies=tuple(bodies),
    )


def baseline(released: Released, names: Names) -> Grid:
    """Who the people were: number and per cent, or mean and SD, by arm."""
    table = released.table
    arms = list(dict.fromkeys(table["group"]))
    compared = "smd" in table and len(arms) > 1
    bodies = []
    for term, rows in table.groupby("term", sort=False):
        label = names.column(term)
        by_level: dict[object, dict[object, dict[str, Any]]] = {}
        for row in records(rows):
            level = None if pd.isna(row["level"]) else row["level"]
            by_level.setdefault(level, {})[row["group"]] = row
        numeric = None in by_level and len(by_level) == 1
        lines: list[tuple[Cell, ...]] = []
        for level, by_arm in by_level.items():
            head = f"{label}, mean (SD)" if numeric else names.value(str(term), level)
            told = [_baseline_cell(by_arm.get(arm), numeric) for arm in arms]
            answered = count(by_arm.get("all", by_arm[next(iter(by_arm))]).get("n"))
            answered = answered if not lines else Cell(text="", numeric=True)
            smd = [_smd(by_arm.get("all", {}).get("smd"))] if compared else []
            lines.append((header(head), *told, *smd, answered))
        title = "" if numeric else f"{label}, number (%)"
        bodies.append(Body(rows=tuple(lines), title=title))
    labels = [
        "Characteristic",
        *("All" if arm == "all" else names.head_of_arm(arm) for arm in arms),
    ]
    labels += ["Standardised difference"] if compared else []
    notes = ["Answered: people with that information, over all arms."]
    if compared:
        notes.insert(
            0,
            "Standardised difference: the difference between the arms in standard deviations. "
            "No p values: before the programme, a difference between arms formed by chance is "
            "chance."
            if names.evaluation.study.randomised
            else "Standardised difference: the difference between the arms in standard deviations.",
        )
    return Grid(
        ident="table-baseline",
        caption="People at baseline, by arm",
        columns=heads(*labels, "Answered"),
        bodies=tuple(bodies),
        notes=tuple(notes),
    )


def _baseline_cell(row: Mapping[str, Any] | None, numeric: bool) -> Cell:
    if row is None:
        return Cell(text="–", numeric=True)
    if not numeric:
        found = row.get("count")
        share = f" ({fixed(row.get('percent'), 0)})" if is_number(row.get("percent")) else ""
        return cell(found, f"{fixed(found, 0)}{share}")
    decimals = min(decimals_for(row.get("sd")), 2)
    mean, sd = row.get("mean"), row.get("sd")
    return cell(mean, f"{fixed(mean, decimals)} ({fixed(sd, decimals)})")


def _smd(value: object) -> Cell:
    return cell(value, fixed(value, 2) if is_number(value) else "")


def means(released: Released, names: Names, ident: str, label: str) -> Grid:
    """Means by wave and arm with their intervals."""
    decimals = _decimals(released.table)

    def cells(row: Mapping[str, Any]) -> tuple[Cell, ...]:
        low, high = row.get("ci_low"), row.get("ci_high")
        return (
            count(row["n"]),
            cell(row["estimate"], fixed(row["estimate"], decimals)),
            cell(row.get("sd"), fixed(row.get("sd"), decimals)),
            cell(low, interval(low, high, decimals)),
        )

    return Grid(
        ident=f"table-means-{ident}",
        caption=f"{label}: means by wave and arm",
        columns=heads("Wave", "Arm", "People", "Mean", "SD", "95 % interval", words=2),
        bodies=_by_wave(records(released.table), names, cells),
    )


def changes(released: Sequence[Released], names: Names, ident: str, label: str, start: str) -> Grid:
    """Change within each arm, one body a follow-up."""
    decimals = _decimals(released[0].table, "sd_before")

    def cells(row: Mapping[str, Any]) -> tuple[Cell, ...]:
        low, high = row.get("ci_low"), row.get("ci_high")
        g = row.get("hedges_g")
        return (
            count(row["n"]),
            cell(row["before"], fixed(row["before"], decimals)),
            cell(row["after"], fixed(row["after"], decimals)),
            cell(row["estimate"], fixed(row["estimate"], decimals)),
            cell(low, interval(low, high, decimals)),
            cell(g, with_effect(row)),
        )

    labels = (
        "Follow-up", "Arm", "People", f"Mean, {start}", "Mean, follow-up", "Change",
        "95 % interval", "Hedges’ g (95 % interval)",
    )  # fmt: skip
    rows = [row for one in released for row in records(one.table)]
    return Grid(
        ident=f"table-change-{ident}",
        caption=f"{label}: change within each arm since {start}",
        columns=heads(*labels, words=2),
        bodies=_by_wave(rows, names, cells),
        notes=(
            "People with a score both times. A change within an arm includes what would have "
            "happened anyway.",
        ),
    )


def reliability(released: Released, names: Names) -> Grid:
    """How consistent the items of each scale are."""
    rows = []
    for row in records(released.table):
        low, high = row.get("ci_low"), row.get("ci_high")
        scale = names.column(row["scale"]) if "scale" in row else "All items"
        rows.append(
            (
                header(scale),
                Cell(text=capital(str(row.get("coefficient", "")))),
                cell(row["estimate"], fixed(row["estimate"], 2)),
                cell(low, interval(low, high, 2)),
                count(row.get("n_items")),
                count(row.get("n")),
            )
        )
    return Grid(
        ident="table-reliability",
        caption="Reliability of each scale",
        columns=heads(
            "Scale",
            "Coefficient",
            "Estimate",
            "95 % interval",
            COLUMNS["n_items"],
            COLUMNS["n"],
            words=2,
        ),
        bodies=(Body(rows=tuple(rows)),),
    )


def with_effect(row: Mapping[str, Any]) -> str:
    """Write Hedges' g with its interval."""
    g = row.get("hedges_g")
    if not is_number(g):
        return fixed(g, 2)
    around = interval(row.get("hedges_g_low"), row.get("hedges_g_high"), 2)
    return f"{fixed(g, 2)} ({around})"


def _decimals(table: pd.DataFrame, column: str = "sd") -> int:
    """Decimals for a table of scores, from the largest spread that is shown."""
    return decimals_of(records(table), column)
