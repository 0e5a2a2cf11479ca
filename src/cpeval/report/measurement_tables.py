"""Tables of a page on an instrument: items and coefficients, with small counts withheld."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cpeval.measurement.methods_report.report import MethodsReport
from cpeval.measurement.methods_report.rounding import SMALL, coefficient, number, share
from cpeval.measurement.methods_report.section import STATISTICS, Finding
from cpeval.measurement.methods_report.total_score import TotalScore
from cpeval.report.disclosure import Withheld
from cpeval.report.grids import Body, Cell, Grid, cell, header, heads, records
from cpeval.report.naming import printable
from cpeval.report.numbers import NONE, is_number, p_value

_COEFFICIENTS = {
    "alpha": "Cronbach's alpha",
    "standardized_alpha": "Standardised alpha",
    "lambda2": "Guttman's lambda 2",
    "lambda6": "Guttman's lambda 6",
    "omega_total": "Omega total",
    "split_half": "Split half, odd against even",
    "mokken_ms": "Molenaar & Sijtsma's rho",
}
#: Shown as whole numbers.
_WHOLE = (
    *("dimensions_parallel", "dimensions_map", "items_in_first_scale"),
    *("monotonicity_crit", "ordering_crit"),
)
_POINTS = ("sdc_alpha", "sdc_agreement")


def criteria(report: MethodsReport, level: float) -> Grid | None:
    """Each number that has a criterion, with it and whether it is met; None without any."""
    bodies = []
    for heading, section in report.sections.items():
        rows = tuple(
            _held(one, report, level) for one in section.findings if one.criterion is not None
        )
        if rows:
            bodies.append(Body(title=heading, rows=rows))
    if not bodies:
        return None
    return Grid(
        ident="table-criteria",
        caption="Numbers with a published criterion",
        columns=heads("Number", f"Found ({100 * level:g} % interval)", "Criterion", "Met", words=4),
        bodies=tuple(bodies),
    )


def _held(one: Finding, report: MethodsReport, level: float) -> tuple[Cell, ...]:
    item = f" (item {printable(one.item)})" if one.item else ""
    met = {True: "yes", False: "no", None: NONE}[one.meets]
    return (
        header(f"{STATISTICS[one.statistic]}{item}"),
        Cell(text=_found(one, report, level)),
        Cell(text=f"{_bound(one)}: {one.criterion.source if one.criterion else ''}"),
        Cell(text=met),
    )


def _found(one: Finding, report: MethodsReport, level: float) -> str:
    """A number with its interval, as it may be shown."""
    total = report.results.get("total")
    if one.statistic in ("floor", "ceiling") and isinstance(total, TotalScore):
        return share(total.n_lowest if one.statistic == "floor" else total.n_highest, one.n)
    if not np.isfinite(one.estimate):
        return NONE
    if one.statistic in _WHOLE:
        return f"{one.estimate:.0f}"
    how = number if one.statistic in _POINTS else coefficient
    if one.statistic == "dif_r2_change":
        return f"{one.estimate:.3f}".removeprefix("0")
    bound = one.criterion.bound if one.criterion and how is coefficient else None
    told = how(one.estimate) if bound is None else coefficient(one.estimate, bound)
    return told + (f" ({how(one.ci_low)} to {how(one.ci_high)})" if is_number(one.ci_low) else "")


def _bound(one: Finding) -> str:
    rule = one.criterion
    if rule is None:
        return ""
    if one.statistic in ("floor", "ceiling"):
        return f"{rule.words} {100 * rule.bound:g} %"
    if one.statistic in _WHOLE:
        return f"{rule.words} {rule.bound:.0f}"
    if one.statistic in _POINTS:
        return f"{rule.words} {number(rule.bound)} points"
    return f"{rule.words} {rule.bound:g}".replace(" 0.", " .")


def structure(results: Mapping[str, Any]) -> list[Grid]:
    """Items in the scale, and their loadings."""
    columns: dict[str, dict[str, Cell]] = {}
    if "scalability" in results:
        table = results["scalability"].table
        columns["Hi"] = _by_item(table[table["level"] == "item"], "estimate", with_interval)
    if "select_scales" in results:
        columns["Mokken scale"] = _by_item(
            results["select_scales"].table, "scale", lambda row: str(row["scale"] or "none")
        )
    for name, head in (
        ("monotonicity", "Crit, monotonicity"),
        ("invariant_ordering", "Crit, ordering"),
    ):
        if name in results:
            columns[head] = _by_item(results[name].table, "crit", lambda row: f"{row['crit']:.0f}")
    found = [_joined("table-structure", "Items in the scale", columns)] if columns else []
    if "dimensions" in results:
        table = results["dimensions"].loadings
        factors = [str(name) for name in table if str(name).startswith("factor_")]
        shown = {
            f"Factor {place}": _by_item(table, name, _number_of(name))
            for place, name in enumerate(factors, 1)
        }
        shown["Communality"] = _by_item(table, "communality", _number_of("communality"))
        found.append(_joined("table-loadings", "Factor loadings", shown))
    return found


def consistency(results: Mapping[str, Any]) -> list[Grid]:
    """Coefficients, and items with the rest of the scale."""
    found = results["reliability"]
    rows = tuple(
        (
            header(_COEFFICIENTS.get(row["coefficient"], row["coefficient"])),
            Cell(text=with_interval(row), numeric=True),
        )
        for row in records(found.table)
        if is_number(row["estimate"])
    )
    columns = {
        "Correlation with the rest": _by_item(found.items, "item_rest", _number_of("item_rest")),
        "Alpha without the item": _by_item(
            found.items, "alpha_if_deleted", _number_of("alpha_if_deleted")
        ),
    }
    return [
        Grid(
            ident="table-coefficients",
            caption="Coefficients of internal consistency",
            columns=heads("Coefficient", "Estimate (interval)"),
            bodies=(Body(rows=rows),),
        ),
        _joined("table-item-rest", "Items and the rest of the scale", columns),
    ]


def bias(results: Mapping[str, Any]) -> list[Grid]:
    """What differs between groups, by item."""
    table = results["dif"].table
    columns = {
        "Log odds ratio (interval)": _by_item(
            table, "estimate", lambda row: with_interval(row, number)
        ),
        "p, adjusted": _by_item(table, "p_adjusted", lambda row: p_value(row["p_adjusted"])),
        "Change of R²": _by_item(
            table, "r2_change", lambda row: f"{row['r2_change']:.3f}".removeprefix("0")
        ),
        "Flagged": _by_item(table, "estimate", lambda row: "yes" if row["flagged"] else "no"),
        "Size": _by_item(table, "estimate", lambda row: str(row["size"])),
    }
    note = "Size: A negligible, B moderate (change of R² from .035), C large (from .07)."
    return [_joined("table-dif", "Differential item functioning", columns, notes=(note,))]


def answers(results: Mapping[str, Any], n_rows: int) -> list[Grid]:
    """What was answered to each item: no row of fewer than five answers, no small count."""
    table = results["items"].table
    rows = []
    for row in records(table):
        n = int(row["n"])
        told = (Cell(text=number(row["mean"]), numeric=True), _cell_of(row["sd"]))
        ends = [_share(round(float(row[end]) * n), n) for end in ("floor", "ceiling")]
        if n < SMALL:
            told, ends = (cell(Withheld()), cell(Withheld())), [cell(Withheld())] * 2
        rows.append((header(printable(row["item"])), *told, *ends, _share(n_rows - n, n_rows)))
    return [
        Grid(
            ident="table-items",
            caption="Answers to the items",
            columns=heads("Item", "Mean", "SD", "At the lowest", "At the highest", "Missing"),
            bodies=(Body(rows=tuple(rows)),),
            notes=("Shares of people. <5: fewer than 5 people.",),
        )
    ]


def _share(count: int, n: int) -> Cell:
    """A share in whole per cent, unless it is of few people or leaves few out."""
    if 0 < count < SMALL:
        return cell(Withheld(1, SMALL - 1))
    if 0 < n - count < SMALL:
        return cell(Withheld())
    return cell(None, f"{100 * count / n:.0f} %" if n else NONE)


def _cell_of(value: object) -> Cell:
    return Cell(text=number(float(value)) if is_number(value) else NONE, numeric=True)  # type: ignore[arg-type]


def _number_of(name: str) -> Any:  # noqa: ANN401
    return lambda row: coefficient(float(row[name]))


def with_interval(row: Mapping[str, Any], how: Callable[[float], str] = coefficient) -> str:
    """Write an estimate with its interval in brackets if it has one."""
    told = how(float(row["estimate"]))
    if not is_number(row["ci_low"]):
        return told
    return f"{told} ({how(row['ci_low'])} to {how(row['ci_high'])})"


def _by_item(table: pd.DataFrame, need: str, told: Any) -> dict[str, Cell]:  # noqa: ANN401
    """What a table says of each item; a dash where what it needs is missing."""
    return {
        str(row["item"]): Cell(text=told(row) if is_number(row[need]) else NONE, numeric=True)
        for row in records(table)
    }


def _joined(
    ident: str,
    caption: str,
    columns: Mapping[str, Mapping[str, Cell]],
    notes: Sequence[str] = (),
) -> Grid:
    """One row an item, in the order of the first column that has it."""
    items = dict.fromkeys(item for column in columns.values() for item in column)
    none = Cell(text=NONE, numeric=True)
    rows = tuple(
        (header(printable(item)), *(column.get(item, none) for column in columns.values()))
        for item in items
    )
    return Grid(
        ident=ident,
        caption=caption,
        columns=heads("Item", *columns),
        bodies=(Body(rows=rows),),
        notes=tuple(notes),
    )
