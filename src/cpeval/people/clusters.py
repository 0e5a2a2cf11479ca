"""Which people belong together: the site or team that got the arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cpeval.people.pairing import Flags, Pairs
from cpeval.people.rows import Codes, plain
from cpeval.study import Study, Value


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """Clusters of people.

    Attributes
    ----------
    role : str
        "team" or "site".
    column : str
        The column (for teams within sites: the team's).
    code : array of int, shape (n_people,)
        Each person's cluster, where they were at baseline; -1 if not known.
    labels : tuple
        Each cluster's own name, by code.
    lacks : dict
        Column to who (shape (n_people,)) has no cluster for want of it.
    moved : int
        How many people were in another cluster at follow-up.
    """

    role: str
    column: str
    code: Codes
    labels: tuple[Value | None, ...]
    lacks: dict[str, Flags]
    moved: int

    def of(self, people: Flags) -> Place:
        """Return the clusters of some people, none of them unknown, coded anew from 0."""
        found, code = np.unique(self.code[people], return_inverse=True)
        labels = [self.labels[k] for k in found.tolist()]
        return Place(role=self.role, column=self.column, code=code, labels=tuple(labels))


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """Sites, or teams within sites, of n people.

    Attributes
    ----------
    role : str
        "team" or "site".
    column : str
    code : array of int, shape (n,)
        From 0, none missing.
    labels : tuple
        Each place's own name, by code; teams of two sites may share one.
    """

    role: str
    column: str
    code: Codes
    labels: tuple[Value | None, ...]

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.labels)


def clusters_of(pairs: Pairs, study: Study, people: Flags) -> Clusters | None:
    """Choose the clusters of a comparison, by who got the arm.

    With teams in sites, it is the site where each site has one arm, else the team: that is
    also the choice where people in one team are in different arms.

    Parameters
    ----------
    pairs : Pairs
    study : Study
    people : array of bool, shape (n_people,)
        Whom the analysis is about.

    Returns
    -------
    Clusters or None
        None in a study with neither team nor site.
    """
    by_site, by_team = sites_and_teams(pairs, study)
    if by_team is None:
        return by_site
    if by_site is not None and not arm_varies(pairs.rows.arm[people], by_site.code[people]):
        return by_site
    return by_team


def sites_and_teams(pairs: Pairs, study: Study) -> tuple[Clusters | None, Clusters | None]:
    """Return who is in which site, and in which team of it; None for what the study lacks."""
    site = [study.site] if study.site else []
    by_site = _clusters("site", study.site, site, pairs) if study.site else None
    if study.team is None:
        return by_site, None
    return by_site, _clusters("team", study.team, [*site, study.team], pairs)


def arm_varies(arm: Codes, cluster: Codes) -> bool:
    """Say whether any cluster has people of both arms; arrays of shape (n,), -1 is passed over."""
    known = (arm >= 0) & (cluster >= 0)
    both = pd.DataFrame({"arm": arm[known], "cluster": cluster[known]})
    by = both.groupby("cluster")["arm"]
    return bool((by.min() < by.max()).any())


def _clusters(role: str, column: str, columns: Sequence[str], pairs: Pairs) -> Clusters:
    unit = _units(pairs.rows.table, columns)
    known, rows_of = np.unique(unit, return_index=True)
    # Groups that lack a part have a number of their own, which nobody is given.
    named: list[Value | None] = [None] * (int(known[-1]) + 1)
    for k, row in zip(known.tolist(), rows_of.tolist(), strict=True):
        if k >= 0:
            named[k] = plain(pairs.rows.table[column].iloc[row])
    at_baseline, later = (
        np.where(rows >= 0, unit[rows], -1) for rows in (pairs.base, pairs.follow)
    )
    code = np.where(at_baseline >= 0, at_baseline, later)
    # Where they were first seen.
    first = np.where(pairs.base >= 0, pairs.base, pairs.follow)
    moved = (at_baseline >= 0) & (later >= 0) & (at_baseline != later)
    return Clusters(
        role=role,
        column=column,
        code=code,
        labels=tuple(named),
        lacks={
            name: (code < 0) & pairs.rows.table[name].isna().to_numpy()[first] for name in columns
        },
        moved=int(moved.sum()),
    )


def _units(table: pd.DataFrame, columns: Sequence[str]) -> Codes:
    """Code the distinct combinations of columns, shape (n_rows,); -1 where one is missing."""
    codes = pd.DataFrame({k: pd.factorize(table[name])[0] for k, name in enumerate(columns)})
    unit = codes.groupby(list(codes.columns), sort=False).ngroup().to_numpy()
    return np.where((codes >= 0).all(axis=1), unit, -1)
