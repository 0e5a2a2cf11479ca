"""What is asked and what an answer is worth: responses, items, goals. Data only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from cpeval.definitions.part import Codes, Part, Points, Text, all_of
from cpeval.errors import did_you_mean, listed

#: Answers beyond these are a measurement, not codes.
_MOST_CODES = 1000


class Responses(Part):
    """A set of answers: each code with a label of our own.

    With ``between``, all whole numbers between the lowest and the highest code are answers too,
    such as 0 to 100. ``missing_codes`` are answers that count as missing (not applicable, refused).

    Data sets code some questionnaires in other ways. ``other_codings`` map such codes to the
    standard ones where codings that share a code mean the same answer by it: then the data show
    which one they have, and a column must keep to one. ``codings`` are for codings that clash
    (0-4 and 1-5): each has a name and a map from its codes to the standard ones, the standard
    one among them, and whoever scores must say which the data have; ``coding`` is what they said.
    """

    codes: Codes
    between: bool = False
    missing_codes: list[float] = []
    other_codings: list[Points] = []
    codings: dict[str, Points] = {}
    coding: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: object) -> object:
        """Spell out the whole numbers between the lowest and the highest code."""
        if not isinstance(given, dict) or given.get("between") is not True:
            return given
        try:
            named = {float(code): label for code, label in given["codes"].items()}
            low, high = int(min(named)), int(max(named))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            return given  # what is wrong with the codes is said where they are validated
        if high - low > _MOST_CODES:
            raise ValueError(f"between: more than {_MOST_CODES:,} codes")
        every = {float(code): str(code) for code in range(low, high + 1)}
        return {**given, "codes": {**every, **named}}

    @model_validator(mode="after")
    def _codings_agree(self) -> Self:
        wrong = [*self._coding_mistakes()]
        meaning = {code: code for code in self.codes}
        for number, coding in enumerate(self.other_codings, start=1):
            unknown = [to for to in coding.values() if to not in self.codes]
            if unknown:
                wrong.append(f"other_codings.{number}: no codes {listed(unknown)}")
            clash = [c for c, to in coding.items() if meaning.get(c, to) != to]
            if clash:
                wrong.append(
                    f"other_codings.{number}: code {listed(clash)} means another answer in the "
                    "standard coding; give both a name under codings"
                )
            meaning |= coding
        both = [code for code in self.missing_codes if code in meaning]
        both += [c for coding in self.codings.values() for c in self.missing_codes if c in coding]
        if both:
            wrong.append(f"missing_codes: {listed(dict.fromkeys(both))} are answers too")
        all_of(wrong)
        return self

    def _coding_mistakes(self) -> Iterable[str]:
        if self.codings and self.other_codings:
            yield "give codings or other_codings, not both"
        standard = {code: code for code in self.codes}
        for name, coding in self.codings.items():
            unknown = [to for to in coding.values() if to not in self.codes]
            if unknown:
                yield f"codings.{name}: no codes {listed(unknown)}"
            if len(set(coding.values())) < len(coding):
                yield f"codings.{name}: two codes mean one answer"
        if self.codings and standard not in self.codings.values():
            yield "codings: the standard coding should be among them, with a name"
        if self.coding is not None and self.coding not in self.codings:
            near = did_you_mean(self.coding, self.codings)
            yield f"coding: there is no coding {self.coding!r}{near}"

    @property
    def code_sets(self) -> list[frozenset[float]]:
        """The sets of codes that a column may keep to."""
        if self.coding is not None:
            return [frozenset(self.codings[self.coding])]
        return [frozenset(self.codes), *(frozenset(coding) for coding in self.other_codings)]

    @property
    def telling(self) -> list[list[float]]:
        """For each set of codes, those that only it has; empty when there is but one."""
        several = self.code_sets
        if len(several) == 1:
            return []
        return [sorted(o - frozenset().union(*(x for x in several if x is not o))) for o in several]

    @property
    def meaning(self) -> dict[float, float]:
        """Every code that may stand in a column, with the standard code it means."""
        if self.coding is not None:
            return dict(self.codings[self.coding])
        meaning = {code: code for code in self.codes}
        for coding in self.other_codings:
            meaning |= coding
        return meaning

    @property
    def labels(self) -> dict[float, str]:
        """Every code that may stand in a column and means an answer, with its label.

        Of several codings that agree, the standard one.
        """
        if self.coding is None:
            return dict(self.codes)
        return {code: self.codes[to] for code, to in sorted(self.meaning.items())}


class Rule(Part):
    """Points that hold only when another item has certain codes, or is missing."""

    item: Text
    codes: Annotated[list[float], Field(min_length=1)] | Literal["missing"]
    values: Points


class Item(Part):
    """One question: its code, a neutral label of our own, and what an answer is worth.

    An answer is worth its code; the lowest plus the highest code minus it when ``reversed``;
    or what ``values`` says. The first of ``rules`` whose condition holds goes before that.

    Data may lack an item that is ``optional``, such as a thermometer asked beside the questions:
    whoever scores names the columns of the others, and scales that take it are left out.
    """

    code: Text
    label: Text
    responses: Text
    reversed: bool = False
    optional: bool = False
    values: Points | None = None
    rules: list[Rule] = []

    @field_validator("code", mode="before")
    @classmethod
    def _as_text(cls, code: object) -> object:
        return str(code) if isinstance(code, int) else code


class Goals(Part):
    """What a person's goals are rated on: an instrument of goals has these in place of items.

    How many goals a person has is for the data to say. ``responses`` are the levels, the expected
    one 0; ``weights`` says what a weight is.
    """

    label: Text
    responses: Text
    weights: str = ""
