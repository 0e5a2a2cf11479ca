"""The part of the page on personal networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cpeval.report import grids
from cpeval.report.comparison_grids import differences
from cpeval.report.disclosure import Withheld
from cpeval.report.figures import Picture
from cpeval.report.grids import Grid, records
from cpeval.report.naming import Names, capital, printable
from cpeval.report.networks_figures import average_picture
from cpeval.report.networks_grids import average_grid, terms_grid
from cpeval.report.numbers import decimals_between, fixed, interval, is_number
from cpeval.report.wording import Meaning, lowered

if TYPE_CHECKING:
    from cpeval.evaluated import Networks, Outcome
    from cpeval.report.release import Release, Released

_PREFIX = "networks/"


@dataclass(frozen=True, kw_only=True)
class NetworksPart:
    """What the page says of personal networks.

    Attributes
    ----------
    facts : tuple of str
        What is meant, in sentences.
    found : tuple of Meaning
        How the arms differ in each measure.
    cautions : tuple of str
        Warnings of the comparisons.
    pictures : tuple of Picture
    tables : tuple of Grid
    """

    facts: tuple[str, ...]
    found: tuple[Meaning, ...]
    cautions: tuple[str, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Grid, ...]


def networks_section(release: Release, names: Names) -> NetworksPart | None:
    """Gather what there is on networks; None if there are none, or nothing may be shown.

    Parameters
    ----------
    release : Release
    names : Names
    """
    told = names.evaluation.networks
    if told is None or not any(name.startswith(_PREFIX) for name in release.results):
        return None
    found: list[Meaning] = []
    cautions: list[str] = []
    tables: list[Grid] = []
    for k, measure in enumerate(told.measures, start=1):
        means, changes, compared = _results(release, names, measure.column)
        ident, label = f"network-{k}", printable(measure.label)
        if means:
            tables.append(grids.means(means, names, ident, label))
        if changes:
            study = names.evaluation.study
            start = names.wave(study.baseline) if study.baseline is not None else "baseline"
            tables.append(_plain(grids.changes(changes, names, ident, label, start)))
        if compared:
            tables.append(_plain(differences(compared, names, ident, label)))
            found += [_difference(records(one.table)[0], measure, names) for one in compared[:1]]
            cautions += compared[0].warnings
    tables += _others(release, names, told)
    average = release.get(f"{_PREFIX}average")
    picture = average_picture(average, names, told) if average else None
    return NetworksPart(
        facts=tuple(_facts(told, [m.column for m in told.measures])),
        found=tuple(found),
        cautions=tuple(dict.fromkeys(cautions)),
        pictures=(picture,) if picture else (),
        tables=tuple(tables),
    )


def _results(
    release: Release, names: Names, column: str
) -> tuple[Released | None, list[Released], list[Released]]:
    """Return a measure's means, and its changes and comparisons at each follow-up."""
    ends = ["", *(f"/{wave}" for wave in names.evaluation.study.follow_ups[1:])]
    changes, compared = (
        [one for end in ends if (one := release.get(f"{column}/{kind}{end}")) is not None]
        for kind in ("change", "compare")
    )
    return release.get(f"{column}/means"), changes, compared


def _others(release: Release, names: Names, told: Networks) -> list[Grid]:
    """Tables of what is not compared between arms."""
    captions = {
        "structure": ("Other measures of personal networks: means by wave and arm", "Measure", ()),
        "composition": (
            f"Who is in the networks, by {lowered(printable(told.relation or ''))}: mean share",
            printable(told.relation or ""),
            ("The share among a person’s alters; each person counts once.",),
        ),
        "kinds": (
            f"What is in the networks, by {lowered(printable(told.kind or ''))}: mean share",
            printable(told.kind or ""),
            ("The share among all that a person named; each person counts once.",),
        ),
        "turnover": (
            "Who stayed, went and came since baseline: means a person",
            "Alters",
            ("Turnover: lost and gained over all named at either wave, from 0 to 1.",),
        ),
    }
    made = []
    for name, (caption, head, notes) in captions.items():
        released = release.get(f"{_PREFIX}{name}")
        if released is not None:
            made.append(terms_grid(released, names, f"table-networks-{name}", caption, head, notes))
    if (average := release.get(f"{_PREFIX}average")) is not None:
        made.append(average_grid(average, names, printable(told.relation or told.kind or "")))
    return made


def _plain(grid: Grid) -> Grid:
    """Measures of networks have no points and scores."""
    notes = (
        n.replace(", in points of the score", "").replace("a score", "one") for n in grid.notes
    )
    return replace(grid, notes=tuple(notes))


def _facts(told: Networks, columns: list[str]) -> list[str]:
    facts = [
        "Whom people named, and who of those know each other. Alters are those named; the person "
        "who named them is not counted."
    ]
    if told.only:
        facts.append(printable(f"Taken alone: {told.only}."))
    if f"{_PREFIX}density" in columns:
        facts.append(
            "Density is the share of pairs of alters who know each other, from 0 to 1; a person "
            "with fewer than two alters has none."
        )
    if not told.has_ties:
        facts.append("Nobody was asked who of them know each other.")
    return facts


def _difference(row: dict[str, Any], measure: Outcome, names: Names) -> Meaning:
    """Say how the arms differ; causal words have no place here, as many measures are looked at."""
    at, label = names.wave(row["wave"]), lowered(printable(measure.label))
    start = capital(f"at {at}, the {label}") if at else capital(f"the {label}")
    estimate, low, high = row["estimate"], row["ci_low"], row["ci_high"]
    if any(isinstance(cell, Withheld) for cell in (estimate, low, high)):
        return Meaning(found=f"{start}: the difference between the arms is withheld.")
    if not is_number(estimate):
        return Meaning(found=f"{start}: the difference between the arms could not be computed.")
    decimals = decimals_between(low, high)
    arm, other = (names.people_in(row[role]) for role in ("group", "reference"))
    size = fixed(abs(estimate), decimals)
    way = f"{size} {'higher' if estimate > 0 else 'lower'}"
    better = f"; {measure.better} is better" if measure.better else ""
    if not is_number(low):
        return Meaning(
            found=f"{start} of {arm} was {way} than that of {other}{better}.",
            reading="No interval could be computed, so how sure this is can't be said.",
        )
    found = (
        f"{start} of {arm} was {way} than that of {other} (95 % interval of the difference "
        f"{interval(low, high, decimals)}){better}."
    )
    if low <= 0 <= high:
        return Meaning(
            found=found,
            reading="The interval includes no difference, so these data do not show in which arm "
            "it was higher.",
        )
    reading = "The interval leaves out no difference."
    if not names.evaluation.study.randomised:
        reading += " Something else in which the arms differ may explain it."
    return Meaning(found=found, reading=reading)
