"""Which site each row is of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import listed
from cpeval.people.rows import in_order, plain
from cpeval.study import Value

Codes = NDArray[np.intp]


def site_codes(column: pd.Series) -> tuple[Codes, list[Value]]:
    """Code the sites of a column.

    Returns
    -------
    code : array of int, shape (n_rows,)
        Place in ``labels``; -1 where the column is missing.
    labels : list
        Ordered categories in their order; else numbers by size, then text.
    """
    codes, found = pd.factorize(column)
    labels = [plain(value) for value in found]
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        there = set(labels)
        ordered = [v for v in map(plain, column.cat.categories) if v in there]
    else:
        ordered = in_order(labels)
    place = {(isinstance(v, str), v): k for k, v in enumerate(ordered)}
    to = np.array([place[isinstance(v, str), v] for v in labels] or [0], dtype=np.intp)
    return np.where(codes >= 0, to[codes], -1), ordered


def sites_text(sites: Sequence[object]) -> str:
    """Count sites and name them.

    >>> sites_text(["North"]), sites_text([1, 2])
    ("1 site ('North')", '2 sites (1, 2)')
    """
    noun = "site" if len(sites) == 1 else "sites"
    return f"{len(sites)} {noun} ({listed(sites)})"
