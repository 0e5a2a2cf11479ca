"""`check`: whether an answer to an exercise is right, or what kind of mistake it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from cpeval.errors import OptionError
from cpeval.tutorials.exercise import Exercise
from cpeval.tutorials.kinds_of_answer import NotAnAnswer

_SIGNS = {True: "✔", False: "✘", None: "…"}
_COLOURS = {True: "#00695c", False: "#a33b00", None: "#455a64"}


@dataclass(frozen=True)
class Verdict:
    """What `check` found. It shows itself as a sentence.

    Attributes
    ----------
    right : bool or None
        None while there is no answer, or none that can be understood.
    message : str
        Why it is right, or what kind of mistake it was.
    """

    right: bool | None
    message: str

    def __str__(self) -> str:
        """Return a sign and the message."""
        return f"{_SIGNS[self.right]} {self.message}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the sentence for a notebook; what the student typed is escaped."""
        return (
            f'<p style="border-left: 4px solid {_COLOURS[self.right]}; padding: 0.3em 0.8em; '
            f'margin: 0.4em 0">{_SIGNS[self.right]} {escape(self.message)}</p>'
        )


def check(exercise: str, answer: object = ...) -> Verdict:
    """Say whether an answer to an exercise of the tutorials is right.

    Parameters
    ----------
    exercise : str
        Its number, such as ``"3.2"``: lesson 3, exercise 2.
    answer : object
        Yours. ``...`` is no answer yet. What an exercise takes (a number, a word, a list, a
        column) it says itself.

    Returns
    -------
    Verdict
        ``.right`` is True, False, or None where there is no answer that can be understood;
        ``.message`` says why it is right, or what kind of mistake it was.

    Raises
    ------
    OptionError
        There is no such exercise.

    Notes
    -----
    The right answer and those of usual mistakes are computed from the lesson's own data when
    they are needed. An answer is compared, never evaluated.

    Examples
    --------
    >>> check("1.1", ...)
    … Exercise 1.1 has no answer yet: put yours in place of the dots and run the cell again.
    >>> print(check("1.1", ...).right)
    None
    """
    asked = find_exercise(exercise)
    if answer is ...:
        return Verdict(
            None,
            f"Exercise {exercise} has no answer yet: put yours in place of the dots and run the "
            "cell again.",
        )
    try:
        given = asked.kind.read(answer)
    except NotAnAnswer as reason:
        return Verdict(None, str(reason))
    right = asked.kind.read(asked.right())
    if asked.kind.same(given, right):
        return Verdict(True, f"Right. {asked.because}")
    for mistake in asked.mistakes:
        if asked.kind.same(given, asked.kind.read(mistake.answer())):
            return Verdict(False, f"Not yet. {mistake.hint}")
    near = asked.kind.near(given, right)
    return Verdict(False, f"Not yet. {near} {asked.otherwise}".replace("  ", " "))


def find_exercise(number: object) -> Exercise:
    """Return the exercise with a number, such as ``"3.2"``.

    Raises
    ------
    OptionError
        There is none; it says which there are.
    """
    found = re.fullmatch(r"\s*(\d+)\.(\d+)\s*", number) if isinstance(number, str) else None
    if found is None:
        raise OptionError(
            'An exercise is named by lesson and number, in quotation marks: check("3.2", answer). '
            f"Got {number!r}."
        )
    lesson, place = int(found[1]), int(found[2])
    exercises = exercises_of(lesson)
    if place not in exercises:
        those = ", ".join(f"{lesson}.{n}" for n in exercises)
        raise OptionError(f"Lesson {lesson} has no exercise {lesson}.{place}. It has {those}.")
    return exercises[place]


def exercises_of(lesson: int) -> dict[int, Exercise]:
    """Return a lesson's exercises by their number.

    Raises
    ------
    OptionError
        There is no such lesson.
    """
    name = f"cpeval.tutorials.lesson_{lesson}"
    if find_spec(name) is None:
        those = ", ".join(map(str, lessons()))
        raise OptionError(f"There is no lesson {lesson} with exercises. There are {those}.")
    exercises: dict[int, Exercise] = import_module(name).EXERCISES
    return exercises


def lessons() -> list[int]:
    """Return the numbers of the lessons that have exercises."""
    here = find_spec("cpeval.tutorials")
    folders = list((here and here.submodule_search_locations) or [])
    names = (module.name.partition("lesson_") for module in iter_modules(folders))
    return sorted(int(number) for start, found, number in names if found and not start)
