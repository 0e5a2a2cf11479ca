"""What a comparison says of itself: what was done, how to read it, what to worry about."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpeval.errors import listed
from cpeval.outcomes.comparison import BESIDE
from cpeval.outcomes.estimates import Estimate
from cpeval.outcomes.primary import Primary
from cpeval.outcomes.sensitivity import Sensitivity
from cpeval.people.analysed import Analysed
from cpeval.people.rows import people_text
from cpeval.people.units import Units, many
from cpeval.study import Study

#: Below so many, readers should know how few a result rests on (Cameron & Miller, 2015).
FEW_CLUSTERS = 40

#: A place that holds more of the people than this dominates a comparison.
_DOMINANT = 0.5

#: So many differences at baseline are named in a note, the largest first.
_MOST_NAMED = 5


def note(
    outcome: str,
    study: Study,
    used: Analysed,
    primary: Estimate,
    level: float,
    *,
    units: Units | None,
    binary: bool,
    balance: pd.DataFrame,
) -> str:
    """Say what was done, and what it may be read as."""
    comparison, intervention = used.groups
    at = "" if study.wave is None else f" at {study.follow_up}"
    what = f"Share of {outcome} = 1" if binary else f"Mean {outcome}"
    where = "" if study.wave is None else " at the same wave"
    where = " at baseline" if study.baseline is not None else where
    text = (
        f"{what}{at} of {study.arm} {intervention} minus {comparison}"
        + (" (a risk difference)" if binary else "")
        + (f", adjusted for {', '.join(used.adjusted)}" if used.adjusted else "")
        + f": {primary.method}"
    )
    if np.isfinite(primary.df):
        text += f", {100 * level:g} % t interval on {primary.df:.4g} degrees of freedom"
    text += (
        f". Hedges' g is the difference over the pooled standard deviation within arms{where}, "
        "times the exact small-sample factor with n - 2 degrees of freedom; its interval is the "
        f"difference's on that scale. {_reading(study, used, units)}"
    )
    if study.randomised is not True:
        text += f" {_balance(study, balance)}"
    return text


def _reading(study: Study, used: Analysed, units: Units | None) -> str:
    """Say whether the difference is an effect."""
    who = "people" if units is None or " " in units.role else many(units.role)
    if study.randomised is True:
        return (
            f"{who.capitalize()} were randomised to the arms, so the difference estimates the "
            "effect of being offered the intervention, unless those left out differ between the "
            "arms."
        )
    known = (
        f"{who.capitalize()} were not randomised to the arms"
        if study.randomised is False
        else f"It is not known whether {who} were randomised to the arms"
    )
    return f"{known}: other differences between the arms may lie behind this one."


def _balance(study: Study, balance: pd.DataFrame) -> str:
    """Say how alike the arms were in what was recorded at baseline."""
    if balance.empty:
        return (
            "No baseline score or covariate was given, so how alike the arms were beforehand "
            "can't be seen."
        )
    known = balance.dropna(subset=["smd"])
    order = known["smd"].abs().sort_values(ascending=False).index[:_MOST_NAMED]
    shown = [f"{known['term'][k]} {known['smd'][k]:+.2f}" for k in order]
    more = " and less in others" if len(known) > len(shown) else ""
    if not shown:
        return "Beforehand the arms did not differ in what was adjusted for."
    return (
        "Beforehand, those analysed differed between the arms by (in standard deviations) "
        f"{', '.join(shown)}{more}. Adjusting for that doesn't make the arms alike in what was not "
        "recorded."
    )


def of_clusters(used: Analysed, units: Units, primary: Primary, *, regression: bool) -> list[str]:
    """Say what so few units, sites with one arm, or one large site mean for the reader."""
    comparison, intervention = units.per_arm
    n = units.arm.size
    if min(units.per_arm) < 2:
        return [
            f"An arm has only one {units.role}, so the arms can't be told from the "
            f"{many(units.role)}: the difference stands without error, test or interval."
        ]
    if regression:
        if n >= FEW_CLUSTERS:
            return []
        return [
            "These errors are too small with few clusters, so the interval is too narrow and p "
            f"too low: {n} {many(units.role)} ({intervention} with the intervention, {comparison} "
            "with the comparison). Without vcov= the primary analysis allows for that."
        ]
    found = []
    rests = units.paired.size
    if n < FEW_CLUSTERS:
        what = (
            f"{n} {many(units.role)} ({intervention} with the intervention, {comparison} with the "
            "comparison)"
            if units.strata is None
            else f"{n} {many(units.role)} in {units.strata.n} {many(units.strata.role)}, "
            + ("all" if rests == units.strata.n else f"{rests}")
            + " with both arms"
        )
        found.append(
            f"Few clusters: the result rests on {what}, not on {people_text(used.arm.size)}. The "
            "interval is as wide as that makes it, and one of them can change the conclusion."
        )
    # With few sites that have both arms, those with one may be compared as well.
    leaves_out = primary.used is not None and not primary.used.all()
    if leaves_out and units.strata is not None and units.paired.size < units.strata.n:
        lone = [
            label
            for k, label in enumerate(units.strata.labels)
            if k not in set(units.paired.tolist())
        ]
        found.append(
            f"{many(units.strata.role).capitalize()} with one arm only: {listed(lone)}. They say "
            "nothing of the difference within "
            f"{many(units.strata.role)}, so the primary analysis leaves them out."
        )
    mixed = _in_another_arm(used, units)
    if mixed:
        found.append(mixed)
    where, code = (
        (units.places, units.place_of_people)
        if units.strata is None or units.stratum is None
        else (units.strata, units.stratum[units.code])
    )
    share = np.bincount(code, minlength=where.n) / code.size
    top = int(share.argmax())
    if share[top] > _DOMINANT and where.n > 2:
        found.append(
            f"One {where.role}, {where.labels[top]!r}, has {share[top]:.0%} of the people. The "
            f"primary analysis counts every {where.role} once; those that count people rest "
            f"mostly on it."
        )
    return found


def _in_another_arm(used: Analysed, units: Units) -> str:
    """Name people who are in another arm than the rest of their place."""
    if " " not in units.role:
        return ""
    team = used.team if used.team is not None else used.site
    if team is None:
        return ""
    people = np.bincount(team.code)
    treated = np.bincount(team.code, weights=used.arm)
    fewer = np.minimum(treated, people - treated)
    both = fewer > 0
    if both.all() or not both.any():
        return ""
    n = int(fewer.sum())
    places = [team.labels[k] for k in np.flatnonzero(both)]
    return (
        f"{people_text(n)} of {listed(places)} {'is' if n == 1 else 'are'} in another arm than the "
        f"rest of the {team.role}, and most {team.role}s have one arm. If that is a mistake, "
        f"correct it: the {team.role}s are then the units of the analysis."
    )


def of_sensitivity(found: Sensitivity, primary: Estimate, units: Units, level: float) -> list[str]:
    """Say which other analyses are wanting, and which site the conclusion hangs on."""
    texts = [f"{BESIDE} {text}" for text in found.warnings]
    other = found.leave_one_out
    if other is not None and np.isfinite(primary.p):
        alpha = 1 - level
        turned = (other["p"] < alpha) != (primary.p < alpha)
        # What chance explains has no sign to speak of.
        flipped = (np.sign(other["estimate"]) != np.sign(primary.estimate)) & (primary.p < alpha)
        rows = other[(turned & other["p"].notna()) | flipped].head(_MOST_NAMED)
        role = str(other.columns[0])
        each = [
            f"without {listed([row[role]])} the difference would be {row['estimate']:.3g} "
            f"(p = {row['p']:.2g})"
            for row in rows.to_dict("records")
        ]
        if each:
            texts.append(
                f"The conclusion hangs on single {many(role)}: {'; '.join(each)}, rather than "
                f"{primary.estimate:.3g} (p = {primary.p:.2g})."
            )
    if found.heterogeneity is not None and units.role == "team":
        texts.append(
            f"{BESIDE} how far sites differ in their results can't be told from how far teams do, "
            "where each site has few teams."
        )
    return texts


def without_error(units: Units | None) -> str:
    """Say why there is a difference and no error."""
    if units is None:
        return "The model fits the outcome exactly: errors and tests are undefined."
    return (
        f"No error could be computed: the {many(units.role)} are too few for the covariates that "
        "differ between them, or their means don't vary beyond the arm."
    )
