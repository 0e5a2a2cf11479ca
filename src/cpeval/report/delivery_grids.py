"""Tables of the part of the page on delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from cpeval.report.grids import Body, Cell, Grid, cell, header, heads, records
from cpeval.report.naming import Names, capital, printable
from cpeval.report.numbers import decimals_between, decimals_for, fixed, interval, p_value

if TYPE_CHECKING:
    from cpeval.evaluated import Delivery
    from cpeval.report.release import Released


def profile_grid(profile: Released, names: Names, told: Delivery) -> Grid:
    """Mean scores: a row a site, a column a scale."""
    rows = records(profile.table)
    scales = list(told.scales)
    of = {(row["term"], _place(row), row["scale"]): row for row in rows}
    sites = rated_places(rows)
    word = next((row["term"] for row in rows if row["term"] != "programme"), "site")
    lines = []
    for head, term, place in [
        ("All sites", "programme", None),
        *((printable(names.value(names.evaluation.study.site, s)), word, s) for s in sites),
    ]:
        cells = []
        for scale in scales:
            row = of.get((term, place, scale), {})
            value = row.get("estimate")
            cells.append(cell(value, fixed(value, 1)))
        lines.append((header(head), *cells))
    return Grid(
        ident="table-delivery",
        caption="Delivery by site: mean scores",
        columns=heads(capital(word), *(printable(told.scales[scale]) for scale in scales)),
        bodies=(Body(rows=tuple(lines)),),
        notes=(
            "All sites: the mean of the sites, each counting once. tables.xlsx has the intervals.",
        ),
    )


def drift_grid(drift: Released, names: Names) -> Grid:
    """The change of each scale from one occasion to the next, over all sites."""
    lines = []
    for row in records(drift.table):
        if row["site"] != "all":
            continue
        low, high = row["ci_low"], row["ci_high"]
        decimals = decimals_between(low, high)
        lines.append(
            (
                header(names.column(row["scale"])),
                cell(row["estimate"], fixed(row["estimate"], decimals)),
                cell(low, interval(low, high, decimals)),
                cell(row["p"], p_value(row["p"])),
            )
        )
    return Grid(
        ident="table-drift",
        caption="Change of delivery from one occasion to the next, over all sites",
        columns=heads("Scale", "Change", "95 % interval", "p"),
        bodies=(Body(rows=tuple(lines)),),
    )


def agreement_grid(agreement: Released, names: Names) -> Grid | None:
    """How far informants agree on each scale; None without a coefficient."""
    lines = [
        (
            header(names.column(row["scale"])),
            cell(row["estimate"], fixed(row["estimate"], 2)),
            cell(row["ci_low"], interval(row["ci_low"], row["ci_high"], 2)),
        )
        for row in records(agreement.table)
        if row["term"] == "icc" and not _has_site(row)
    ]
    if not lines:
        return None
    return Grid(
        ident="table-agreement",
        caption="Agreement between those who rated delivery (intraclass correlation)",
        columns=heads("Scale", "Agreement", "95 % interval"),
        bodies=(Body(rows=tuple(lines)),),
        notes=("1 is perfect agreement, 0 none. tables.xlsx has each item.",),
    )


def site_agreement_grid(agreement: Released, names: Names, total: str) -> Grid | None:
    """How far informants agree on the total in each site; None without sites."""
    lines = [
        (
            header(printable(names.value(names.evaluation.study.site, row["site"]))),
            cell(row["estimate"], fixed(row["estimate"], 2)),
            cell(row["ci_low"], interval(row["ci_low"], row["ci_high"], 2)),
        )
        for row in records(agreement.table)
        if row["term"] == "icc" and row["scale"] == total and _has_site(row)
    ]
    if not lines:
        return None
    return Grid(
        ident="table-agreement-sites",
        caption=f"Agreement by site: {names.column(total)} (intraclass correlation)",
        columns=heads("Site", "Agreement", "95 % interval"),
        bodies=(Body(rows=tuple(lines)),),
        notes=(
            "It is low where people were rated alike, too: then there is little to agree about.",
        ),
    )


def _has_site(row: Mapping[str, object]) -> bool:
    site: Any = row["site"]
    return not pd.isna(site)


def outcome_grid(outcome: Released, names: Names) -> Grid:
    """Each site's delivery and the primary outcome there."""
    change = outcome.result.change  # type: ignore[attr-defined]
    table = outcome.numbers
    decimals = decimals_for(table["estimate"].std())
    lines = [
        (
            header(printable(names.value(names.evaluation.study.site, row["site"]))),
            cell(row["fidelity"], fixed(row["fidelity"], 1)),
            cell(row["estimate"], fixed(row["estimate"], decimals)),
        )
        for row in records(outcome.table)
    ]
    what = "mean change" if change else "mean"
    when = outcome.result.when  # type: ignore[attr-defined]
    return Grid(
        ident="table-delivery-outcome",
        caption="Delivery and outcome, site by site",
        columns=(
            *heads("Site", "Delivery"),
            Cell(text=f"{primary_label(names)}: {what}", numeric=True),
        ),
        bodies=(Body(rows=tuple(lines)),),
        notes=(
            "Sites differ in much beside delivery, and these are few: a pattern here doesn’t say "
            "that one led to the other.",
            *((printable(f"{when}."),) if when else ()),
        ),
    )


def rated_places(rows: list[dict[str, Any]]) -> list[object]:
    """Return the sites (or teams) of a profile's rows, once each."""
    return list(dict.fromkeys(_place(row) for row in rows if row["term"] != "programme"))


def _place(row: Mapping[str, Any]) -> object:
    """Return the site of a row; the team, in a study without sites."""
    return row["site"] if row["term"] == "site" else row.get("team")


def primary_label(names: Names) -> str:
    """Return what the primary outcome is called."""
    return printable(next(o.label for o in names.evaluation.outcomes if o.primary))
