"""Consensus values with who settled them and when: read back from a meeting's sheet."""

from __future__ import annotations

from dataclasses import dataclass

from cpeval.result import Result


@dataclass(frozen=True, kw_only=True, eq=False)
class Consensus(Result):
    """Recorded consensus values: from `read_consensus`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a unit, occasion and item with a value: their columns, item, rating, by (who
        settled it), on (the date), remark.
    n_open : int
        Rows of the sheet without a value: still to be settled.
    """

    n_open: int
