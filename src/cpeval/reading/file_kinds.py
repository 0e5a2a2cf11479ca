"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import difflib
import zipfile
from pathlib import Path

from cpeval.errors import ReadError, listed

#: The suffixes that `cpeval.read` knows, and what such a file holds.
SUFFIXES = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".sav": "sav",
    ".dta": "dta",
    ".sas7bdat": "sas7bdat",
}

#: What each kind of file is called, and what to do with one that came under a wrong name.
_FOUND = {
    "text": ("plain text", "Rename it to end in .csv if it is a table of text."),
    "xlsx": ("an Excel workbook", "Rename it to end in .xlsx."),
    "parquet": ("a Parquet file", "Rename it to end in .parquet."),
    "sav": ("SPSS data", "Rename it to end in .sav."),
    "dta": ("Stata data", "Rename it to end in .dta."),
    "sas7bdat": ("SAS data", "Rename it to end in .sas7bdat."),
    "xls": (
        "an Excel workbook of the old kind (.xls)",
        "Open it in Excel or LibreOffice and save it as .xlsx.",
    ),
    "encrypted": (
        "a workbook that is protected by a password",
        "Open it, take the password off (File, Info, Protect Workbook), and save it as .xlsx.",
    ),
    "encrypted sav": (
        "SPSS data that are encrypted",
        "Open the file in SPSS and save it without a password.",
    ),
    "ole": ("an old Office document", "Save the table as .xlsx or .csv."),
    "ods": ("an OpenDocument spreadsheet", "Open it and save it as .xlsx or .csv."),
    "zip": ("a zip archive", "Unpack it and name the file inside."),
    "gzip": ("a gzip archive", "Unpack it and name the file inside."),
    "html": (
        "a web page",
        "This is often a log-in page that was saved in place of the data: download the data "
        "again. If a browser shows the table, open the file in Excel and save it as .xlsx.",
    ),
    "xml": ("XML", "Export the data again as .csv or .xlsx."),
    "json": ("JSON", "Export the data again as .csv or .xlsx."),
    "pdf": ("a PDF document", "Export the data as .csv or .xlsx."),
    "binary": ("binary data that no known kind of table starts with", "Export it again as .csv."),
}

_STARTS = (
    (b"PAR1", "parquet"),
    (b"$FL2", "sav"),
    (b"$FL3", "sav"),
    (b"ENCRYPTEDSAV", "encrypted sav"),
    (b"<stata_dta>", "dta"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "pdf"),
    (b"\x00" * 12 + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011"), "sas7bdat"),
)

#: Stata's formats 104 to 115 begin with their number and the byte order.
_OLD_STATA = {bytes([version, order]) for version in range(104, 116) for order in (1, 2)}

#: Byte-order marks of text: such a file may hold NUL bytes.
_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def existing_file(path: str | Path) -> Path:
    """Return the path of a file that is there.

    Raises
    ------
    ReadError
        There is no such file (the message names those with a similar name in the folder),
        the path is a folder, or the file is empty.
    """
    path = Path(path).expanduser()
    try:
        if path.is_dir():
            inside = sorted(p.name for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            there = f" Files there: {listed(inside)}." if inside else ""
            raise ReadError(f"{str(path)!r} is a folder; name a file in it.{there}")
        if not path.exists():
            raise ReadError(f"There is no file {str(path)!r}.{_near_files(path)}")
        if path.stat().st_size == 0:
            raise ReadError(f"{path.name}: the file is empty (0 bytes). Export or copy it again.")
    except (OSError, ValueError) as problem:
        raise ReadError(f"{str(path)!r} can't be read: {_reason(problem)}.") from None
    return path


def _reason(problem: Exception) -> str:
    return str(getattr(problem, "strerror", None) or problem)


def _near_files(path: Path) -> str:
    """Name the files of the folder that the user may have meant."""
    folder = path.parent
    if not folder.is_dir():
        return f" Nor is there a folder {str(folder)!r}."
    files = {p.name.casefold(): p.name for p in folder.iterdir() if p.is_file()}
    near = difflib.get_close_matches(path.name.casefold(), files, n=3, cutoff=0.6)
    # The right name with another suffix is a near miss however long the suffix.
    near += [low for low, name in files.items() if Path(name).stem == path.stem and low not in near]
    return f" Did you mean {listed(files[low] for low in near)}?" if near else ""


def read_bytes(path: Path) -> bytes:
    """Return what a file holds; `ReadError` says why it can't be opened."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ReadError(f"{str(path)!r} can't be read: {_reason(problem)}.") from None


def require_kind(path: Path) -> str:
    """Return what a file holds, one of the values of `SUFFIXES`.

    Raises
    ------
    ReadError
        The suffix is not among those known, or the content is of another kind than the
        suffix says. The message says what the file is and what to do.
    """
    suffix = path.suffix.lower()
    kind = kind_of(path)
    what, advice = _FOUND[kind]
    if suffix not in SUFFIXES:
        hint = f" The file holds {what}. {advice}" if kind != "binary" else ""
        named = f"files that end in {suffix!r}" if suffix else "a file without a suffix"
        raise ReadError(
            f"{path.name}: {named} can't be read. Suffixes known: {', '.join(SUFFIXES)}.{hint}"
        )
    if kind != SUFFIXES[suffix]:
        raise ReadError(
            f"{path.name}: the name ends in {suffix}, but the file holds {what}. {advice}"
        )
    return kind


def kind_of(path: Path) -> str:
    """Say what a file is by its first bytes: a key of the table of kinds above."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as problem:
        raise ReadError(f"{str(path)!r} can't be read: {_reason(problem)}.") from None
    for magic, kind in _STARTS:
        if start.startswith(magic):
            return kind
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _kind_of_zip(path)
    if start.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        return _kind_of_ole(path)
    # In text no second byte is 1 or 2.
    if start[:2] in _OLD_STATA:
        return "dta"
    return _kind_of_text(start)


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(name.startswith("xl/") for name in names):
                return "xlsx"
            if "mimetype" in names and b"opendocument" in archive.read("mimetype"):
                return "ods"
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        # A workbook that was cut off in a copy still starts as one: its reader says so. zipfile
        # raises NotImplementedError for archives of a kind that it doesn't know.
        return "xlsx" if path.suffix.lower() == ".xlsx" else "zip"
    return "zip"


def _kind_of_ole(path: Path) -> str:
    """Tell old workbooks from the container that Excel puts an encrypted workbook in."""
    content = read_bytes(path)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "encrypted"
    streams = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
    return "xls" if any(stream in content for stream in streams) else "ole"


def _kind_of_text(start: bytes) -> str:
    if start.startswith(_TEXT_MARKS):
        mark = 3 if start.startswith(b"\xef\xbb\xbf") else 2
        text = start[mark:].replace(b"\x00", b"")
    elif b"\x00" not in start:
        text = start
    elif utf_16_without_mark(start):
        text = start.replace(b"\x00", b"")
    else:
        return "binary"
    head = text.lstrip()[:200].lower()
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<table", b"<div", b"<meta")):
        return "html"
    if head.startswith(b"<?xml"):
        return "html" if b"<html" in text.lower() else "xml"
    if head.startswith((b"{", b"[{")):
        return "json"
    return "text"


def utf_16_without_mark(start: bytes) -> str | None:
    """Return ``utf-16-le`` or ``utf-16-be`` when every other byte of the start is mostly zero.

    >>> utf_16_without_mark("id,age".encode("utf-16-le"))
    'utf-16-le'
    """
    half = len(start) / 2
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) <= 0.4 * half or min(even, odd) > 0.05 * half:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"
