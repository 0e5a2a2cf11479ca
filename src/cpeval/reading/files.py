"""`read()`: a file in, a table out, and what was taken on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from pandas.api import types

from cpeval.errors import OptionError, ReadError, listed, require_option
from cpeval.reading.file_kinds import existing_file, read_bytes, require_kind
from cpeval.reading.missing_codes import Counts, Missing, checked, make_missing
from cpeval.reading.origin import signed_file


def read(
    path: str | Path,
    *,
    missing: Missing | None = None,
    sheet: str | None = None,
    decimal: str | None = None,
) -> pd.DataFrame:
    r"""Read a table from a file: .csv .tsv .txt .xlsx .parquet .sav .dta .sas7bdat.

    Cells hold codes, never labels. Nothing in a file is evaluated: a formula counts as the value
    that was saved with it.

    Parameters
    ----------
    path : str or pathlib.Path
        The file. What it holds must be what its suffix says.
    missing : mapping of str to codes, optional
        Codes that mean "no answer", by column; ``"*"`` stands for every column, and a column's
        own codes add to it: ``{"*": [-9, 99], "age": [999]}``. An empty list spares a column:
        ``{"*": [99], "id": []}``. A code counts only as the whole cell.
    sheet : str, optional
        The sheet of a workbook. Needed when several hold something.
    decimal : {".", ","}, optional
        What stands before decimals, in text files and in text cells of a workbook. Without it,
        commas are read as decimal where nothing else is possible.

    Returns
    -------
    pandas.DataFrame
        One row a row of the file, without rows that are wholly empty. Whole numbers are int64,
        or float64 where cells are missing; TRUE and FALSE are bool, or boolean with gaps; dates
        of .xlsx, .parquet, .sav, .dta and .sas7bdat are datetime64. ``attrs`` holds:

        - ``"read"``: dict of plain values that says what was taken: file, format, encoding,
          separator, decimal, decimal_given, decimal_comma (columns), sheet, n_rows, n_columns,
          n_missing (cells), missing and declared_missing (column: code: cells emptied), words
          (column: word: cells),
          renamed (name in the file: name), empty_rows, empty_columns.
        - ``"origin"``: which row of the file each row was, for `cpeval.check` to say.
        - ``"labels"``: column: text, and ``"value_labels"``: column: code: label, of .sav and .dta.

    Raises
    ------
    ReadError
        The file is absent, empty, damaged, not what its suffix says, or has no rows; columns
        share a name or have none; rows have different numbers of cells; commas can't be told
        from points; bytes of no known encoding; the sheet isn't given or unknown. The message
        names all at fault and what to do.
    ColumnError
        ``missing`` names a column that the file doesn't have.
    OptionError
        ``missing``, ``sheet`` or ``decimal`` is not of the form above, or doesn't go with this
        kind of file.

    Notes
    -----
    What is missing. In text files and workbooks: empty cells, blanks, and ``NA``. In a column
    that holds no other text also the words ``NaN``, ``null``, ``None``, ``N/A``, ``#N/A``,
    ``#NULL!``, ``<NA>`` and ``.``, which are counted; in a column of text they stay, since a
    person may be called None. In the other formats: what the file says, and blank text.

    What stays text. A column of text files with a cell such as ``007``, ``+44`` or a whole number
    of more than 15 digits names things: it is not made a number.

    Text files may be UTF-8 with or without byte-order mark, UTF-16 or Windows-1252, separated by
    comma, semicolon or tab.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "people.csv"
    >>> _ = path.write_text("id;age;mood\n007;31;3,5\n008;-9;4\n")
    >>> data = read(path, missing={"*": [-9]})
    >>> data
        id   age  mood
    0  007  31.0   3.5
    1  008   NaN   4.0
    >>> data.attrs["read"]["separator"], data.attrs["read"]["missing"]
    (';', {'age': {-9: 1}})
    >>> folder.cleanup()
    """
    codes = checked(missing)
    if decimal is not None:
        require_option("decimal", decimal, (".", ","))
    if sheet is not None and not isinstance(sheet, str):
        raise OptionError(f"'sheet' should be a sheet's name, as text. Got {sheet!r}.")
    path = existing_file(path)
    kind = require_kind(path)
    if sheet is not None and kind != "xlsx":
        raise OptionError(f"{path.name}: only .xlsx files have sheets. Leave 'sheet' out.")
    if decimal is not None and kind not in ("text", "xlsx"):
        raise OptionError(
            f"{path.name}: {path.suffix} files hold numbers as numbers. Leave 'decimal' out."
        )
    at: np.ndarray | None = None
    first = None
    if kind == "text":
        data, taken, at, first = _read_text(path, decimal)
    elif kind == "xlsx":
        data, taken, at, first = _read_workbook(path, sheet, decimal)
    elif kind == "parquet":
        data, taken = _read_parquet(path)
    else:
        data, taken = _read_labelled(path, kind)
    attrs = dict(data.attrs)
    data, taken = empty_codes(data, codes, taken, what=f"The rows of {path.name}")
    data = _wide_numbers(data)
    blank = dict.fromkeys(("encoding", "separator", "decimal", "decimal_given", "sheet"))
    data.attrs = {
        **attrs,
        "read": {
            "file": path.name,
            **blank,
            "decimal_comma": [],
            **taken,
            "n_rows": len(data),
            "n_columns": data.shape[1],
        },
        "origin": signed_file(data, path.name, np.arange(len(data)) if at is None else at, first),
    }
    return data


def _wide_numbers(data: pd.DataFrame) -> pd.DataFrame:
    """Return numbers as int64 and float64: sums of int8 overflow, and float32 rounds."""
    kinds = {}
    for column, kind in data.dtypes.items():
        if types.is_integer_dtype(kind) and kind != "int64":
            kinds[column] = "int64"
        elif types.is_float_dtype(kind) and kind != "float64":
            kinds[column] = "float64"
    return data.astype(kinds) if kinds else data


def table_of(
    path_or_frame: str | Path | IntoDataFrame, *, sheet: str | None, decimal: str | None
) -> pd.DataFrame:
    """Return a file's table, or a pandas copy of a table.

    Raises
    ------
    OptionError
        What is given is neither a path nor an eager table.
    """
    if isinstance(path_or_frame, str | Path):
        return read(path_or_frame, sheet=sheet, decimal=decimal)
    if sheet is not None or decimal is not None:
        raise OptionError("'sheet' and 'decimal' are for files. Leave them out with a table.")
    if isinstance(path_or_frame, pd.DataFrame):
        made = path_or_frame.reset_index(drop=True)
        return made.set_axis([str(column) for column in made.columns], axis=1)
    try:
        return nw.from_native(path_or_frame, eager_only=True).to_pandas()
    except TypeError:
        raise OptionError(
            "Give the path of a file, or a table in memory (pandas, Polars, PyArrow). "
            f"Got {type(path_or_frame).__name__}; collect a lazy table first."
        ) from None


def empty_codes(
    data: pd.DataFrame,
    codes: Mapping[str, list[Any]],
    taken: Mapping[str, Any],
    *,
    what: str,
    spare: Collection[str] = (),
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Empty the cells that hold a code, and say so in a copy of ``taken``, the ``attrs["read"]``.

    Columns of text that the codes kept from being numbers are made numbers, unless the file is
    of a kind that knows numbers from text.
    """
    made, counts = make_missing(data, codes, what=what, spare=spare)
    before: Counts = taken.get("missing") or {}
    both = {c: {**before.get(c, {}), **counts.get(c, {})} for c in (*before, *counts)}
    noted = {**taken, "missing": both, "n_missing": int(made.isna().sum().sum())}
    if taken.get("format") in ("parquet", "sav", "dta", "sas7bdat"):
        return made, noted
    lost = [column for column, found in counts.items() if any(found.values())]
    texts = {column: made[column] for column in lost if _is_text(made[column])}
    if not texts:
        return made, noted

    import pyarrow as pa

    from cpeval.reading.cell_values import Column, convert

    values = convert(
        [
            Column.of(c, pa.array(cells, pa.string(), from_pandas=True))
            for c, cells in texts.items()
        ],
        decimal=taken.get("decimal_given"),
        separator=taken.get("separator"),
        name=str(taken.get("file", what)),
    )
    for column, cells in values.columns.items():
        made[column] = cells.set_axis(made.index)
    if values.decimal_comma:
        noted["decimal"] = ","
    noted["decimal_comma"] = sorted({*(taken.get("decimal_comma") or ()), *values.decimal_comma})
    noted["words"] = {**(taken.get("words") or {}), **values.words}
    return made, noted


def _is_text(cells: pd.Series) -> bool:
    return types.infer_dtype(cells, skipna=True) in ("string", "empty") and not (
        types.is_numeric_dtype(cells.dtype) or types.is_datetime64_any_dtype(cells.dtype)
    )


def _read_text(
    path: Path, decimal: str | None
) -> tuple[pd.DataFrame, dict[str, Any], np.ndarray, int | None]:
    """Return the table, what was taken, and which rows of the file are the table's."""
    from cpeval.reading.cell_values import Column, convert
    from cpeval.reading.text_tables import parse

    table = parse(read_bytes(path), path.name)
    columns = [Column.of(str(i), table.cells.column(i)) for i in range(len(table.names))]
    filled = [column.filled() for column in columns]
    keep, names, notes = _columns(table.names, [bool(f.any()) for f in filled], path.name)
    rows = np.logical_or.reduce([filled[i] for i in keep])
    _require_rows(rows, names, path.name)
    values = convert(
        [columns[i].at(rows, name) for name, i in zip(names, keep, strict=True)],
        decimal=decimal,
        separator=table.separator,
        name=path.name,
    )
    taken = {
        **notes,
        "format": path.suffix.lower().lstrip("."),
        "encoding": table.encoding,
        "separator": table.separator,
        "decimal": values.decimal,
        "decimal_given": decimal,
        "decimal_comma": values.decimal_comma,
        "words": values.words,
        "empty_rows": int((~rows).sum()),
    }
    return pd.DataFrame(values.columns), taken, np.flatnonzero(rows), table.first_row


def _read_workbook(
    path: Path, sheet: str | None, decimal: str | None
) -> tuple[pd.DataFrame, dict[str, Any], np.ndarray, int | None]:
    from cpeval.reading.workbooks import empty, read_sheet, values

    found = read_sheet(path, sheet)
    marks = [np.array([not empty(c) for c in column], dtype=bool) for column in found.columns]
    where = f"{path.name}, sheet {found.name!r}"
    keep, names, notes = _columns(found.names, [bool(m.any()) for m in marks], where)
    rows = np.logical_or.reduce([marks[i] for i in keep])
    _require_rows(rows, names, where)
    at = np.flatnonzero(rows)
    made = values(
        {n: tuple(found.columns[i][r] for r in at) for n, i in zip(names, keep, strict=True)},
        decimal=decimal,
        name=where,
    )
    taken = {
        **notes,
        "format": "xlsx",
        "decimal": made.decimal,
        "decimal_given": decimal,
        "decimal_comma": made.decimal_comma,
        "words": made.words,
        "sheet": found.name,
        "empty_rows": int((~rows).sum()),
    }
    return pd.DataFrame(made.columns), taken, at, found.first_row


def _read_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    from cpeval.reading.parquet_files import read_parquet

    names, data = read_parquet(path)
    data, notes = _named(data, names, path)
    return data, {**notes, "format": "parquet"}


def _read_labelled(path: Path, kind: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    from cpeval.reading.statistics_files import read_labelled

    found = read_labelled(path, kind)
    data, notes = _named(found.data, list(found.data.columns), path)
    data.attrs = {"labels": found.labels, "value_labels": found.value_labels}
    return data, {
        **notes,
        "format": kind,
        "encoding": found.encoding,
        "declared_missing": found.declared_missing,
    }


def _named(
    data: pd.DataFrame, names: Sequence[str], path: Path
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Check the names and rows of a format that has neither blank names nor blank rows."""
    _, stripped, notes = _columns(names, [True] * len(names), path.name)
    _require_rows(np.ones(len(data), dtype=bool), stripped, path.name)
    return data.set_axis(stripped, axis=1), notes


def _columns(
    names: Sequence[str], filled: Sequence[bool], where: str
) -> tuple[list[int], list[str], dict[str, Any]]:
    """Return which columns to keep, their names without blanks around, and what changed.

    Columns without a name and without a value are left out.
    """
    stripped = [name.strip(" \t\r\n\ufeff\xa0") for name in names]
    unnamed = [i + 1 for i, name in enumerate(stripped) if not name and filled[i]]
    if unnamed:
        raise ReadError(
            f"{where}: column{'s' if len(unnamed) > 1 else ''} {listed(unnamed)} (counted from the "
            "left) hold values but have no name. Give each a name in the first row, delete titles "
            "above that row, and export without row numbers."
        )
    keep = [i for i, name in enumerate(stripped) if name]
    kept = [stripped[i] for i in keep]
    if not kept:
        raise ReadError(
            f"{where}: the first row should hold the names of the columns; it is blank."
        )
    twice = [name for name in dict.fromkeys(kept) if kept.count(name) > 1]
    if twice:
        at = {n: [i + 1 for i in keep if stripped[i] == n] for n in twice}
        places = "; ".join(f"{n!r} in columns {listed(places)}" for n, places in at.items())
        raise ReadError(
            f"{where}: several columns have one name: {places} (counted from the left, names "
            "without blanks around them). Rename or delete the ones that are not meant."
        )
    renamed = {names[i]: stripped[i] for i in keep if names[i] != stripped[i]}
    return keep, kept, {"renamed": renamed, "empty_columns": len(names) - len(keep)}


def _require_rows(rows: np.ndarray, names: Sequence[str], where: str) -> None:
    if not rows.any():
        raise ReadError(
            f"{where}: there is a row of column names ({listed(names)}) but no data below it."
        )
