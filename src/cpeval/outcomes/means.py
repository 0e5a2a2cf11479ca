"""Means of an outcome by wave and arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from scipy import stats

from cpeval.errors import TooFewError, require_level
from cpeval.numeric import numbers
from cpeval.people.pairing import Floats, require_outcome
from cpeval.people.rows import Codes, require_study, study_rows
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Means(Result):
    """A `Result` that also says which columns it is of.

    Attributes
    ----------
    outcome : str
        The column of scores.
    wave : str or None
        The column that says the wave.
    """

    outcome: str
    wave: str | None

    def plot(
        self,
        ax: Axes | None = None,
        *,
        group_labels: Labels | None = None,
        wave_labels: Labels | None = None,
        xlabel: str | None = None,
        ylabel: str | None = None,
    ) -> Axes:
        """Draw a line an arm through its means, with their intervals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        group_labels, wave_labels : mapping, optional
            Arm or wave (or its text) to what to show.
        xlabel, ylabel : str, optional
            Names of the axes; by default the columns of wave and outcome.
        """
        from cpeval.plots.means import means as draw

        return draw(
            self.table,
            ax=ax,
            group_labels=group_labels,
            wave_labels=wave_labels,
            xlabel=self.wave if xlabel is None else xlabel,
            ylabel=self.outcome if ylabel is None else ylabel,
        )


def means(data: IntoDataFrame, outcome: str, study: Study, *, level: float = 0.95) -> Means:
    r"""Describe an outcome at each wave in each arm, by all who answered then.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave.
    outcome : str
        Column of scores, in the instrument's points. Missing is null or NaN.
    study : Study
        Its waves, in its order; those of the data if it names none. Without a wave, one row an
        arm.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Means
        ``table``, a row an arm (the comparison first) and wave: group, wave, n (scores),
        missing (rows without one), estimate (mean), sd, se, df, ci_low, ci_high. What can't be
        computed is NaN, and a warning says where.

    Raises
    ------
    ColumnError, DataError
        Columns absent or not numeric; infinite values; rows without a person.
    DuplicateError, WaveError, ArmError
        A person twice at a wave; a wave absent from the data; people in several arms.
    TooFewError
        No rows, or no score at any of the waves.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    The interval is :math:`\bar y \pm t_{n-1} s / \sqrt n`. People differ from wave to wave, so
    a difference of two means here is not the mean change: see `change`.

    Examples
    --------
    >>> data = pd.DataFrame({"id": [1, 2, 3], "score": [10.0, 12.0, None]})
    >>> means(data, "score", Study(person="id")).table[["n", "missing", "estimate"]].iloc[0]
    n            2.0
    missing      1.0
    estimate    11.0
    Name: 0, dtype: float64
    """
    require_level(level)
    require_study(study)
    require_outcome(outcome, study)
    rows = study_rows(data, study, [outcome], waves=study.waves or None)
    score = numbers(rows.table, [outcome])[:, 0]
    used = (rows.wave >= 0) & (rows.arm[rows.person] >= 0)
    if np.isnan(score[used]).all():
        raise TooFewError(f"Column {outcome!r} holds no score at any wave of the study.")
    table = _summary(score[used], rows.arm[rows.person][used], rows.wave[used], level)
    full = pd.MultiIndex.from_product(
        [range(len(rows.groups)), range(len(rows.waves))], names=["group", "wave"]
    )
    table = table.reindex(full).fillna({"n": 0, "missing": 0, "df": 0}).reset_index()
    table = table.astype({"n": int, "missing": int, "df": int})
    table["group"] = [rows.groups[code] for code in table["group"]]
    table["wave"] = pd.Series(
        [rows.waves[code] for code in table["wave"]], dtype=object
    ).infer_objects()
    cells = pd.Series(
        [
            f"{g!r} at {w!r}" if study.wave else f"{g!r}"
            for g, w in zip(table["group"], table["wave"], strict=True)
        ]
    )
    worries = {
        "Fewer than two scores, so no standard deviation or interval": table["n"] < 2,
        "All scores are equal, so the interval is undefined": table["sd"] == 0,
    }
    if study.wave is None:
        who, differ = "all with a score", ""
    else:
        who, differ = "all with a score at the wave", " The people differ from wave to wave."
    return Means(
        table=table,
        note=(
            f"Means of {outcome} among {who}, with {100 * level:g} % t intervals on n - 1 degrees "
            f"of freedom.{differ}"
        ),
        warnings=(
            *rows.warnings,
            *(f"{text}: {', '.join(cells[at])}." for text, at in worries.items() if at.any()),
        ),
        outcome=outcome,
        wave=study.wave,
    )


def _summary(score: Floats, group: Codes, wave: Codes, level: float) -> pd.DataFrame:
    """Summarise scores, shape (n_rows,), by the codes of arm and wave."""
    by = pd.DataFrame({"group": group, "wave": wave, "score": score}).groupby(["group", "wave"])
    table = pd.DataFrame(by["score"].agg(["count", "size", "mean", "std", "min", "max"]))
    table = table.set_axis(["n", "size", "estimate", "sd", "low", "high"], axis=1)
    equal = (table["n"] > 1) & (table["low"] == table["high"])
    table.loc[equal, "sd"] = 0.0
    table.loc[equal, "estimate"] = table.loc[equal, "low"]
    table["missing"] = table.pop("size") - table["n"]
    table["se"] = table["sd"] / np.sqrt(table["n"].where(table["n"] > 0))
    table["df"] = (table["n"] - 1).clip(lower=0)
    # Without spread there is no interval, as in `change`: one of width 0 would claim certainty.
    half = table["se"].mask(equal) * stats.t.isf(
        (1 - level) / 2, table["df"].where(table["df"] > 0)
    )
    table["ci_low"], table["ci_high"] = table["estimate"] - half, table["estimate"] + half
    return table[["n", "missing", "estimate", "sd", "se", "df", "ci_low", "ci_high"]]
