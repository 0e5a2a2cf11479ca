"""The parts of an instrument's definition, each validated alone. Data only."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from cpeval.errors import listed


def _numeric_keys(table: object) -> object:
    """TOML's keys are text; codes are numbers."""
    if not isinstance(table, dict):
        return table
    try:
        return {float(key): value for key, value in table.items()}
    except (TypeError, ValueError):
        raise ValueError(f"keys should be numbers (codes). Got {listed(table)}") from None


def _spelled_out(codes: object) -> object:
    """Turn ``["3-12", "14"]`` into a list of single item codes."""
    if not isinstance(codes, list):
        return codes
    single: list[object] = []
    for code in codes:
        span = re.fullmatch(r"(\d{1,3})-(\d{1,3})", code) if isinstance(code, str) else None
        if span and int(span[1]) > int(span[2]):
            raise ValueError(f"{code!r} runs backwards")
        single += map(str, range(int(span[1]), int(span[2]) + 1)) if span else [code]
    return [str(code) if isinstance(code, int) else code for code in single]


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise ValueError(f"should be lower-case letters, digits and _. Got {text!r}")
    return text


Name = Annotated[str, AfterValidator(_name)]
Codes = Annotated[dict[float, str], BeforeValidator(_numeric_keys), Field(min_length=2)]
Points = Annotated[dict[float, float], BeforeValidator(_numeric_keys), Field(min_length=1)]
ItemCodes = Annotated[list[str], BeforeValidator(_spelled_out), Field(min_length=1)]
Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A table of the file: no key but those declared, and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Licence(Part):
    """Who may use the questionnaire, and where to ask."""

    terms: Text
    address: str = ""


class Responses(Part):
    """A set of answers: each code with a label of our own.

    ``missing_codes`` are answers that count as missing (not applicable, refused).
    ``other_codings`` map codes found in some data sets to the standard ones; where several
    codings meet in one code they must mean the same answer, so that nothing is guessed, and
    a column must keep to one coding.
    """

    codes: Codes
    missing_codes: list[float] = []
    other_codings: list[Points] = []

    @model_validator(mode="after")
    def _codings_agree(self) -> Self:
        meaning = {code: code for code in self.codes}
        for number, coding in enumerate(self.other_codings, start=1):
            unknown = [to for to in coding.values() if to not in self.codes]
            if unknown:
                raise ValueError(f"other_codings.{number}: no codes {listed(unknown)}")
            clash = [c for c, to in coding.items() if meaning.get(c, to) != to]
            if clash:
                raise ValueError(
                    f"other_codings.{number}: code {listed(clash)} means another answer in the "
                    "standard coding; recode the data instead"
                )
            meaning |= coding
        both = [code for code in self.missing_codes if code in meaning]
        if both:
            raise ValueError(f"missing_codes: {listed(both)} are answers too")
        return self

    @property
    def codings(self) -> list[frozenset[float]]:
        """The sets of codes that a column may keep to, the standard one first."""
        return [frozenset(self.codes), *(frozenset(coding) for coding in self.other_codings)]

    @property
    def telling(self) -> list[list[float]]:
        """For each coding, the codes that only it has; empty when there is but one coding."""
        several = self.codings
        if len(several) == 1:
            return []
        return [sorted(o - frozenset().union(*(x for x in several if x is not o))) for o in several]

    @property
    def meaning(self) -> dict[float, float]:
        """Every code that may stand in a column, with the standard code it means."""
        meaning = {code: code for code in self.codes}
        for coding in self.other_codings:
            meaning |= coding
        return meaning


class Rule(Part):
    """Points that hold only when another item has certain codes, or is missing."""

    item: Text
    codes: Annotated[list[float], Field(min_length=1)] | Literal["missing"]
    values: Points


class Item(Part):
    """One question: its code, a neutral label of our own, and what an answer is worth.

    An answer is worth its code; the lowest plus the highest code minus it when ``reversed``;
    or what ``values`` says. The first of ``rules`` whose condition holds goes before that.
    """

    code: Text
    label: Text
    responses: Text
    reversed: bool = False
    values: Points | None = None
    rules: list[Rule] = []

    @field_validator("code", mode="before")
    @classmethod
    def _as_text(cls, code: object) -> object:
        return str(code) if isinstance(code, int) else code


class Term(Part):
    """One scale's part in a weighted sum: ``weight * (scale - mean) / sd``."""

    scale: str
    weight: float
    mean: float = 0.0
    sd: Annotated[float, Field(gt=0)] = 1.0


class Linear(Part):
    """A stretch of the raw range onto another, such as 10–30 onto 0–100."""

    start: tuple[float, float]
    end: tuple[float, float]

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.start[0] == self.start[1]:
            raise ValueError(f"start should be two different numbers. Got {list(self.start)}")
        return self


class Band(Part):
    """A named range of a score, both ends included."""

    label: Text
    low: float
    high: float

    @model_validator(mode="after")
    def _runs_upwards(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"{self.label!r} runs from {self.low:g} down to {self.high:g}")
        return self


class Bands(Part):
    """One set of bands with its source; ``verified`` is false when taken from memory."""

    source: Text
    verified: bool = True
    bands: Annotated[list[Band], Field(min_length=1)]


class Published(Part):
    """A published figure with its source."""

    value: float
    source: Text


class Scale(Part):
    """One score: from items, from another scale, or from several.

    Exactly one of ``items`` ("all" or codes, ``"3-12"`` for a range), ``of`` (a scale, for a
    ``lookup`` or ``linear``) and ``terms`` (a weighted sum of scales) says what it is made of.
    ``answered`` is how many items must be answered, all when absent. With fewer than all, a
    mean is of those answered; a sum is of those answered, prorated to the whole length if
    ``prorate``.
    """

    name: Annotated[str, AfterValidator(lambda text: text and _name(text))] = ""
    label: Text
    items: Literal["all"] | ItemCodes | None = None
    of: str | None = None
    terms: list[Term] | None = None
    combine: Literal["sum", "mean", "maximum"] = "sum"
    answered: Annotated[int, Field(ge=1)] | None = None
    prorate: bool = False
    linear: Linear | None = None
    lookup: Points | None = None
    multiply: float = 1.0
    constant: float = 0.0
    range: tuple[float, float] | None = None
    better: Literal["higher", "lower"] | None = None
    bands: list[Bands] = []
    important_difference: Published | None = None
    reliability: Published | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [key for key in ("items", "of", "terms") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of items, of, terms. Got {listed(given) or 'none'}")
        if self.items is None and (self.answered is not None or self.prorate):
            raise ValueError("answered and prorate are for scales of items")
        if self.prorate and self.combine != "sum":
            raise ValueError("prorate is for sums; a mean is of the answered items anyway")
        if self.lookup is not None and self.linear is not None:
            raise ValueError("give lookup or linear, not both")
        if self.of is not None and self.lookup is None and self.linear is None:
            raise ValueError("a scale made of another needs lookup or linear")
        if self.terms is None and (self.multiply, self.constant) != (1.0, 0.0):
            raise ValueError("multiply and constant are for scales of terms; use linear")
        return self
