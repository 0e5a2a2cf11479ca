"""The people of a scalability analysis: by group, with their clusters, gaps left or filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import TooFewError, listed
from cpeval.measurement.item_groups import Labels
from cpeval.measurement.item_scores import ItemScores, two_way

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """People who are analysed together.

    Attributes
    ----------
    label : object
        The group; None where there are no groups.
    values : numpy.ndarray, shape (n, k)
        Their scores; NaN only with pairwise deletion.
    rows : numpy.ndarray of int, shape (n,)
        Where they stand in the data.
    cluster : numpy.ndarray of int, shape (n,), or None
        Each one's cluster, ascending from 0.
    n_imputed : int
        Answers filled in.
    """

    label: object
    values: Floats
    rows: Places
    cluster: Places | None
    n_imputed: int = 0

    def named(self, text: str) -> str:
        """Begin a message with the group, if there is one."""
        return text if self.label is None else f"{listed([self.label])}: {text}"

    def filled(self, seed: int | np.random.Generator | None) -> Sample:
        """Fill gaps in from the people of this sample."""
        gaps = int(np.isnan(self.values).sum())
        return replace(self, values=two_way(self.values, seed=seed), n_imputed=gaps)


def samples_of(
    scores: ItemScores, groups: Labels | None, cluster: Labels | None
) -> tuple[list[Sample], list[str]]:
    """Split people by group and put those of a cluster next to each other.

    Returns
    -------
    list of Sample
        One a group, in the order of the labels; one where there are no groups.
    list of str
        What a result says of people who were left out.

    Raises
    ------
    TooFewError
        No row has a group.
    """
    group = np.zeros(len(scores.rows), dtype=np.intp)
    labels: Sequence[object] = [None]
    said = []
    if groups is not None:
        group, labels = groups.code[scores.rows], groups.labels
        said += _left_out(int((group < 0).sum()), f"no {groups.name!r}")
    if cluster is not None:
        unknown = (cluster.code[scores.rows] < 0) & (group >= 0)
        said += _left_out(int(unknown.sum()), f"no {cluster.name!r}")
        group = np.where(unknown, -1, group)
    found, alone = [], 0
    for place, label in enumerate(labels):
        people = np.flatnonzero(group == place)
        code = None
        if cluster is not None:
            people, code, single = _clustered(people, cluster.code[scores.rows])
            alone += single
        sample = Sample(
            label=label, values=scores.values[people], rows=scores.rows[people], cluster=code
        )
        found.append(sample)
    if cluster is not None and alone:
        said.append(
            f"{alone} {'person is' if alone == 1 else 'people are'} alone in their "
            f"{cluster.name!r} and left out: nobody to compare with."
        )
    if not found:
        raise TooFewError("Scalability: no row has a group.")
    return found, said


def _left_out(n: int, why: str) -> list[str]:
    return [f"{n} {'row has' if n == 1 else 'rows have'} {why}: left out."] if n else []


def _clustered(people: Places, code: Places) -> tuple[Places, Places, int]:
    """Sort people by cluster, without those who are alone; number the clusters from 0."""
    people = people[np.argsort(code[people], kind="stable")]
    _, place, count = np.unique(code[people], return_inverse=True, return_counts=True)
    shared = count[place] > 1
    return people[shared], np.unique(place[shared], return_inverse=True)[1], int((~shared).sum())


def require_people(sample: Sample, names: list[str]) -> None:
    """Raise `TooFewError` if there is too little to analyse.

    That is: fewer than two people, an item that nobody answered, or fewer than two clusters of two.
    """
    n = len(sample.values)
    if n == 0 and sample.cluster is not None:
        raise TooFewError(
            sample.named("Nobody shares a cluster with someone else, so nobody can be compared. ")
            + "Is cluster= the right column? It says who belongs together, not who a person is."
        )
    if n < 2:
        raise TooFewError(sample.named(f"Scalability needs two people. There are {n}."))
    if sample.cluster is not None and sample.cluster[-1] < 1:
        raise TooFewError(
            sample.named("Scalability within and between needs two clusters of two people. ")
            + "There is one."
        )
    nobody = np.isnan(sample.values).all(axis=0)
    empty = [names[place] for place in map(int, np.flatnonzero(nobody))]
    if empty:
        raise TooFewError(
            sample.named(f"Nobody answered {listed(empty)}. Leave these items or this group out.")
        )
