"""Goals that people set, and the services that they use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpeval.simulation.arguments import Design
from cpeval.simulation.effects import GOAL_MEAN, Solved
from cpeval.simulation.gaps import skipped
from cpeval.simulation.labels import text
from cpeval.simulation.people import Bools, Latent, People, pick
from cpeval.simulation.streams import Streams

AREAS = ("people", "places", "activities", "health", "home")
_AREAS = (0.35, 0.15, 0.3, 0.12, 0.08)
_IMPORTANCE = (0.03, 0.17, 0.4, 0.4)
_DIFFICULTY = (0.05, 0.3, 0.4, 0.25)
#: How many goals start from -2, since they can't be worse; the others start from -1.
_LOWEST = 0.25
#: Parts of a latent attainment with variance 1: well-being, the goal itself; the rest is error.
_WELLBEING, _GOAL = 0.4, 0.5

#: Mean contacts in the months before a wave, and mean minutes of one.
SERVICES = {
    "general practitioner": (3.0, 12.0),
    "community nurse": (6.0, 45.0),
    "psychiatrist": (1.5, 30.0),
    "social worker": (3.0, 50.0),
    "support worker": (8.0, 60.0),
    "emergency department": (0.4, 180.0),
}
#: Shapes of the gamma factors of mean 1 that make some use much: of a person, of their use of one
#: service; and the sd of the logarithm of the factor of a team.
_PERSON, _SERVICE, _TEAM = 2.0, 2.0, 0.2


def goals(
    design: Design,
    streams: Streams,
    people: People,
    wellbeing: Latent,
    solved: Solved,
    present: Bools,
) -> pd.DataFrame:
    """Return a row a goal and wave. Each person sets one goal to ``design.goals``.

    Attainment after the baseline is latent (mean, well-being, goal, error), rounded and cut to
    -2 to 2.
    """
    n = people.team.size
    many = design.goals
    count = np.ceil((1 - streams("goals/count").random(n)) * many).astype(np.int64)
    # Draw all that a person might set, so that who sets how many changes nobody else's goals.
    shape = (n, many)
    area = pick(streams("goals/area", many).random(shape), _AREAS)
    importance = pick(streams("goals/importance", many).random(shape), _IMPORTANCE)
    difficulty = pick(streams("goals/difficulty", many).random(shape), _DIFFICULTY)
    own = streams("goals/own", many).standard_normal(shape)
    lowest = streams("goals/lowest", many).random(shape) < _LOWEST
    attainment = np.empty((n, design.n_waves, many))
    attainment[:, 0] = np.where(lowest, -2.0, -1.0)
    rest = np.sqrt(1 - _WELLBEING**2 - _GOAL**2)
    for wave in range(1, design.n_waves):
        error = rest * streams("goals/error", many, wave).standard_normal(shape)
        mean = GOAL_MEAN + people.treated * solved.goal_shift[wave]
        mean = mean + _WELLBEING * wellbeing.standard[:, wave]
        attainment[:, wave] = np.clip(np.floor(mean[:, None] + _GOAL * own + error + 0.5), -2, 2)
        gaps = skipped(design, streams, "goals", wave, shape)
        attainment[:, wave][gaps] = np.nan
    there = present[:, :, None] & (np.arange(many) < count[:, None])[:, None, :]
    person, when, number = np.nonzero(there)
    suffix = np.array([f"-G{x + 1}" for x in range(many)], dtype=object)
    return pd.DataFrame(
        {
            "person": text(people.ids[person]),
            "wave": pd.Index(design.waves).take(when),
            "goal": text(people.ids[person] + suffix[number]),
            "area": text(np.array(AREAS, dtype=object)[area[person, number]]),
            "importance": importance[person, number],
            "difficulty": difficulty[person, number],
            "attainment": attainment[there],
        }
    )


def services(design: Design, streams: Streams, people: People, present: Bools) -> pd.DataFrame:
    """Return a row a person, wave and service: contacts, and mean minutes of a contact.

    Contacts are Poisson with mean service x person x person's use of the service x team, times
    ``contact_ratio`` with the programme.
    """
    n, names = people.team.size, list(SERVICES)
    mean, length = np.array(list(SERVICES.values())).T
    person = streams("services/person").standard_gamma(_PERSON, n) / _PERSON
    own = streams("services/own").standard_gamma(_SERVICE, (n, len(names))) / _SERVICE
    team = streams("services/team").standard_normal(design.n_teams)
    team = np.exp(_TEAM * team - _TEAM**2 / 2)
    rate = mean * (person * team[people.team])[:, None] * own
    contacts = np.empty((n, design.n_waves, len(names)), dtype=np.int64)
    minutes = np.empty(contacts.shape)
    for wave in range(design.n_waves):
        ratio = np.where(people.treated, design.contact_ratio[wave], 1.0)
        contacts[:, wave] = streams("services/contacts", wave).poisson(rate * ratio[:, None])
        longer = np.exp(0.25 * streams("services/minutes", wave).standard_normal(own.shape))
        minutes[:, wave] = np.maximum(5 * np.rint(length * longer / 5), 5)
    minutes[contacts == 0] = 0
    who, when = np.nonzero(present)
    each = len(names)
    return pd.DataFrame(
        {
            "person": text(np.repeat(people.ids[who], each)),
            "wave": pd.Index(design.waves).take(np.repeat(when, each)),
            "service": text(np.tile(np.array(names, dtype=object), who.size)),
            "contacts": contacts[present].ravel(),
            "minutes": minutes[present].ravel(),
        }
    )
