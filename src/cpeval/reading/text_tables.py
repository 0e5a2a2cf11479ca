"""A table in a text file: its encoding, its separator, and whether every row is whole."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as arrow_csv

from cpeval.errors import ReadError, listed
from cpeval.reading.file_kinds import utf_16_without_mark

if TYPE_CHECKING:
    from _csv import Reader as Rows

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}

#: How much of a file is looked at to tell its separator.
_SAMPLE = 200_000

_END = "cpeval: end of the rows"

#: UTF-8 as Windows-1252 would show it: "Ã©", "Â£", "â€™". Nobody writes these on purpose.
_UTF8_IN_1252 = re.compile(rb"[\xc2\xc3][\x80-\xbf]|\xe2[\x80-\x82][\x80-\xbf]")


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """The cells of a text file, as text, and how they were read."""

    names: list[str]
    cells: pa.Table
    encoding: str
    separator: str
    first_row: int | None
    """The row of a spreadsheet that the first row of data is in; None if that isn't certain."""


def parse(content: bytes, name: str) -> TextTable:
    """Read the cells of a table in text, none of them converted.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        The file's name, for messages.

    Returns
    -------
    TextTable
        ``cells`` has columns ``"0", "1", …``, all of text without nulls.

    Raises
    ------
    ReadError
        Bytes of no known encoding, a separator that can't be told, a quote that is never
        closed, rows with more or fewer cells than there are columns.
    """
    text, encoding = decode(content, name)
    with _cells_of_any_length():
        return _parse(text, encoding, name)


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """Lift the limit that the csv module has on the length of a cell."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _parse(text: str, encoding: str, name: str) -> TextTable:
    first = re.match(r"sep=([,;\t])\r?\n", text)
    if first:  # Excel's own way to name the separator, which no other program reads.
        text = "\n" + text[first.end() :]  # The blank line keeps the numbers of lines right.
    separator = first[1] if first else find_separator(text, name)
    _require_closed_quotes(text, separator, name)
    names, start = _header(text, separator, name)
    body = text[start:]
    if not body or body.isspace():
        raise ReadError(
            f"{name}: there is a row of column names ({listed(names)}) but no data below it."
        )
    return TextTable(
        names=names,
        cells=_cells(text, body, len(names), separator, name),
        encoding=encoding,
        separator=separator,
        first_row=2 if _counts_as_shown(text[:start], body) else None,
    )


def _counts_as_shown(above: str, body: str) -> bool:
    """Say whether a spreadsheet numbers the rows as we do: names first, and no blank lines."""
    return above.count("\n") == 1 and not re.search(r"(^|\n)[ \t\r]*\n", body.rstrip())


def decode(content: bytes, name: str) -> tuple[str, str]:
    """Return the text and its encoding: UTF-8, UTF-16 or Windows-1252.

    Raises
    ------
    ReadError
        The bytes fit none of these, or two of these in one file.
    """
    if content.startswith(b"\xff\xfe\x00\x00"):
        return _strict(content, "utf-32", name), "utf-32"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strict(content, "utf-16", name), "utf-16"
    if content.startswith(b"\xef\xbb\xbf"):
        return _strict(content, "utf-8-sig", name), "utf-8-sig"
    unmarked = utf_16_without_mark(content[:4096])
    if unmarked:
        return _strict(content, unmarked, name), unmarked
    try:
        text, encoding = content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as problem:
        mixed = _UTF8_IN_1252.search(content)
        if mixed:
            lines = (_line(content, mixed.start()), _line(content, problem.start))
            raise ReadError(
                f"{name}: the file mixes two encodings: line {lines[0]} is UTF-8 and line "
                f"{lines[1]} is not. Open it where its letters show rightly and save it as UTF-8."
            ) from None
        text, encoding = _strict(content, "cp1252", name), "windows-1252"
    if "\x00" in text:
        at = text.index("\x00")
        raise ReadError(
            f"{name}: line {text.count(chr(10), 0, at) + 1} holds a NUL byte, which no text does. "
            "The file is damaged, or isn't text: export it again."
        )
    return text, encoding


def _strict(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        # The codec may have taken a byte-order mark off before it counted.
        counted = problem.object
        byte = counted[problem.start : problem.start + 1].hex()
        raise ReadError(
            f"{name}: line {_line(counted, problem.start)} has bytes (0x{byte}) that are no text "
            "in UTF-8, UTF-16 or Windows-1252. Save the file as UTF-8 "
            "(in Excel: 'CSV UTF-8')."
        ) from None


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def find_separator(text: str, name: str) -> str:
    """Tell the separator from the row of names and the rows after it.

    The separator is in the row of names, and gives each row of the sample as many cells. When
    two do, the one that makes more columns is it: ``a;b,c`` above ``1;2,5`` is not.

    Raises
    ------
    ReadError
        Two separators fit equally, or the first row has one cell and later rows several.
    """
    sample = text[:_SAMPLE]
    widths = {mark: _widths(sample, mark, whole=len(text) <= _SAMPLE) for mark in SEPARATORS}
    found = {mark: rows for mark, rows in widths.items() if rows and rows[0] > 1}
    if not found:
        return _separator_of_one_column(sample, widths, name)
    fit = {
        mark: (sum(width == rows[0] for width in rows) / len(rows), rows[0])
        for mark, rows in found.items()
    }
    best = max(fit, key=lambda mark: fit[mark])
    rivals = [SEPARATORS[mark] for mark in fit if fit[mark] == fit[best]]
    if len(rivals) > 1:
        raise ReadError(
            f"{name}: {' and '.join(rivals)} separate the first row equally well. "
            "Save the file with quotes around text, or as .xlsx."
        )
    return best


def _separator_of_one_column(sample: str, widths: dict[str, list[int]], name: str) -> str:
    wider = {mark: max(rows, default=0) for mark, rows in widths.items()}
    best = max(wider, key=lambda mark: wider[mark])
    if wider[best] > 1:
        line = next(i for i, width in enumerate(widths[best]) if width > 1) + 1
        raise ReadError(
            f"{name}: the first row has one cell, but row {line} has {widths[best][line - 1]} "
            f"(separated by {SEPARATORS[best]}). The first row should hold the names of the "
            "columns: delete titles and notes above it."
        )
    _refuse_other_separators(sample, name)
    return ","


def _refuse_other_separators(sample: str, name: str) -> None:
    """Refuse rows that split evenly at something else: they would be one column of text."""
    rows = [row for row in sample.splitlines() if row.strip()]
    if len(rows) < 2:
        return
    for mark, called in (("|", "'|'"), (None, "spaces")):
        cells = [row.split(mark) for row in rows]
        n = len(cells[0])
        if n == 1 or any(len(row) not in (n, n + 1) for row in cells):
            continue
        numbers = all(re.fullmatch(r'"?-?[0-9.]+"?', row[-1]) for row in cells[1:])
        if mark or numbers:
            raise ReadError(
                f"{name}: the cells seem to be separated by {called}. Save the file with commas, "
                "semicolons or tabs between them, or as .xlsx."
            )


def _widths(sample: str, separator: str, *, whole: bool) -> list[int]:
    """Count the cells of each row that isn't blank; a row cut off by the sample isn't one."""
    widths = [len(row) for row in _reader(sample, separator) if row]
    return widths if whole or len(widths) < 2 else widths[:-1]


def _reader(text: str, separator: str) -> Rows:
    # newline="" keeps line ends inside quotes as they are.
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def _header(text: str, separator: str, name: str) -> tuple[list[str], int]:
    """Return the names in the first row that isn't blank, and where the row after it starts."""
    for end in (_SAMPLE, len(text)):  # The whole text only when the names are that long.
        counted = _Counted(io.StringIO(text[:end], newline=""))
        for row in csv.reader(counted, delimiter=separator):
            cut = counted.length == end < len(text)
            if any(cell.strip() for cell in row) and not cut:
                return row, counted.length
    raise ReadError(f"{name}: the file holds nothing but blank lines.")


class _Counted:
    """Lines of a text, and how many characters they took so far."""

    def __init__(self, lines: io.StringIO) -> None:
        self.lines = lines
        self.length = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.length += len(line)
            yield line


def _require_closed_quotes(text: str, separator: str, name: str) -> None:
    """Refuse a quote that swallows the rest of the file as one cell."""
    if text.count('"') % 2 == 0:
        return
    # A last row of our own is swallowed with the rest, or is read as itself.
    reader = _reader(f"{text}\n{_END}", separator)
    row, line, after = [""], 1, 0
    for row in reader:  # noqa: B007
        line, after = after + 1, reader.line_num
    if row != [_END]:
        raise ReadError(
            f'{name}: a quote (") that opens in line {line} is never closed, so the rows after it '
            "can't be told apart. Correct it there."
        )


def _cells(text: str, body: str, n_columns: int, separator: str, name: str) -> pa.Table:
    columns = [str(i) for i in range(n_columns)]
    ragged: list[object] = []

    def note(row: object) -> str:
        ragged.append(row)
        return "skip"

    encoded = body.encode("utf-8")
    try:
        cells = arrow_csv.read_csv(
            pa.BufferReader(encoded),
            # One block for a cell of any length: a row may not span more than two.
            read_options=arrow_csv.ReadOptions(column_names=columns, block_size=1 << 24),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator,
                newlines_in_values='"' in body,
                invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as problem:
        raise ReadError(
            f"{name}: the rows can't be told apart ({problem}). Is there a quote (\") that isn't "
            "closed, or a cell of many megabytes?"
        ) from None
    if ragged:
        raise ReadError(_ragged(text, n_columns, separator, name))
    return cells


def _ragged(text: str, n_columns: int, separator: str, name: str) -> str:
    """Name the lines whose number of cells isn't the number of columns."""
    reader = _reader(text, separator)
    lines: dict[int, list[int]] = {}
    before, n_rows = 0, 0
    for row in reader:
        if row:
            n_rows += 1
            if len(row) != n_columns:
                lines.setdefault(len(row), []).append(before + 1)
        before = reader.line_num
    found = "; ".join(
        f"{width} in line{'s' if len(at) > 1 else ''} {listed(at, most=10)}"
        for width, at in sorted(lines.items())
    )
    if len(lines.get(n_columns + 1, ())) == n_rows - 1 > 1:
        advice = (
            "Every row has one cell more than there are names: name the first column, or export "
            "without row names (in R: row.names = FALSE)."
        )
    else:
        advice = (
            f"A cell that holds a {SEPARATORS[separator]} or a line break needs quotes around it."
        )
    return (
        f"{name}: the first row names {n_columns} columns, separated by {SEPARATORS[separator]}, "
        f"but there are rows with another number of cells: {found}. {advice}"
    )
