"""Categories of delivery on the page: a table, and a sentence on how far to trust them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpeval.report.disclosure import Withheld
from cpeval.report.grids import Body, Grid, cell, header, heads, records
from cpeval.report.naming import Names, capital, printable
from cpeval.report.numbers import is_number

if TYPE_CHECKING:
    from cpeval.report.release import Released


def classes_grid(classes: Released, names: Names) -> Grid:
    """A row a category: how many there are, and how many are truly there by the ratings' error."""
    result = classes.result
    units, occasion = result.units, result.occasion  # type: ignore[attr-defined]
    rows = [row for row in records(classes.table) if row["term"] == "category"]
    lines = [
        (
            header(printable(row["category"])),
            cell(row["starts_at"], f"{row['starts_at']:g}"),
            cell(row["n"], f"{row['n']}"),
            cell(row["estimate"], _percent(row["estimate"])),
            cell(row["expected"], _number(row["expected"])),
            cell(row["expected_share"], _percent(row["expected_share"])),
        )
        for row in rows
    ]
    when = f", {names.wave(occasion)}" if occasion is not None else ""
    coarse = any(isinstance(row["expected"], Withheld) for row in rows)
    return Grid(
        ident="table-classes",
        caption=f"{capital(units)} by category of delivery{when}",
        columns=heads("Category", "Starts at", "Number", "Share", "Expected", "Expected share"),
        bodies=(Body(rows=tuple(lines)),),
        notes=(
            f"Number: {units} whose score is there. Expected: how many are truly there once the "
            "error of the ratings is allowed for. It is not known which they are.",
            *(("Shares are rounded where numbers are withheld.",) if coarse else ()),
        ),
    )


def classes_sentence(classes: Released) -> str:
    """Say how often a category is right; nothing if that is withheld."""
    of = {
        row["term"]: row["estimate"] for row in records(classes.table) if row["term"] != "category"
    }
    accuracy, consistency = of["accuracy"], of["consistency"]
    if not (is_number(accuracy) and is_number(consistency)):
        return ""
    units = classes.result.units  # type: ignore[attr-defined]
    return (
        f"Ratings err, so a category can be wrong: about {_in_100(accuracy)} in 100 {units} are "
        f"expected to be in their true one, and about {_in_100(consistency)} in 100 would be "
        "given the same one by a second rating of the same kind."
    )


def _in_100(share: float) -> int:
    """Round down short of certainty."""
    return min(round(100 * share), 99)


def _percent(share: object) -> str:
    return f"{100 * share:.0f} %" if isinstance(share, float) else ""


def _number(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else ""
