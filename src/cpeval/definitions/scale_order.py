"""Scales made of scales: each source is there, stands above, and no scale is made of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cpeval.definitions.part import Finding, Mistake, Unknown
from cpeval.definitions.scales import Scale
from cpeval.errors import did_you_mean


def sources(scale: Scale) -> list[str]:
    """Return the names of the scales that a scale is made of."""
    named = [scale.of] if scale.of is not None else [term.scale for term in scale.terms or []]
    return list(dict.fromkeys(named))


def order_mistakes(scales: Sequence[Scale]) -> Finding:
    """Find sources that aren't there or stand below, and cycles, each cycle once and whole."""
    names = [scale.name for scale in scales]
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        places.setdefault(name, place)
    circles = list(_cycles(scales, places))
    yield from (
        Mistake(
            ("scales", circle[0]),
            "scales are made of each other: " + " → ".join(_shown(names[p]) for p in circle),
        )
        for circle in circles
    )
    within = {edge for circle in circles for edge in pairwise(circle)}
    for place, scale in enumerate(scales):
        yield _source_mistakes(place, scale, places, within)


def _source_mistakes(
    place: int, scale: Scale, places: dict[str, int], within: set[tuple[int, int]]
) -> Finding:
    key = "of" if scale.of is not None else "terms"
    for source in sources(scale):
        if source not in places:
            near = did_you_mean(source, places)
            yield Mistake(("scales", place, key), f"there is no scale {source!r}{near}")
        elif places[source] >= place and (place, places[source]) not in within:
            yield Mistake(("scales", place, key), f"scale {source!r} must stand above this one")


def _cycles(scales: Sequence[Scale], places: dict[str, int]) -> Iterator[list[int]]:
    """Yield cycles as positions, the first of them again at the end: one for each way back."""
    edges = [[places[s] for s in _known_sources(scale) if s in places] for scale in scales]
    done: set[int] = set()

    def walk(here: int, way: list[int]) -> Iterator[list[int]]:
        for there in edges[here]:
            if there in way:
                circle = way[way.index(there) :]
                first = circle.index(min(circle))
                yield [*circle[first:], *circle[:first], min(circle)]
            elif there not in done:
                yield from walk(there, [*way, there])
        done.add(here)

    for place in range(len(scales)):
        if place not in done:
            yield from walk(place, [place])


def _known_sources(scale: Scale) -> list[str]:
    try:
        return sources(scale)
    except Unknown:
        return []


def _shown(name: str) -> str:
    return name or '""'
