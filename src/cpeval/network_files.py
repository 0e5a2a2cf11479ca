"""The files of ``[networks]``, and the place of each network in the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpeval.errors import StudyError, TooFewError, did_you_mean, listed
from cpeval.networks.ego_networks import EgoNetworks
from cpeval.number_agreement import counted
from cpeval.reading.assembling import SourceFile, read_table
from cpeval.reading.joining import join

if TYPE_CHECKING:
    from cpeval.study import Study
    from cpeval.study_file import StudyFile

#: Names of results, and of columns that are joined to the study's, begin so.
PREFIX = "networks/"
ARM = f"{PREFIX}arm"
ROW = f"{PREFIX}row"
_KNOWN = f"{PREFIX}known"


@dataclass(frozen=True, eq=False)
class Tables:
    """The files as read."""

    egos: pd.DataFrame
    alters: pd.DataFrame
    ties: pd.DataFrame | None


def load_networks(plan: StudyFile) -> tuple[Tables | None, list[SourceFile]]:
    """Read the files of ``[networks]``; nothing without it.

    Raises
    ------
    StudyError
        ``[networks]`` names columns that the files lack: all of them at once.
    ReadError
        A file can't be read.
    """
    said = plan.networks
    if said is None:
        return None, []
    wave = wave_column(plan)
    waves = [wave] if wave is not None else []
    network = [said.ego, *waves]
    own = [name for name in (said.relation, said.kind, *said.only) if name is not None]
    wanted = {
        "egos": network,
        "alters": [*network, said.alter, *own],
        "ties": [*network, said.source, said.target],
    }
    read: dict[str, pd.DataFrame] = {}
    sources: list[SourceFile] = []
    wrong = []
    for role, columns in wanted.items():
        file = getattr(said, role)
        if file is None:
            continue
        spec = {"file": file, "missing": said.missing, "decimal": said.decimal}
        ids = [name for name in columns if name not in own]
        table, files = read_table(
            {**{k: v for k, v in spec.items() if v is not None}, "spare": ids}, plan.folder
        )
        sources += files
        read[role] = table
        there = list(table.columns)
        wrong += [
            f"- {file}: {name!r}{did_you_mean(name, there)}. Columns there: {listed(there)}."
            for name in dict.fromkeys(columns)
            if name not in there
        ]
    if wrong:
        raise StudyError("[networks] names columns that its files lack:\n" + "\n".join(wrong))
    return Tables(read["egos"], read["alters"], read.get("ties")), sources


@dataclass(frozen=True, eq=False)
class Placed:
    """Networks, each with its person's place in the study.

    Attributes
    ----------
    every : EgoNetworks
        Those of people, arms and waves that the study has; the arm is column `ARM`.
    only : EgoNetworks
        The same, with the alters that are to be taken.
    data : pandas.DataFrame
        The study's rows. `ROW` is the position of each row's network; missing without one.
    study : Study
    lost : int
        Networks that the study has no place for.
    """

    every: EgoNetworks
    only: EgoNetworks
    data: pd.DataFrame
    study: Study
    lost: int

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What all results warn of."""
        if not self.lost:
            return self.only.warnings
        text = counted(
            self.lost,
            "{n} network[s] [is|are] of people or waves that the study's data lack, or of people "
            "without an arm; [it is|they are] not in any result.",
        )
        return (text, *self.only.warnings)

    def joined(self, values: Mapping[str, np.ndarray]) -> pd.DataFrame:
        """Add values a network, shape (G,), to the study's rows."""
        row = self.data[ROW].to_numpy(dtype=float)
        there = ~np.isnan(row)
        added = {}
        for name, of_network in values.items():
            column = np.full(row.size, np.nan)
            column[there] = of_network[row[there].astype(np.int64)]
            added[name] = column
        return self.data.assign(**added)


def placed(plan: StudyFile, tables: Tables, scored: pd.DataFrame) -> Placed:
    """Check the networks, and find the person, arm and wave of each in the study.

    Raises
    ------
    NetworkError
        The tables don't fit together.
    JoinError
        Ids are numbers in one file and text in the other.
    TooFewError
        No network is of a person and wave of the study.
    OptionError
        ``only`` has values that no alter has.
    """
    study, said = plan.study, plan.networks
    assert said is not None
    wave = wave_column(plan)
    how: dict[str, Any] = {"ego": said.ego, "alter": said.alter, "wave": wave}
    how |= {"source": said.source, "target": said.target}
    EgoNetworks(
        tables.egos, tables.alters, tables.ties, **how
    )  # all faults, before any is left out
    keys = {study.person: said.ego}
    if study.wave is not None and wave is not None:
        keys[study.wave] = wave
    left = scored.assign(**{_KNOWN: np.arange(len(scored))})
    right = tables.egos[list(keys.values())].assign(**{ROW: np.arange(len(tables.egos))})
    both = join(
        left[[*keys, _KNOWN, *([study.arm] if study.arm else [])]].dropna(subset=list(keys)),
        right,
        on=keys,
        expect="one-to-one",
        unmatched="keep",
    ).dropna(subset=[_KNOWN, ROW])
    if study.arm is not None:
        both = both.dropna(subset=[study.arm])
    if both.empty:
        raise TooFewError(
            f"No network in {said.egos} is of a person{' and wave' if len(keys) > 1 else ''} of "
            "the study: ids and waves have to be written alike in both."
        )
    mark, row = (both[name].to_numpy(dtype=np.int64) for name in (_KNOWN, ROW))
    arm = both[study.arm].to_numpy(dtype=object) if study.arm else np.full(len(both), "all")
    order = np.argsort(row)
    egos = tables.egos.iloc[row[order]].reset_index(drop=True)
    egos[ARM] = pd.Series(arm[order], dtype=object).infer_objects()
    network = [said.ego, *([wave] if wave is not None else [])]
    known = pd.MultiIndex.from_frame(egos[network])
    some = [
        None if t is None else t[pd.MultiIndex.from_frame(t[network]).isin(known)]
        for t in (tables.alters, tables.ties)
    ]
    assert some[0] is not None
    alters = some[0].copy()
    for column in (said.relation, said.kind):
        if column is not None and column not in said.only:
            alters[column] = _labelled(plan, alters[column])
    every = EgoNetworks(egos, alters, some[1], **how)
    position = np.full(len(scored), np.nan)
    position[mark[order]] = np.arange(row.size)
    return Placed(
        every,
        every.select(alters=said.only) if said.only else every,
        scored.assign(**{ROW: position}),
        study,
        len(tables.egos) - row.size,
    )


def wave_column(plan: StudyFile) -> str | None:
    """Return the networks' column of waves: that of the study, unless another is named."""
    assert plan.networks is not None
    return plan.networks.wave if plan.networks.wave is not None else plan.study.wave


def _labelled(plan: StudyFile, values: pd.Series) -> pd.Series:
    """Put text, and the study's labels, in the place of categories and codes."""
    codes, there = pd.factorize(values)
    named = plan.values.get(str(values.name), {})
    texts = np.array([named.get(as_text(v), as_text(v)) for v in there] + [None], dtype=object)
    return pd.Series(texts[codes], index=values.index, dtype=object)


def as_text(value: object) -> str:
    """Return a value as ``[values]`` has it: a whole number without a point."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]
