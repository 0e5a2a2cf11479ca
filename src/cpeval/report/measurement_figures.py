"""Pictures of a page on an instrument: none shows one person, or fewer than five."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import pandas as pd

from cpeval.measurement.methods_report.rounding import coefficient, number
from cpeval.report.figures import Picture, as_svg
from cpeval.report.grids import records
from cpeval.report.measurement_tables import with_interval
from cpeval.report.naming import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.result import Result

#: Characters of an item's name beside a drawing.
_NAME = 40


def pictures(name: str, results: Mapping[str, Any]) -> list[Picture]:
    """Return the pictures of a section, by the name of the result that draws itself."""
    draw = {
        "dimensions": scree,
        "scalability": scalability,
        "dif": odds_ratios,
        "total": distribution,
    }.get(name)
    found = draw(results[name]) if draw is not None and name in results else None
    return [] if found is None else [found]


def scree(result: Result) -> Picture:
    """Eigenvalues with those of unrelated items."""
    table = result.table
    pairs = [
        f"{place}: {row.estimate:.2f} (unrelated items {row.random_95:.2f})"
        for place, row in enumerate(table.itertuples(index=False), 1)
    ]
    return _picture(
        "scree",
        "Eigenvalues of the items, with those of unrelated items",
        f"Component and eigenvalue: {'; '.join(pairs)}.",
        "Eigenvalues in order, with the mean and the 95th percentile of those of unrelated items.",
        lambda ax: result.plot(ax=ax),
    )


def scalability(result: Result) -> Picture:
    """The scale's and the items' coefficients."""
    return _dots(
        result,
        result.table[result.table["level"] != "pair"],
        "scalability",
        "Scalability coefficients of the scale and the items, with intervals",
        "Scalability of the scale (H) and of each item (Hi), with intervals; the dotted line is "
        "the least for a Mokken scale.",
    )


def odds_ratios(result: Result) -> Picture:
    """Each item's log odds ratio between the groups."""
    return _dots(
        result,
        result.table,
        "dif",
        "Log odds ratio of a higher answer between the groups, by item, with intervals",
        "Log odds ratio of a higher answer among people with the same total, with intervals. Away "
        "from 0, the groups answer the item differently.",
        how=number,
    )


def distribution(result: Any) -> Picture:  # noqa: ANN401
    """The histogram of the total, whose bars have five people or more."""
    bars = result.bars
    told = "; ".join(
        f"{row.low:g} to {row.high:g}: {row.n}" for row in bars.itertuples(index=False) if row.n
    )
    return _picture(
        "total",
        "Distribution of the sum of the items",
        f"People by total: {told}.",
        "Distribution of the sum of the items. Bars with fewer than 5 people are joined to a "
        "neighbour.",
        lambda ax: result.plot(ax=ax),
    )


def _dots(
    result: Any,  # noqa: ANN401
    table: pd.DataFrame,
    ident: str,
    title: str,
    caption: str,
    how: Callable[[float], str] = coefficient,
) -> Picture:
    names = [_short(name) or "Scale" for name in table["item"]]
    told = "; ".join(
        f"{name} {with_interval(row, how)}" for name, row in zip(names, records(table), strict=True)
    )
    changes: dict[str, Any] = {
        "table": result.table.assign(item=[_short(name) for name in result.table["item"]])
    }
    changes |= {
        key: _short(getattr(result, key)) for key in ("focal", "reference") if hasattr(result, key)
    }
    drawing = replace(result, **changes)
    return _picture(
        ident,
        title,
        f"{told}.",
        caption,
        lambda ax: drawing.plot(ax=ax),
        height=1.0 + 0.3 * len(table),
    )


def _short(name: object) -> str:
    return shorten(printable(name), _NAME, placeholder=" …") or printable(name)[:_NAME]


def _picture(
    ident: str,
    title: str,
    told: str,
    caption: str,
    draw: Callable[[Axes], object],
    height: float = 3.4,
) -> Picture:
    return Picture(
        ident=f"figure-{ident}",
        svg=as_svg(draw, ident, title, told, height=height),
        caption=caption,
    )
