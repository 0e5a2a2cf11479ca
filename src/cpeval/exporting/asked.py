"""What a form asks: each item of some instruments with its column and the codes it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.items import Item
from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, listed
from cpeval.exporting.column_names import named
from cpeval.scoring.algebra import consecutive

#: One instrument, as a caller may name it.
Which = str | Path | Instrument
#: The label of a code that means no answer.
NO_ANSWER = "no answer (missing)"


@dataclass(frozen=True, kw_only=True)
class Question:
    """An item as a form asks it.

    Attributes
    ----------
    instrument : Instrument
    item : Item
    column : str
        What the program calls it.
    label : str
        Neutral, ours.
    codes : dict
        Code to label, as data have them (the chosen coding), codes that mean no answer left out.
    missing : tuple of float
        Codes that mean no answer.
    whole : bool
        Whether any whole number between the ends is an answer, so that a list would be too long.
    """

    instrument: Instrument
    item: Item
    column: str
    label: str
    codes: dict[float, str]
    missing: tuple[float, ...]
    whole: bool

    @property
    def low(self) -> float:
        """The lowest code that is an answer."""
        return min(self.codes)

    @property
    def high(self) -> float:
        """The highest code that is an answer."""
        return max(self.codes)

    @property
    def choices(self) -> dict[float, str]:
        """All codes to choose from, those that mean no answer last."""
        return self.codes | dict.fromkeys(self.missing, NO_ANSWER)

    @property
    def spelt(self) -> str:
        """The codes that have a meaning of their own, such as ``0 = worst, 100 = best``."""
        return ", ".join(
            f"{code_text(code)} = {label}"
            for code, label in self.choices.items()
            if not self.whole or label != code_text(code)
        )

    @property
    def span(self) -> str:
        """What may be entered, in words."""
        if self.whole:
            more = f", or {', '.join(map(code_text, self.missing))}" if self.missing else ""
            return f"a whole number from {code_text(self.low)} to {code_text(self.high)}{more}"
        return ", ".join(map(code_text, self.choices))


def code_text(code: float) -> str:
    """Write a code as data have it: whole numbers without a point.

    >>> code_text(1.0), code_text(-2.5)
    ('1', '-2.5')
    """
    return str(int(code)) if float(code).is_integer() else repr(float(code))


def code_label(code: float) -> str:
    """Return what stands for a label that holds nothing that can be shown.

    >>> code_label(-2.0)
    '(-2)'
    """
    return f"({code_text(code)})"


def instruments_of(which: Which | Sequence[Which]) -> list[Instrument]:
    """Return the instruments to export, ready for a form.

    Raises
    ------
    OptionError
        None; one twice; a coding to be chosen; goals without a number. All of these at once.
    DefinitionError
        No such instrument.
    """
    given = [which] if isinstance(which, str | Path | Instrument) else list(which)
    asked = [resolve(one) for one in given]
    names = [one.name for one in asked]
    wrong = [] if asked else ["There is no instrument to export."]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        wrong.append(f"An instrument is named twice: {listed(twice)}.")
    for one in asked:
        if one.codings and one.coding is None:
            wrong.append(
                f"{one.name} is in use with codings that clash ({listed(one.codings)}). Say which "
                f"one the form should use: .with_coding({one.codings[0]!r}), or --coding "
                f"{one.codings[0]} on the command line."
            )
        if one.goals is not None and not one.items:
            wrong.append(
                f"{one.name} has goals, as many as you say: .with_goals(3), or --goals 3 on the "
                "command line."
            )
    if wrong:
        raise OptionError("\n".join(wrong))
    return asked


def questions_of(
    asked: Sequence[Instrument],
    *,
    prefix: str,
    rule: Callable[[str], str],
    program: str,
    longest: int = 255,
    reserved: Sequence[str] = (),
) -> list[Question]:
    """Return a question for each item, its column named as the program wants.

    Parameters
    ----------
    asked : sequence of Instrument
    prefix : str
        Put before the names under which `cpeval.score` looks for the items.
    rule : callable
        Makes a name one that the program takes.
    program : str
        For messages.
    longest : int
        How long a name may be.
    reserved : sequence of str
        Names that the form uses itself.

    Raises
    ------
    OptionError
        Names that would be the same, or too long; ``prefix`` is not text.
    """
    if not isinstance(prefix, str):
        raise OptionError(f"'prefix' should be text, such as \"t0_\". Got {prefix!r}.")
    pairs = [(one, item) for one in asked for item in one.items]
    wanted = [f"{prefix}{one.name}_{item.code}" for one, item in pairs]
    names = named([*reserved, *wanted], rule, program=program, longest=longest)
    twice = sorted({name for name in [*reserved, *wanted] if [*reserved, *wanted].count(name) > 1})
    if twice:
        raise OptionError(f"Two columns would be called {listed(twice)}. Give another prefix=.")
    made = []
    for (one, item), name in zip(pairs, wanted, strict=True):
        answers = one.answers(item)
        codes = answers.labels
        made.append(
            Question(
                instrument=one,
                item=item,
                column=names[name],
                label=item.label,
                codes=codes,
                missing=tuple(answers.missing_codes),
                whole=answers.between and consecutive(sorted(codes)),
            )
        )
    return made


def notice(one: Instrument) -> str:
    """Say what a form holds and where the questionnaire is to be had."""
    licence = f"{one.licence.terms} {one.licence.address}".strip()
    status = (
        "" if one.status in ("verified", "own") else f" Status of the definition: {one.status}."
    )
    return (
        f"{one.title}. The labels here are neutral ones, not the questionnaire's wording: put in "
        f"the wording from the source, as its licence allows. Licence: {licence} "
        f"Source: {one.citation}{status}"
    )
