"""What of the ratings of delivery may be shown: no counts of people, and nothing of few.

Sites' occasions with few people are taken out before anything is computed
(`cpeval.fidelity.shareable`), so no total can be worked back to them. Here numbers of people go,
which beside the flow of people could tell of the few who were not rated.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from cpeval.report.disclosure import KEYS, Withheld, is_small, withhold
from cpeval.report.sizes import coarsen

#: Results by the beginning of their names.
PREFIX = "fidelity/"
OUTCOME = "fidelity/outcome"
#: What says which row is which, beside the keys of all tables.
_KEYS = KEYS | {"item", "label", "occasion"}
#: Of use to who ran the evaluation only.
_DROPPED = ("small", "why", "n_units")
#: Numbers of units, sheets and scores in sentences.
_OVER = re.compile(r"\b(over|on) [\d,]+ (units?\b)")
_EACH = re.compile(r", [\d,]+ when each occasion counts,")
_MORE = re.compile(r" [\d,]+ more have no ratings then\.")
#: With its number of degrees of freedom this tells how many units or teams a site has.
_FREEDOM = re.compile(r"\bas few as [\d.]+ (?=degrees of freedom)")
_ONLY = re.compile(r"\bOnly [\d,]+ units\b")
_COUNTED = re.compile(
    r"\b[\d,]+ (?:of [\d,]+ )?"
    r"(unit|row|sheet|rating|slope|scale score|categor(?:y|ies)|coefficient)s?\b"
    r"(?: (have|are|were|has|is|was)\b)?"
)
#: Where the number is gone, one is some.
_PLURAL = {"has": "have", "is": "are", "was": "were", "category": "categories"}


def protect_delivery(table: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Withhold rows on fewer than ``limit`` people, and numbers of people everywhere.

    With these go errors and degrees of freedom, which tell them; the rest is rounded.

    Parameters
    ----------
    table : pandas.DataFrame
        Of a result of `cpeval.fidelity`, n its number of people.
    limit : int
        1 shows everything.
    """
    cells = table.drop(columns=[name for name in _DROPPED if name in table]).astype(object)
    if limit <= 1 or "n" not in cells:
        return cells
    few = is_small(table["n"], limit)
    for column in (str(name) for name in cells if name not in (*_KEYS, "n")):
        withhold(cells, column, few & cells[column].notna().to_numpy())
    enough = np.asarray(table["n"] >= limit)
    for row in np.flatnonzero(enough):
        coarsen(cells, int(row))
    if "n_clusters" in cells:  # units, where no site has two teams
        withhold(cells, "n_clusters", enough & (table["n_clusters"] == table["n"]).to_numpy())
    withhold(cells, "n", few, Withheld(1, limit - 1))
    withhold(cells, "n", enough, Withheld(limit))
    return cells


def delivery_prose(text: str, limit: int) -> str:
    """Take numbers of units out of a sentence.

    >>> delivery_prose("Means over 63 units (person) in 5 sites. 2 more have no ratings then.", 5)
    'Means over the units (person) in 5 sites.'
    >>> delivery_prose("3 units were not rated on every occasion.", 5)
    'Some units were not rated on every occasion.'
    >>> delivery_prose("1 row was left out, and 1 of 9 sheets has no rating.", 5)
    'Some rows were left out, and some sheets have no rating.'
    >>> delivery_prose("Intervals rest on as few as 1.5 degrees of freedom.", 5)
    'Intervals rest on few degrees of freedom.'
    """
    if limit <= 1:
        return text
    text = _ONLY.sub("Few units", _FREEDOM.sub("few ", _EACH.sub("", text)))
    text = _MORE.sub("", _OVER.sub(r"\1 the \2", text))

    def some(match: re.Match[str]) -> str:
        word = "Some" if match.start() == 0 else "some"
        noun = _PLURAL.get(match[1], match[1])
        noun += "" if noun.endswith("ies") else "s"
        verb = f" {_PLURAL.get(match[2], match[2])}" if match[2] else ""
        return f"{word} {noun}{verb}"

    return _COUNTED.sub(some, text)
