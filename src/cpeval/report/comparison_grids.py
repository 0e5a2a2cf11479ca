"""Tables of the difference between arms: by the primary analysis, and by the others beside it."""

from __future__ import annotations

from collections.abc import Sequence

from cpeval.outcomes.comparison import BESIDE
from cpeval.report.grids import (
    Body,
    Cell,
    Grid,
    cell,
    count,
    header,
    heads,
    records,
    with_effect,
)
from cpeval.report.naming import Names, capital
from cpeval.report.numbers import decimals_between, fixed, interval, is_number, p_value
from cpeval.report.release import Released
from cpeval.result import Result


def differences(released: Sequence[Released], names: Names, ident: str, label: str) -> Grid:
    """Difference between arms by the primary analysis, one row a follow-up."""
    rows = [records(one.table)[0] for one in released]
    decimals = min(decimals_between(row.get("ci_low"), row.get("ci_high")) for row in rows)
    lines = []
    for row in rows:
        low, high = row.get("ci_low"), row.get("ci_high")
        lines.append(
            (
                header(names.head_of_wave(row["wave"])),
                count(row.get("n_intervention")),
                count(row.get("n_comparison")),
                cell(row["estimate"], fixed(row["estimate"], decimals)),
                cell(low, interval(low, high, decimals)),
                cell(row.get("p"), p_value(row.get("p"))),
                cell(row.get("hedges_g"), with_effect(row)),
            )
        )
    arm, other = names.arm(rows[0]["group"]), names.arm(rows[0]["reference"])
    labels = (
        "Follow-up", f"People, {arm}", f"People, {other}", "Difference", "95 % interval", "p",
        "Hedges’ g (95 % interval)",
    )  # fmt: skip
    return Grid(
        ident=f"table-difference-{ident}",
        caption=f"{label}: difference between arms",
        columns=heads(*labels),
        bodies=(Body(rows=tuple(lines)),),
        notes=(
            f"Difference: {arm} minus {other}, in points of the score.",
            *_alike(getattr(released[0].result, "icc", None)),
        ),
    )


def analyses(released: Released, names: Names, ident: str, label: str) -> Grid:
    """The difference at one follow-up, as the primary and the other analyses give it."""
    rows = records(released.table)
    first = rows[0]
    decimals = decimals_between(first.get("ci_low"), first.get("ci_high"))
    lines = tuple(
        (
            header(capital(str(row["analysis"]))),
            Cell(text=str(row["method"])),
            cell(row["estimate"], fixed(row["estimate"], decimals)),
            cell(row.get("ci_low"), interval(row.get("ci_low"), row.get("ci_high"), decimals)),
            cell(row.get("p"), p_value(row.get("p"))),
        )
        for row in rows
    )
    at = names.head_of_wave(first["wave"])
    return Grid(
        ident=f"table-analyses-{ident}",
        caption=f"{label}: the difference by other analyses" + (f", {at}" if at else ""),
        columns=heads("Analysis", "How", "Difference", "95 % interval", "p", words=2),
        bodies=(Body(rows=lines),),
        notes=(
            "The primary analysis follows from the design, whatever the outcome. The others show "
            "how far the answer hangs on that choice; none replaces it.",
            *(
                capital(text.removeprefix(BESIDE).strip())
                for text in released.warnings
                if text.startswith(BESIDE)
            ),
        ),
    )


def _alike(icc: Result | None) -> list[str]:
    """Say how alike people of one site or team are."""
    if icc is None:
        return []
    found = [
        f"{row['estimate']:.2f} ({interval(row['ci_low'], row['ci_high'], 2)}) for "
        f"{row['cluster']}s"
        for row in records(icc.table)
        if is_number(row["estimate"])
    ]
    return [f"Intraclass correlation (95 % interval): {', '.join(found)}."] if found else []
