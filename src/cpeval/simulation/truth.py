"""What is true of a simulated study: its parameters, and what the draw made of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cpeval.simulation import scores
from cpeval.simulation.arguments import Design
from cpeval.simulation.effects import GOAL_MEAN, Shifts, Solved, goal_mean
from cpeval.simulation.fidelity import Fidelity, true_scores
from cpeval.simulation.people import Bools, Latent, People
from cpeval.simulation.scores import Floats, ScoreModel


def parameters(
    given: Mapping[str, Any], entropy: int, design: Design, solved: Solved
) -> dict[str, Any]:
    """Return every true parameter, by name; nothing here depends on the draw."""
    wellbeing, resources = solved.wellbeing, solved.resources
    table = means(design, solved)
    at_first = table[table["wave"] == design.waves[1]].set_index("outcome")["effect"]
    effects = {f"effect_{name}": float(value) for name, value in at_first.items()}
    models: dict[str, tuple[ScoreModel, Shifts]] = {
        "swemwbs_raw": (scores.swemwbs_raw(), wellbeing),
        "swemwbs_metric": (scores.swemwbs_metric(), wellbeing),
        "rg_uk": (scores.resources(), resources),
    }
    described: dict[str, float] = {}
    for name, (model, latent) in models.items():
        described |= _described(name, model, latent, design)
    return {
        "simulated": True,
        **{name: _plain(value) for name, value in given.items()},
        "seed": entropy,
        "informant_bias": design.informant_bias,
        "fidelity_sd": design.fidelity_sd,
        **effects,
        "means": table,
        **described,
        "swemwbs_alpha": scores.swemwbs_alpha(),
        "fidelity_levels": {
            "wave": list(design.waves),
            "comparison": solved.fidelity.level[0].tolist(),
            "intervention": solved.fidelity.level[1].tolist(),
        },
        "attrition_intercept": {
            arm: None if math.isinf(value) else value
            for arm, value in zip(("intervention", "comparison"), solved.leaving, strict=True)
        },
        "latent_wellbeing": _latent(wellbeing),
        "latent_resources": _latent(resources),
        "latent_goals": {"usual": GOAL_MEAN, "effect": solved.goal_shift.tolist()},
        "items": {
            "swemwbs_slopes": scores.SWEMWBS_SLOPES.tolist(),
            "swemwbs_locations": scores.SWEMWBS_LOCATIONS.tolist(),
            "swemwbs_steps": scores.SWEMWBS_STEPS.tolist(),
            "rg_uk_slope": scores.RESOURCE_SLOPE,
            "rg_uk_difficulties": scores.RESOURCE_DIFFICULTIES.tolist(),
        },
    }


def means(design: Design, solved: Solved) -> pd.DataFrame:
    """Return the true mean of each outcome by wave, and the true effect.

    Returns
    -------
    pandas.DataFrame
        One row an outcome and wave: outcome, wave, mean_comparison; mean_without and
        mean_intervention, those of the intervention arm without and with the programme; effect,
        their difference; effect_sd, that in standard deviations of the score at baseline
        (missing for outcomes without a modelled score).
    """
    rows = pd.DataFrame(_mean_rows(design, solved))
    rows["effect"] = rows["mean_intervention"] - rows["mean_without"]
    rows["effect_sd"] = rows["effect"] / rows.pop("sd")
    # What is left of the digits is the solver's.
    return rows.round(10)


def realised(
    design: Design,
    people: People,
    parts: Mapping[str, Latent],
    moved: Mapping[str, Floats],
    solved: Solved,
    fidelity: Fidelity,
    present: Bools,
) -> dict[str, Any]:
    """Return what was drawn behind the data: by site, by team, by person."""
    n, waves = present.shape
    label = pd.Index(design.waves).take(np.tile(np.arange(waves), n))
    flat = {"person": np.repeat(people.ids, waves), "wave": label, "present": present.ravel()}
    values = dict(flat)
    effects: dict[str, Floats] = {}
    for name, shifts in (("wellbeing", solved.wellbeing), ("resources", solved.resources)):
        without = parts[name].value + shifts.usual + shifts.difference * people.treated[:, None]
        values[name] = moved[name].ravel()
        for score, model in _scores_of(name):
            expected = model.at(moved[name])
            values[score] = expected.ravel()
            effects[score] = expected - model.at(without)
    values["fidelity"] = fidelity.person.ravel()
    values["fidelity_score"] = true_scores(design, people, fidelity).ravel()
    teams = _clusters(design, parts, "team", people.team_ids)
    teams.insert(0, "trust", np.repeat(people.site_ids[design.team_site], waves))
    arms = np.array(design.arms[::-1], dtype=object)[design.team_treated.astype(int)]
    teams.insert(2, "arm", np.repeat(arms, waves))
    teams["fidelity"] = fidelity.team.ravel()
    first = np.cumsum(design.team_sizes) - design.team_sizes
    for score, effect in effects.items():
        total = np.add.reduceat(effect, first, axis=0)
        teams[f"effect_{score}"] = (total / design.team_sizes[:, None]).ravel()
    return {
        **{
            f"realised_effect_{score}": float(effect[people.treated, 1].mean())
            for score, effect in effects.items()
        },
        "realised_attrition": float(1 - present[:, -1].mean()),
        "fidelity_item": fidelity.item.tolist(),
        "site_effects": _clusters(design, parts, "site", people.site_ids),
        "team_effects": teams,
        "person_values": pd.DataFrame(values),
    }


def _scores_of(latent: str) -> tuple[tuple[str, ScoreModel], ...]:
    if latent == "resources":
        return (("rg_uk", scores.resources()),)
    return (("swemwbs_raw", scores.swemwbs_raw()), ("swemwbs_metric", scores.swemwbs_metric()))


def _clusters(
    design: Design, parts: Mapping[str, Latent], level: str, ids: np.ndarray[Any, Any]
) -> pd.DataFrame:
    """Return latent cluster effects, a row a cluster and wave."""
    waves = pd.Index(design.waves).take(np.tile(np.arange(design.n_waves), ids.size))
    columns = {name: getattr(part, level).ravel() for name, part in parts.items()}
    key = {"site": "trust", "team": "team"}[level]
    return pd.DataFrame({key: np.repeat(ids, design.n_waves), "wave": waves, **columns})


def _described(name: str, model: ScoreModel, latent: Shifts, design: Design) -> dict[str, float]:
    """Return a score's mean, sd and intraclass correlations at baseline, in the comparison arm."""
    mean, sd = model.standard
    site, team = latent.shares
    outer, both = (model.covariance(share) / sd**2 for share in (site, site + team))
    stays = (site + team) * design.cluster_stability
    stays += (1 - site - team) * design.person_stability
    later = float(latent.usual[1])
    described = {
        f"{name}_mean": mean,
        f"{name}_sd": sd,
        f"{name}_icc_site": outer,
        f"{name}_icc_team": both - outer,
    }
    # The same resources stay with the same people, which their latent value doesn't say.
    if name != "rg_uk":
        described[f"{name}_correlation"] = model.covariance(stays, 0.0, later) / (
            sd * model.sd_at(later)
        )
    return described


def _latent(shifts: Shifts) -> dict[str, Any]:
    return {
        "variance_site": shifts.shares[0],
        "variance_team": shifts.shares[1],
        "usual": shifts.usual.tolist(),
        "difference": shifts.difference,
        "effect": shifts.effect.tolist(),
        "slope_on_fidelity": shifts.slope.tolist(),
    }


def _mean_rows(design: Design, solved: Solved) -> Iterator[dict[str, object]]:
    fidelity = solved.fidelity
    for name, model, latent in (
        ("swemwbs_raw", scores.swemwbs_raw(), solved.wellbeing),
        ("swemwbs_metric", scores.swemwbs_metric(), solved.wellbeing),
        ("rg_uk", scores.resources(), solved.resources),
    ):
        for wave, label in enumerate(design.waves):
            usual, slope = latent.usual[wave], latent.slope[wave]
            without = usual + latent.difference
            at = without + latent.effect[wave] + slope * fidelity.nodes
            spread = latent.intervention.variances + slope**2 * fidelity.variance
            yield {
                "outcome": name,
                "wave": label,
                "mean_comparison": latent.comparison.mean(model, float(usual)),
                "mean_without": latent.intervention.mean(model, float(without)),
                "mean_intervention": float(fidelity.weights @ model.mean(at, spread)),
                "sd": model.standard[1],
            }
    for wave, label in enumerate(design.waves):
        if wave > 0 and design.goals > 0:
            reached_goal = goal_mean(GOAL_MEAN + solved.goal_shift[wave])
            yield _row("attainment", label, goal_mean(GOAL_MEAN), reached_goal)
    for wave, label in enumerate(design.waves):
        yield _row(
            "network_size", label, design.alters, design.alters + float(design.network_effect[wave])
        )


def _row(name: str, wave: object, usual: float, reached: float) -> dict[str, object]:
    return {
        "outcome": name,
        "wave": wave,
        "mean_comparison": usual,
        "mean_without": usual,
        "mean_intervention": reached,
        "sd": math.nan,
    }


def _plain(value: object) -> object:
    """Make an argument plain: lists for sequences, Python's numbers for numpy's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(x) for x in value]
    if isinstance(value, Mapping):
        return {key: _plain(x) for key, x in value.items()}
    return value
