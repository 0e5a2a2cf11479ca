"""Tables of the part of the page on personal networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cpeval.report.grids import Body, Cell, Grid, cell, count, header, heads, records
from cpeval.report.naming import Names
from cpeval.report.numbers import decimals_of, fixed, interval, is_number

if TYPE_CHECKING:
    from cpeval.report.release import Released


def terms_grid(
    released: Released,
    names: Names,
    ident: str,
    caption: str,
    head: str,
    notes: tuple[str, ...] = (),
) -> Grid:
    """Means by term, wave and arm: a body a term."""
    bodies = []
    for term, rows in _by_term(released).items():
        decimals = decimals_of(rows, "sd")

        def cells(row: Mapping[str, Any], decimals: int = decimals) -> tuple[Cell, ...]:
            low, high = row["ci_low"], row["ci_high"]
            return (
                count(row["n"]),
                cell(row["estimate"], fixed(row["estimate"], decimals)),
                cell(row["sd"], fixed(row["sd"], decimals)),
                cell(low, interval(low, high, decimals)),
            )

        bodies.append(Body(rows=tuple(_lines(names.column(term), rows, names, cells))))
    return Grid(
        ident=ident,
        caption=caption,
        columns=heads(head, "Wave", "Arm", "People", "Mean", "SD", "95 % interval", words=3),
        bodies=tuple(bodies),
        notes=notes,
    )


def average_grid(released: Released, names: Names, head: str) -> Grid:
    """The average network: a body a category."""

    def cells(row: Mapping[str, Any]) -> tuple[Cell, ...]:
        share = row["share"]
        percent = f"{fixed(100 * share, 0)} %" if is_number(share) else None
        return (
            count(row["n"]),
            cell(share, percent or fixed(share, 0)),
            cell(row["mean"], fixed(row["mean"], 1)),
            cell(row["density"], fixed(row["density"], 2)),
        )

    bodies = tuple(
        Body(rows=tuple(_lines(names.column(term), rows, names, cells)))
        for term, rows in _by_term(released).items()
    )
    return Grid(
        ident="table-networks-average",
        caption="The average network of each arm and wave",
        columns=heads(
            head, "Wave", "Arm", "People", "With any", "Mean number", "Density within", words=3
        ),
        bodies=bodies,
        notes=(
            "With any: people who named one or more. Density within: the share of pairs of such "
            "alters who know each other, over people who named two or more.",
        ),
    )


def _by_term(released: Released) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each term, by wave and then arm."""
    rows = records(released.table)
    order: dict[object, int] = {}
    for row in rows:
        order.setdefault(row["wave"], len(order))
    of: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: order[row["wave"]]):
        of.setdefault(row["term"], []).append(row)
    return of


def _lines(
    term: str,
    rows: list[dict[str, Any]],
    names: Names,
    cells: Any,  # noqa: ANN401
) -> list[tuple[Cell, ...]]:
    """Name the term once, and beside it its waves and arms."""
    return [
        (
            *((header(term, rowspan=len(rows)),) if i == 0 else ()),
            header(names.head_of_wave(row["wave"])),
            header(names.arm(row["group"])),
            *cells(row),
        )
        for i, row in enumerate(rows)
    ]
