"""The kinds of values that a definition holds: text, numbers, codes and tables of them.

Each is checked by one function whose message names the value and what would do instead, so that
a person who never saw Python can mend it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from reprlib import Repr
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator

from cpeval.definitions.part import Mistake, Mistakes, Step

#: Bounds beyond which something is not a questionnaire but a mistake, or made to exhaust memory.
MOST_ITEMS = 1000
#: A file with more mistakes than this is another kind of file.
MOST_MISTAKES = 100
_LONGEST_NAME, _LONGEST_LINE, _LONGEST_TEXT = 60, 300, 20_000
_LARGEST_NUMBER = 1e12
_MOST_DIGITS = 12  # of a code, on either side of its point

#: Control characters, and those that make text run the other way than it is stored.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: Characters that take no room: two names that differ by one look alike. Joiners of Persian or
#: Indic letters are part of their spelling; beside a Latin letter, or at an end, they join nothing.
_UNSEEN = re.compile(
    r"[\u00ad\u200b\u200e\u200f\u2060-\u2064\ufeff]"
    r"|(?:(?<=[\x00-\x7f])|^)[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f]|$)"
)

_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxdict = 2, 60, 60, 4


def brief(value: object) -> str:
    """Show a value in a message as TOML has it, shortened; never fails.

    >>> brief(True), brief([1, "a"]), brief("x" * 90)[-5:]
    ('true', "[1, 'a']", "xxxx'")
    """
    if isinstance(value, bool):
        return str(value).lower()
    try:
        if isinstance(value, str | int | float | list | dict):
            return _SHORT.repr(value)
        return str(value)[:60]
    except (ValueError, RecursionError):
        return "a value too long to show"


def text(value: object) -> str:
    """Text, whatever is in it: what leaves for a page, a sheet or a form is made safe there."""
    if not isinstance(value, str):
        raise ValueError(f'should be text, in quotes ("…"). Got {brief(value)}')
    if not value:
        raise ValueError("should not be empty")
    if len(value) > _LONGEST_TEXT:
        raise ValueError(f"should have at most {_LONGEST_TEXT:,} characters. It has {len(value):,}")
    return value


def _text_or_none(value: object) -> str:
    return "" if value == "" else text(value)


def line(value: object) -> str:
    """Text that others refer to, or that names a column: one line that shows as it is."""
    value = text(value)
    odd = _CONTROL.search(value)
    if odd:
        raise ValueError(f"should not have control characters. Got {odd[0]!a}")
    unseen = _UNSEEN.search(value)
    if unseen:
        raise ValueError(f"should not have characters that can't be seen. Got {unseen[0]!a}")
    if len(value) > _LONGEST_LINE:
        raise ValueError(f"should have at most {_LONGEST_LINE} characters. It has {len(value):,}")
    return value


def name(value: object) -> str:
    """Text that does for a column's name on every engine, and in SPSS and Stata."""
    value = line(value)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError(
            "should be lower-case letters, digits and _, a letter first. Got " + brief(value)
        )
    if len(value) > _LONGEST_NAME:
        raise ValueError(f"should have at most {_LONGEST_NAME} characters. It has {len(value)}")
    return value


def _name_or_none(value: object) -> str:
    return "" if value == "" else name(value)


def number(value: object) -> float:
    """A finite number, and no true or false."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"should be a number. Got {brief(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"should be a finite number. Got {brief(value)}")
    # Compared as they are: a whole number may be too long to be made a float.
    if not -_LARGEST_NUMBER <= cast("float", value) <= _LARGEST_NUMBER:
        raise ValueError(f"should lie between -1e12 and 1e12. Got {brief(value)}")
    return float(value)


def whole(value: object) -> int:
    """A whole number from 1 up."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"should be a whole number. Got {brief(value)}")
    if not 1 <= cast("int", value) <= _LARGEST_NUMBER:
        raise ValueError(f"should be 1 or more. Got {brief(value)}")
    return int(value)


def truth(value: object) -> bool:
    """True or false as TOML writes them."""
    if not isinstance(value, bool):
        raise ValueError(f"should be true or false, without quotes. Got {brief(value)}")
    return value


def _positive(value: object) -> float:
    if (found := number(value)) <= 0:
        raise ValueError(f"should be more than 0. Got {found:g}")
    return found


def _share(value: object) -> float:
    if not 0 <= (found := number(value)) <= 1:
        raise ValueError(f"should lie between 0 and 1. Got {found:g}")
    return found


def code_key(value: object) -> float:
    """TOML's keys are text; codes are numbers."""
    if isinstance(value, str):
        found = re.fullmatch(r"[+-]?([0-9]+)(\.[0-9]+)?", value.strip())
        if found is None:
            raise ValueError("a code should be a number")
        if len(found[1]) > _MOST_DIGITS or len(found[2] or ".") - 1 > _MOST_DIGITS:
            raise ValueError(f"a code should have at most {_MOST_DIGITS} digits before and after .")
        return float(value)
    return number(value)


def _item_code(value: object) -> str:
    found = line(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)
    if found != found.strip():
        raise ValueError(f"should not begin or end with a space. Got {brief(found)}")
    if _SPAN.fullmatch(found):
        raise ValueError(f"{found!r} would be read as a span of items; use _ in place of -")
    return found


def gathered(pairs: Iterable[tuple[Step, object]], check: Callable[[Any], Any]) -> list[Any]:
    """Check each value; raise `Mistakes` with the paths of all that are refused."""
    values, wrong = [], []
    for step, value in pairs:
        try:
            values.append(check(value))
        except Mistakes as several:
            wrong += [Mistake((step, *one.path), one.text) for one in several.found]
        except ValueError as problem:
            wrong.append(Mistake((step,), str(problem)))
        if len(wrong) > MOST_MISTAKES:
            break
    if wrong:
        raise Mistakes(wrong)
    return values


def _list_of(check: Callable[[Any], Any], example: str, least: int = 0) -> Callable[[Any], Any]:
    def checked(value: object) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"should be a list, such as {example}. Got {brief(value)}")
        if len(value) < least:
            raise ValueError("should not be empty")
        if len(value) > MOST_ITEMS:
            raise ValueError(f"should have at most {MOST_ITEMS:,}. It has {len(value):,}")
        return gathered(enumerate(value), check)

    return checked


def _by_code(check: Callable[[Any], Any], example: str, least: int) -> Callable[[Any], Any]:
    """A table whose keys are codes: each a number, none twice (``1`` and ``1.0``)."""

    def checked(value: object) -> dict[float, Any]:
        if not isinstance(value, Mapping):
            raise ValueError(f"should be a table, such as {example}. Got {brief(value)}")
        seen: dict[float, object] = {}
        keys: dict[object, float] = {}
        wrong: list[Mistake] = []
        for key, inner in value.items():
            try:
                if isinstance(inner, Mapping):
                    raise ValueError(f'a code with a decimal point needs quotes: "{key}.…" = …')
                code = code_key(key)
                if code in seen:
                    raise ValueError(f"is the same code as {seen[code]!r}")
                seen[code], keys[key] = key, code
            except ValueError as problem:
                wrong.append(Mistake((str(key),), str(problem)))
        try:
            values = gathered(((str(key), value[key]) for key in keys), check)
        except Mistakes as several:
            wrong += several.found
        if wrong:
            raise Mistakes(wrong)
        if len(value) < least:
            raise ValueError("should have two codes or more" if least > 1 else "is empty")
        return dict(zip(keys.values(), values, strict=True))

    return checked


def _by_text(check: Callable[[Any], Any], example: str) -> Callable[[Any], Any]:
    def checked(value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError(f"should be a table, such as {example}. Got {brief(value)}")
        values = gathered(((str(key), inner) for key, inner in value.items()), check)
        return dict(zip(map(str, value), values, strict=True))

    return checked


def _pair(value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"should be two numbers, such as [0, 4]. Got {brief(value)}")
    first, second = gathered(enumerate(value), number)
    return first, second


_SPAN = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")


def _spelled_out(value: object) -> list[str]:
    """Turn ``["3-12", "14"]`` into a list of single item codes."""
    single: list[str] = []
    wrong = []
    for place, code in enumerate(value if isinstance(value, list | tuple) else []):
        span = _SPAN.fullmatch(code) if isinstance(code, str) else None
        if span and int(span[1]) > int(span[2]):
            wrong.append(Mistake((place,), f"{code!r} runs backwards"))
        elif span:
            single += map(str, range(int(span[1]), int(span[2]) + 1))
        else:
            try:
                single.append(_item_code(code))
            except ValueError as problem:
                wrong.append(Mistake((place,), str(problem)))
        if len(single) > MOST_ITEMS:
            raise ValueError(f"names more than {MOST_ITEMS:,} items")
    if wrong:
        raise Mistakes(wrong)
    if not single:
        raise ValueError(
            f'should be "all", "key", or a list of item codes: ["1", "3-5"]. Got {brief(value)}'
        )
    return single


def _items_of_scale(value: object) -> object:
    return value if isinstance(value, str) and value in ("all", "key") else _spelled_out(value)


def _rule_codes(value: object) -> object:
    if value == "missing":
        return value
    if not isinstance(value, list | tuple):
        raise ValueError(f'should be a list of codes, or "missing". Got {brief(value)}')
    return _list_of(number, "[1, 2]", 1)(value)


Text = Annotated[str, BeforeValidator(text)]
Line = Annotated[str, BeforeValidator(line)]
Name = Annotated[str, BeforeValidator(name)]
NameOrNone = Annotated[str, BeforeValidator(_name_or_none)]
#: Text that may be left empty.
Remark = Annotated[str, BeforeValidator(_text_or_none)]
ScaleName = Annotated[str, BeforeValidator(lambda value: "" if value == "" else line(value))]
Number = Annotated[float, BeforeValidator(number)]
Positive = Annotated[float, BeforeValidator(_positive)]
Share = Annotated[float, BeforeValidator(_share)]
Whole = Annotated[int, BeforeValidator(whole)]
Truth = Annotated[bool, BeforeValidator(truth)]
Pair = Annotated[tuple[float, float], BeforeValidator(_pair)]
Numbers = Annotated[list[float], BeforeValidator(_list_of(number, "[8, 9]"))]
SomeNumbers = Annotated[list[float], BeforeValidator(_list_of(number, "[1, 2]", 1))]
Lines = Annotated[list[str], BeforeValidator(_list_of(line, '["age_band", "sex"]'))]
Texts = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: tuple(_list_of(text, '["…"]')(value)))
]
Codes = Annotated[
    dict[float, str], BeforeValidator(_by_code(_text_or_none, '{ 0 = "no", 1 = "yes" }', 2))
]
Anchors = Annotated[dict[float, str], BeforeValidator(_by_code(text, '{ 1 = "…", 5 = "…" }', 0))]
Informants = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: tuple(_list_of(line, '["worker"]')(value)))
]
Points = Annotated[dict[float, float], BeforeValidator(_by_code(number, "{ 0 = 0, 1 = 4 }", 1))]
Weights = Annotated[dict[str, float], BeforeValidator(_by_text(number, '{ "1" = 2, "2" = 0.5 }'))]
Decrements = Annotated[
    dict[str, dict[float, float]],
    BeforeValidator(
        _by_text(_by_code(number, "{ 2 = 0.05 }", 1), '{ "1" = { 2 = 0.05, 3 = 0.2 } }')
    ),
]
PointsByName = Annotated[
    dict[str, dict[float, float]],
    BeforeValidator(_by_text(_by_code(number, "{ 0 = 1 }", 1), '{ "0-4" = { 0 = 1, 1 = 2 } }')),
]
PointsList = Annotated[
    list[dict[float, float]],
    BeforeValidator(_list_of(_by_code(number, "{ 0 = 2 }", 1), "[{ 1 = 1, 0 = 2 }]")),
]
ItemCode = Annotated[str, BeforeValidator(_item_code)]
ScaleItems = Annotated[Literal["all", "key"] | list[str], BeforeValidator(_items_of_scale)]
RuleCodes = Annotated[Literal["missing"] | list[float], BeforeValidator(_rule_codes)]
