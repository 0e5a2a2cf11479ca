"""The part of the page on how faithfully the programme was delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpeval.report.classes_release import CLASSES
from cpeval.report.classes_told import classes_grid, classes_sentence
from cpeval.report.delivery_figures import drift_picture, outcome_picture, profile_picture
from cpeval.report.delivery_grids import (
    agreement_grid,
    drift_grid,
    outcome_grid,
    profile_grid,
    site_agreement_grid,
)
from cpeval.report.delivery_release import PREFIX
from cpeval.report.figures import Picture
from cpeval.report.grids import Grid, records
from cpeval.report.naming import Names, printable
from cpeval.report.numbers import decimals_between, fixed, interval, is_number, joined
from cpeval.report.sheet_files import place_in_words, sheet_files
from cpeval.report.wording import lowered

if TYPE_CHECKING:
    from cpeval.evaluated import Delivery
    from cpeval.report.release import Release, Released


@dataclass(frozen=True, kw_only=True)
class DeliveryPart:
    """What the page says of delivery.

    Attributes
    ----------
    facts, found : tuple of str
        How it was rated, and what was found, in sentences.
    pictures : tuple of Picture
    tables : tuple of Grid
    sheets : tuple of (str, str)
        Site and file of its sheet.
    """

    facts: tuple[str, ...]
    found: tuple[str, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Grid, ...]
    sheets: tuple[tuple[str, str], ...]


def delivery_section(release: Release, names: Names) -> DeliveryPart | None:
    """Gather what there is on delivery; None if it was not rated, or nothing may be shown.

    Parameters
    ----------
    release : Release
    names : Names
    """
    told = names.evaluation.delivery
    if told is None:
        return None
    found = {
        name: one
        for name in ("profile", "drift", "agreement", "outcome")
        if (one := release.get(PREFIX + name)) is not None
    }
    profile, drift = found.get("profile"), found.get("drift")
    agreement, outcome = found.get("agreement"), found.get("outcome")
    classes = release.get(CLASSES)
    pictures = [
        profile_picture(profile, told) if profile else None,
        drift_picture(drift, names, told) if drift else None,
        outcome_picture(outcome, names, told) if outcome else None,
    ]
    tables = [
        profile_grid(profile, names, told) if profile else None,
        classes_grid(classes, names) if classes else None,
        drift_grid(drift, names) if drift else None,
        agreement_grid(agreement, names) if agreement else None,
        site_agreement_grid(agreement, names, told.total) if agreement else None,
        outcome_grid(outcome, names) if outcome else None,
    ]
    sentences = [
        _level(profile, names, told) if profile else "",
        _moved(drift, told) if drift else "",
        classes_sentence(classes) if classes else "",
    ]
    return DeliveryPart(
        facts=(*_facts(names, told), *_no_drift(names, told)),
        found=tuple(filter(None, sentences)),
        pictures=tuple(picture for picture in pictures if picture is not None),
        tables=tuple(grid for grid in tables if grid is not None),
        sheets=tuple(
            (place_in_words(names.evaluation, place), file)
            for place, file in sheet_files(names.evaluation).items()
        ),
    )


def _facts(names: Names, told: Delivery) -> list[str]:
    whose = "the intervention arm" if told.of_arm else "all arms together"
    if names.evaluation.study.arm is None:
        whose = "the programme"
    who = joined([printable(name) for name in told.informants])
    ends = ""
    if told.range is not None:
        ends = " Scores run from {} to {}.".format(*(f"{end:g}" for end in told.range))
    rated = f"rated by {who}" if who else "rated"
    how = {
        "median": "the median of the informants’ ratings of each item",
        "weighted": "a weighted mean of the informants’ ratings of each item",
        "consensus": "what was agreed on each item",
        "observer_first": "the observer’s rating of each item",
    }
    facts = [
        printable(f"Delivery in {whose}, {rated} on {told.instrument.title}.{ends}"),
        f"A score is made of {how.get(told.rule, 'the agreed rating of each item')}.",
    ]
    if told.silent:
        facts.append(printable(f"There is no rating by {joined(list(told.silent))}."))
    if told.complete < 1:
        shown = min(99, int(100 * told.complete))
        facts.append(f"All who rated did so in {shown} % of cases; elsewhere some are missing.")
    return facts


def _no_drift(names: Names, told: Delivery) -> list[str]:
    found, name = names.evaluation, f"{PREFIX}drift"
    if told.occasion is None or name in found.results or name in found.left_out:
        return []
    return ["Change over time needs ratings on two occasions since the programme began."]


def _level(profile: Released, names: Names, told: Delivery) -> str:
    row = next(
        r for r in records(profile.table) if r["term"] == "programme" and r["scale"] == told.total
    )
    if not is_number(row["estimate"]):
        return ""
    decimals = decimals_between(row["ci_low"], row["ci_high"])
    around = ""
    if is_number(row["ci_low"]):
        around = f" (95 % interval {interval(row['ci_low'], row['ci_high'], decimals)})"
    when = f" at {names.wave(told.occasion)}" if told.occasion is not None else ""
    of = f" of {told.range[1]:g}" if told.range is not None else ""
    return printable(
        f"The mean over sites{when} was {fixed(row['estimate'], decimals)}{of}{around}: "
        f"{lowered(told.scales[told.total])}."
    )


def _moved(drift: Released, told: Delivery) -> str:
    row = next(r for r in records(drift.table) if r["scale"] == told.total)
    estimate, low, high = row["estimate"], row["ci_low"], row["ci_high"]
    if not is_number(estimate):
        return ""
    if not is_number(low):
        return (
            f"From one occasion to the next it moved by {fixed(estimate, 2)} points; how sure this "
            "is can't be said."
        )
    decimals = decimals_between(low, high)
    way = "rose" if estimate > 0 else "fell"
    sure = low > 0 or high < 0
    text = (
        f"From one occasion to the next it {way} by {fixed(abs(estimate), decimals)} points (95 % "
        f"interval of the change {interval(low, high, decimals)})"
    )
    return f"{text}." if sure else f"{text}, so these data do not show which way it moved."
