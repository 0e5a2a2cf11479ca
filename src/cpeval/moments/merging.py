"""Moments of several sources as those of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cpeval.errors import DataError, listed
from cpeval.moments.coding import Level, in_order
from cpeval.moments.noise import Noise
from cpeval.moments.origin import combined
from cpeval.moments.site_moments import SiteMoments

Unit = tuple[Level | None, Level | None]


def merged(one: SiteMoments, other: SiteMoments) -> SiteMoments:
    """Pool two: units that both have become one, by Chan's formula.

    Raises
    ------
    DataError
        The models differ; the message says in what.
    """
    differences = list(_differences(one, other))
    if differences:
        raise DataError(
            "These moments are of different models and can't be added:\n"
            + "\n".join(f"- {difference}" for difference in differences)
            + "\nMake both with one formula, and one levels= where sites lack some levels."
        )
    pairs: list[Unit] = [
        *zip(one.site, one.team, strict=True),
        *zip(other.site, other.team, strict=True),
    ]
    units = _sorted(pairs)
    place = {unit: k for k, unit in enumerate(units)}
    into = np.array([place[unit] for unit in pairs], dtype=np.intp)
    moved = np.where(other.n[:, np.newaxis] > 0, other.offset + (other.origin - one.origin), 0.0)
    weight, offset, cross = combined(
        np.concatenate([one.weight, other.weight]),
        np.concatenate([one.offset, moved]),
        np.concatenate([one.cross, other.cross]),
        into,
        len(units),
    )
    n, dropped = np.zeros(len(units), np.int64), np.zeros(len(units), np.int64)
    np.add.at(n, into, np.concatenate([one.n, other.n]))
    np.add.at(dropped, into, np.concatenate([one.dropped, other.dropped]))
    return replace(
        one,
        site=tuple(site for site, _ in units),
        team=tuple(team for _, team in units),
        n=n,
        dropped=dropped,
        weight=weight,
        offset=offset,
        cross=cross,
        # Whoever is in either lies within the wider bounds; not known where one of them isn't.
        bounds=np.column_stack(
            [
                np.minimum(one.bounds[:, 0], other.bounds[:, 0]),
                np.maximum(one.bounds[:, 1], other.bounds[:, 1]),
            ]
        ),
        noise=_noise(one.noise + other.noise),
    )


def _noise(every: tuple[Noise, ...]) -> tuple[Noise, ...]:
    """Join the sites whose noise is of one size."""
    sites: dict[tuple[float, float], dict[Level, None]] = {}
    for one in every:
        sites.setdefault((one.epsilon, one.delta), {}).update(dict.fromkeys(one.sites))
    return tuple(
        Noise(epsilon=epsilon, delta=delta, sites=tuple(own))
        for (epsilon, delta), own in sites.items()
    )


def _sorted(pairs: list[Unit]) -> list[Unit]:
    """Order units by site, then team; a missing label is last."""
    ranks = []
    for labels in zip(*pairs, strict=True):
        ordered = in_order(list(dict.fromkeys(v for v in labels if v is not None)))
        rank: dict[Level | None, int] = {value: k for k, value in enumerate(ordered)}
        rank[None] = len(ordered)
        ranks.append(rank)
    return sorted(dict.fromkeys(pairs), key=lambda u: (ranks[0][u[0]], ranks[1][u[1]]))


def _differences(one: SiteMoments, other: SiteMoments) -> list[str]:
    found = []
    for what in ("outcome", "site_column", "team_column", "weights_column"):
        mine, theirs = getattr(one, what), getattr(other, what)
        # What a column of sites is called is each source's own affair; that there are teams isn't.
        if what in ("team_column", "weights_column", "site_column"):
            mine, theirs = mine is not None, theirs is not None
        if mine != theirs:
            name = {"team_column": "teams", "weights_column": "weights"}.get(what, what)
            found.append(f"{name}: {mine!r} and {theirs!r}")
    only_one = [term for term in one.terms if term not in other.terms]
    only_other = [term for term in other.terms if term not in one.terms]
    if only_one:
        found.append(f"terms of the first alone: {listed(only_one)}")
    if only_other:
        found.append(f"terms of the second alone: {listed(only_other)}")
    if not (only_one or only_other) and one.terms != other.terms:
        found.append(f"the order of terms: {listed(one.terms)} and {listed(other.terms)}")
    for factor in sorted(set(one.levels) & set(other.levels)):
        # Levels that aren't columns matter too: the reference.
        if one.levels[factor] != other.levels[factor]:
            found.append(
                f"levels of {factor!r}: {listed(one.levels[factor])} and "
                f"{listed(other.levels[factor])}"
            )
    return found
