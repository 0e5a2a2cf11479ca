"""A team's sheet as a page that prints on one side of A4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cpeval.exporting.file_writing import write_whole
from cpeval.fidelity.occasion_order import in_words
from cpeval.report.feedback_sheet import sheet
from cpeval.report.naming import Names
from cpeval.report.page import rendered
from cpeval.report.sheet_files import place_in_words

if TYPE_CHECKING:
    from cpeval.evaluated import Evaluation
    from cpeval.fidelity.feedback import Feedback


def page(
    feedback: Feedback, *, waves: Mapping[object, str] | None = None, simulated: bool = False
) -> str:
    """Return the page as text.

    Parameters
    ----------
    feedback : Feedback
    waves : mapping, optional
        What occasions are called.
    simulated : bool
        Whether to say that nobody stands behind the numbers.
    """
    return rendered("feedback.html.j2", {"sheet": sheet(feedback, waves), "simulated": simulated})


def site_page(evaluation: Evaluation, place: str) -> str:
    """Return a site's sheet as a page."""
    told, names = evaluation.delivery, Names(evaluation)
    assert told is not None
    sheet = told.sheets[place]
    waves: Mapping[object, str] = {
        one: in_words(names.wave(one))
        for one in (sheet.occasion, sheet.previous)
        if one is not None
    }
    named = replace(sheet, place=place_in_words(evaluation, place))
    return page(named, waves=waves, simulated=evaluation.simulated)


def write_page(feedback: Feedback, path: str | Path) -> Path:
    """Write the page; see `Feedback.to_html`."""
    text = page(feedback)
    return write_whole(
        path, ".html", lambda part: part.write_text(text, encoding="utf-8", newline="\n")
    )
