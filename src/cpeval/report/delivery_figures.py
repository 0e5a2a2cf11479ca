"""Pictures of the part of the page on delivery."""

from __future__ import annotations

from dataclasses import replace
from textwrap import fill
from typing import TYPE_CHECKING

from cpeval.plots.control_charts import MOST_SITES, control_charts
from cpeval.plots.site_dots import site_dots
from cpeval.report.delivery_grids import primary_label, rated_places
from cpeval.report.figures import Picture, as_svg
from cpeval.report.grids import records
from cpeval.report.naming import Names, printable
from cpeval.report.numbers import fixed
from cpeval.report.wording import lowered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.evaluated import Delivery
    from cpeval.report.release import Released

#: Characters of a name beside an axis before it goes on in a new line.
_BESIDE = 24
#: Two occasions have no limits worth drawing.
_FEWEST = 3


def profile_picture(profile: Released, told: Delivery) -> Picture | None:
    """Draw the components, over all sites and in each."""
    numbers = profile.numbers
    if not numbers["estimate"].notna().any():
        return None
    drawing = replace(profile.result, table=numbers)
    whole = [row for row in records(profile.table) if row["term"] == "programme"]
    said = "; ".join(f"{printable(row['label'])}: {fixed(row['estimate'], 1)}" for row in whole)
    n_sites = min(len(rated_places(records(profile.table))), 6)
    height = 1.2 + (0.35 + 0.14 * n_sites) * len(told.scales)
    title = "Delivery by component, over all sites and in each"
    return Picture(
        ident="figure-delivery",
        svg=as_svg(
            lambda ax: _narrow(drawing.plot(ax=ax)), "delivery", title, f"{said}.", height=height
        ),
        caption="Mean scores by component, with 95 % intervals: the programme and its sites.",
    )


def _narrow(ax: Axes) -> None:
    """Break long names beside the axis, and put the legend above the whole picture."""
    ticks = [fill(text.get_text(), _BESIDE) for text in ax.get_yticklabels()]
    ax.set_yticks(ax.get_yticks(), ticks, parse_math=False)
    if (legend := ax.get_legend()) is not None:
        handles = [one for one in legend.legend_handles if one is not None]
        texts = [text.get_text() for text in legend.texts]
        legend.remove()
        columns = max(1, 60 // (max(map(len, texts)) + 6))
        ax.figure.legend(handles, texts, loc="outside upper left", ncols=columns)


def drift_picture(drift: Released, names: Names, told: Delivery) -> Picture | None:
    """Draw the control charts; not if a point stands on too few people: limits would tell it."""
    charts = drift.result.charts  # type: ignore[attr-defined]
    charts = charts[charts["scale"] == told.total]
    limit = names.evaluation.small_count if told.units_are_people else 1
    if (
        charts["occasion"].nunique() < _FEWEST
        or charts["n"].between(1, limit - 1).any()
        or not charts["estimate"].notna().any()
    ):
        return None
    sites = list(dict.fromkeys(charts["site"]))
    study = names.evaluation.study
    waves = {one: names.wave(one) for one in dict.fromkeys(charts["occasion"])}
    shown = charts.assign(occasion=charts["occasion"].map(waves))
    signals = charts[charts["signals"] != ""]
    told_of = "; ".join(
        f"{printable(names.value(study.site, row.site))} at {waves[row.occasion]}: {row.signals}"
        for row in signals.itertuples()
    )
    labels = {site: printable(names.value(study.site, site)) for site in sites}
    title = "Delivery over time in each site, with control limits"
    svg = as_svg(
        lambda ax: control_charts(
            shown, ax=ax, site_labels=labels, scale_labels={told.total: told.scales[told.total]}
        ),
        "drift", title, f"Signals: {told_of or 'none'}.",
        height=0.9 + 1.05 * min(len(sites), MOST_SITES),
    )  # fmt: skip
    return Picture(
        ident="figure-drift",
        svg=svg,
        caption=(
            "Mean of each site at each occasion. The solid line is the site’s mean, dashed lines "
            "are its control limits; diamonds mark what chance alone would rarely do."
        ),
    )


def outcome_picture(outcome: Released, names: Names, told: Delivery) -> Picture | None:
    """Draw a dot a site: its delivery and the primary outcome there."""
    numbers = outcome.numbers
    if len(numbers.dropna(subset=["fidelity", "estimate"])) < 2:
        return None
    label = primary_label(names)
    what = "mean change" if outcome.result.change else "mean"  # type: ignore[attr-defined]
    study = names.evaluation.study
    labels = {site: printable(names.value(study.site, site)) for site in numbers["site"]}
    said = "; ".join(
        f"{labels[row.site]}: {fixed(row.fidelity, 1)} and {fixed(row.estimate, 1)}"
        for row in numbers.itertuples()
    )
    svg = as_svg(
        lambda ax: site_dots(
            numbers, ax=ax, x="fidelity", xlabel=printable(told.scales[told.total]),
            ylabel=fill(f"{label}: {what}", 32), labels=labels,
        ),
        "delivery-outcome", "Delivery and outcome, a dot a site", f"{said}.",
    )  # fmt: skip
    return Picture(
        ident="figure-delivery-outcome",
        svg=svg,
        caption=f"Each site’s delivery, and the {what} of {lowered(label)} there.",
    )
