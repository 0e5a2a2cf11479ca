"""Write what an evaluation found: a page, a workbook, and a file for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpeval.report.folder import published

if TYPE_CHECKING:
    from pathlib import Path

    from cpeval.evaluated import Evaluation

PAGE, WORKBOOK, RECORD = "report.html", "tables.xlsx", "results.json"


def write(evaluation: Evaluation, out: str | Path) -> Path:
    """Write ``report.html``, ``tables.xlsx`` and ``results.json`` into a folder.

    And, where fidelity was rated, ``feedback-<site>.html`` for each site.

    Parameters
    ----------
    evaluation : Evaluation
        What `cpeval.evaluate` returned.
    out : str or pathlib.Path
        The folder; it is made when absent. Other files in it are left alone.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    OutputError
        ``out`` is a file, or can't be written. Earlier files are as they were.

    Notes
    -----
    All three show the same released tables: counts from 1 to ``evaluation.small_count`` - 1 are
    withheld, and what would give them away; lowest and highest values, identifiers and row
    numbers never leave. The same evaluation gives the same bytes.
    """
    from cpeval.report.feedback_page import site_page
    from cpeval.report.page import page
    from cpeval.report.record import record
    from cpeval.report.release import release
    from cpeval.report.sheet_files import sheet_files
    from cpeval.report.workbook import workbook

    released = release(evaluation)
    sheets = sheet_files(evaluation)
    with published(out, (PAGE, WORKBOOK, RECORD, *sheets.values())) as folder:
        text = page(evaluation, released)
        (folder.making / PAGE).write_text(text, encoding="utf-8", newline="\n")
        (folder.making / WORKBOOK).write_bytes(workbook(evaluation, released))
        (folder.making / RECORD).write_bytes(record(evaluation, released))
        for place, name in sheets.items():
            text = site_page(evaluation, place)
            (folder.making / name).write_text(text, encoding="utf-8", newline="\n")
    return folder.out / PAGE
