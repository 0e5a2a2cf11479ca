"""Which row of which file each row of a table came from, kept in plain text in ``attrs``."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

#: Enough columns to tell rows apart: the rows of a questionnaire need two or three.
_MOST_KEYS = 6


@dataclass(frozen=True, kw_only=True)
class Part:
    """Columns of a table that came from files together.

    ``files`` holds each file's name and the row of a spreadsheet that its first row of data is
    in (None where that isn't certain). ``file``, ``row`` and ``wave`` have a number a row of
    the table: the file's place in ``files``, the row in it counted from 0 (-1 for none), and
    the place of the wave in a column's list. ``columns`` maps columns of the table to the file's
    own, or to a list with one a wave (None where there is none); None means all other columns,
    under their own names.
    """

    files: list[tuple[str, int | None]]
    file: np.ndarray
    row: np.ndarray
    wave: np.ndarray | None = None
    columns: dict[str, list[str | None]] | None = None

    def at(self, rows: np.ndarray) -> Self:
        """Return the part for other rows of the table; -1 is a row that no file has."""
        there = rows >= 0
        wave = None if self.wave is None else np.where(there, self.wave[rows], 0)
        return type(self)(
            files=self.files,
            file=np.where(there, self.file[rows], 0),
            row=np.where(there, self.row[rows], -1),
            wave=wave,
            columns=self.columns,
        )


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a table's rows came from; the first part that has a column says where it is."""

    parts: list[Part] = field(default_factory=list)

    def at(self, rows: np.ndarray) -> list[Part]:
        """Return the parts for other rows of the table."""
        return [part.at(rows) for part in self.parts]

    def cells(self, column: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return file, row counted from 1 (0 for none) and the file's column of some cells."""
        whole = [part for part in self.parts if part.columns is None]
        own = [part for part in self.parts if part.columns is not None and column in part.columns]
        files = np.full(len(rows), None, dtype=object)
        at = np.zeros(len(rows), dtype=np.int64)
        columns = np.full(len(rows), None, dtype=object)
        # A cell that its own file has no row for is found by the row that it was joined to.
        for part in [*own, *whole, *self.parts]:
            new = np.flatnonzero((at == 0) & (part.row[rows] >= 0))
            at[new] = part.row[rows[new]] + 1
            files[new] = np.array([name for name, _ in part.files], dtype=object)[
                part.file[rows[new]]
            ]
            names = (part.columns or {}).get(column)
            if names and part.wave is not None:
                columns[new] = np.array(names, dtype=object)[part.wave[rows[new]]]
        return files, at, columns

    @property
    def first_rows(self) -> dict[str, int | None]:
        """The row of a spreadsheet that each file's first row of data is in."""
        return {name: first for part in self.parts for name, first in part.files}


def signed(data: pd.DataFrame, parts: Sequence[Part]) -> dict[str, Any]:
    """Return what ``attrs["origin"]`` holds: plain, quickly copied, and true of these rows only.

    The parts stand in compressed text. ``keys`` and ``mark`` tell whether the rows are still
    those, in that order, when somebody asks.
    """
    keys = _telling(data)
    return {
        "n_rows": len(data),
        "keys": keys,
        "mark": _mark(data, keys),
        "parts": [
            {
                "files": [list(one) for one in part.files],
                "file": _packed(part.file),
                "row": _packed(part.row),
                "wave": None if part.wave is None else _packed(part.wave),
                "columns": part.columns,
            }
            for part in parts
        ],
    }


def signed_file(data: pd.DataFrame, name: str, rows: np.ndarray, first: int | None) -> Any:  # noqa: ANN401
    """Return ``attrs["origin"]`` of one file as it was read; ``rows`` are counted from 0."""
    file = np.zeros(len(rows), dtype=np.int32)
    return signed(data, [Part(files=[(name, first)], file=file, row=rows)])


def origin_of(data: pd.DataFrame) -> Origin | None:
    """Return where the rows came from; None if nobody knows, or the rows were changed since."""
    noted = data.attrs.get("origin")
    if not isinstance(noted, Mapping) or noted["n_rows"] != len(data):
        return None
    keys = noted["keys"]
    if any(list(data.columns).count(key) != 1 for key in keys):
        return None
    if _mark(data, keys) != noted["mark"]:
        return None
    parts = [
        Part(
            files=[(name, first) for name, first in one["files"]],
            file=_unpacked(one["file"]),
            row=_unpacked(one["row"]),
            wave=None if one["wave"] is None else _unpacked(one["wave"]),
            columns=one["columns"],
        )
        for one in noted["parts"]
    ]
    return Origin(parts=parts)


def _telling(data: pd.DataFrame) -> list[str]:
    """Name the leading columns that tell the rows apart, as far as they can be told."""
    keys: list[str] = []
    codes, n_found = np.zeros(len(data), dtype=np.int64), 1
    for column in data.columns:
        if n_found >= len(data) or len(keys) == _MOST_KEYS:
            break
        own, values = pd.factorize(data[column], use_na_sentinel=False)
        together, found = pd.factorize(codes * len(values) + own)
        if len(found) > n_found:
            keys, codes, n_found = [*keys, str(column)], together, len(found)
    return keys


def _mark(data: pd.DataFrame, keys: Sequence[str]) -> int:
    if not keys:
        return 0
    return zlib.crc32(
        pd.util.hash_pandas_object(data[list(keys)], index=False).to_numpy().tobytes()
    )


def _packed(numbers: np.ndarray) -> str:
    # Steps from row to row repeat, so they take little room.
    steps = np.diff(numbers.astype("<i4"), prepend=np.int32(0)).astype("<i4")
    return base64.b64encode(zlib.compress(steps.tobytes(), 1)).decode("ascii")


def _unpacked(text: str) -> np.ndarray:
    return np.cumsum(np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<i4"))
