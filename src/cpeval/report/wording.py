"""What a result means, in a sentence: which way, how sure, and no more than the design allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpeval.report.disclosure import Withheld
from cpeval.report.naming import Names, capital
from cpeval.report.numbers import (
    MOST_DECIMALS,
    decimals_between,
    decimals_of,
    fixed,
    is_number,
    joined,
)
from cpeval.report.sizes import span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cpeval.evaluated import Outcome
    from cpeval.report.release import Release


_BOTH = "The means are of those with both scores."


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A sentence in parts: a page may set them apart, ``str()`` joins them.

    Attributes
    ----------
    found : str
        What was found, with its interval.
    reading : str
        Which way it points and how sure that is. Empty if nothing can be said.
    """

    found: str
    reading: str = ""

    def __str__(self) -> str:
        return f"{self.found} {self.reading}".strip()


def difference(row: Mapping[str, object], outcome: Outcome, names: Names) -> Meaning:
    """Say what a difference between arms means.

    Parameters
    ----------
    row : mapping
        A row of ``outcomes.compare``, released: wave, group, reference, estimate, ci_low,
        ci_high. Cells may be `Withheld` or missing.
    outcome : Outcome
        Its ``better`` says which direction is good.
    names : Names

    Returns
    -------
    Meaning
        Causal words only if the study is randomised. An interval that includes no difference
        is said not to show which arm did better, never that there is none.
    """
    study = names.evaluation.study
    wave, label = names.wave(row["wave"]), lowered(outcome.label)
    at = f"At {wave}, " if wave else ""
    who, others = names.people_in(row["group"]), names.people_in(row["reference"])
    estimate, low, high = (row.get(c) for c in ("estimate", "ci_low", "ci_high"))
    if any(isinstance(cell, Withheld) for cell in (estimate, low, high)):
        return Meaning(
            found=f"{capital(at + 'too')} few {who} or {others.removeprefix('people ')} answered "
            f"on {label} (fewer than {names.evaluation.small_count}): the difference between the "
            "arms is withheld."
        )
    if not is_number(estimate):
        return Meaning(
            found=f"{capital(at + 'the')} difference between the arms on {label} could not be "
            "computed."
        )
    estimate = float(estimate)  # type: ignore[arg-type]
    decimals = _decimals(estimate, low, high)
    found = (
        f"{capital(at + who)} scored {_compared(estimate, decimals)} on {label} "
        f"{'as' if _is_zero(estimate, decimals) else 'than'} {others}"
    )
    if not (is_number(low) and is_number(high)):
        return Meaning(
            found=f"{found}{_direction(outcome, '; ')}.",
            reading="No interval could be computed, so how sure this is can't be said.",
        )
    low, high = float(low), float(high)  # type: ignore[arg-type]
    found += f" (95 % interval from {_range(low, high, decimals)}){_direction(outcome, '; ')}."
    if low <= 0 <= high:
        which = "did better" if outcome.better else "scored higher"
        return Meaning(
            found=found,
            reading=f"The interval includes no difference, so these data do not show which arm "
            f"{which}.",
        )
    return Meaning(found=found, reading=_favours(estimate, outcome, row, names, study.randomised))


def answered(outcome: Outcome, release: Release, names: Names) -> str:
    """Say how many of the people at baseline have a score at the main follow-up.

    Returns
    -------
    str
        ``"Of 470 people at baseline, 254 (54 %) have a score at 6 months; …"``, as ranges where
        the numbers are.
    """
    study = names.evaluation.study
    wave = names.wave(study.follow_ups[0])
    means, people = release.get(f"{outcome.column}/means"), release.get("participants")
    start = count = None
    if means is not None and people is not None and study.baseline is not None:
        seen, scored = people.table, means.table
        start = span(seen.loc[seen["wave"] == study.baseline, "n"])
        count = span(scored.loc[scored["wave"] == study.follow_ups[0], "n"])
    if start is None or count is None or start == 0:
        text = f"How many people have a score at {wave} is withheld, as groups are small."
        return f"{text} {_BOTH}" if release.get(f"{outcome.column}/change") else text
    share = ""
    if not isinstance(start, Withheld):
        ends = (count.low, count.high) if isinstance(count, Withheld) else (count, count)
        shares = [f"{100 * end / start:.0f}" for end in ends if end is not None]
        share = f" ({' to '.join(dict.fromkeys(shares))} %)" if len(shares) == len(ends) else ""
    others = "" if count == start else "; the others may differ"
    text = (
        f"Of {fixed(start, 0)} people at baseline, {fixed(count, 0)}{share} have a score at "
        f"{wave}{others}."
    )
    return f"{text} {_BOTH}" if release.get(f"{outcome.column}/change") else text


def _favours(
    estimate: float,
    outcome: Outcome,
    row: Mapping[str, object],
    names: Names,
    randomised: bool | None,
) -> str:
    """Say which arm an interval without zero favours, and what else may explain it."""
    intervention, comparison = names.the_arm(row["group"]), names.the_arm(row["reference"])
    if outcome.better is None:
        higher = intervention if estimate > 0 else comparison
        text = (
            f"The interval leaves out no difference: scores were higher in {higher}. The study "
            "does not say whether higher or lower is better."
        )
    else:
        good = (estimate > 0) == (outcome.better == "higher")
        text = (
            "The interval leaves out no difference: the data favour "
            f"{intervention if good else comparison}."
        )
    if randomised is True:
        return (
            f"{text} People were randomised to the arms, so this is evidence that what "
            f"{intervention} was offered made the difference, as far as those who answered stand "
            "for all."
        )
    if randomised is False:
        return (
            f"{text} People were not randomised to the arms, so something else in which they "
            "differ may explain it."
        )
    return (
        f"{text} It is not known whether people were randomised to the arms, so something else in "
        "which they differ may explain it."
    )


def change(row: Mapping[str, object], outcome: Outcome, names: Names) -> Meaning:
    """Say what a change within an arm means.

    Parameters
    ----------
    row : mapping
        A row of ``outcomes.change``, released: group, wave, before, after, estimate, ci_low,
        ci_high.
    outcome : Outcome
    names : Names

    Returns
    -------
    Meaning
        Never causal: a change within an arm includes what would have happened anyway.
    """
    study = names.evaluation.study
    start = "baseline" if study.baseline is None else names.wave(study.baseline)
    span = f"Between {start} and {names.wave(row['wave'])}"
    label, who = lowered(outcome.label), names.people_in(row["group"])
    where = "" if who == "people" else f" of {who}"
    estimate, low, high = (row.get(c) for c in ("estimate", "ci_low", "ci_high"))
    if any(isinstance(cell, Withheld) for cell in (estimate, low, high)):
        return Meaning(
            found=f"{span}, the change in {label}{where} is withheld: fewer than "
            f"{names.evaluation.small_count} people answered both times."
        )
    if not is_number(estimate):
        return Meaning(found=f"{span}, the change in {label}{where} could not be computed.")
    estimate = float(estimate)  # type: ignore[arg-type]
    decimals = _decimals(estimate, low, high)
    if _is_zero(estimate, decimals):
        found = f"{span}, the mean score{where} on {label} stayed about the same"
    else:
        way = "rose" if estimate > 0 else "fell"
        found = f"{span}, the mean score{where} on {label} {way} by {_points(estimate, decimals)}"
    if not (is_number(low) and is_number(high)):
        return Meaning(
            found=f"{found}{_direction(outcome, '; ')}.",
            reading="No interval could be computed, so how sure this is can't be said.",
        )
    low, high = float(low), float(high)  # type: ignore[arg-type]
    words = ("a fall of", "a rise of")
    found += (
        f" (95 % interval from {_range(low, high, decimals, words)}){_direction(outcome, '; ')}."
    )
    if low <= 0 <= high:
        reading = (
            "The interval includes no change, so these data do not show which way scores went."
        )
    elif outcome.better is None:
        reading = "The interval leaves out no change."
    else:
        good = (estimate > 0) == (outcome.better == "higher")
        reading = (
            "The interval leaves out no change: scores moved in the "
            f"{'better' if good else 'worse'} direction."
        )
    if study.arm is None:
        reading += " There is no comparison arm, so what would have happened anyway is not known."
    return Meaning(found=found, reading=reading)


def both_changes(rows: Sequence[Mapping[str, object]], names: Names) -> str:
    """Say in one sentence how the mean of each arm moved; empty unless all can be said.

    Returns
    -------
    str
        ``"The mean went from 32.1 to 23.4 in usual care and …"``
    """
    means = [(row.get("before"), row.get("after")) for row in rows]
    if not rows or not all(is_number(mean) for pair in means for mean in pair):
        return ""
    decimals = decimals_of(rows, "sd_before")
    moves = [
        f"from {fixed(before, decimals)} to {fixed(after, decimals)} in "
        f"{names.the_arm(row['group'])}"
        for row, (before, after) in zip(rows, means, strict=True)
    ]
    return f"The mean went {joined(moves)}."


def _decimals(estimate: float, low: object, high: object) -> int:
    """One more digit than the interval's width asks for, and enough that no bound reads as 0."""
    ends = [float(x) for x in (low, high) if is_number(x)]  # type: ignore[arg-type]
    decimals = decimals_between(low, high)
    while decimals < MOST_DECIMALS and any(_is_zero(x, decimals) and x != 0 for x in ends):
        decimals += 1
    return decimals


def _is_zero(value: float, decimals: int) -> bool:
    return not fixed(value, decimals).strip("−0.")


def _points(value: float, decimals: int) -> str:
    text = fixed(abs(value), decimals)
    return f"{text} point" if text == "1" else f"{text} points"


def _compared(value: float, decimals: int) -> str:
    if _is_zero(value, decimals):
        return "about the same"
    return f"{_points(value, decimals)} {'higher' if value > 0 else 'lower'}"


def _range(low: float, high: float, decimals: int, words: tuple[str, str] | None = None) -> str:
    """An interval in words: ``"4.0 lower to 0.2 higher"``, ``"0.2 to 4.0 lower"``."""
    ends = sorted((low, high), key=abs) if low * high > 0 else [low, high]
    texts = []
    for end in ends:
        size = fixed(abs(end), decimals)
        if _is_zero(end, decimals):
            texts.append("no difference" if words is None else "no change")
        elif words is None:
            texts.append(f"{size} {'higher' if end > 0 else 'lower'}")
        else:
            texts.append(f"{words[end > 0]} {size}")
    if low * high > 0 and "no " not in "".join(texts):
        if words is None:
            texts[0] = texts[0].rsplit(" ", 1)[0]
        else:
            texts[1] = texts[1].rsplit(" ", 1)[1]
    return " to ".join(texts)


def _direction(outcome: Outcome, before: str) -> str:
    return f"{before}{outcome.better} scores are better" if outcome.better else ""


def given(names: Names) -> str:
    """Return what differences allow for, for a sentence; empty if nothing.

    Returns
    -------
    str
        ``"the score at baseline, age and gender"``
    """
    evaluation = names.evaluation
    found = ["the score at baseline"] if evaluation.study.baseline is not None else []
    return joined(found + [lowered(names.column(name)) for name in evaluation.covariates])


def lowered(label: str) -> str:
    """Return a label as it stands within a sentence: an abbreviation or a name keeps its case.

    >>> lowered("Depressive symptoms"), lowered("SF-36 mental health"), lowered("PSS")
    ('depressive symptoms', 'SF-36 mental health', 'PSS')
    """
    second = label[1:2]
    return label[:1].lower() + label[1:] if second.islower() or second == " " else label
