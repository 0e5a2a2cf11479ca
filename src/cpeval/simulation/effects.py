"""Latent values that give the effects, trends and correlations that were asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

from cpeval.simulation import scores
from cpeval.simulation.arguments import Design, refuse
from cpeval.simulation.scores import Floats, ScoreModel, Unreachable

#: Rounds of the fixed point between an effect and its slope on fidelity; it takes some ten.
_ROUNDS = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class FidelityModel:
    """Expected fidelity by arm and wave, and how it spreads in the intervention arm.

    ``level`` has shape (2, n_waves), the comparison's row first. ``nodes`` are the teams'
    deviations from the arm's mean with their ``weights`` where levels were given team by team,
    and a single 0 otherwise; ``variance`` is that of the normal rest.
    """

    level: Floats
    team_deviation: Floats | None
    nodes: Floats
    weights: Floats
    variance: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Shifts:
    """How one latent value moves, for a score that moves as asked. Arrays have one value a wave.

    At a wave the latent mean is ``usual``, ``difference`` more in the intervention arm, and
    ``effect`` more again, plus ``slope`` for each point of fidelity above that arm's mean.
    """

    model: ScoreModel
    shares: tuple[float, ...]
    usual: Floats
    difference: float
    effect: Floats
    slope: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Solved:
    """Everything latent that the arguments imply."""

    fidelity: FidelityModel
    wellbeing: Shifts
    resources: Shifts
    goal_shift: Floats
    leaving: tuple[float, float]


#: The latent attainment of a goal without the programme, after the baseline.
GOAL_MEAN = -0.4


def solve(design: Design) -> Solved:
    """Find all latent parameters.

    Raises
    ------
    OptionError
        What can't be reached, all of it: a mean outside the score's range, or intraclass
        correlations above the score's reliability.
    """
    fidelity = _fidelity_model(design)
    wrong: dict[str, str] = {}
    wellbeing = _shifts(
        scores.swemwbs_metric(),
        design,
        fidelity,
        {
            "what": "the SWEMWBS metric score",
            "effect": "effect",
            "trend": "trend",
            "slope": "fidelity_effect",
        },
        wrong,
    )
    resources = _shifts(
        scores.resources(),
        design,
        fidelity,
        {
            "what": "the number of resources",
            "effect": "resource_effect",
            "trend": "",
            "slope": "resource_fidelity_effect",
        },
        wrong,
    )
    goal_shift = np.zeros(design.n_waves)
    for wave in range(1, design.n_waves):
        wanted = _goal_mean(GOAL_MEAN) + design.goal_effect[wave]
        try:
            goal_shift[wave] = scores.solve(lambda x, w=wanted: _goal_mean(x) - w) - GOAL_MEAN
        except Unreachable:
            wrong["goal_effect"] = (
                f"goal_effect: {design.goal_effect[wave]:g} can't be reached: without the "
                f"programme the mean attainment is {_goal_mean(GOAL_MEAN):.2f}, and it must "
                "stay between -2 and 2."
            )
    refuse(wrong.values())
    leaving = (
        _leaving(design.attrition[0], design.attrition_slope, wellbeing.difference),
        _leaving(design.attrition[1], design.attrition_slope, 0.0),
    )
    return Solved(
        fidelity=fidelity,
        wellbeing=wellbeing,
        resources=resources,
        goal_shift=goal_shift,
        leaving=leaving,
    )


def _goal_mean(latent: float) -> float:
    return float(scores.rounded_mean(latent, 1.0, -2, 2))


def _fidelity_model(design: Design) -> FidelityModel:
    """Put together the arms' levels by wave and the teams' deviations from them."""
    treated, sizes, sd = design.team_treated, design.team_sizes, design.fidelity_sd
    rest = sd["person"] ** 2 + sd["occasion"] ** 2
    deviation: Floats | None = None
    if design.levels_are_exact:
        given = np.array(design.fidelity)
        means = [float(np.average(given[arm], weights=sizes[arm])) for arm in (~treated, treated)]
        deviation = given - np.where(treated, means[1], means[0])
        nodes, weights = deviation[treated], sizes[treated] / sizes[treated].sum()
    else:
        means = [design.fidelity[1], design.fidelity[0]]
        nodes, weights = np.zeros(1), np.ones(1)
        rest += sd["team"] ** 2
    drift = design.fidelity_drift * np.maximum(np.arange(design.n_waves) - 1, 0)
    usual = np.full(design.n_waves, means[0])
    delivered = np.where(np.arange(design.n_waves) == 0, means[0], means[1] + drift)
    return FidelityModel(
        level=np.stack([usual, delivered]),
        team_deviation=deviation,
        nodes=nodes,
        weights=weights,
        variance=rest,
    )


def _shifts(
    model: ScoreModel,
    design: Design,
    fidelity: FidelityModel,
    names: dict[str, str],
    wrong: dict[str, str],
) -> Shifts:
    """Solve for one score; say in ``wrong`` what can't be reached."""
    base = model.standard[0]
    trend = design.trend if names["trend"] else np.zeros(design.n_waves)
    effects = design.effect if names["effect"] == "effect" else design.resource_effect
    per_point = (
        design.fidelity_effect
        if names["slope"] == "fidelity_effect"
        else design.resource_fidelity_effect
    )
    usual, effect, slope = (np.zeros(design.n_waves) for _ in range(3))
    difference = 0.0
    shares: tuple[float, ...] = (0.0, 0.0)
    try:
        shares = model.latent_shares((design.icc_site, design.icc_team))
    except Unreachable:
        wrong.setdefault(
            "icc_site",
            f"icc_site, icc_team: their sum, {design.icc_site + design.icc_team:g}, should be "
            f"below {model.reliability:.2f}, the reliability of {names['what']}: people of a "
            "team can't have more in common than a person with themself.",
        )
    if names["trend"]:
        try:
            difference = model.latent_mean(base + design.baseline_difference)
        except Unreachable:
            wrong["baseline_difference"] = _beyond(
                "baseline_difference", design.baseline_difference, base, model, names["what"]
            )
    for wave in range(1, design.n_waves):
        try:
            usual[wave] = model.latent_mean(base + trend[wave])
        except Unreachable:
            wrong[names["trend"]] = _beyond(
                names["trend"], trend[wave], base, model, names["what"]
            )
            continue
        start = usual[wave] + difference
        try:
            effect[wave], slope[wave] = _effect(model, start, effects[wave], per_point, fidelity)
        except Unreachable:
            name = names["effect"] + (f" (with {names['slope']})" if per_point else "")
            without = float(model.mean(start))
            wrong[names["effect"]] = _beyond(name, effects[wave], without, model, names["what"])
    return Shifts(
        model=model,
        shares=shares,
        usual=usual,
        difference=difference,
        effect=effect,
        slope=slope,
    )


def _beyond(name: str, value: float, start: float, model: ScoreModel, what: str) -> str:
    low, high = (float(model.mean(end)) for end in (-scores.REACH, scores.REACH))
    return (
        f"{name}: {value:g} can't be reached: {what} starts from a mean of {start:.2f}, and it "
        f"must stay between {low:.1f} and {high:.1f}."
    )


def _effect(
    model: ScoreModel, start: float, wanted: float, per_point: float, fidelity: FidelityModel
) -> tuple[float, float]:
    """Find the latent effect and its slope on fidelity.

    The mean score must be ``wanted`` points above that at ``start``, and its mean derivative by
    fidelity ``per_point``. The slope enters the spread of the latent value, so the two are found
    in turns.
    """
    if wanted == 0 and per_point == 0:
        return 0.0, 0.0
    goal = float(model.mean(start)) + wanted
    slope = 0.0
    for _ in range(_ROUNDS):
        variance = 1 + slope**2 * fidelity.variance
        nodes = slope * fidelity.nodes
        at = scores.solve(
            lambda x, n=nodes, v=variance: float(fidelity.weights @ model.mean(x + n, v)) - goal
        )
        before = slope
        slope = per_point / float(fidelity.weights @ model.slope(at + nodes, variance))
        if abs(slope - before) < 1e-12:
            return at - start, slope
        if abs(slope) > scores.REACH:
            break
    raise Unreachable


def _leaving(share: float, slope: float, difference: float) -> float:
    """Return the intercept of the log odds of leaving that gives this share of people.

    The log odds are intercept + slope x (raw baseline score - mean) / sd.
    """
    if share == 0:
        return -math.inf
    chance, standard = baseline_scores(difference)
    intercept = brentq(
        lambda a: float(chance @ expit(a + slope * standard)) - share, -700, 700, xtol=1e-13
    )
    return float(intercept)


def baseline_scores(difference: float) -> tuple[Floats, Floats]:
    """Return the chance of each raw SWEMWBS score at baseline, and the scores standardised."""
    mean, sd = scores.swemwbs_raw().standard
    columns = scores.swemwbs_distribution()
    chance = np.array([float(ScoreModel(c, 0 * c).mean(difference)) for c in columns.T])
    return chance, (np.arange(7.0, 36.0) - mean) / sd


def means(design: Design, solved: Solved) -> pd.DataFrame:
    """Return the true mean of each outcome by wave, and the true effect.

    Returns
    -------
    pandas.DataFrame
        One row an outcome and wave: outcome, wave, mean_comparison; mean_without and
        mean_intervention, of the intervention arm without and with the programme; effect, their
        difference; effect_sd, that in standard deviations of the score at baseline (missing
        where the score isn't modelled as a whole).
    """
    rows = pd.DataFrame(_mean_rows(design, solved))
    rows["effect"] = rows["mean_intervention"] - rows["mean_without"]
    rows["effect_sd"] = rows["effect"] / rows.pop("sd")
    return rows


def _mean_rows(design: Design, solved: Solved) -> Iterator[dict[str, object]]:
    fidelity = solved.fidelity
    for name, model, latent in (
        ("swemwbs", scores.swemwbs_raw(), solved.wellbeing),
        ("swemwbs_metric", scores.swemwbs_metric(), solved.wellbeing),
        ("rg_uk", scores.resources(), solved.resources),
    ):
        for wave, label in enumerate(design.waves):
            without = latent.usual[wave] + latent.difference
            slope = latent.slope[wave]
            at = without + latent.effect[wave] + slope * fidelity.nodes
            means = model.mean(at, 1 + slope**2 * fidelity.variance)
            yield {
                "outcome": name,
                "wave": label,
                "mean_comparison": float(model.mean(latent.usual[wave])),
                "mean_without": float(model.mean(without)),
                "mean_intervention": float(fidelity.weights @ means),
                "sd": model.standard[1],
            }
    for wave, label in enumerate(design.waves):
        if wave > 0 and design.goals > 0:
            usual = _goal_mean(GOAL_MEAN)
            reached = _goal_mean(GOAL_MEAN + solved.goal_shift[wave])
            yield _row("attainment", label, usual, reached)
        if design.alters > 0:
            more = design.network_effect[wave]
            yield _row("network_size", label, design.alters, design.alters + more)


def _row(name: str, wave: object, usual: float, reached: float) -> dict[str, object]:
    return {
        "outcome": name,
        "wave": wave,
        "mean_comparison": usual,
        "mean_without": usual,
        "mean_intervention": reached,
        "sd": math.nan,
    }
