"""Categories of alters that few networks have, put together before anything is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cpeval.networks.blocks import Ints
from cpeval.networks.composition import crossed

#: What they become. Alters that are "other" already are with them.
OTHER = "other"


def without_rare(
    values: pd.Series, net: Ints, cell: np.ndarray[Any, Any], limit: int
) -> tuple[pd.Series, int]:
    """Put together categories that fewer than ``limit`` networks of a group have.

    Parameters
    ----------
    values : pandas.Series of str, shape (N,)
        The category of each alter; missing is none.
    net : array of int, shape (N,)
        Its network.
    cell : array, shape (G,)
        The group (arm and wave) of each network.
    limit : int
        A category is rare if in some group 1 to ``limit`` - 1 networks have it.

    Returns
    -------
    values : pandas.Series
        Rare ones are "other". Should "other" still be rare, the next least common joins it.
    n_rare : int
        Categories that were put there.

    Examples
    --------
    >>> values = pd.Series(["kin", "kin", "friend", "priest"])
    >>> pooled, n = without_rare(values, np.array([0, 1, 0, 1]), np.array(["a", "a"]), 2)
    >>> pooled.tolist(), n
    (['kin', 'kin', 'other', 'other'], 2)
    """
    codes, names = pd.factorize(values, sort=True)
    cells, groups = pd.factorize(cell)
    has = crossed(net, codes.astype(np.int64), len(cell), len(names)) > 0

    def rare(columns: Any) -> bool:  # noqa: ANN401
        any_ = has[:, columns].any(axis=1)
        n = np.bincount(cells[any_], minlength=len(groups))
        return bool(((n > 0) & (n < limit)).any())

    pool = [k for k in range(len(names)) if rare([k])]
    if not pool:
        return values, 0
    own = [k for k, name in enumerate(names) if name == OTHER]
    pool = list(dict.fromkeys([*pool, *own]))
    common = [int(k) for k in np.argsort(has.sum(axis=0), kind="stable") if k not in pool]
    while common and rare(pool):
        pool.append(common.pop(0))
    pooled = values.where(~np.isin(codes, pool), OTHER).astype(object)
    return pooled, len([k for k in pool if k not in own])
