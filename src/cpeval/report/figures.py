"""Pictures of a page: a result draws itself, and the drawing becomes inline SVG with words."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pandas as pd
from markupsafe import Markup

from cpeval.report.naming import Names, printable
from cpeval.report.numbers import (
    decimals_between,
    decimals_for,
    fixed,
    interval,
    is_number,
    joined,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes

    from cpeval.evaluated import Outcome
    from cpeval.report.release import Released

#: Text stays text: it takes the page's font, is sharp in print, and an outline is ten times it.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cpeval",
    "text.parse_math": False,  # a dollar sign in a name is one
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.titlesize": 11,
    "axes.labelsize": 10.5,
    "axes.edgecolor": "#5b6570",
    "axes.labelcolor": "#20262c",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#dfe3e7",
    "grid.linewidth": 0.8,
    "ytick.major.size": 0,
    "text.color": "#20262c",
    "xtick.color": "#414a52",
    "ytick.color": "#414a52",
    "legend.frameon": False,
}
WIDTH = 7.4
#: Characters of a label below an axis before it goes on in a new line.
NARROW = 14
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Inline SVG with its caption; the SVG carries its own title and description."""

    ident: str
    svg: Markup
    caption: str


def means(released: Released, names: Names, ident: str, label: str) -> Picture | None:
    """Draw the means by wave and arm; None if there is no number to draw."""
    numbers = released.numbers
    if not numbers["estimate"].notna().any():
        return None
    title = f"Means of {label} by wave and arm"
    drawing = replace(released.result, table=numbers)
    labels = _labels(numbers, names)
    svg = as_svg(lambda ax: drawing.plot(ax=ax, **labels), ident, title, _told(numbers, names))
    return Picture(
        ident=f"figure-{ident}",
        svg=svg,
        caption=f"{label}: mean at each wave, with 95 % intervals.",
    )


def differences(
    released: Sequence[Released], names: Names, ident: str, outcome: Outcome
) -> Picture | None:
    """Draw the difference between arms at each follow-up; None without a number to draw."""
    from cpeval.plots.intervals import intervals

    numbers = pd.concat([one.numbers.iloc[:1] for one in released], ignore_index=True)
    if not numbers["estimate"].notna().any():
        return None
    arm, label = names.arm(numbers["group"].iloc[0]), printable(outcome.label)
    side = {"higher": "right", "lower": "left"}.get(outcome.better or "")
    axis = fill("Difference in points" + (f": {side} of 0 favours {arm}" if side else ""), 80)
    waves = {wave: names.head_of_wave(wave) for wave in numbers["wave"]}
    ticks = {wave: fill(text, 2 * NARROW) for wave, text in waves.items()}
    told = []
    for row in numbers[["wave", "estimate", "ci_low", "ci_high"]].itertuples(index=False):
        decimals = decimals_between(row.ci_low, row.ci_high)
        around = interval(row.ci_low, row.ci_high, decimals)
        seen = (
            f"{fixed(row.estimate, decimals)} ({around})" if is_number(row.estimate) else "withheld"
        )
        told.append(f"{waves[row.wave]}: {seen}.")
    title = f"Difference between arms on {label} at each follow-up, with 95 % intervals"
    svg = as_svg(
        lambda ax: intervals(numbers, ax=ax, label="wave", labels=ticks, xlabel=axis),
        ident, title, " ".join(told), height=0.9 + 0.38 * len(numbers),
    )  # fmt: skip
    return Picture(
        ident=f"figure-{ident}",
        svg=svg,
        caption=f"{label}: difference between arms at each follow-up, with 95 % intervals.",
    )


def _labels(numbers: pd.DataFrame, names: Names) -> dict[str, Any]:
    """What a drawing over waves takes beside its axes: the names that the page uses."""
    wave = names.evaluation.study.wave
    labelled = all(names.has_label(wave, value) for value in numbers["wave"])
    return {
        "group_labels": {group: names.arm(group) for group in numbers["group"]},
        "wave_labels": {value: fill(names.wave(value), NARROW) for value in numbers["wave"]},
        "xlabel": "" if labelled or wave is None else names.column(wave),
        "ylabel": "Mean score",
    }


def _told(numbers: pd.DataFrame, names: Names) -> str:
    """Say the numbers of the picture, for those who don't see it."""
    decimals = decimals_for(numbers["sd"].max()) if "sd" in numbers else 1
    arms = []
    for group, rows in numbers.groupby("group", sort=False):
        seen = [
            f"{fixed(mean, decimals)} at {names.wave(wave)}"
            for wave, mean in zip(rows["wave"], rows["estimate"], strict=True)
            if is_number(mean)
        ]
        told = joined(seen) if seen else "withheld"
        arms.append(f"{names.head_of_arm(group)}: {told}.")
    return " ".join(arms)


def as_svg(
    draw: Callable[[Axes], object], ident: str, title: str, description: str, height: float = 3.4
) -> Markup:
    """Draw on axes of its own, never on pyplot's current figure."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # The reader's own fonts draw the text; matplotlib only measures it with its one.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        draw(axes)
        if (
            legend := axes.get_legend()
        ) is not None and legend.texts:  # above, where it hides no number
            handles = [one for one in legend.legend_handles if one is not None]
            texts = [text.get_text() for text in legend.texts]
            columns = max(1, 80 // (max(map(len, texts)) + 6))
            axes.legend(handles, texts, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns)
        out = BytesIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return inline(out.getvalue(), ident, title, description)


def inline(svg: bytes, ident: str, title: str, description: str) -> Markup:
    """Make a drawing a part of a page: its ids its own, its meaning in words.

    Parameters
    ----------
    svg : bytes
        As matplotlib writes it.
    ident : str
        Put before every id, so that two drawings on one page don't share any.
    title, description : str
        For those who don't see it.
    """
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    root = ET.fromstring(svg)  # noqa: S314  our own drawing; well-formed by construction
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}title")):
                parent.remove(child)
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, f"{ident}-{value}")
            elif "url(#" in value:
                element.set(name, value.replace("url(#", f"url(#{ident}-"))
            elif name in ("href", f"{{{_XLINK}}}href") and value.startswith("#"):
                element.set(name, f"#{ident}-{value[1:]}")
            elif name == "style" and "font" in value:
                element.set(name, _page_font(value))
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{ident}-title {ident}-desc")
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{ident}-{tag}"})
        element.text = text
        root.insert(position, element)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704  serialised, so escaped


def _page_font(style: str) -> str:
    """Take the font's family out of a style: the page gives it."""
    style = re.sub(r"font-family:[^;]*;?\s*", "", style)
    return re.sub(
        r"font:\s*(?:(?:normal|italic|oblique)\s+)?(?:([1-9]00|bold)\s+)?([\d.]+px)[^;]*",
        lambda m: f"font-size: {m[2]}" + (f"; font-weight: {m[1]}" if m[1] else ""),
        style,
    )
