"""What people were like at baseline, arm by arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.effect_sizes import standardised_difference
from cpeval.errors import ArmError, OptionError, StudyError, TooFewError, listed
from cpeval.numeric import numbers
from cpeval.people.pairing import Floats
from cpeval.people.rows import Codes, in_order, plain, require_study, study_rows
from cpeval.people.variables import Variables, variable_kinds, variable_names
from cpeval.result import Result
from cpeval.study import Study, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Baseline(Result):
    """A `Result` that also says how many people it describes.

    Attributes
    ----------
    n_people : int
        People with a row at baseline.
    """

    n_people: int

    def plot(
        self,
        ax: Axes | None = None,
        *,
        labels: Labels | None = None,
        value_labels: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Axes:
        """Draw the standardised differences between the arms (a love plot).

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Column to what to show.
        value_labels : mapping, optional
            Column to a mapping of its values' text to what to show.
        """
        from cpeval.plots.balance import balance

        return balance(self.table, ax=ax, labels=labels, value_labels=value_labels)


def baseline(data: IntoDataFrame, study: Study, variables: Variables) -> Baseline:
    r"""Describe people at baseline, in each arm and together.

    There are no tests: a difference between arms that chance made is chance by definition, and
    in other studies a test says more about the number of people than about the difference.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave; rows at baseline are used (all, in a study without waves).
    study : Study
        With a baseline, if it has a wave.
    variables : sequence of str, or mapping of str to "number" or "category"
        Columns to describe. Numbers are numbers; text, true/false and categories are
        categories; a mapping says otherwise, such as ``{"ethnicity": "category"}`` for codes.

    Returns
    -------
    Baseline
        ``table``, a row a variable (for a category, one of its levels) and group (each arm, the
        comparison first, then "all"): term, level (None for a number), group, n (answered),
        missing, count, percent (of n; categories), mean, sd, minimum, median, maximum (numbers,
        in the column's units), smd (on the rows of "all").

    Raises
    ------
    StudyError
        The study has a wave and names no baseline.
    OptionError
        ``variables`` is empty, names a column twice, or holds the person, wave or arm.
    ColumnError, DataError, DuplicateError, WaveError, ArmError, TooFewError
        As for `cpeval.outcomes.means`; dates among the variables; an arm called "all"; a
        variable that nobody has at baseline.

    Notes
    -----
    With 1 the intervention and 0 the comparison, smd is
    :math:`(\bar x_1 - \bar x_0) / \sqrt{(s_1^2 + s_0^2) / 2}`, and for a level with share p
    :math:`(p_1 - p_0) / \sqrt{(p_1 (1 - p_1) + p_0 (1 - p_0)) / 2}` [1]_. Beyond 0.1 either way
    is often read as an imbalance. NaN without two arms, or without spread in either.

    References
    ----------
    .. [1] Austin (2009). Statistics in Medicine, 28(25), 3083-3107.

    Examples
    --------
    >>> data = pd.DataFrame({"id": [1, 2, 3, 4], "arm": [0, 0, 1, 1], "age": [30, 34, 31, 37]})
    >>> study = Study(person="id", arm="arm", intervention=1)
    >>> baseline(data, study, ["age"]).table.smd.round(3).tolist()
    [nan, nan, 0.555]
    """
    require_study(study)
    names = variable_names(variables, "variables", study)
    if not names:
        raise OptionError("'variables' must name at least one column.")
    if study.wave is not None and study.baseline is None:
        raise StudyError(
            "baseline needs to know which wave that is, and the study doesn't name it. "
            "Such as Study(..., wave='wave', baseline='t0')."
        )
    rows = study_rows(data, study, names, waves=study.waves[:1])
    if study.arm is not None and "all" in rows.groups:
        raise ArmError(
            f"An arm (column {study.arm!r}) is called 'all', which here names everyone. Rename it."
        )
    people = np.flatnonzero((rows.wave == 0) & (rows.arm[rows.person] >= 0))
    table = rows.table.iloc[people]
    kinds = variable_kinds(table, names, variables)
    counted = [name for name in names if kinds[name] == "number"]
    values = dict(zip(counted, numbers(rows.table, counted)[people].T, strict=True))
    empty = [name for name in names if table[name].isna().all()]
    if empty:
        raise TooFewError(f"Nobody has a value at baseline in {listed(empty)}.")
    arm = rows.arm[rows.person[people]]
    parts = [
        _number(name, values[name], arm, rows.groups)
        if name in values
        else _category(name, table[name], arm, rows.groups)
        for name in names
    ]
    return Baseline(
        table=pd.concat(parts, ignore_index=True)[_COLUMNS],
        note=(
            "People at baseline. Standardised differences are intervention minus comparison over "
            "the root mean square of the two standard deviations (Austin, 2009)."
        ),
        warnings=rows.warnings,
        n_people=people.size,
    )


_COLUMNS = [
    *("term", "level", "group", "n", "missing", "count", "percent"),
    *("mean", "sd", "minimum", "median", "maximum", "smd"),
]


def _number(name: str, x: Floats, arm: Codes, groups: tuple[Value, ...]) -> pd.DataFrame:
    """Summarise a number, shape (n_people,), in each arm and together."""
    table = _moments(x, arm).reindex(range(len(groups)))
    together = _moments(x, np.zeros_like(arm))
    together["smd"] = standardised_difference(table["mean"].to_numpy(), table["sd"].to_numpy() ** 2)
    return _stack(name, None, table, together, groups)


def _moments(x: Floats, arm: Codes) -> pd.DataFrame:
    """Summarise a number by arm."""
    by = pd.DataFrame({"x": x, "arm": arm}).groupby("arm")["x"]
    table = by.agg(["count", "size", "mean", "std", "min", "median", "max"])
    names = ["n", "size", "mean", "sd", "minimum", "median", "maximum"]
    return pd.DataFrame(table).set_axis(names, axis=1)


def _category(name: str, column: pd.Series, arm: Codes, groups: tuple[Value, ...]) -> pd.DataFrame:
    """Count the levels of a category in each arm and together."""
    codes, found = pd.factorize(column)
    levels = [plain(value) for value in found]
    every = np.arange(len(groups))
    size = np.array([(arm == code).sum() for code in every])
    n = np.array([((arm == code) & (codes >= 0)).sum() for code in every])
    parts = []
    for level in in_order(levels):
        count = np.array([((arm == g) & (codes == levels.index(level))).sum() for g in every])
        share = np.divide(count, n, out=np.full(n.size, np.nan), where=n > 0)
        table = pd.DataFrame({"n": n, "size": size, "count": count, "percent": 100 * share})
        together = pd.DataFrame({"n": [n.sum()], "size": size.sum(), "count": count.sum()})
        together["percent"] = 100 * together["count"] / together["n"]
        together["smd"] = standardised_difference(share, share * (1 - share))
        parts.append(_stack(name, level, table, together, groups))
    return pd.concat(parts, ignore_index=True)


def _stack(
    name: str,
    level: Value | None,
    table: pd.DataFrame,
    together: pd.DataFrame,
    groups: tuple[Value, ...],
) -> pd.DataFrame:
    """Put the arms and "all" below each other; a study without arms has only the latter."""
    labels = [*groups, "all"] if groups != ("all",) else ["all"]
    both = pd.concat([table, together]).tail(len(labels)).reset_index(drop=True)
    both = both.reindex(columns=["size", *_COLUMNS])
    both["n"] = both["n"].fillna(0).astype(int)
    both["missing"] = both.pop("size").fillna(0).astype(int) - both["n"]
    both["term"], both["group"] = name, labels
    both["level"] = pd.Series([level] * len(labels), dtype=object)
    return both
