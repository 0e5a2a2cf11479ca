"""The position generator: which occupations somebody reaches, and how high they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import OptionError, is_number, listed, require_level
from cpeval.numeric import select
from cpeval.result import Result
from cpeval.social_capital.access import Floats, Relations, access_of, labels_of, prevalence
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PositionGenerator(Result):
    """A `Result` with a row a person: how many positions they reach, and how high.

    Attributes
    ----------
    positions : pandas.DataFrame
        A row a position: term, n, estimate (the share who reach it), ci_low, ci_high, prestige,
        and ``through_…`` of each relation.
    relations : pandas.DataFrame or None
        With relations: a row a person and relation (group), the same measures of the positions
        reached through it.
    n_excluded : int
        People who left a position unanswered; their row is empty.
    """

    positions: pd.DataFrame
    relations: pd.DataFrame | None
    n_excluded: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share who reach each position, with intervals, on ``ax`` or new axes."""
        from cpeval.plots.intervals import intervals

        return intervals(self.positions, ax=ax, xlabel="Share who reach it", zero=False)


def position_generator(
    data: IntoDataFrame,
    positions: Mapping[str, float],
    *,
    relations: Relations | None = None,
    study: Study | None = None,
    level: float = 0.95,
) -> PositionGenerator:
    r"""Say how many occupations people reach, and how high these are.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        A row a person (and wave).
    positions : mapping
        Column to the prestige of its occupation, such as ISEI or SIOPS, in any unit.
    relations : mapping, optional
        What the codes in those columns mean, the strongest tie first: ``{1: "relative",
        2: "friend", 3: "acquaintance"}``. 0 is nobody, unless a code has None. Without it answers
        are 1 (true) and 0 (false).
    study : Study, optional
        Names the columns of person and wave, which the table then has.
    level : float, default 0.95
        Of the intervals (Wilson's) in ``positions``.

    Returns
    -------
    PositionGenerator
        ``table``, a row a row of the data: person and wave, or row (from 1); extensity (how many
        positions), upper_reachability (the highest prestige), range (highest less lowest),
        mean_prestige, total (sum of prestige).

    Raises
    ------
    OptionError
        No positions; prestige that is no number; relations that are no mapping.
    ColumnError
        Columns that are absent, all of them.
    CodeError
        Answers that mean nothing, with columns, values and rows.

    Notes
    -----
    Measures of Lin & Dumin [1]_ and of Van der Gaag, Snijders & Flap [2]_. Who reaches no position
    has extensity and total 0, and the rest missing. Who left a position out has all missing: a gap
    is not nobody.

    References
    ----------
    .. [1] Lin & Dumin (1986). Access to occupations through social ties. Social Networks, 8(4),
       365-385.
    .. [2] Van der Gaag, Snijders & Flap (2008). Position generator measures and their relationship
       to other social capital measures. In Lin & Erickson, Social Capital. Oxford.

    Examples
    --------
    >>> data = pd.DataFrame({"lawyer": [1, 0, 0], "nurse": [1, 1, 0], "porter": [0, 1, 0]})
    >>> found = position_generator(data, {"lawyer": 86, "nurse": 48, "porter": 25})
    >>> found.table[["extensity", "upper_reachability", "range", "mean_prestige", "total"]]
       extensity  upper_reachability  range  mean_prestige  total
    0        2.0                86.0   38.0           67.0  134.0
    1        2.0                48.0   23.0           36.5   73.0
    2        0.0                 NaN    NaN            NaN    0.0
    """
    require_level(level)
    prestige = _prestige(positions)
    roles = () if study is None else (study.person, study.wave)
    table = select(data, *positions, *roles)
    access = access_of(table, list(positions), relations)
    labels = labels_of(table, study)
    complete = access.complete
    reached = access.reached == 1
    by_relation = None
    if access.relations:
        parts = [
            labels.assign(group=name, **measures((access.through == k), prestige, complete))
            for k, name in enumerate(access.relations)
        ]
        by_relation = pd.concat(parts, ignore_index=True)
    n_excluded = int((~complete).sum())
    return PositionGenerator(
        table=labels.assign(**measures(reached, prestige, complete)),
        note=(
            f"Position generator of {len(prestige)} occupations (Lin & Dumin, 1986); intervals of "
            f"shares are Wilson's, {100 * level:g} %."
        ),
        warnings=(
            (f"{n_excluded} of {len(table)} rows leave a position out, and have no measures.",)
            if n_excluded
            else ()
        ),
        positions=prevalence(access, level).assign(prestige=prestige),
        relations=by_relation,
        n_excluded=n_excluded,
    )


def measures(
    reached: NDArray[np.bool_], prestige: Floats, complete: NDArray[np.bool_]
) -> dict[str, Floats]:
    """Compute the measures of n people, each of shape (n,).

    Parameters
    ----------
    reached : array of bool, shape (n, k)
    prestige : array, shape (k,)
    complete : array of bool, shape (n,)
        Who answered all; the others' measures are NaN.
    """
    number = reached.sum(axis=1)
    total = reached @ prestige
    highest = np.where(reached, prestige, -np.inf).max(axis=1)
    lowest = np.where(reached, prestige, np.inf).min(axis=1)
    some = complete & (number > 0)
    nan = np.full(number.shape, np.nan)
    return {
        "extensity": np.where(complete, number, nan),
        "upper_reachability": np.where(some, highest, nan),
        "range": np.subtract(highest, lowest, out=nan.copy(), where=some),
        "mean_prestige": np.divide(total, number, out=nan.copy(), where=some),
        "total": np.where(complete, total, nan),
    }


def _prestige(positions: Mapping[str, float]) -> Floats:
    """Return the prestige of each position."""
    if not isinstance(positions, Mapping) or not positions:
        raise OptionError(
            "'positions' must be a mapping from a column to the prestige of its occupation, such "
            f"as {{'nurse': 48}}. Got {positions!r}."
        )
    wrong = {n: p for n, p in positions.items() if not is_number(p) or not np.isfinite(p)}
    if wrong:
        raise OptionError(
            f"Prestige must be a number. It isn't, of {listed(wrong)}: {listed(wrong.values())}."
        )
    return np.array(list(positions.values()), dtype=float)
