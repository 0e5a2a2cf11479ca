"""What an answer to an exercise may be, and when two answers are the same.

Whatever a student gives, ``read`` says how it was understood, or raises `NotAnAnswer` with what
would have been an answer. Nothing given is evaluated.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd

from cpeval.number_agreement import counted


class NotAnAnswer(Exception):
    """What was given can't be an answer to this exercise; the message says what can."""


Read = TypeVar("Read")


class Kind(Protocol[Read]):
    """A kind of answer."""

    def read(self, answer: object) -> Read:
        """Understand what was given, or raise `NotAnAnswer`."""

    def same(self, answer: Read, right: Read) -> bool:
        """Whether two answers that were understood are the same."""

    def near(self, answer: Read, right: Read) -> str:
        """Say what an answer that is not right has in common with the right one, or nothing."""


@dataclass(frozen=True)
class Number:
    """A number, rounded to ``decimals`` places or not at all.

    A table, column or list with one value counts as that value.
    """

    decimals: int = 2

    def read(self, answer: object) -> float:
        """Take the one number that was given."""
        one = _single(answer)
        if isinstance(one, str):
            raise NotAnAnswer(
                "The answer is a number. You gave a text: leave out the quotation marks."
            )
        if isinstance(one, (bool, np.bool_)) or not isinstance(one, numbers.Real):
            raise NotAnAnswer(f"The answer is one number. You gave {_what(answer)}.")
        if not math.isfinite(one):
            raise NotAnAnswer(
                "The answer is a number. You gave one that is missing or infinite: look at the "
                "values that went into it."
            )
        return float(one)

    def same(self, answer: float, right: float) -> bool:
        """Whether both are the same at the decimals asked for."""
        half = 0.5 * 10.0**-self.decimals
        return abs(answer - right) <= half * (1 + 1e-9)

    def near(self, answer: float, right: float) -> str:
        """Tell a wrong sign, a percentage and rough rounding from other mistakes."""
        if right and self.same(-answer, right):
            return "The size is right, the sign is not: what was taken from what?"
        if right and self.same(answer / 100, right) and abs(answer) > 1:
            return "That is a percentage. The answer here is a proportion, between 0 and 1."
        if right and self.same(answer * 100, right) and abs(right) > 1:
            return "That is a proportion. The answer here is a percentage, between 0 and 100."
        if any(math.isclose(round(right, places), answer) for places in range(self.decimals)):
            return f"Near, but rounded too roughly: give {_places(self.decimals)}."
        return ""


@dataclass(frozen=True)
class Choice:
    """One of several letters or words; for ``("yes", "no")`` True and False count as well."""

    options: tuple[str, ...]

    def read(self, answer: object) -> str:
        """Take the option, in whatever case."""
        one = _single(answer)
        if isinstance(one, (bool, np.bool_)) and set(self.options) == {"yes", "no"}:
            return "yes" if one else "no"
        given = " ".join(str(one).split()).casefold() if isinstance(one, str) else None
        for option in self.options:
            if option.casefold() == given:
                return option
        those = ", ".join(f'"{option}"' for option in self.options)
        got = f'"{_short(one)}"' if isinstance(one, str) else _what(answer)
        raise NotAnAnswer(f"The answer is one of {those}, in quotation marks. You gave {got}.")

    def same(self, answer: str, right: str) -> bool:
        """Whether it is the same option."""
        return answer == right

    def near(self, answer: str, right: str) -> str:
        """There is nothing between options."""
        return ""


@dataclass(frozen=True)
class Names:
    """Several names, in any order: of people, columns, sites. Numbers count as names too."""

    of: str = "names"

    def read(self, answer: object) -> frozenset[str]:
        """Take a list, tuple, set, or a column of a table."""
        if isinstance(answer, pd.DataFrame):
            raise NotAnAnswer(
                f"The answer is a list of {self.of}. You gave a table: take the column with them, "
                "as in table[column]."
            )
        if isinstance(answer, str):
            answer = [answer]
        # Bytes would be taken as their numbers.
        if not isinstance(answer, Iterable) or isinstance(answer, (dict, bytes)):
            raise NotAnAnswer(
                f'The answer is a list of {self.of}, as in ["a", "b"]. You gave {_what(answer)}.'
            )
        given = list(answer)
        odd = [one for one in given if not isinstance(one, (str, numbers.Number, np.generic))]
        if odd:
            raise NotAnAnswer(
                f"The answer is a list of {self.of}. In yours there is {_what(odd[0])}."
            )
        return frozenset(_name(one) for one in given)

    def same(self, answer: frozenset[str], right: frozenset[str]) -> bool:
        """Whether both hold the same names."""
        return answer == right

    def near(self, answer: frozenset[str], right: frozenset[str]) -> str:
        """Count what is right, too much and absent."""
        good, absent, more = (
            len(answer & right),
            len(right - answer),
            len(answer - right),
        )
        if not good:
            return ""
        parts = [counted(good, "{n} of yours [is|are] right")]
        if more:
            parts.append(counted(more, "{n} [does|do] not belong"))
        if absent:
            parts.append(counted(absent, "{n} [is|are] absent"))
        return ", ".join(parts[:-1]) + f" and {parts[-1]}."


@dataclass(frozen=True)
class Column:
    """A column of numbers, a row each, in the order of the table."""

    decimals: int = 6

    def read(self, answer: object) -> np.ndarray:
        """Take a column, array or list of numbers; gaps may be among them."""
        if isinstance(answer, pd.DataFrame):
            if answer.shape[1] != 1:
                raise NotAnAnswer(
                    f"The answer is one column. You gave a table of {answer.shape[1]} columns."
                )
            answer = answer.iloc[:, 0]
        if isinstance(answer, (str, dict)) or not isinstance(answer, Iterable):
            raise NotAnAnswer(
                f"The answer is a column of numbers, a row each. You gave {_what(answer)}."
            )
        values = [math.nan if _is_gap(one) else one for one in answer]
        if not all(isinstance(one, numbers.Real) for one in values):
            raise NotAnAnswer(
                "The answer is a column of numbers. Yours holds values that are none."
            )
        return np.array(values, dtype=float)

    def same(self, answer: np.ndarray, right: np.ndarray) -> bool:
        """Whether all rows agree, gaps included."""
        return len(answer) == len(right) and not self._differ(answer, right).any()

    def near(self, answer: np.ndarray, right: np.ndarray) -> str:
        """Say how many rows differ, and which is the first."""
        if len(answer) != len(right):
            return f"The right column has {len(right)} rows, yours {len(answer)}."
        differ = self._differ(answer, right)
        if differ.all():
            return ""
        return counted(
            int(differ.sum()),
            "{n} of {of} rows [differs|differ]. The first is row {first}, counted from 0.",
            of=len(right),
            first=int(differ.argmax()),
        )

    def _differ(self, answer: np.ndarray, right: np.ndarray) -> np.ndarray:
        half = 0.5 * 10.0**-self.decimals
        differ: np.ndarray = ~np.isclose(answer, right, rtol=0, atol=half, equal_nan=True)
        return differ


def _single(answer: object) -> object:
    """Take one value out of a table, column or list that holds just one."""
    if isinstance(answer, (pd.DataFrame, pd.Series, pd.Index, np.ndarray)):
        values = np.asarray(answer, dtype=object)
        return values.ravel()[0] if values.size == 1 else answer
    if isinstance(answer, Sequence) and not isinstance(answer, (str, bytes)) and len(answer) == 1:
        return answer[0]
    return answer


def _what(answer: object) -> str:
    """Say what was given, without its contents, which may be long or a person's."""
    if answer is None:
        return "nothing (None)"
    if isinstance(answer, (bool, np.bool_)):
        return str(bool(answer))
    if isinstance(answer, pd.DataFrame):
        rows, columns = answer.shape
        return f"a table of {counted(rows, '{n} row[s]')} and {counted(columns, '{n} column[s]')}"
    if isinstance(answer, (pd.Series, pd.Index, np.ndarray)):
        return counted(np.asarray(answer).size, "a column of {n} value[s]")
    if isinstance(answer, str):
        return f'the text "{_short(answer)}"'
    if isinstance(answer, numbers.Number):
        return f"the number {answer}"
    if isinstance(answer, (list, tuple, set, frozenset, dict)):
        return f"a {type(answer).__name__} of {len(answer)}"
    if callable(answer):
        return "a function: was it called, with brackets behind its name?"
    return f"a {type(answer).__name__}"


def _is_gap(one: object) -> bool:
    """Whether a value of a column stands for no value."""
    return one is None or one is pd.NA or one is pd.NaT


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _places(decimals: int) -> str:
    return counted(decimals, "{n} decimal[s]") if decimals else "a whole number"


def _name(one: object) -> str:
    """Name as text; whole floats as integers."""
    if isinstance(one, (float, np.floating)) and float(one).is_integer():
        return str(int(one))
    return str(one).strip()
