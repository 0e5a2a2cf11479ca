"""What of personal networks may be shown: nothing of few people, and no number that tells of them.

Categories that few have are put together before anything is computed
(`cpeval.networks.rare_categories`), so that shares, which add up to 1, tell nothing of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.report.disclosure import Withheld, is_small, withhold
from cpeval.report.sizes import Totals, protect_change, protect_means

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

#: Results by the beginning of their names.
PREFIX = "networks/"
#: With their numbers of networks these tell of few people.
_DROPPED = ("pooled_density", "n_density")
_COUNTED = re.compile(
    r"(?<!than )\b\d[\d,]* (?:of \d[\d,]* )?(ego|network|alter)s?\b(?: (has|is|was)\b)?"
)
#: Where the number is gone, one is some.
_PLURAL = {"has": " have", "is": " are", "was": " were"}


def protect_networks(
    name: str, table: pd.DataFrame, totals: Totals, measures: Sequence[Hashable]
) -> pd.DataFrame:
    """Gate a table of networks that is of no single measure.

    Parameters
    ----------
    name : str
        Of the result.
    table : pandas.DataFrame
        term, group, wave, n, and what was found.
    totals : Totals
        Numbers that are shown of the measures are in it already.
    measures : sequence
        Outcomes that ``totals`` knows, of the same networks.
    """
    if name == f"{PREFIX}average":
        totals.beside[name] = tuple(measures)
        return protect_average(table, name, totals)
    protect: Callable[[pd.DataFrame, Hashable, Totals], pd.DataFrame]
    protect = protect_change if name == f"{PREFIX}turnover" else protect_means
    # Rows keep their order; terms that were gated before are compared with as well.
    parts, seen = [], list(measures)
    for term, rows in table.groupby("term", sort=False):
        one = f"{name}/{term}"
        totals.beside[one] = tuple(seen)
        parts.append(protect(rows.reset_index(drop=True), one, totals))
        seen.append(one)
    return pd.concat(parts, ignore_index=True) if parts else table.astype(object)


def protect_average(table: pd.DataFrame, name: str, totals: Totals) -> pd.DataFrame:
    """Gate averages: shares that tell how few have, or lack, a category; densities of few."""
    limit = totals.limit
    kept = table.drop(columns=[column for column in _DROPPED if column in table])
    cells = protect_means(kept.reset_index(drop=True), name, totals)
    if limit <= 1:
        return cells
    has = np.rint((table["share"] * table["n"]).to_numpy(dtype=float))
    lacks = table["n"].to_numpy(dtype=float) - has
    withhold(cells, "share", is_small(has, limit) | is_small(lacks, limit))
    withhold(cells, "mean", is_small(has, limit))
    few = is_small(has, limit) | is_small(table["n_density"], limit)
    withhold(cells, "density", few & table["density"].notna().to_numpy())
    return cells


def shown_between(between: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Take densities between categories out that are of few networks."""
    few = is_small(between["n_density"], limit) & (limit > 1)
    return between.assign(density=between["density"].mask(few))


def is_out(cell: object) -> bool:
    """Say whether nothing of a number of people may be shown."""
    return isinstance(cell, Withheld) and (cell.low is None or cell.low == 1)


def networks_prose(text: str, limit: int) -> str:
    """Take numbers of networks and alters out of a sentence.

    >>> networks_prose("3 networks are of people or waves that the study's data lack.", 5)
    "Some networks are of people or waves that the study's data lack."
    >>> networks_prose("Averages of fewer than 5 networks: 2 of 30 alters.", 5)
    'Averages of fewer than 5 networks: some alters.'
    >>> networks_prose("1 ego has no value of 'arm'.", 5)
    "Some egos have no value of 'arm'."
    """
    if limit <= 1:
        return text

    def some(match: re.Match[str]) -> str:
        word = "Some" if match.start() == 0 else "some"
        return f"{word} {match[1]}s{_PLURAL.get(match[2] or '', '')}"

    return _COUNTED.sub(some, text)
