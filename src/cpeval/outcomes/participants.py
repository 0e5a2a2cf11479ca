"""Who took part: people by arm and wave, lost and joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import StudyError, listed
from cpeval.people.rows import StudyRows, in_order, plain, require_study, study_rows
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Participants(Result):
    """A `Result` that also says how many people there are in all.

    Attributes
    ----------
    n_people : int
        People with a row at one of the study's waves.
    wave : str or None
        The column that says the wave.
    """

    n_people: int
    wave: str | None

    def plot(
        self,
        ax: Axes | None = None,
        *,
        group_labels: Labels | None = None,
        wave_labels: Labels | None = None,
        xlabel: str | None = None,
    ) -> Axes:
        """Draw how many people of each arm were seen, wave by wave.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        group_labels, wave_labels : mapping, optional
            Arm or wave (or its text) to what to show.
        xlabel : str, optional
            Name of the axis of waves; by default its column.
        """
        from cpeval.plots.participants import participants as draw

        return draw(
            self.table,
            ax=ax,
            group_labels=group_labels,
            wave_labels=wave_labels,
            xlabel=self.wave if xlabel is None else xlabel,
        )


def participants(data: IntoDataFrame, study: Study) -> Participants:
    """Count the people of each arm at each wave, whether they answered anything or not.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave; a row means that the person was seen then.
    study : Study
        Its waves, in its order; the baseline is what losses are counted from. Without a wave,
        one row an arm.

    Returns
    -------
    Participants
        ``table``, a row an arm (the comparison first) and wave: group, wave, n (people with a
        row), lost (seen at baseline and not at this wave), joined (seen at this wave and not at
        baseline), percent (n over the people at baseline, times 100; NaN if there are none).

    Raises
    ------
    StudyError
        The study has a wave and names no baseline.
    ColumnError, DataError, DuplicateError, WaveError, ArmError, TooFewError
        As for `cpeval.outcomes.means`.

    Notes
    -----
    These are the numbers of a CONSORT flow diagram from baseline on [1]_; people who were
    asked and never had a row are not in the data.

    References
    ----------
    .. [1] Schulz, Altman & Moher (2010). BMJ, 340, c332.

    Examples
    --------
    >>> data = pd.DataFrame({"id": [1, 2, 3, 1, 2], "wave": [0, 0, 0, 6, 6]})
    >>> study = Study(person="id", wave="wave", baseline=0, follow_up=6)
    >>> participants(data, study).table[["wave", "n", "lost"]].to_numpy().tolist()
    [[0, 3, 0], [6, 2, 1]]
    """
    require_study(study)
    if study.wave is not None and study.baseline is None:
        raise StudyError(
            "participants counts losses from the baseline, and the study names none. "
            "Such as Study(..., wave='wave', baseline='t0')."
        )
    rows = study_rows(data, study, [], waves=study.waves)
    there = np.zeros((rows.n_people, len(rows.waves)), dtype=bool)
    counted = rows.wave >= 0
    there[rows.person[counted], rows.wave[counted]] = True
    table = []
    for code, group in enumerate(rows.groups):
        seen = there[rows.arm == code]
        n = seen.sum(axis=0)
        first = seen[:, :1]
        percent = 100 * n / n[0] if n[0] else np.full(n.size, np.nan)
        table.append(
            pd.DataFrame(
                {
                    "group": [group] * n.size,
                    "wave": list(rows.waves),
                    "n": n,
                    "lost": (first & ~seen).sum(axis=0),
                    "joined": (~first & seen).sum(axis=0),
                    "percent": percent,
                }
            )
        )
    return Participants(
        table=pd.concat(table, ignore_index=True),
        note=(
            "People with a row at each wave. Lost: seen at baseline and not at the wave. Joined: "
            "seen at the wave and not at baseline. Per cent: of the arm's people at baseline."
        ),
        warnings=(*rows.warnings, *_elsewhere(rows, study)),
        wave=study.wave,
        n_people=int(there.any(axis=1).sum()),
    )


def _elsewhere(rows: StudyRows, study: Study) -> list[str]:
    """Say how many rows are at waves that the study doesn't name."""
    if study.wave is None or (rows.wave >= 0).all():
        return []
    other = rows.table[study.wave][rows.wave < 0]
    return [
        f"{len(other)} rows at waves that the study doesn't name were not counted "
        f"({listed(in_order(map(plain, other.unique())))})."
    ]
