"""The CSV files of an export, in a folder or a zip archive; nothing is ever unpacked to disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pandas as pd
import pyarrow as pa

from cpeval.errors import ReadError, listed

#: An archive may hold so many files, and so many bytes once unpacked, altogether and as a multiple
#: of what is packed; text packs to a tenth or so, thousands are a trap.
_FILES, _BYTES, _RATIO = 100_000, 2**30, 200
#: So small a file may be packed as tightly as it likes.
_SMALL = 2**20


def require_safe_archive(path: Path, *, most: int = _BYTES) -> None:
    """Raise `ReadError` if an archive is damaged, a trap, or has names that lead out of it.

    Parameters
    ----------
    path : pathlib.Path
        A zip archive, or a workbook, which is one.
    most : int
        Bytes that it may hold once unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.infolist()
    # zipfile raises NotImplementedError for archives of a kind that it doesn't know.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise ReadError(
            f"{path.name}: the archive is damaged or is none ({problem}). Export or copy it again."
        ) from None
    faults = []
    outside = [one.filename for one in inside if _leads_out(one.filename)]
    if outside:
        faults.append(f"it has names that lead out of it: {listed(outside)}")
    locked = [one.filename for one in inside if one.flag_bits & 1]
    if locked:
        faults.append(f"files are protected by a password: {listed(locked)}")
    size = sum(one.file_size for one in inside)
    if size > most or len(inside) > _FILES:
        faults.append(
            f"it would unpack to {size:,} bytes in {len(inside):,} files; {most:,} in {_FILES:,} "
            "are taken"
        )
    tight = [
        one.filename
        for one in inside
        if one.file_size > max(_SMALL, _RATIO * max(one.compress_size, 1))
    ]
    if tight:
        faults.append(f"files would unpack to more than {_RATIO} times their size: {listed(tight)}")
    if faults:
        raise ReadError(
            f"{path.name}: the archive isn't read: {'; '.join(faults)}. Unpack it with a program "
            "that you trust, look at the files, and name the folder."
        )


def _leads_out(name: str) -> bool:
    plain = name.replace("\\", "/")
    return plain.startswith("/") or ".." in PurePosixPath(plain).parts or ":" in plain.split("/")[0]


def csv_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Give the name and content of each CSV file in a folder or zip archive, sorted by name.

    Raises
    ------
    ReadError
        There is no such folder or archive, or the archive isn't safe to read.
    """
    if path.is_dir():
        files = [p for p in path.rglob("*") if _is_csv(p.relative_to(path).as_posix())]
        for file in sorted(files):
            try:
                yield file.relative_to(path).as_posix(), file.read_bytes()
            except OSError as problem:
                raise ReadError(
                    f"{str(file)!r} can't be read: {problem.strerror or problem}."
                ) from None
        return
    if not path.exists():
        raise ReadError(f"There is no folder or archive {str(path)!r}.")
    require_safe_archive(path)
    with zipfile.ZipFile(path) as archive:
        for name in sorted(n for n in archive.namelist() if _is_csv(n)):
            try:
                yield name, archive.read(name)
            # What a damaged archive raises depends on how its files are packed.
            except Exception as problem:
                raise ReadError(f"{path.name}: {name} is damaged ({problem}).") from None


def _is_csv(name: str) -> bool:
    """Tell tables from what else lies there, such as the hidden files of a Mac."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return name.lower().endswith(".csv") and not hidden


def text_cells(content: bytes, name: str) -> pd.DataFrame:
    """Read a CSV file as text, also one with names of columns alone.

    Raises
    ------
    ReadError
        It has no names of columns, two columns with one name, or rows of other lengths.
    """
    from cpeval.reading.text_tables import decode, parse

    text, _ = decode(content, name)
    lines = text.strip("\ufeff \t\r\n")
    if not lines:
        raise ReadError(f"{name}: the file is empty.")
    if "\n" not in lines and "\r" not in lines:
        names = list(pd.read_csv(io.StringIO(lines), header=None, dtype=str).iloc[0].fillna(""))
        frame = pd.DataFrame({i: pd.Series([], dtype=object) for i in range(len(names))})
    else:
        table = parse(content, name)
        names = table.names
        frame = pd.DataFrame(
            {
                i: pd.Series(table.cells.column(i).to_pylist(), dtype=object)
                for i in range(len(names))
            }
        )
    names = [one.strip() for one in names]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise ReadError(f"{name}: more than one column is named {listed(twice)}.")
    return frame.set_axis(names, axis=1)


def converted(frame: pd.DataFrame, name: str, *, texts: tuple[str, ...]) -> pd.DataFrame:
    """Make numbers and truth values of cells of text; the columns ``texts`` stay text.

    Blank cells are missing, and so is a cell that another file of the export didn't have.
    """
    from cpeval.reading.cell_values import Column, convert

    others = [column for column in frame.columns if column not in texts]
    cells = {
        column: pa.array([None if pd.isna(cell) else cell for cell in frame[column]], pa.string())
        for column in others
    }
    values = convert(
        [Column.of(column, cells[column]) for column in others],
        decimal=".",
        separator=",",
        name=name,
    )
    made = {
        column: values.columns[column]
        if column in cells
        else frame[column].str.strip().replace("", None)
        for column in frame.columns
    }
    return pd.DataFrame(made)
