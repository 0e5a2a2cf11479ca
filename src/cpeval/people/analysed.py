"""Whom a comparison of arms is about, and with which numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import ArmError, ColumnError, StudyError, TooFewError
from cpeval.numeric import numbers
from cpeval.people.clusters import Clusters, Place, arm_varies, clusters_of, sites_and_teams
from cpeval.people.columns import redundant, standardised
from cpeval.people.design import Design, alone_in_level, design
from cpeval.people.pairing import Flags, Floats, Pairs, left_out, pair, require_outcome
from cpeval.people.rows import Codes, arm_counts, people_text, plain
from cpeval.people.variables import Variables, variable_kinds, variable_names
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
    site, team : Place or None
        Each person's; None where the study has none, or someone's isn't known.
    adjusted_for_baseline : bool
        Whether the regression has ``before``, as its third column.
    adjusted : tuple of str
        What the regression has beside the arm, in words.
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
    site: Place | None
    team: Place | None
    adjusted_for_baseline: bool
    adjusted: tuple[str, ...]
    n_excluded: int
    warnings: tuple[str, ...]

    @property
    def zero_or_one(self) -> bool:
        """Whether the outcome is 0 or 1 for everyone, so that a mean is a share."""
        return bool(np.isin(self.after, (0.0, 1.0)).all())

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
    data: IntoDataFrame, outcome: str, study: Study, covariates: Variables | None, what: str
) -> Analysed:
    """Pick the people with all that a comparison needs, and count the others.

    Raises
    ------
    As `cpeval.outcomes.compare` does for its data.
    """
    if study.arm is None:
        raise StudyError(f"{what} needs two arms, and the study names none. Such as arm='arm'.")
    require_outcome(outcome, study)
    covariates = () if covariates is None else covariates
    names = variable_names(covariates, "covariates", study, outcome)
    places = [column for column in (study.site, study.team) if column is not None]
    pairs = pair(data, outcome, study, extra=[*names, *places], what=what, shares=True)
    rows = pairs.rows
    if len(rows.groups) != 2:
        raise ArmError(
            f"{what} needs two arms. Column {study.arm!r} has {len(rows.groups)}: "
            f"{arm_counts(rows.arm, rows.groups)}. Keep the rows of two."
        )
    people = pairs.seen & (rows.arm >= 0)
    columns = _at_baseline(pairs, names, covariates)
    clusters = clusters_of(pairs, study, people)
    by_site, by_team = sites_and_teams(pairs, study)
    lacks = _lacks(pairs, outcome, study, columns, clusters)
    categories = {name: column for name, column in columns.items() if column.dtype != float}
    alone = alone_in_level(categories, people & ~_any(lacks))
    lacks = _with(lacks, {f"alone with {level}": flag for level, flag in alone.items()})
    used = people & ~_any(lacks)
    message = left_out(lacks, people, rows.arm, rows.groups)
    _require_two_each(rows.arm[used], rows.groups, outcome, message)
    arm = rows.arm[used]
    given, unvaried = _before(pairs.before[used], pairs.after[used], outcome, study)
    fixed = {study.arm: arm.astype(float), **given}
    matrix = design(fixed, {name: column[used] for name, column in columns.items()})
    _require_told_apart(matrix, len(given), outcome, message)
    if arm.size <= len(matrix.terms):
        raise TooFewError(
            f"{people_text(arm.size)} with all that is needed, for {len(matrix.terms)} terms "
            f"({', '.join(matrix.terms)}). Use fewer covariates. {message}"
        )
    unit = None if clusters is None else clusters.code[used]
    warnings = (*rows.warnings, message, unvaried, *_about_clusters(clusters, unit, arm))
    return Analysed(
        groups=rows.groups,
        arm=arm,
        before=pairs.before[used],
        after=pairs.after[used],
        design=matrix,
        rows=pairs.base[used],
        clusters=clusters,
        unit=None if unit is None or np.unique(unit).size == 1 else unit,
        site=_places(by_site, used),
        team=_places(by_team, used),
        adjusted_for_baseline=bool(given),
        adjusted=(*(f"{outcome} at baseline" for _ in given), *names),
        n_excluded=int((pairs.seen & ~used).sum()),
        warnings=tuple(text for text in warnings if text),
    )


def _places(clusters: Clusters | None, used: Flags) -> Place | None:
    if clusters is None or (clusters.code[used] < 0).any():
        return None
    return clusters.of(used)


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
    lacks = _with(
        lacks, {f"without {name}": column.isna().to_numpy() for name, column in columns.items()}
    )
    if clusters is not None:
        roles = {study.site: "site", study.team: "team"}
        places = {f"without {roles[name]} ({name})": who for name, who in clusters.lacks.items()}
        lacks = _with(lacks, places)
    return lacks


def _with(lacks: dict[str, Flags], more: dict[str, Flags]) -> dict[str, Flags]:
    """Add what people lack. Reasons in the same words, as columns' names may give, are joined."""
    both = {what: lacks[what] | more[what] for what in lacks.keys() & more.keys()}
    return {**lacks, **more, **both}


def _before(
    before: Floats, after: Floats, outcome: str, study: Study
) -> tuple[dict[str, Floats], str]:
    """Return the baseline score as a term, or say why it is none.

    Raises
    ------
    TooFewError
        The outcome is the same for everyone.
    """
    (varied, varies) = (
        bool(standardised(scores[:, np.newaxis])[0].any()) for scores in (before, after)
    )
    if not varies:
        raise TooFewError(
            f"{outcome!r} is {plain(after[0])!r} for all {after.size} people analysed"
            f"{'' if study.follow_up is None else f' at {study.follow_up!r}'}, so there is nothing "
            "to compare. Check that the column holds the scores that are meant."
        )
    if study.baseline is None:
        return {}, ""
    if varied:
        return {f"{outcome} (baseline)": before}, ""
    return {}, (
        f"{outcome!r} is {plain(before[0])!r} for everyone at baseline, so the difference is not "
        "adjusted for it."
    )


def _require_told_apart(matrix: Design, n_given: int, outcome: str, message: str) -> None:
    """Raise `ColumnError` that names the terms which add nothing."""
    faults = redundant(matrix.x, matrix.terms)
    if not faults:
        return
    score = matrix.terms[2 : 2 + n_given]
    advice = []
    if any(term in score for term in faults):
        advice.append(
            "The baseline score can't be told from the arm; check it, or compare with a study "
            "without a baseline."
        )
    if any(term not in score for term in faults):
        advice.append("Leave those covariates out (among the people analysed they add nothing).")
    if message:
        advice.append(f"Before that, these were left out: {message.removeprefix('Left out: ')}")
    raise ColumnError(
        f"The regression of {outcome!r} can't tell terms apart: "
        f"{'; '.join(f'{term!r} {fault}' for term, fault in faults.items())}. {' '.join(advice)}"
    )


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
            f"{people_text(clusters.moved)} changed {clusters.role} between the waves; they count "
            "where they were at baseline."
        )
    if np.unique(unit).size == 1:
        found.append(
            f"All people are in one {clusters.role}, so errors take them as independent, and say "
            "nothing of what would happen elsewhere."
        )
    return found
