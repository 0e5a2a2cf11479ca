"""How faithfully the programme was delivered, and what informants say of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cpeval.simulation import scores
from cpeval.simulation.arguments import INFORMANTS, Design
from cpeval.simulation.effects import FidelityModel
from cpeval.simulation.gaps import skipped
from cpeval.simulation.labels import text
from cpeval.simulation.people import Bools, People, each_wave
from cpeval.simulation.scores import Floats
from cpeval.simulation.streams import Streams

#: The instrument whose items are rated.
INSTRUMENT = "connecting_people"


@dataclass(frozen=True, kw_only=True, eq=False)
class Fidelity:
    """True fidelity on the scale of ratings, not cut to 1 to 5.

    ``team`` has shape (n_teams, 2, n_waves), the comparison arm's level first (a team uses the
    row of its arm); ``person`` (n_people, n_waves); ``above`` is how far a person's stands from
    the intervention arm's mean at that wave, the same shape; ``item`` (n_items,) and
    ``team_item`` (n_teams, n_items) are added for an item.
    """

    team: Floats
    person: Floats
    above: Floats
    item: Floats
    team_item: Floats


def deliver(design: Design, streams: Streams, people: People, model: FidelityModel) -> Fidelity:
    """Draw the true fidelity of each team and person at each wave.

    It is the arm's level at the wave (the comparison's for all at baseline) + team + occasion
    + person.
    """
    sd, n_teams = design.fidelity_sd, design.n_teams
    level = model.level[design.team_treated.astype(int)]
    stays = model.team_deviation
    if stays is None:
        stays = sd["team"] * streams("fidelity/team").standard_normal(n_teams)
    occasion = sd["occasion"] * each_wave(design, streams, "fidelity/occasion", n_teams)
    team = level + stays[:, None] + occasion
    own = sd["person"] * streams("fidelity/person").standard_normal(people.team.size)
    person = team[people.team] + own[:, None]
    items = design.fidelity_items
    item = _centred(streams("fidelity/item").standard_normal(items))
    team_item = _centred(streams("fidelity/team item").standard_normal((n_teams, items)))
    return Fidelity(
        team=team,
        person=person,
        above=person - model.level[1],
        item=sd["item"] * item,
        team_item=sd["team_item"] * team_item,
    )


def _centred(items: Floats) -> Floats:
    """Take the mean over the items off, and keep the variance: the scale is these items."""
    k = items.shape[-1]
    away = items - items.mean(axis=-1, keepdims=True)
    return np.asarray(away * np.sqrt(k / max(k - 1, 1)))


def rate(
    design: Design, streams: Streams, people: People, fidelity: Fidelity, present: Bools
) -> pd.DataFrame:
    """Let every informant rate every person who is there: the table of ratings.

    rating = true fidelity + item + team's item + informant's bias + informant's view of the
    person + assessor + error, rounded and cut to 1 to 5.
    """
    sd, n, k = design.fidelity_sd, people.team.size, design.fidelity_items
    raters = (*INFORMANTS[:2], *[INFORMANTS[2]] * design.observers)
    r = len(raters)
    bias = np.array([design.informant_bias[name] for name in raters])
    view = sd["informant"] * streams("ratings/view").standard_normal((n, r))
    workers = streams("ratings/workers").standard_normal(people.worker_ids.size)
    observers = streams("ratings/observers").standard_normal(design.observers)
    leaning = np.zeros((n, r))
    leaning[:, 1] = sd["assessor"] * workers[people.worker]
    leaning[:, 2:] = sd["assessor"] * observers
    start = (fidelity.item + fidelity.team_item)[people.team][:, None, :]
    start = start + (bias + view + leaning)[:, :, None]
    kept, items = [], []
    for wave in range(design.n_waves):
        here = streams("ratings/given", wave).random((n, r)) >= design.missing_ratings
        here &= present[:, wave, None]
        error = streams("ratings/error", wave).standard_normal((n, r, k))
        error *= sd["error"]
        error += start
        error += fidelity.person[:, wave, None, None]
        rating = np.clip(np.floor(error[here] + 0.5), 1, 5)
        rating[skipped(design, streams, "ratings", wave, (n, r, k))[here]] = np.nan
        items.append(rating)
        kept.append(np.column_stack([*np.nonzero(here), np.full(here.sum(), wave)]))
    place, values = np.concatenate(kept), np.concatenate(items)
    order = np.lexsort((place[:, 1], place[:, 2], place[:, 0]))
    (person, rater, wave), values = place[order].T, values[order]
    assessors = np.concatenate(
        [people.ids, people.worker_ids, [f"O{x + 1}" for x in range(design.observers)]]
    )
    which = np.select(
        [rater == 0, rater == 1],
        [person, n + people.worker[person]],
        n + people.worker_ids.size + rater - 2,
    )
    columns = {
        "person": text(people.ids[person]),
        "wave": pd.Index(design.waves).take(wave),
        "informant": text(np.array(raters, dtype=object)[rater]),
        "assessor": text(assessors[which]),
    }
    frame = pd.DataFrame(values, columns=[f"{INSTRUMENT}_{x + 1}" for x in range(k)])
    return pd.concat([pd.DataFrame(columns), frame], axis=1)


def true_scores(design: Design, people: People, fidelity: Fidelity) -> Floats:
    """Return what many unbiased informants' mean rating over the items would be.

    Returns
    -------
    numpy.ndarray, shape (n_people, n_waves)
        From 1 to 5: the expectation of the rounded rating, with the informants' views, assessors
        and errors averaged out.
    """
    sd = design.fidelity_sd
    spread = float(np.sqrt(sd["informant"] ** 2 + sd["assessor"] ** 2 + sd["error"] ** 2))
    offsets = (fidelity.item + fidelity.team_item)[people.team]
    total = np.zeros_like(fidelity.person)
    for item in range(design.fidelity_items):
        total += scores.rounded_mean(fidelity.person + offsets[:, item, None], spread, 1, 5)
    return total / design.fidelity_items
