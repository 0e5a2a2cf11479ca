"""A team's sheet as a Word document of one A4 page, which the team can add to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpeval.errors import MissingLibraryError
from cpeval.exporting.file_writing import write_whole
from cpeval.report.feedback_sheet import Line, Part, Sheet, sheet

if TYPE_CHECKING:
    from cpeval.fidelity.feedback import Feedback

#: A document that says when it was made is never the same twice.
MADE = datetime(2000, 1, 1)
#: Centimetres: margins, and columns without and with last time.
_MARGIN = 1.5
_NARROW, _WIDE = (5.6, 1.3, 11.1), (5.4, 1.3, 1.7, 1.9, 7.7)


def write_document(feedback: Feedback, path: str | Path) -> Path:
    """Write the document; see `Feedback.to_docx`."""
    try:
        import docx
    except ImportError as problem:
        raise MissingLibraryError(
            "Word documents need python-docx, which is not installed: "
            'pip install "cpeval[docx]". to_html() works without it.'
        ) from problem
    made = _document(docx.Document(), sheet(feedback))
    return write_whole(path, ".docx", lambda part: made.save(str(part)))


def _document(made: Any, said: Sheet) -> Any:  # noqa: ANN401  python-docx's own type
    from docx.shared import Cm, Pt

    page = made.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    for side in ("left", "right", "top", "bottom"):
        setattr(page, f"{side}_margin", Cm(_MARGIN))
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(6.5 if said.dense else 9)
    normal.paragraph_format.space_after = Pt(1)
    normal.paragraph_format.line_spacing = 1
    for name, size in (("Title", 15), ("Heading 1", 10.5)):
        made.styles[name].font.size = Pt(size)
        made.styles[name].paragraph_format.space_before = Pt(5)
        made.styles[name].paragraph_format.space_after = Pt(2)
    properties = made.core_properties
    properties.title, properties.author = f"{said.place}: {said.title}", "cpeval"
    properties.created = properties.modified = MADE
    properties.language = "en-GB"
    made.add_paragraph(said.title)
    made.add_paragraph(said.place, style="Title")
    if said.when:
        made.add_paragraph(said.when)
    _components(made, said.scales)
    for part in said.parts:
        made.add_heading(part.heading, level=1)
        made.add_paragraph(part.intro)
        _table(made, part, said)
    for text in filter(None, (said.withheld, *said.foot)):
        made.add_paragraph(text)
    return made


def _components(made: Any, scales: tuple[Line, ...]) -> None:  # noqa: ANN401
    """Write the components in one line, their scores bold."""
    if not scales:
        return
    line = made.add_paragraph()
    for number, scale in enumerate(scales):
        line.add_run(f"{'   ' if number else ''}{scale.name} ")
        line.add_run(scale.score).bold = True
        if scale.change:
            line.add_run(f" ({scale.change})")


def _table(made: Any, part: Part, said: Sheet) -> None:  # noqa: ANN401
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm

    heads = ["Item", "Score", "What the next level looks like"]
    heads[2:2] = [said.before, "Change"] if said.compared else []
    widths = _WIDE if said.compared else _NARROW
    table = made.add_table(rows=1, cols=len(heads), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    rows = [heads]
    for line in part.lines:
        beside = [line.before, line.change] if said.compared else []
        rows.append([line.name, line.score, *beside, line.step])
        table.add_row()
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text, width in zip(row.cells, texts, widths, strict=True):
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = 0
            run = paragraph.add_run(text)
            run.bold = texts is heads or text is texts[1]
    # Read out, and repeated, as the head of the table.
    properties = table.rows[0]._tr.get_or_add_trPr()
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    properties.append(head)
