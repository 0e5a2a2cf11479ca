"""Latent values that give the effects, trends and correlations that were asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from cpeval.simulation import scores
from cpeval.simulation.arguments import Design
from cpeval.simulation.checks import refuse
from cpeval.simulation.scores import Floats, Mixture, ScoreModel, Unreachable

#: The latent attainment of a goal after the baseline, without the programme.
GOAL_MEAN = -0.4
#: Rounds of the fixed point between an effect and its slope on fidelity; it takes some ten.
_ROUNDS = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class FidelityModel:
    """Expected fidelity by arm and wave, and how it spreads in the intervention arm.

    ``level`` has shape (2, n_waves), the comparison's row first. ``team_deviation`` has one value
    a team where levels were given team by team; then ``nodes`` are those of the intervention
    teams (0 where only ``person_sd`` differs) and ``weights`` their shares of its people, and
    otherwise a single 0 and 1.
    ``variance`` is that of the normal rest.
    """

    level: Floats
    team_deviation: Floats | None
    nodes: Floats
    weights: Floats
    variance: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Shifts:
    """How a latent value moves, for a score that moves as asked. Arrays have one value a wave.

    The latent mean is ``usual``; in the intervention arm it is ``difference`` more, and
    ``effect`` more again, plus ``slope`` for each point of fidelity above the arm's mean.
    ``shares`` are the variances between sites and between teams; the whole variance is 1 where
    ``person_sd`` is. ``comparison`` and ``intervention`` say how it is elsewhere.
    """

    model: ScoreModel
    shares: tuple[float, float]
    usual: Floats
    difference: float
    effect: Floats
    slope: Floats
    comparison: Mixture
    intervention: Mixture


@dataclass(frozen=True, kw_only=True, eq=False)
class Solved:
    """Everything latent that the arguments imply. ``leaving`` has the intervention's first."""

    fidelity: FidelityModel
    wellbeing: Shifts
    resources: Shifts
    goal_shift: Floats
    leaving: tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Wanted:
    """What was asked of one score, in its points; ``prefix`` begins its arguments' names."""

    what: str
    prefix: str
    model: ScoreModel
    effect: Floats
    per_point: float
    trend: Floats
    difference: float

    def beyond(self, name: str, value: float, start: float) -> str:
        """Say that no latent value gives it."""
        low, high = (float(self.model.mean(end)) for end in (-scores.REACH, scores.REACH))
        return (
            f"{name}: {value:g} can't be reached. The mean of {self.what} would be {start:.2f} "
            f"without it, and must stay between {low:.1f} and {high:.1f}."
        )


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
    wellbeing = _Wanted(
        what="the SWEMWBS metric score",
        prefix="",
        model=scores.swemwbs_metric(),
        effect=design.effect,
        per_point=design.fidelity_effect,
        trend=design.trend,
        difference=design.baseline_difference,
    )
    resources = _Wanted(
        what="the number of resources",
        prefix="resource_",
        model=scores.resources(),
        effect=design.resource_effect,
        per_point=design.resource_fidelity_effect,
        trend=np.zeros(design.n_waves),
        difference=0.0,
    )
    well, resourced = (_shifts(w, design, fidelity, wrong) for w in (wellbeing, resources))
    goal_shift = _goal_shift(design, wrong)
    refuse(wrong.values())
    in_cp, in_usual = design.attrition
    return Solved(
        fidelity=fidelity,
        wellbeing=well,
        resources=resourced,
        goal_shift=goal_shift,
        leaving=(
            _leaving(in_cp, design.attrition_slope, well.difference, well.intervention),
            _leaving(in_usual, design.attrition_slope, 0.0, well.comparison),
        ),
    )


def goal_mean(latent: float) -> float:
    """Return the mean attainment for a latent attainment with standard deviation 1."""
    return float(scores.rounded_mean(latent, 1.0, -2, 2))


def _goal_shift(design: Design, wrong: dict[str, str]) -> Floats:
    shift, usual = np.zeros(design.n_waves), goal_mean(GOAL_MEAN)
    for wave in range(1, design.n_waves):
        wanted = usual + design.goal_effect[wave]
        try:
            shift[wave] = scores.solve(partial(_goal_gap, wanted)) - GOAL_MEAN
        except Unreachable:
            wrong["goal_effect"] = (
                f"goal_effect: {design.goal_effect[wave]:g} can't be reached. The mean attainment "
                f"would be {usual:.2f} without it, and must stay between -2 and 2."
            )
    return shift


def _goal_gap(wanted: float, latent: float) -> float:
    return goal_mean(latent) - wanted


def _fidelity_model(design: Design) -> FidelityModel:
    """Put together the arms' levels by wave and the teams' deviations from them."""
    treated, sizes, sd = design.team_treated, design.team_sizes, design.fidelity_sd
    waves = np.arange(design.n_waves)
    rest = sd["person"] ** 2 + sd["occasion"] ** 2
    deviation = None
    if design.levels_are_exact:
        given = np.array(design.fidelity)
        delivered, usual = (
            float(np.average(given[arm], weights=sizes[arm])) for arm in (treated, ~treated)
        )
        deviation = given - np.where(treated, delivered, usual)
        nodes = deviation[treated]
    else:
        delivered, usual = design.fidelity
        nodes = np.zeros(int(treated.sum()))
        rest += sd["team"] ** 2
    if design.levels_are_exact or (design.person_sd != 1).any():
        weights = sizes[treated] / sizes[treated].sum()
    else:
        nodes, weights = np.zeros(1), np.ones(1)
    drift = design.fidelity_drift * np.maximum(waves - 1, 0)
    return FidelityModel(
        level=np.stack([np.full(waves.size, usual), np.where(waves > 0, delivered + drift, usual)]),
        team_deviation=deviation,
        nodes=nodes,
        weights=weights,
        variance=rest,
    )


def _shifts(
    wanted: _Wanted, design: Design, fidelity: FidelityModel, wrong: dict[str, str]
) -> Shifts:
    """Solve for one score; say in ``wrong`` what can't be reached."""
    model = wanted.model
    usual, effect, slope = (np.zeros(design.n_waves) for _ in range(3))
    difference, shares = 0.0, (0.0, 0.0)
    try:
        shares = model.latent_shares(design.icc_site, design.icc_team)
    except Unreachable:
        wrong.setdefault(
            "icc",
            f"icc_site, icc_team: their sum, {design.icc_site + design.icc_team:g}, should be "
            f"below {model.reliability:.2f}, the reliability of {wanted.what}.",
        )
    comparison, intervention = (_mixture(design, shares, arm) for arm in (False, True))
    try:
        difference = intervention.latent_rise(model, wanted.difference)
    except Unreachable:
        name = "baseline_difference"
        wrong[name] = wanted.beyond(name, wanted.difference, intervention.mean(model, 0.0))
    for wave in range(1, design.n_waves):
        try:
            usual[wave] = comparison.latent_rise(model, wanted.trend[wave])
        except Unreachable:
            start = comparison.mean(model, 0.0)
            wrong["trend"] = wanted.beyond("trend", wanted.trend[wave], start)
            continue
        start = usual[wave] + difference
        try:
            effect[wave], slope[wave] = _effect(wanted, wave, start, fidelity, intervention)
        except Unreachable:
            name = f"{wanted.prefix}effect"
            if wanted.per_point:
                name += f" with {wanted.prefix}fidelity_effect={wanted.per_point:g}"
            wrong[name] = wanted.beyond(name, wanted.effect[wave], intervention.mean(model, start))
    return Shifts(
        model=model,
        shares=shares,
        usual=usual,
        difference=difference,
        effect=effect,
        slope=slope,
        comparison=comparison,
        intervention=intervention,
    )


def team_variances(design: Design, shares: tuple[float, float]) -> Floats:
    """Return the latent variance in each team."""
    # As a difference from 1, so that it is 1 to the last digit where person_sd is.
    return 1 + (1 - sum(shares)) * (design.person_sd**2 - 1)


def _mixture(design: Design, shares: tuple[float, float], treated: bool) -> Mixture:
    """Return the teams of an arm; a single one where person_sd is 1 in all."""
    if (design.person_sd == 1).all():
        return Mixture(np.ones(1), np.ones(1))
    own = design.team_treated == treated
    size = design.team_sizes[own]
    return Mixture(size / size.sum(), team_variances(design, shares)[own])


def _effect(
    wanted: _Wanted, wave: int, start: float, fidelity: FidelityModel, mixture: Mixture
) -> tuple[float, float]:
    """Find the latent effect and its slope on fidelity.

    The mean score must be ``effect`` points above that at ``start``, and its mean derivative by
    fidelity ``per_point``. The slope is part of the latent value's spread, so they are found in
    turns.
    """
    model = wanted.model
    if wanted.effect[wave] == 0 and wanted.per_point == 0:
        return 0.0, 0.0
    goal = mixture.mean(model, start) + wanted.effect[wave]
    slope = 0.0
    for _ in range(_ROUNDS):
        variance = mixture.variances + slope**2 * fidelity.variance
        nodes = slope * fidelity.nodes
        at = scores.solve(partial(_gap, model, nodes, fidelity.weights, variance, goal))
        before = slope
        slope = wanted.per_point / float(fidelity.weights @ model.slope(at + nodes, variance))
        if abs(slope - before) < 1e-12:
            return at - start, slope
        if abs(slope) > scores.REACH:
            break
    raise Unreachable


def _gap(
    model: ScoreModel, nodes: Floats, weights: Floats, variance: Floats, goal: float, at: float
) -> float:
    return float(weights @ model.mean(at + nodes, variance)) - goal


def _leaving(share: float, slope: float, difference: float, mixture: Mixture) -> float:
    """Return the intercept of the log odds of leaving that gives this share of people.

    The log odds are intercept + slope x (raw baseline score - its mean) / its sd.
    """
    if share == 0:
        return -math.inf
    mean, sd = scores.swemwbs_raw().standard
    chance = scores.swemwbs_chances(difference, mixture)
    standard = (np.arange(7.0, 36.0) - mean) / sd

    def gap(intercept: float) -> float:
        return float(chance @ expit(intercept + slope * standard)) - share

    return float(brentq(gap, -1e3 - 5 * abs(slope), 1e3 + 5 * abs(slope), xtol=1e-12))
