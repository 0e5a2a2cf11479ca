"""What is asked and what an answer is worth: responses, items, goals. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor
from typing import Annotated, ClassVar

from pydantic import Field

from cpeval.definitions.auto_rule import AutoRule
from cpeval.definitions.kinds import (
    Anchors,
    Codes,
    Informants,
    ItemCode,
    Line,
    Numbers,
    Points,
    PointsByName,
    PointsList,
    Remark,
    RuleCodes,
    Text,
    Texts,
    Truth,
    code_key,
)
from cpeval.definitions.part import Finding, Mistake, Mistakes, Part, Step, refuse_if
from cpeval.errors import did_you_mean, listed

#: Answers beyond these are a measurement, not codes.
MOST_CODES = 1001


def _unknown_codes(one: Responses) -> Finding:
    """The other codings lead to codes that the set has."""
    for place, coding in enumerate(one.other_codings):
        yield _lead_nowhere(("other_codings", place), coding, one)


def _unknown_named_codes(one: Responses) -> Finding:
    for name, coding in one.codings.items():
        yield _lead_nowhere(("codings", name), coding, one)


def _lead_nowhere(
    where: tuple[Step, ...], coding: Mapping[float, float], one: Responses
) -> Finding:
    unknown = [to for to in coding.values() if to not in one.codes]
    if unknown:
        yield Mistake(where, f"there are no codes {listed(unknown)}")


def _clashing_codes(one: Responses) -> Finding:
    """A code that two of the other codings share means the same in both."""
    meaning = {code: code for code in one.codes}
    for place, coding in enumerate(one.other_codings):
        clash = [code for code, to in coding.items() if meaning.get(code, to) != to]
        if clash:
            yield Mistake(
                ("other_codings", place),
                f"code {listed(clash)} means another answer in the standard coding; "
                "give both a name under codings",
            )
        meaning |= coding


def _answers_and_missing(one: Responses) -> Finding:
    answers = {*one.codes}
    answers.update(*one.other_codings)
    answers.update(*one.codings.values())
    both = [code for code in one.missing_codes if code in answers]
    if both:
        yield Mistake(("missing_codes",), f"{listed(dict.fromkeys(both))} are answers too")


def _codings_without_standard(one: Responses) -> Finding:
    for name, coding in one.codings.items():
        if len(set(coding.values())) < len(coding):
            yield Mistake(("codings", name), "two codes mean one answer")
    standard = {code: code for code in one.codes}
    if one.codings and standard not in one.codings.values():
        yield Mistake(("codings",), "the standard coding should be among them, with a name")


def _chosen_coding(one: Responses) -> Finding:
    if one.coding is not None and one.coding not in one.codings:
        near = did_you_mean(one.coding, one.codings)
        yield Mistake(("coding",), f"there is no coding {one.coding!r}{near}")


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

    codes: Annotated[Codes, Field(max_length=MOST_CODES)]
    between: Truth = False
    missing_codes: Numbers = []
    other_codings: Annotated[PointsList, Field(max_length=20)] = []
    codings: Annotated[PointsByName, Field(max_length=20)] = {}
    coding: Line | None = None

    checks: ClassVar = (
        _unknown_codes,
        _unknown_named_codes,
        _clashing_codes,
        _answers_and_missing,
        _codings_without_standard,
        _chosen_coding,
        refuse_if(
            lambda one: one.codings and one.other_codings,
            "give codings or other_codings, not both",
            "codings",
            "other_codings",
        ),
    )

    @classmethod
    def filled(cls, given: Mapping[str, object]) -> Mapping[str, object]:
        """Spell out the whole numbers between the lowest and the highest code."""
        codes = given.get("codes")
        if given.get("between") is not True or not isinstance(codes, Mapping):
            return given
        try:
            named = {code_key(code): code for code in codes}
        except ValueError:
            return given  # what is wrong with the codes is said where they are validated
        if not named or len(named) < len(codes):
            return given
        low, high = min(named), max(named)
        if high - low >= MOST_CODES:
            several = f"{low:g} to {high:g} are more than {MOST_CODES:,} codes"
            raise Mistakes([Mistake(("between",), several, ("codes",))])
        every = {float(code): str(code) for code in range(ceil(low), floor(high) + 1)}
        said = {code: codes[key] for code, key in named.items()}
        return {**given, "codes": dict(sorted({**every, **said}.items()))}

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

    @property
    def codes_by_label(self) -> dict[str, float]:
        """Label, folded, to the code that stands for it in a column: where that is certain.

        Left out are labels that two codes share, and labels that read as another code.
        """
        found: dict[str, set[float]] = {}
        for code, label in self.labels.items():
            found.setdefault(label.strip().casefold(), set()).add(code)
        return {
            label: int(code) if code.is_integer() else code
            for label, codes in found.items()
            for code in codes
            if len(codes) == 1 and _number(label) in (None, code)
        }


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


class Rule(Part):
    """Points that hold only when another item has certain codes, or is missing."""

    item: ItemCode
    codes: RuleCodes
    values: Points


class Item(Part):
    """One question: its code, a neutral label of our own, and what an answer is worth.

    An answer is worth its code; the lowest plus the highest code minus it when ``reversed``;
    or what ``values`` says. The first of ``rules`` whose condition holds goes before that.

    Data may lack an item that is ``optional``, such as a thermometer asked beside the questions:
    whoever scores names the columns of the others, and scales that take it are left out.

    An item that is rated may have ``anchors`` (what a level looks like), ``evidence`` (where to
    look), ``informants`` (who can rate it; without any, those of the definition) and ``auto``, a
    rule by which it rates itself from data.
    """

    code: ItemCode
    label: Text
    responses: Line
    reversed: Truth = False
    optional: Truth = False
    values: Points | None = None
    rules: Annotated[list[Rule], Field(max_length=50)] = []
    anchors: Anchors = {}
    evidence: Texts = ()
    informants: Informants = ()
    auto: AutoRule | None = None

    checks: ClassVar = (
        refuse_if(
            lambda item: item.reversed and item.values is not None,
            "reversed or values, not both",
            "reversed",
            "values",
        ),
    )


class Goals(Part):
    """What a person's goals are rated on: an instrument of goals has these in place of items.

    How many goals a person has is for the data to say. ``responses`` are the levels, the expected
    one 0; ``weights`` says what a weight is.
    """

    label: Text
    responses: Line
    weights: Remark = ""
