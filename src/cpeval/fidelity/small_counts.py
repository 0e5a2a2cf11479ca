"""Figures of so few people that they may tell of one: marked, with a warning."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cpeval.study import Study

#: Below this many people, figures are not for sharing.
FEW_PEOPLE = 5


def units_are_people(unit: Sequence[str], study: Study) -> bool:
    """Say whether what was rated is a person or worker, not a team or site.

    Parameters
    ----------
    unit : sequence of str
        The unit's columns, the coarsest first.
    study : Study
    """
    return unit[-1] in (study.person, study.worker)


def is_small(n: pd.Series, *, people: bool = True) -> pd.Series:
    """Say which counts are of 1 to 4 people; none where units aren't people.

    >>> is_small(pd.Series([0, 1, 4, 5])).tolist()
    [False, True, True, False]
    """
    return n.between(1, FEW_PEOPLE - 1) & people


def small_warning(small: pd.Series) -> list[str]:
    """Return the warning about figures of few people, if there are any."""
    if not small.any():
        return []
    return [
        f"Fewer than {FEW_PEOPLE} people stand behind some figures (column small): don't share "
        "these, they may tell of a person."
    ]
