"""Cells of text as numbers, truth values or text: which column is what, and never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpeval.errors import ReadError, listed

#: Words for "no answer" that statistics programs write among numbers. In a column that holds any
#: other text they stay: a person may be called None, an id may be NaN.
WORDS = (
    "NaN", "nan", "NAN", "None", "none", "NULL", "Null", "null", "<NA>", "N/A", "n/a", "#N/A",
    "#NULL!", ".",
)  # fmt: skip

_EXPONENT = r"([eE][+-]?[0-9]{1,3})?"
#: A number as it is written with a point. Neither 007 nor +44 is: they name things. So do whole
#: numbers of more than 15 digits, which no float holds.
_POINT = rf"^-?(0|[1-9][0-9]{{0,14}}|(0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+){_EXPONENT}$"
_WHOLE = r"^-?(0|[1-9][0-9]{0,14})$"
#: What may stand among numbers with commas.
_NO_POINT = rf"^-?(0|[1-9][0-9]{{0,14}}){_EXPONENT}$"
_COMMA = rf"^-?(0|[1-9][0-9]*)?,[0-9]+{_EXPONENT}$"
#: 1,234 is one and a bit, or a thousand and more.
_THOUSANDS = r"^-?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?$"
_POINT_THOUSANDS = r"^-?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]+)?$"
_TRUE, _FALSE = ("TRUE", "True", "true"), ("FALSE", "False", "false")


@dataclass(frozen=True, kw_only=True)
class Values:
    """Columns as they were made of text, and what was decided on the way."""

    columns: dict[str, pd.Series]
    decimal: str
    decimal_comma: list[str] = field(default_factory=list)
    words: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column's distinct cells of text, and which of them each row holds.

    Questionnaires repeat a handful of answers, so that looking at the distinct cells is quick.
    """

    name: str
    codes: pa.Array  # positions in texts; null is an empty cell
    texts: pa.Array  # as they stand
    trimmed: pa.Array
    blank: np.ndarray
    word: np.ndarray

    @classmethod
    def of(cls, name: str, cells: pa.Array | pa.ChunkedArray) -> Self:
        """Take a column apart."""
        whole = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
        coded = whole.dictionary_encode()
        trimmed = pc.utf8_trim_whitespace(coded.dictionary)
        return cls(
            name=name,
            codes=coded.indices,
            texts=coded.dictionary,
            trimmed=trimmed,
            blank=_in(trimmed, ("", "NA")),
            word=_in(trimmed, WORDS),
        )

    def filled(self) -> np.ndarray:
        """Say of each row whether its cell holds more than blanks."""
        if not len(self.texts):
            return np.zeros(len(self.codes), dtype=bool)
        holds = pc.not_equal(self.trimmed, "")
        return _numpy(holds.take(self.codes).fill_null(False))

    def at(self, rows: np.ndarray, name: str) -> Self:
        """Return the column with these rows only, under another name."""
        codes = self.codes if rows.all() else self.codes.filter(pa.array(rows))
        return replace(self, codes=codes, name=name)

    @property
    def said(self) -> pa.Array:
        """The cells that say something."""
        silent = self.blank | self.word
        return self.trimmed.filter(pa.array(~silent)) if silent.any() else self.trimmed

    def all_match(self, *patterns: str) -> bool:
        """Say whether every cell that says something matches one of the patterns."""
        rest = self.said
        if not len(rest):
            return False
        for pattern in patterns:
            wrong = ~_match(rest, pattern)
            if not wrong.any():
                return True
            rest = rest.filter(pa.array(wrong))
        return False

    def any_match(self, pattern: str) -> bool:
        """Say whether a cell that says something matches the pattern."""
        return bool(_match(self.said, pattern).any())


def convert(
    columns: Sequence[Column],
    *,
    decimal: str | None,
    separator: str | None,
    name: str,
) -> Values:
    """Make columns of values from columns of text.

    Parameters
    ----------
    columns : sequence of Column
        Of equal length.
    decimal : {".", ","} or None
        What stands before decimals. None: tell it from the cells.
    separator : str or None
        What separated the cells. In a file separated by commas a cell such as ``3,5`` is as
        likely a list of answers as a number.
    name : str
        The file, for messages.

    Returns
    -------
    Values
        Whole numbers as int64, or float64 with gaps; numbers as float64; TRUE and FALSE as
        bool, or boolean with gaps; else text. Missing: empty cells, blanks, ``NA``, and in a
        column of numbers the words above.

    Raises
    ------
    ReadError
        Columns whose commas can't be told from points: one message names all such columns,
        each with a cell.
    """
    commas = _decide_commas(columns, decimal, separator, name)
    made: dict[str, pd.Series] = {}
    words: dict[str, dict[str, int]] = {}
    for column in columns:
        made[column.name], found = _make(column, comma=column.name in commas)
        if found:
            words[column.name] = found
    taken = decimal or ("," if commas else ".")
    return Values(columns=made, decimal=taken, decimal_comma=sorted(commas), words=words)


def _in(texts: pa.Array, options: tuple[str, ...]) -> np.ndarray:
    return _numpy(pc.is_in(texts, value_set=pa.array(options, texts.type)))


def _match(texts: pa.Array, pattern: str) -> np.ndarray:
    return _numpy(pc.match_substring_regex(texts, pattern))


def _numpy(array: pa.Array) -> np.ndarray:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)


def _decide_commas(
    columns: Sequence[Column], decimal: str | None, separator: str | None, name: str
) -> set[str]:
    """Return the names of the columns whose commas stand before decimals."""
    if decimal == ".":
        return set()
    if decimal == ",":
        _require_no_points(columns, name)
        return {c.name for c in columns if c.any_match(_COMMA) and c.all_match(_COMMA, _NO_POINT)}
    commas: list[str] = []
    problems: dict[str, list[str]] = {}
    for column in columns:
        with_comma = column.said.filter(pc.match_substring(column.said, ","))
        if not len(with_comma) or not column.all_match(_POINT, _COMMA, _THOUSANDS):
            continue
        if _match(with_comma, _THOUSANDS).all():
            problems.setdefault("thousands", []).append(_shown(column.name, with_comma))
        elif column.any_match(r"\.") or not column.all_match(_COMMA, _NO_POINT):
            problems.setdefault("both", []).append(_shown(column.name, with_comma))
        elif separator == ",":
            problems.setdefault("list", []).append(_shown(column.name, with_comma))
        else:
            commas.append(column.name)
    if commas:
        points = [c.name for c in columns if c.any_match(r"\.") and c.all_match(_POINT)]
        if points:
            problems["points"] = [f"commas in {listed(commas)}, points in {listed(points)}"]
    if problems:
        raise ReadError(_comma_message(problems, name))
    return set(commas)


def _shown(name: str, texts: pa.Array) -> str:
    return f"{name!r} (such as {texts[0].as_py()})"


def _comma_message(problems: dict[str, list[str]], name: str) -> str:
    what = {
        "thousands": "could be decimals or thousands",
        "both": "hold decimal commas and points in one column",
        "list": "could be decimals or lists of answers, since commas separate the cells too",
        "points": "columns differ in what stands before decimals",
    }
    lines = [f"- {what[kind]}: {', '.join(found)}." for kind, found in problems.items()]
    return (
        f"{name}: the commas in some numbers can't be read safely:\n" + "\n".join(lines) + "\n"
        'Pass decimal="," if a comma stands before decimals, or decimal="." to keep such cells '
        "as text. Numbers with thousands separators should be saved without them."
    )


def _require_no_points(columns: Sequence[Column], name: str) -> None:
    """With ``decimal=","`` a point in a number is another decimal sign or a thousand."""
    wrong = [
        _shown(c.name, c.said.filter(pc.match_substring(c.said, ".")))
        for c in columns
        if c.any_match(r"\.") and c.all_match(_POINT, _COMMA, _POINT_THOUSANDS)
    ]
    if wrong:
        raise ReadError(
            f'{name}: decimal="," was given, but numbers hold points: {", ".join(wrong)}. '
            "Save the file with one decimal sign and without thousands separators."
        )


def _make(column: Column, *, comma: bool) -> tuple[pd.Series, dict[str, int]]:
    """Return the column's values, and how often each word among numbers was made missing."""
    said = column.said
    if not len(said):
        return pd.Series(np.full(len(column.codes), np.nan)), _count_words(column)
    if comma or column.all_match(_POINT):
        numbers = _numbers(column, comma=comma)
        if not np.isinf(numbers).any():  # 1e999 is no number.
            return numbers, _count_words(column)
    as_true = _in(column.trimmed, _TRUE)
    if (as_true | _in(column.trimmed, _FALSE) | column.blank).all():
        truth = pa.array(as_true, mask=column.blank)
        values = truth.take(column.codes)
        if values.null_count:
            mask = _numpy(values.is_null())
            data = _numpy(values.fill_null(False))
            return pd.Series(pd.arrays.BooleanArray(data, mask)), {}
        return pd.Series(_numpy(values)), {}
    kept = pc.if_else(pa.array(column.blank), pa.scalar(None, column.texts.type), column.texts)
    return text_series(kept.take(column.codes)), {}


def _numbers(column: Column, *, comma: bool) -> pd.Series:
    silent = column.blank | column.word
    texts = pc.if_else(pa.array(silent), pa.scalar(None, pa.string()), column.trimmed)
    if comma:
        texts = pc.replace_substring(texts, ",", ".")
    whole = not comma and column.all_match(_WHOLE)
    numbers = texts.cast(pa.float64())
    values = numbers.take(column.codes)
    if whole and not values.null_count:
        values = values.cast(pa.int64())
    # A copy, since what Arrow lends can't be written to.
    return pd.Series(np.array(values.to_numpy(zero_copy_only=False)))


def _count_words(column: Column) -> dict[str, int]:
    if not column.word.any():
        return {}
    codes = column.codes.drop_null().to_numpy(zero_copy_only=False)
    counts = np.bincount(codes, minlength=len(column.trimmed))
    found: dict[str, int] = {}
    for at in np.flatnonzero(column.word):
        word = column.trimmed[int(at)].as_py()
        found[word] = found.get(word, 0) + int(counts[at])
    return found


def text_series(texts: pa.Array) -> pd.Series:
    """Return text as pandas keeps it by default, missing where null.

    >>> text_series(pa.array(["a", None])).isna().tolist()
    [False, True]
    """
    default = pd.Series(["text"]).dtype
    return pd.Series(texts.to_pandas()).astype(default)
