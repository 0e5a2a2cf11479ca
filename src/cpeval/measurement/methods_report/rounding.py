"""Numbers in sentences, rounded as the APA asks, and nothing told of fewer than five people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite

from cpeval.errors import listed

#: Fewer people than this are not told of.
SMALL = 5


def coefficient(value: float, bound: float | None = None) -> str:
    """Write a number that can't pass 1: two decimals, no zero before the point.

    More decimals where two would put it on the other side of a ``bound``, or on it.

    >>> coefficient(0.834), coefficient(-0.05), coefficient(1.0), coefficient(0.699, 0.7)
    ('.83', '−.05', '1.00', '.699')
    """
    if not isfinite(value):
        return "not defined"
    decimals = 2
    while bound is not None and decimals < 6 and _differs(value, bound, decimals):
        decimals += 1
    text = f"{abs(value):.{decimals}f}"
    sign = "−" if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0") else text)


def _differs(value: float, bound: float, decimals: int) -> bool:
    shown = round(value, decimals)
    return (shown >= bound) != (value >= bound) or (shown == bound and value != bound)


def number(value: float) -> str:
    """Write points of a score: two decimals below 10, one above.

    >>> number(3.14159), number(32.847), number(-0.5)
    ('3.14', '32.8', '−0.50')
    """
    if not isfinite(value):
        return "not defined"
    text = f"{abs(value):.{2 if abs(value) < 9.995 else 1}f}"
    return ("−" if value < 0 and float(text) else "") + text


def interval(
    low: float, high: float, level: float, how: Callable[[float], str] = coefficient
) -> str:
    """Write an interval to follow an estimate; nothing if there is none.

    >>> interval(0.81, 0.85, 0.95)
    ', 95 % CI [.81, .85]'
    >>> interval(float("nan"), 1.0, 0.95)
    ''
    """
    if not (isfinite(low) and isfinite(high)):
        return ""
    return f", {100 * level:g} % CI [{how(low)}, {how(high)}]"


def percent(share: float) -> str:
    """Write a share as per cent with one decimal.

    >>> percent(0.0423), percent(1.0)
    ('4.2 %', '100.0 %')
    """
    return f"{100 * share:.1f} %"


def share(count: int, n: int) -> str:
    """Write how many of n people, as a share, unless they or the others are few.

    >>> share(20, 400), share(3, 400), share(0, 400), share(398, 400)
    ('5.0 %', 'fewer than 5 people', 'nobody', 'all but fewer than 5 people')
    """
    if count == 0:
        return "nobody"
    if count < SMALL:
        return f"fewer than {SMALL} people"
    if 0 < n - count < SMALL:
        return f"all but fewer than {SMALL} people"
    return percent(count / n)


def names(items: Iterable[object], *, most: int = 10) -> str:
    """Name items in a sentence: without quotation marks, where they can't be misread.

    >>> names(["q1", "q2"]), names(["a, b", "c"]), names(range(12), most=2)
    ('q1, q2', "'a, b', 'c'", '0, 1 and 10 more')
    """
    texts = [str(item) for item in items]
    if any("," in text or not text.strip() for text in texts):
        return listed(texts, most=most)
    rest = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {rest} more" if rest > 0 else "")


def plural(n: int, noun: str) -> str:
    """Write a number of things.

    >>> plural(1, "item"), plural(3, "item"), plural(0, "item")
    ('1 item', '3 items', '0 items')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
