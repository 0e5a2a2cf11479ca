"""Sentences of results, without the small numbers that they may tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from cpeval.report.disclosure import SIZES, Withheld

_NOUNS = r"(?:people|persons?|participants?|rows?|answers?|records?|cases?|scores?|values?)"
#: A number of people, answers or rows in a sentence.
_COUNTED = re.compile(
    rf"(?<![\w.,/<>-])[1-9]\d*(?= (?:(?:of|more|other|further) )?(?:\w+ )?{_NOUNS}\b)"
)
#: A number that starts a phrase: a count, in a sentence on who was left out.
_FIRST = re.compile(r"(?<=[:;,] )[1-9]\d*(?= [a-z])")
_ALONE = re.compile(r"[^;,:]* alone with .*", re.DOTALL)
_FREEDOM = re.compile(r"\bon \d+(?:\.\d+)? degrees of freedom")


def protect_prose(text: str, limit: int) -> str:
    """Replace small numbers of people, answers or rows in a sentence of a result.

    Degrees of freedom go as well, since they give numbers of people away, and so does the
    category that somebody was alone in.

    Examples
    --------
    >>> protect_prose("Left out: 3 of 40 people in arm 1; 2 without a score at 3.", 5)
    'Left out: fewer than 5 of 40 people in arm 1; fewer than 5 without a score at 3.'
    >>> protect_prose("Left out: 9 of 40 people; 8 without a score, 1 alone with sex='x'.", 5)
    'Left out: 9 of 40 people; 8 without a score, some alone in a category.'
    >>> protect_prose("HC3 errors, 95 % t interval on 37 degrees of freedom.", 5)
    'HC3 errors, 95 % t interval on df degrees of freedom.'
    """

    def shown(match: re.Match[str]) -> str:
        return f"fewer than {limit}" if int(match[0]) < limit else match[0]

    text = _FREEDOM.sub("on df degrees of freedom", text)
    if limit <= 1:
        return text
    text = _ALONE.sub(" some alone in a category.", text)
    text = _COUNTED.sub(shown, text)
    return _FIRST.sub(shown, text) if text.startswith("Left out") else text


def protect_warnings(warnings: Iterable[str], table: pd.DataFrame, limit: int) -> tuple[str, ...]:
    """Withhold warnings of a result in which a group is withheld: they may tell of that group.

    Parameters
    ----------
    warnings : iterable of str
    table : pandas.DataFrame
        The released table.
    limit : int

    Returns
    -------
    tuple of str
        Those on who was left out stay, with `protect_prose`.
    """
    told = [protect_prose(text, limit) for text in warnings]
    sizes = table.reindex(columns=list(SIZES))
    if not sizes.map(lambda cell: isinstance(cell, Withheld)).to_numpy().any():
        return tuple(told)
    kept = [text for text in told if text.startswith("Left out")]
    if len(kept) < len(told):
        kept.append(f"Warnings that may tell of fewer than {limit} people are withheld.")
    return tuple(kept)
