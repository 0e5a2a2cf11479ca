"""Each person's network: people, places and activities that stay, leave and come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from cpeval.simulation.arguments import Design, Ints
from cpeval.simulation.labels import text
from cpeval.simulation.people import GENDERS, Bools, Latent, People, numbered, pick
from cpeval.simulation.responses import OF_OLD, OF_PROGRAMME, RELATIONS
from cpeval.simulation.scores import Floats
from cpeval.simulation.streams import Streams

KINDS = ("person", "place", "activity")
_KINDS = (0.66, 0.17, 0.17)
#: How the logarithm of a network's expected size goes with the resources at baseline.
_BY_RESOURCES = 0.3
#: Chance that a person in the network has the ego's gender for being like the ego, and the
#: shares of the others.
_ALIKE, _GENDERS = 0.3, (0.5, 0.48, 0.02)
#: Mean closeness by circle: the five relations, then places, then activities.
_CLOSENESS: Floats = np.array([4.1, 3.7, 2.4, 2.5, 2.0, 3.0, 3.1])
#: Circles stand around the ego on a ring, and who is near each other is tied: the chance is
#: expit(steepness x (reach - distance)).
_RING, _SCATTER, _REACH, _STEEPNESS = 1.3, 0.55, 1.0, 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class _Alters:
    """Everyone who is ever in a network, a row each; ``circle`` indexes `_CLOSENESS`."""

    ego: Ints
    number: Ints
    circle: Ints
    gender: Ints
    closeness: Floats
    importance: Floats
    place: Floats

    def and_more(self, more: _Alters) -> _Alters:
        parts = {name: (getattr(self, name), getattr(more, name)) for name in vars(self)}
        return _Alters(**{name: np.concatenate(pair) for name, pair in parts.items()})


@dataclass(frozen=True, eq=False)
class Networks:
    """Three tables: a row an ego and wave; an alter, ego and wave; a tie, ego and wave."""

    egos: pd.DataFrame
    alters: pd.DataFrame
    ties: pd.DataFrame


def networks(
    design: Design, streams: Streams, people: People, resources: Latent, present: Bools
) -> Networks:
    """Draw the networks of all people, and keep those of people who are there.

    At baseline the size is Poisson, with mean ``alters`` x exp(b z - b^2 / 2), z the latent
    resources. Each alter stays to the next wave with chance ``alter_stability`` s, and new ones
    are Poisson, so many that the expected size stays, and is ``network_effect`` larger with the
    programme: (1 - s) x mean + effect now - s x effect before.
    """
    n, stays = people.team.size, design.alter_stability
    mean = design.alters * np.exp(_BY_RESOURCES * resources.standard[:, 0] - _BY_RESOURCES**2 / 2)
    ever = _arrivals(streams, people, mean, np.zeros(n, dtype=np.int64), wave=0)
    alive = np.arange(ever.ego.size)
    rows, pairs = [], []
    for wave in range(design.n_waves):
        if wave > 0:
            stayed = alive[streams("network/stay", wave).random(alive.size) < stays]
            more = design.network_effect[wave] - stays * design.network_effect[wave - 1]
            rate = (1 - stays) * mean + people.treated * max(more, 0.0)
            known = np.bincount(ever.ego, minlength=n)
            come = _arrivals(streams, people, rate, known, wave=wave)
            alive = np.concatenate([stayed, ever.ego.size + np.arange(come.ego.size)])
            ever = ever.and_more(come)
            alive = alive[np.lexsort((ever.number[alive], ever.ego[alive]))]
        shown = present[ever.ego[alive], wave]
        rows.append(_row_values(streams, ever, alive, wave)[shown])
        pairs.append(_ties(streams, ever, alive, wave, present))
    return _tables(design, people, ever, rows, pairs, present)


def _arrivals(streams: Streams, people: People, rate: Floats, known: Ints, *, wave: int) -> _Alters:
    """Draw who is new at a wave, numbered after those whom the ego has known."""
    count = streams("network/new", wave).poisson(rate)
    ego = np.repeat(np.arange(count.size), count)
    m = ego.size
    number = np.arange(m) - (np.cumsum(count) - count)[ego] + known[ego]
    draw = streams("network/kind", wave).random((m, 4))
    kind = pick(draw[:, 0], _KINDS)
    relation = pick(draw[:, 1], OF_OLD)
    if wave > 0:
        relation = np.where(people.treated[ego], pick(draw[:, 1], OF_PROGRAMME), relation)
    circle = np.where(kind == 0, relation, len(RELATIONS) - 1 + kind)
    gender = np.where(draw[:, 2] < _ALIKE, people.gender[ego], pick(draw[:, 3], _GENDERS))
    normal = streams("network/traits", wave).standard_normal((m, 4))
    angle = 2 * np.pi * circle / _CLOSENESS.size
    centre = _RING * np.column_stack([np.cos(angle), np.sin(angle)])
    closeness = _CLOSENESS[circle] + 0.7 * normal[:, 0]
    return _Alters(
        ego=ego,
        number=number,
        circle=circle,
        gender=np.where(kind == 0, gender, len(GENDERS)),
        closeness=closeness,
        importance=closeness + 0.6 * normal[:, 1],
        place=centre + _SCATTER * normal[:, 2:],
    )


def _row_values(streams: Streams, ever: _Alters, alive: Ints, wave: int) -> Ints:
    """Return alter, wave, closeness, days of contact a month and importance, a row each."""
    normal = streams("network/now", wave).standard_normal((alive.size, 2))
    closeness = _rated(ever.closeness[alive] + 0.4 * normal[:, 0])
    importance = _rated(ever.importance[alive] + 0.4 * normal[:, 1])
    days = streams("network/days", wave).poisson(1.2 * 1.7 ** (closeness - 1.0))
    return np.column_stack(
        [alive, np.full(alive.size, wave), closeness, np.minimum(days, 30), importance]
    )


def _rated(value: Floats) -> Ints:
    return np.clip(np.floor(value + 0.5), 1, 5).astype(np.int64)


def _ties(streams: Streams, ever: _Alters, alive: Ints, wave: int, present: Bools) -> Ints:
    """Return wave, source and target, a row a tie. ``alive`` is in the order of egos."""
    first, second = _all_pairs(np.bincount(ever.ego[alive], minlength=present.shape[0]))
    one, two = alive[first], alive[second]
    away = np.sqrt(((ever.place[one] - ever.place[two]) ** 2).sum(axis=1))
    chance = streams("network/ties", wave).random(one.size)
    tied = chance < expit(_STEEPNESS * (_REACH - away))
    tied &= present[ever.ego[one], wave]
    one, two = one[tied], two[tied]
    return np.column_stack([np.full(one.size, wave), one, two])


def _all_pairs(sizes: Ints) -> tuple[Ints, Ints]:
    """Return the positions of all pairs within groups that stand one after the other.

    >>> first, second = _all_pairs(np.array([2, 0, 3]))
    >>> first.tolist(), second.tolist()
    ([0, 2, 2, 3], [1, 3, 4, 4])
    """
    start = np.cumsum(sizes) - sizes
    group = np.repeat(np.arange(sizes.size), sizes)
    position = np.arange(group.size)
    after = (start + sizes)[group] - position - 1
    first = np.repeat(position, after)
    run = np.arange(first.size) - (np.cumsum(after) - after)[first]
    return first, first + 1 + run


def _tables(
    design: Design,
    people: People,
    ever: _Alters,
    rows: list[Ints],
    pairs: list[Ints],
    present: Bools,
) -> Networks:
    """Put ids and labels in place of indices. Rows are in the order of ego, wave, alter."""
    waves = pd.Index(design.waves)
    suffix = "-" + numbered("A", int(ever.number.max(initial=0)) + 1, 2)
    ids = people.ids[ever.ego] + suffix[ever.number]
    kinds = np.array([KINDS[0]] * len(RELATIONS) + [*KINDS[1:]], dtype=object)
    relations = np.array([*RELATIONS, None, None], dtype=object)
    genders = np.array([*GENDERS, None], dtype=object)
    who, when = np.nonzero(present)
    alter, wave, closeness, days, importance = _by_ego(np.concatenate(rows), 0, ever).T
    tie_wave, source, target = _by_ego(np.concatenate(pairs), 1, ever).T
    return Networks(
        egos=pd.DataFrame({"ego": text(people.ids[who]), "wave": waves.take(when)}),
        alters=pd.DataFrame(
            {
                "ego": text(people.ids[ever.ego[alter]]),
                "wave": waves.take(wave),
                "alter": text(ids[alter]),
                "kind": text(kinds[ever.circle[alter]]),
                "relation": text(relations[ever.circle[alter]]),
                "gender": text(genders[ever.gender[alter]]),
                "closeness": closeness,
                "frequency": days,
                "importance": importance,
            }
        ),
        ties=pd.DataFrame(
            {
                "ego": text(people.ids[ever.ego[source]]),
                "wave": waves.take(tie_wave),
                "source": text(ids[source]),
                "target": text(ids[target]),
            }
        ),
    )


def _by_ego(values: Ints, column: int, ever: _Alters) -> Ints:
    """Put rows that stand in the order of waves into that of egos, waves within them."""
    order: NDArray[np.intp] = np.argsort(ever.ego[values[:, column]], kind="stable")
    return np.asarray(values[order])
