"""What people answer about their well-being and their resources, and who is there to answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from cpeval.simulation import scores
from cpeval.simulation.arguments import Design, Ints
from cpeval.simulation.effects import Shifts, Solved
from cpeval.simulation.fidelity import Fidelity
from cpeval.simulation.gaps import skipped
from cpeval.simulation.labels import text
from cpeval.simulation.people import Bools, Latent, People, pick
from cpeval.simulation.scores import Floats
from cpeval.simulation.streams import Streams

#: Through whom a resource is had. Codes of the arrays below; -1 where there is nobody.
RELATIONS = ("family", "friend", "neighbour", "colleague", "acquaintance")
#: Shares at first, and of what the programme brings: weak ties more than kin.
OF_OLD = (0.38, 0.28, 0.09, 0.07, 0.18)
OF_PROGRAMME = (0.14, 0.3, 0.14, 0.08, 0.34)
#: How much a person's having one resource stays from wave to wave, beyond the latent value.
_RESOURCE_STAYS = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """Complete answers of all people at all waves, before anyone leaves or skips.

    Shapes (n_people, n_waves, 7) for codes 1 to 5, (n_people, n_waves, 27) for 0 and 1 and for
    the code of the relation.
    """

    swemwbs: NDArray[np.int8]
    access: NDArray[np.int8]
    relation: NDArray[np.int8]


def moved(latent: Latent, shifts: Shifts, people: People, fidelity: Fidelity) -> Floats:
    """Add the trend, the arm's difference and the programme's effect: (n_people, n_waves)."""
    programme = shifts.difference + shifts.effect + shifts.slope * fidelity.above
    return np.asarray(latent.value + shifts.usual + people.treated[:, None] * programme)


def answer(streams: Streams, people: People, wellbeing: Floats, resources: Floats) -> Answers:
    """Draw all answers from the moved latent values."""
    n, waves = wellbeing.shape
    kept = streams("resources/kept").standard_normal((n, 27))
    swemwbs = np.empty((n, waves, 7), dtype=np.int8)
    access = np.empty((n, waves, 27), dtype=np.int8)
    relation = np.full((n, waves, 27), -1, dtype=np.int8)
    for wave in range(waves):
        chance = streams("swemwbs", wave).random((n, 7))
        above = scores.swemwbs_cumulative(wellbeing[:, wave])
        swemwbs[:, wave] = 1 + (chance[..., None] < above).sum(axis=2)
        new = streams("resources/new", wave).standard_normal((n, 27))
        mixed = np.sqrt(_RESOURCE_STAYS) * kept + np.sqrt(1 - _RESOURCE_STAYS) * new
        has = ndtr(mixed) < scores.resource_probabilities(resources[:, wave])
        access[:, wave] = has
        chance = streams("resources/relation", wave).random((n, 27))
        gained = pick(chance, OF_OLD)
        if wave > 0:
            gained = np.where(people.treated[:, None], pick(chance, OF_PROGRAMME), gained)
            before = relation[:, wave - 1]
            gained = np.where(before >= 0, before, gained)
        relation[:, wave] = np.where(has, gained, -1)
    return Answers(swemwbs=swemwbs, access=access, relation=relation)


def stay(design: Design, streams: Streams, people: People, solved: Solved, baseline: Ints) -> Bools:
    """Say who is there at each wave; who left stays away: (n_people, n_waves).

    Parameters
    ----------
    baseline : numpy.ndarray, shape (n_people,)
        Raw SWEMWBS scores at baseline, before any answer is skipped.
    """
    mean, sd = scores.swemwbs_raw().standard
    intercept = np.where(people.treated, *solved.leaving)
    leaving = expit(intercept + design.attrition_slope * (baseline - mean) / sd)
    present = np.ones((people.team.size, design.n_waves), dtype=bool)
    for wave in range(1, design.n_waves):
        stays = streams("attrition", wave).random(people.team.size) >= leaving
        present[:, wave] = present[:, wave - 1] & stays
    return present


def responses(
    design: Design, streams: Streams, people: People, answers: Answers, present: Bools
) -> pd.DataFrame:
    """Return a row a person and wave, with the answers that were given."""
    n = people.team.size
    gaps = np.stack(
        [skipped(design, streams, "responses", w, (n, 34)) for w in range(design.n_waves)], axis=1
    )
    values = np.concatenate([answers.swemwbs, answers.access], axis=2).astype(float)
    values[gaps] = np.nan
    relation = np.where(gaps[..., 7:], -1, answers.relation)[present]
    person, wave = np.nonzero(present)
    names = np.array([*RELATIONS, None], dtype=object)[relation]
    head = {"person": text(people.ids[person]), "wave": pd.Index(design.waves).take(wave)}
    items = [f"swemwbs_{x}" for x in range(1, 8)] + [f"rg_uk_{x}" for x in range(1, 28)]
    through = {f"rg_uk_{x + 1}_relation": text(names[:, x]) for x in range(27)}
    return pd.concat(
        [pd.DataFrame(head), pd.DataFrame(values[present], columns=items), pd.DataFrame(through)],
        axis=1,
    )
