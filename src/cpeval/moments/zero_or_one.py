"""Which columns are 0 or 1 throughout: seen from moments, as such a number is its own square."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cpeval.moments.site_moments import SiteMoments

#: What rounding may leave of a mean or of a sum of squares, for each person.
_ROUNDING = 1e-9


def zero_or_one(moments: SiteMoments, column: int) -> bool:
    """Say whether a column is 0 or 1 in every row: the squares about its mean are n m (1 - m).

    Parameters
    ----------
    moments : SiteMoments
    column : int
        Its place in ``moments.columns``; -1 is the outcome.

    Returns
    -------
    bool
        Whole numbers can't look so by chance: each that is not 0 or 1 has a larger square.
    """
    used = moments.n > 0
    mean = moments.origin[column] + moments.offset[used, column]
    weight = moments.weight[used]
    expected = weight * mean * (1 - mean)
    return bool(
        ((mean > -_ROUNDING) & (mean < 1 + _ROUNDING)).all()
        and (
            np.abs(moments.cross[used, column, column] - expected)
            <= _ROUNDING * np.maximum(weight, 1.0)
        ).all()
    )
