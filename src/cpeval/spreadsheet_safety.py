"""Tables written so that a spreadsheet shows their text and never runs it."""

from __future__ import annotations

import csv
import re
import secrets
from pathlib import Path

import pandas as pd
from pandas.api import types

from cpeval.errors import OutputError

#: What a spreadsheet takes for the start of a formula, also after blanks, and the wide forms of
#: the same signs that East Asian versions take; a tab or line break can push what follows there.
_FORMULA = r"^(?:[\s\u00a0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])"


def defused(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    Examples
    --------
    >>> defused("=A1"), defused("a=1")
    ("'=A1", 'a=1')
    """
    return f"'{text}" if re.match(_FORMULA, text) else text


def defuse(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Parameters
    ----------
    frame : pandas.DataFrame
        Left as it is.

    Returns
    -------
    pandas.DataFrame
        Text in cells and names of columns that begins with ``=``, ``+``, ``-`` or ``@`` (also
        after blanks), with a tab or with a line break, begins with ``'``. Numbers, dates and
        missing cells are as they were.

    Examples
    --------
    >>> frame = pd.DataFrame({"=name": ["=1+1", "Ann", " @x"], "score": [-1, 2, 3]})
    >>> defuse(frame).to_dict("list")
    {"'=name": ["'=1+1", 'Ann', "' @x"], 'score': [-1, 2, 3]}
    """
    made = frame.copy(deep=False)
    for place in range(made.shape[1]):
        cells = made.iloc[:, place]
        if isinstance(cells.dtype, pd.CategoricalDtype):
            cells = cells.astype(object)
        if types.is_object_dtype(cells.dtype):
            text = cells.map(lambda cell: isinstance(cell, str)).astype(bool)
        elif isinstance(cells.dtype, pd.StringDtype):
            text = cells.notna()
        else:
            continue
        said = cells.where(text, "").astype(str)
        risky = (said.str.contains(_FORMULA, regex=True) & text).astype(bool)
        if risky.any():
            made.isetitem(place, cells.where(~risky, "'" + said).array)
    names = pd.Series([str(name) for name in made.columns], dtype=object)
    risky = names.str.contains(_FORMULA, regex=True).astype(bool)
    if risky.any():
        made.columns = pd.Index([f"'{n}" if r else n for n, r in zip(names, risky, strict=True)])
    return made


def require_place(path: Path, example: str) -> None:
    """Raise before any work is done if no file can be at ``path``.

    Parameters
    ----------
    path : pathlib.Path
    example : str
        A name to suggest where ``path`` is a folder.

    Raises
    ------
    OutputError
        It is a folder, its folder doesn't exist, or no disk takes the name.
    """
    try:
        if path.is_dir():
            raise OutputError(f"{str(path)!r} is a folder; name a file in it, such as {example}.")
        if not path.parent.is_dir():
            raise OutputError(f"There is no folder {str(path.parent)!r}. Make it, or name another.")
        path.lstat()  # some Pythons take a name that is too long for no folder, and go on
    except FileNotFoundError:
        return
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise OutputError(f"{str(path)!r} can't be written ({reason}).") from None


def _csv_text(frame: pd.DataFrame) -> str:
    """Return the table as CSV; a bare carriage return never ends a row.

    Cells are quoted for the characters of the line's end alone, and many programs end a row at a
    carriage return too. Quoting all text is right, and rarely needed.
    """
    text = frame.to_csv(index=False, lineterminator="\n")
    if "\r" not in text:
        return text
    return frame.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


def write_csv(frame: pd.DataFrame, path: str | Path, *, for_people: bool = True) -> Path:
    r"""Write a table as CSV: UTF-8, comma between cells, point before decimals.

    Parameters
    ----------
    frame : pandas.DataFrame
        Without its index.
    path : str or pathlib.Path
        In a folder that exists. A file there is replaced once the new one is whole.
    for_people : bool, default True
        Whether to `defuse` text, as any file must be that somebody may open in a spreadsheet.
        False is for data that only programs read: their text stays as it is.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    OutputError
        The folder doesn't exist, the path is a folder, or the file can't be written. What was
        there before is untouched.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> write_csv(pd.DataFrame({"id": ["=A1"], "x": [0.5]}), f"{folder.name}/out.csv").read_text()
    "id,x\n'=A1,0.5\n"
    >>> folder.cleanup()
    """
    path = Path(path)
    require_place(path, "table.csv")
    # In the same folder, since only there a rename is one step.
    temporary = path.with_name(f".{secrets.token_hex(4)}.part")
    try:
        text = _csv_text(defuse(frame) if for_people else frame)
        temporary.write_text(text, encoding="utf-8", newline="")
        temporary.replace(path)
    except (OSError, UnicodeEncodeError) as problem:
        temporary.unlink(missing_ok=True)
        reason = getattr(problem, "strerror", None) or problem
        raise OutputError(
            f"{str(path)!r} can't be written ({reason}). What was there is unchanged."
        ) from None
    return path
