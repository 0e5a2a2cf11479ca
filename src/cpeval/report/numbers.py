"""How numbers are written on a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from cpeval.report.disclosure import Withheld

#: What stands where a number couldn't be computed.
NONE = "–"
_MINUS = "−"
MOST_DECIMALS = 4


def is_number(value: object) -> bool:
    """Say whether a cell holds a finite number (neither withheld nor missing)."""
    if isinstance(value, Withheld) or value is None or isinstance(value, str):
        return False
    return not pd.isna(value) and math.isfinite(float(value))  # type: ignore[call-overload, arg-type]


def decimals_for(spread: object) -> int:
    """Return how many decimals suit scores with that standard deviation.

    >>> [decimals_for(sd) for sd in (120, 12.3, 4.2, 0.31, 0.04, 0, None)]
    [0, 1, 1, 2, 3, 2, 2]
    """
    if not is_number(spread) or float(spread) <= 0:  # type: ignore[arg-type]
        return 2
    return 0 if float(spread) >= 100 else _digits(float(spread), 1)  # type: ignore[arg-type]


def decimals_of(rows: Iterable[Mapping[str, object]], spread: str) -> int:
    """Return how many decimals suit rows of scores: from their spread, or their intervals.

    >>> decimals_of([{"sd": 12.3}, {"sd": None}], "sd")
    1
    >>> decimals_of([{"sd": Withheld(), "ci_low": 18.1, "ci_high": 22.1}], "sd")
    1
    """
    found = list(rows)
    spreads = [float(row[spread]) for row in found if is_number(row.get(spread))]  # type: ignore[arg-type]
    if spreads:
        return decimals_for(max(spreads))
    widths = [
        decimals_between(row.get("ci_low"), row.get("ci_high"))
        for row in found
        if is_number(row.get("ci_low"))
    ]
    return min(widths, default=2)


def decimals_between(low: object, high: object) -> int:
    """Return how many decimals suit an interval: two digits of its half width.

    >>> decimals_between(-2.6, 4.0), decimals_between(-0.3, 0.2), decimals_between(1, None)
    (1, 2, 2)
    """
    if not (is_number(low) and is_number(high)) or high == low:
        return 2
    return _digits(abs(float(high) - float(low)) / 2, 0)  # type: ignore[arg-type]


def _digits(size: float, least: int) -> int:
    return min(MOST_DECIMALS, max(least, 1 - math.floor(math.log10(size))))


def fixed(value: object, decimals: int) -> str:
    """Write a number with a true minus and no negative zero; a `Withheld` says itself.

    >>> fixed(-1.25, 1), fixed(-0.01, 1), fixed(None, 1), fixed(Withheld(1, 4), 1)
    ('−1.2', '0.0', '–', '<5')
    """
    if isinstance(value, Withheld):
        return str(value)
    if not is_number(value):
        return NONE
    text = f"{float(value):,.{decimals}f}"  # type: ignore[arg-type]
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else _MINUS + text[1:]
    return text


def interval(low: object, high: object, decimals: int) -> str:
    """Write an interval as ``from to``: a dash would read as a minus.

    >>> interval(-4.0, 0.23, 1), interval(-math.inf, 0.23, 1)
    ('−4.0 to 0.2', '−∞ to 0.2')
    """
    for bound in (low, high):
        if isinstance(bound, Withheld):
            return str(bound)
    ends = {-math.inf: f"{_MINUS}∞", math.inf: "∞"}
    shown = [
        ends[bound] if isinstance(bound, float) and bound in ends else fixed(bound, decimals)
        for bound in (low, high)
    ]
    return NONE if NONE in shown else " to ".join(shown)


def p_value(value: object) -> str:
    """Write a p value with three decimals, small ones as ``<0.001``.

    >>> p_value(0.0321), p_value(1e-9), p_value(0.9999)
    ('0.032', '<0.001', '>0.999')
    """
    if not is_number(value):
        return fixed(value, 3)
    p = float(value)  # type: ignore[arg-type]
    return "<0.001" if p < 0.001 else ">0.999" if p > 0.999 else f"{p:.3f}"


def joined(parts: list[str], last: str = "and") -> str:
    """Join as in a sentence.

    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
