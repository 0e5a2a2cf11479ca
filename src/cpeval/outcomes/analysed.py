"""Whom a comparison of arms is about, and with which numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import ArmError, StudyError, TooFewError
from cpeval.numeric import numbers
from cpeval.outcomes.clusters import Clusters, arm_varies, clusters_of
from cpeval.outcomes.design import Design, alone_in_level, design
from cpeval.outcomes.pairing import Flags, Floats, Pairs, left_out, pair
from cpeval.outcomes.regression import require_full_rank
from cpeval.outcomes.rows import Codes, arm_counts
from cpeval.outcomes.variables import Variables, variable_kinds, variable_names
from cpeval.study import Study, Value


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysed:
    """The n people of a comparison of two arms.

    Attributes
    ----------
    groups : tuple
        The comparison's value and the intervention's.
    arm : array of int, shape (n,)
        0 the comparison, 1 the intervention.
    before, after : array of float, shape (n,)
        The outcome at the two waves (the same array where there is one wave only).
    design : Design
        Of the regression of ``after``; its second column is the arm.
    rows : array of int, shape (n,)
        Each person's row at baseline.
    clusters : Clusters or None
        How people are grouped; None in a study with neither team nor site.
    unit : array of int, shape (n,), or None
        Each person's cluster; None if there are no clusters, or only one.
    covariates : tuple of str
    n_excluded : int
    warnings : tuple of str
    """

    groups: tuple[Value, ...]
    arm: Codes
    before: Floats
    after: Floats
    design: Design
    rows: Codes
    clusters: Clusters | None
    unit: Codes | None
    covariates: tuple[str, ...]
    n_excluded: int
    warnings: tuple[str, ...]

    @property
    def n_clusters(self) -> int | None:
        """How many clusters there are; None without."""
        return None if self.unit is None else int(np.unique(self.unit).size)

    @property
    def arm_by_cluster(self) -> bool:
        """Whether everyone in a cluster is in the same arm."""
        return self.unit is not None and not arm_varies(self.arm, self.unit)

    @property
    def clusters_per_arm(self) -> tuple[int, int]:
        """How many clusters have people in the comparison, and in the intervention."""
        unit = np.zeros(self.arm.size) if self.unit is None else self.unit
        return np.unique(unit[self.arm == 0]).size, np.unique(unit[self.arm == 1]).size


def analysed(
    data: IntoDataFrame, outcome: str, study: Study, covariates: Variables, what: str
) -> Analysed:
    """Pick the people with all that a comparison needs, and count the others.

    Raises
    ------
    As `cpeval.outcomes.compare` does for its data.
    """
    if study.arm is None:
        raise StudyError(f"{what} needs two arms, and the study names none. Such as arm='arm'.")
    names = variable_names(covariates, "covariates", study, outcome)
    places = [column for column in (study.site, study.team) if column is not None]
    pairs = pair(data, outcome, study, extra=[*names, *places], what=what)
    rows = pairs.rows
    if len(rows.groups) != 2:
        raise ArmError(
            f"{what} needs two arms. Column {study.arm!r} has {len(rows.groups)}: "
            f"{arm_counts(rows.arm, rows.groups)}. Keep the rows of two."
        )
    people = pairs.seen & (rows.arm >= 0)
    columns = _at_baseline(pairs, names, covariates)
    clusters = clusters_of(pairs, study, people)
    lacks = _lacks(pairs, outcome, study, columns, clusters)
    categories = {name: column for name, column in columns.items() if column.dtype != float}
    alone = alone_in_level(categories, people & ~_any(lacks))
    lacks |= {f"alone with {level}": flag for level, flag in alone.items()}
    used = people & ~_any(lacks)
    message = left_out(lacks, people, rows.arm, rows.groups)
    _require_two_each(rows.arm[used], rows.groups, outcome, message)
    arm = rows.arm[used]
    fixed = {study.arm: arm.astype(float)}
    if study.baseline is not None:
        fixed[f"{outcome} (baseline)"] = pairs.before[used]
    matrix = design(fixed, {name: column[used] for name, column in columns.items()})
    require_full_rank(matrix.x, matrix.terms)
    if arm.size <= len(matrix.terms):
        raise TooFewError(
            f"{arm.size} people have all that is needed, for {len(matrix.terms)} terms "
            f"({', '.join(matrix.terms)}). Use fewer covariates. {message}"
        )
    unit = None if clusters is None else clusters.code[used]
    warnings = (*rows.warnings, message, *_about_clusters(clusters, unit, arm))
    return Analysed(
        groups=rows.groups,
        arm=arm,
        before=pairs.before[used],
        after=pairs.after[used],
        design=matrix,
        rows=pairs.base[used],
        clusters=clusters,
        unit=None if unit is None or np.unique(unit).size == 1 else unit,
        covariates=tuple(names),
        n_excluded=int((pairs.seen & ~used).sum()),
        warnings=tuple(text for text in warnings if text),
    )


def _any(lacks: dict[str, Flags]) -> Flags:
    return np.asarray(np.logical_or.reduce(list(lacks.values())))


def _at_baseline(pairs: Pairs, names: Sequence[str], given: Variables) -> dict[str, pd.Series]:
    """Return covariates, a row a person: floats for numbers, anything else for categories."""
    there = pairs.rows.table.iloc[pairs.base[pairs.base >= 0]]
    kinds = variable_kinds(there, names, given)
    counted = [name for name in names if kinds[name] == "number"]
    table = pairs.rows.table.assign(
        **dict(zip(counted, numbers(pairs.rows.table, counted).T, strict=True)),
        **{name: pairs.rows.table[name].astype(object) for name in names if name not in counted},
    )
    return {name: table[name].reindex(pairs.base).reset_index(drop=True) for name in names}


def _lacks(
    pairs: Pairs,
    outcome: str,
    study: Study,
    columns: dict[str, pd.Series],
    clusters: Clusters | None,
) -> dict[str, Flags]:
    """Say what people can lack, and who does."""
    lacks = {f"without {outcome}": np.isnan(pairs.after)}
    if study.baseline is not None:
        lacks = {
            f"without {outcome} at follow-up": np.isnan(pairs.after),
            f"without {outcome} at baseline": np.isnan(pairs.before),
        }
    lacks |= {f"without {name}": column.isna().to_numpy() for name, column in columns.items()}
    if clusters is not None:
        lacks[f"without {clusters.role} ({clusters.column})"] = clusters.code < 0
    return lacks


def _require_two_each(arm: Codes, groups: Sequence[Value], outcome: str, message: str) -> None:
    """Raise `TooFewError` unless each arm has two people."""
    if min(np.count_nonzero(arm == 0), np.count_nonzero(arm == 1)) < 2:
        raise TooFewError(
            f"Too few people to compare {outcome!r}: {arm_counts(arm, groups)} have all that is "
            f"needed; each arm needs two. {message}".rstrip()
        )


def _about_clusters(clusters: Clusters | None, unit: Codes | None, arm: Codes) -> list[str]:
    """Say what the reader should worry about in the clusters."""
    if clusters is None or unit is None:
        return []
    found = []
    if clusters.moved:
        found.append(
            f"{clusters.moved} people changed {clusters.role} between the waves; they count "
            "where they were at baseline."
        )
    if np.unique(unit).size == 1:
        found.append(
            f"All people are in one {clusters.role}, so errors take them as independent, and say "
            "nothing of what would happen elsewhere."
        )
    return found
