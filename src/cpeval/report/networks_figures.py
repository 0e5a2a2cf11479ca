"""The picture of the part of the page on personal networks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.report.figures import Picture, as_svg
from cpeval.report.grids import records
from cpeval.report.naming import Names, printable
from cpeval.report.networks_release import is_out, shown_between
from cpeval.report.numbers import fixed, is_number

if TYPE_CHECKING:
    from cpeval.evaluated import Networks
    from cpeval.report.release import Released

#: Inches of a row of graphs, and of what stands below them.
_ROW, _BELOW = 3.6, 0.8


def average_picture(average: Released, names: Names, told: Networks) -> Picture | None:
    """Draw the average network of each arm and wave; None where none may be shown.

    Parameters
    ----------
    average : Released
        Its table as it may be shown: withheld cells aren't drawn.
    names : Names
    told : Networks
    """
    result, limit = average.result, names.evaluation.small_count
    table = average.numbers
    shown = {
        (row["group"], row["wave"]): str(row["n"])
        for row in records(average.table)
        if not is_out(row["n"])
    }
    sizes: pd.DataFrame = result.sizes  # type: ignore[attr-defined]
    between = shown_between(result.between, limit)  # type: ignore[attr-defined]
    waves = "wave" in sizes
    frames = [f if waves else f.assign(wave=None) for f in (table, between, sizes)]
    keep = [[key in shown for key in zip(f["group"], f["wave"], strict=True)] for f in frames]
    table, between, sizes = (f[k] for f, k in zip(frames, keep, strict=True))
    if sizes.empty or not table["mean"].notna().any():
        return None
    sizes = sizes.assign(n=[shown[key] for key in zip(sizes["group"], sizes["wave"], strict=True)])
    several = len(dict.fromkeys(sizes["group"])) > 1
    drawn = []
    for frame in (table, between, sizes):
        named = frame.assign(group=[names.arm(group) for group in frame["group"]])
        if waves:
            named = named.assign(wave=[names.wave(wave) for wave in frame["wave"]])
        drop = [c for c, kept in (("group", several), ("wave", waves)) if not kept]
        drawn.append(named.drop(columns=drop))
    drawing = replace(
        result,
        table=drawn[0],
        between=drawn[1],  # type: ignore[call-arg]
        sizes=drawn[2],
        column=printable(told.relation or told.kind or ""),
    )
    n_waves = sizes["wave"].nunique() if waves else 1
    n_rows = -(-len(sizes) // (n_waves if n_waves > 1 else min(len(sizes), 3)))
    svg = as_svg(
        lambda ax: drawing.plot(ax=ax),
        "networks",
        "The average personal network of each arm and wave",
        _said(table, names),
        height=_BELOW + _ROW * n_rows * min(1.0, 2 / max(n_waves, 1)),
    )
    return Picture(
        ident="figure-networks",
        svg=svg,
        caption=(
            "The average network of each arm and wave. Larger circles: more alters; darker "
            "circles and broader lines: more of them know each other."
        ),
    )


def _said(table: pd.DataFrame, names: Names) -> str:
    """Say the mean numbers, for those who don't see them."""
    told = []
    for (group, wave), rows in table.groupby(["group", "wave"], sort=False, dropna=False):
        means = "; ".join(
            f"{printable(row['term'])} {fixed(row['mean'], 1)}"
            for row in records(rows)
            if is_number(row["mean"])
        )
        at = f" at {names.wave(wave)}" if wave is not None and names.wave(wave) else ""
        told.append(f"{names.head_of_arm(group)}{at}: {means}.")
    return "Mean number of alters. " + " ".join(told)
