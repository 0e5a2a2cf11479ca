"""Sentences of results, without numbers of people that a table may not show."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from cpeval.report.disclosure import SIZES, Withheld

_NOUNS = r"(?:people|persons?|participants?|rows?|answers?|records?|cases?|scores?|values?)"
#: Some of a number of people or rows: both numbers tell the rest.
_PART = re.compile(rf"(?<![\w.,/<>-])(\d+) of (\d+) ((?:\w+ )?{_NOUNS})\b")
#: A number of people, answers or rows in a sentence.
_COUNTED = re.compile(
    rf"(?<![\w.,/<>-])[1-9]\d*(?= (?:(?:more|other|further) )?(?:\w+ )?{_NOUNS}\b)"
)
#: With the interval, which gives the number of rows away.
_ONLY = re.compile(
    r"\bOnly \d+ complete rows: alpha is imprecise below (\d+)"
    r"(?:, its [\d.]+ % interval runs from -?\d+\.\d+ to -?\d+\.\d+)?"
)
_FREEDOM = re.compile(r" on \d+(?:\.\d+)? degrees of freedom")
#: What a note on reliability says of one scale.
_SCALE = re.compile(r"of \d+ items among the \d+ (?=(?:rows|people) (?:that|who) have)")
_SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z])")
WITHHELD = "Warnings that may tell of fewer than {} people are withheld."


def protect_prose(text: str, limit: int) -> str:
    """Make the numbers of people, answers or rows in a sentence of a result general.

    A part of a total is told only if neither it nor the rest is small. Degrees of freedom and
    numbers of rows behind a scale go, since they give numbers of people away.

    Examples
    --------
    >>> protect_prose("2 of 470 people have no arm.", 5)
    'Some people have no arm.'
    >>> protect_prose("9 of 470 people have no arm.", 5)
    '9 of 470 people have no arm.'
    >>> protect_prose("18 of 20 people have no arm.", 5)
    'Some people have no arm.'
    >>> protect_prose("HC3 errors, 95 % t interval on 37 degrees of freedom.", 5)
    'HC3 errors, 95 % t interval.'
    >>> protect_prose("Only 13 complete rows: alpha is imprecise below 50.", 5)
    'Fewer than 50 complete rows, so alpha is imprecise.'
    >>> alpha = "alpha is imprecise below 50, its 95 % interval runs from -0.31 to 0.94."
    >>> protect_prose(f"Only 13 complete rows: {alpha}", 5)
    'Fewer than 50 complete rows, so alpha is imprecise.'
    """
    text = _SCALE.sub("of the items of each scale among the ", _FREEDOM.sub("", text))
    text = _ONLY.sub(r"Fewer than \1 complete rows, so alpha is imprecise", text)
    text = " ".join(dict.fromkeys(_SENTENCE.split(text)))
    if limit <= 1:
        return text

    def part(match: re.Match[str]) -> str:
        n, whole = int(match[1]), int(match[2])
        told = min(n, whole - n) >= limit
        return match[0] if told else f"{'Some' if match.start() == 0 else 'some'} {match[3]}"

    def counted(match: re.Match[str]) -> str:
        if int(match[0]) >= limit:
            return match[0]
        return "Some" if match.start() == 0 else "some"

    return _COUNTED.sub(counted, _PART.sub(part, text))


def on_left_out(warning: str) -> bool:
    """Say whether a warning counts people who were left out: a table has them, gated."""
    return "Left out:" in warning


def protect_warnings(warnings: Iterable[str], table: pd.DataFrame, limit: int) -> tuple[str, ...]:
    """Return the warnings of a result that may be shown.

    Parameters
    ----------
    warnings : iterable of str
    table : pandas.DataFrame
        The released table. Where a group of it is withheld, all its warnings are: they may tell
        of that group.
    limit : int

    Returns
    -------
    tuple of str
        None on who was left out: the released tables count them.
    """
    told = [protect_prose(text, limit) for text in warnings if not on_left_out(text)]
    sizes = table.reindex(columns=list(SIZES))
    few = sizes.map(
        lambda cell: (
            isinstance(cell, Withheld)
            and (cell.low is None or (cell.high is not None and cell.high < limit))
        )
    )
    if told and few.to_numpy().any():
        return (WITHHELD.format(limit),)
    return tuple(dict.fromkeys(told))
