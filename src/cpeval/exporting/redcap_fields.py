"""One field of a REDCap data dictionary read as an item: its answers, or why it has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape

from cpeval.exporting.asked import code_text
from cpeval.exporting.no_answer_labels import no_answers
from cpeval.exporting.plain_text import one_line
from cpeval.exporting.redcap import CHOICES, FIELD_NOTE, HIGH, LOW, TYPE, VALIDATION
from cpeval.spreadsheet_safety import defused

_BUILT_IN = {
    "yesno": {1.0: "Yes", 0.0: "No"},
    "truefalse": {1.0: "True", 0.0: "False"},
}
#: A range wider than this is a measurement, not an answer.
_WIDEST = 1000
#: As many digits as a definition's codes may have.
_NUMBER = r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?"

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers of a field.

    Attributes
    ----------
    codes : mapping
        Code to label.
    no_answer : mapping
        Code to label of those that mean no answer.
    doubtful : mapping
        Those of ``codes`` that say so, and stand between two answers.
    between : bool
        Whether every whole number between the ends is an answer: a slider, or a number typed.
    """

    codes: Mapping[float, str]
    no_answer: Mapping[float, str] = field(default_factory=dict)
    doubtful: Mapping[float, str] = field(default_factory=dict)
    between: bool = False

    def key(self) -> tuple[object, ...]:
        """What makes two sets of answers one."""
        return (tuple(self.codes.items()), tuple(self.no_answer), self.between)

    def definition(self) -> dict[str, object]:
        """What a definition says of them."""
        made: dict[str, object] = {"codes": dict(self.codes)}
        if self.between:
            made["between"] = True
        if self.no_answer:
            made["missing_codes"] = list(self.no_answer)
        return made


class NotAnItem(Exception):
    """Why a field can't be an item."""


def answers_of(row: Row) -> Answers:
    """Return a field's answers.

    Raises
    ------
    NotAnItem
        It is a field of another kind, or scoring can't use its choices.
    """
    kind = row[TYPE].lower()
    if kind in _BUILT_IN:
        return Answers(codes=_BUILT_IN[kind])
    if kind in ("radio", "dropdown", "select"):
        return _choices(row[CHOICES])
    if kind == "slider":
        low, high = _range(row) or (0, 100)
        ends = [shown(text) for text in row[CHOICES].split("|")]
        named = {low: ends[0], high: ends[-1]} if len(ends) > 1 else {low: "", high: ""}
        if len(ends) == 3 and (low + high) % 2 == 0 and ends[1]:
            named[(low + high) // 2] = ends[1]
        codes = {float(code): text or code_text(code) for code, text in named.items()}
        return Answers(codes=codes, between=True)
    if kind == "text":
        valid = row[VALIDATION].lower()
        limits = _range(row) if valid in ("integer", "int") else None
        if limits is None:
            raise NotAnItem(f"text, {valid}" if valid else "text")
        codes = {float(c): code_text(c) for c in limits} | _noted(row[FIELD_NOTE], *limits)
        return Answers(codes=codes, between=True)
    raise NotAnItem(kind or "no type")


def shown(text: str) -> str:
    """Return text as REDCap shows it, without markup."""
    return one_line(unescape(re.sub(r"</?[A-Za-z!][^<>]*>", " ", text)))


def label_of(text: str) -> str:
    """Return a cell's text, without the apostrophe that keeps it from being a formula."""
    plain = shown(text)
    return plain[1:] if plain.startswith("'") and defused(plain[1:]) == plain else plain


def _range(row: Row) -> tuple[int, int] | None:
    try:
        low, high = int(row[LOW]), int(row[HIGH])
    except ValueError:
        return None
    return (low, high) if 0 < high - low <= _WIDEST else None


def _noted(note: str, low: int, high: int) -> dict[float, str]:
    """Read what a field's note says of codes, such as ``0 = worst, 100 = best``."""
    pairs = re.findall(r"(-?\d+) = (.+?)(?=, -?\d+ = |$)", label_of(note))
    return {float(code): label for code, label in pairs if low <= int(code) <= high}


def _choices(text: str) -> Answers:
    """Read ``1, label | 2, label``."""
    labels: dict[float, str] = {}
    bare, texts, twice = [], [], []
    for part in (part.strip() for part in text.split("|")):
        code, comma, label = (piece.strip() for piece in part.partition(","))
        if not part:
            continue
        if not comma:
            bare.append(repr(part))
        elif not re.fullmatch(_NUMBER, code):
            texts.append(repr(code))
        elif float(code) in labels:
            twice.append(code_text(float(code)))
        else:
            labels[float(code)] = shown(label) or code_text(float(code))
    wrong = []
    if bare:
        wrong.append(f"no code before a comma: {', '.join(bare)}")
    if texts:
        wrong.append(f"codes that are not numbers, which scoring needs: {', '.join(texts)}")
    if twice:
        wrong.append(f"code {', '.join(twice)} stands twice")
    if not (labels or wrong):
        wrong.append("no choices")
    if wrong:
        raise NotAnItem("; ".join(wrong))
    gone, doubtful = no_answers(labels)
    codes = {code: label for code, label in labels.items() if code not in gone}
    if len(codes) < 2:
        raise NotAnItem("fewer than two choices that are answers")
    return Answers(codes=codes, no_answer=gone, doubtful=doubtful)
