"""One page on an instrument: what `measurement.report` found, as it may be shown to others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpeval.errors import TooFewError
from cpeval.exporting.file_writing import write_whole
from cpeval.measurement.methods_report import internal_consistency, structural_validity
from cpeval.measurement.methods_report.analyses import warnings_of
from cpeval.measurement.methods_report.criteria import REFERENCES
from cpeval.measurement.methods_report.interpretability import FEASIBILITY
from cpeval.measurement.methods_report.rounding import SMALL
from cpeval.report import measurement_tables as tables
from cpeval.report.measurement_figures import pictures
from cpeval.report.naming import printable
from cpeval.report.page import rendered
from cpeval.report.prose import protect_prose

if TYPE_CHECKING:
    from cpeval.measurement.methods_report.report import MethodsReport
    from cpeval.measurement.methods_report.section import LeftOut, Section
    from cpeval.report.figures import Picture
    from cpeval.report.grids import Grid

#: Warnings that quote single answers.
_QUOTES = ("Scores far above the others",)
#: Numbers that with the number of complete rows may tell how few have no group, or lack an item.
_GROUP_SIZE = re.compile(r"(?<=focal), \d+ people(?=\))|(?<=reference), \d+(?=\))")
_WITH_ANSWER = re.compile(r"(?<= items) among \d+ rows(?=; the range)")

_WITHHELD = (
    f"Counts of 1 to {SMALL - 1} people are not told: shares of so few are shown as <{SMALL}, bars "
    "with so few are joined to a neighbour, and warnings say 'some' in place of such numbers. How "
    "often each answer was given is not shown, nor are the lowest and the highest total that was "
    "seen. Someone who compares several pages on the same people may narrow a number further."
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What the page says under one heading."""

    ident: str
    heading: str
    text: tuple[str, ...]
    cautions: tuple[str, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Grid, ...]


def write(report: MethodsReport, path: str | Path) -> Path:
    """Write the page; see `MethodsReport.page`."""
    if report.n < SMALL:
        raise TooFewError(
            f"The page is for others, and tells nothing of fewer than {SMALL} people. There are "
            f"{report.n} rows that have all items."
        )
    text = page(report)
    return write_whole(
        path, ".html", lambda temporary: temporary.write_text(text, encoding="utf-8", newline="\n")
    )


def page(report: MethodsReport) -> str:
    """Return the page as text: it needs neither network nor JavaScript."""
    level = report.level
    return rendered(
        "measurement.html.j2",
        {
            "title": f"Measurement properties: {printable(report.title)}",
            "brief": _brief(report),
            "criteria": tables.criteria(report, level),
            "parts": _parts(report),
            "notes": _notes(report),
            "withheld": _WITHHELD,
            "references": REFERENCES,
            "version": version("cpeval"),
        },
    )


def _brief(report: MethodsReport) -> str:
    held = [
        one.meets
        for section in report.sections.values()
        for one in section.findings
        if one.meets is not None
    ]
    base = f"{report.n_items} items, {report.n:,} people who have them all."
    if not held:
        return f"{base} No number with a published criterion could be computed."
    return f"{base} {sum(held)} of the {len(held)} numbers with a published criterion meet it."


def _parts(report: MethodsReport) -> list[Part]:
    told: set[str] = set()
    found = []
    for place, (heading, section) in enumerate(report.sections.items(), 1):
        cautions = dict.fromkeys(_cautions(section, report.results))
        new = [text for text in cautions if text not in told]
        told.update(new)
        found.append(
            Part(
                ident=f"part-{place}",
                heading=heading,
                text=tuple(_texts(section)),
                cautions=tuple(new),
                pictures=tuple(
                    picture
                    for name in section.results
                    for picture in pictures(name, report.results)
                ),
                tables=tuple(_tables(section, report)),
            )
        )
    return found


def _texts(section: Section) -> list[str]:
    said = [printable(section.text)] if section.text else []
    every = [*said, *(_left_out(one) for one in section.left_out)]
    return [text.replace(" %", "\u00a0%") for text in every]


def _left_out(one: LeftOut) -> str:
    """The reason if it is about numbers of people and items; others may quote answers."""
    if one.shareable:
        return protect_prose(printable(one), SMALL)
    return f"{one.name} could not be computed; the reason is in the report's text, not here."


def _cautions(section: Section, results: Mapping[str, Any]) -> list[str]:
    """The warnings of a section's results that may be shown."""
    told = warnings_of(results)
    return [
        protect_prose(printable(told[text]), SMALL)
        for name in section.results
        for text in results[name].warnings
        if not text.startswith(_QUOTES)
    ]


def _tables(section: Section, report: MethodsReport) -> list[Grid]:
    results = report.results
    if section.heading == structural_validity.HEADING:
        return tables.structure(results)
    if section.heading == internal_consistency.HEADING and "reliability" in results:
        return tables.consistency(results)
    if "dif" in section.results:
        return tables.bias(results)
    if section.heading == FEASIBILITY:
        return tables.answers(results, report.n + report.n_excluded)
    return []


def _notes(report: MethodsReport) -> list[str]:
    notes = [report.note, *(result.note for result in report.results.values())]
    texts = (_WITH_ANSWER.sub("", _GROUP_SIZE.sub("", printable(text))) for text in notes)
    return [protect_prose(text, SMALL) for text in texts]
