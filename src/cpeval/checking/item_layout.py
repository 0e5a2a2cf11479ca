"""Item columns that are absent: the near misses, and columns that hold several waves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cpeval.errors import did_you_mean

_SEPARATOR = r"[_.\- ]"


def wide_advice(absent: Sequence[str], columns: Sequence[str]) -> str:
    """Say how to read columns such as ``q_1_t0`` when the items ``q_1`` … are absent.

    >>> print(wide_advice(["q_1", "q_2"], ["id", "q_1_t0", "q_2_t0", "q_1_t1", "q_2_t1"]))
    Columns such as 'q_1_t0' hold several waves: say so in [data.wide] (pattern = "{item}_{wave}").
    >>> wide_advice(["q_1"], ["id", "q_11", "q_12"])
    ''
    """
    for before, after in ((False, True), (True, False)):
        found: dict[str, dict[str, str]] = {}
        marks: dict[str, str] = {}
        for item in absent:
            name = re.escape(item)
            expression = (
                rf"{name}({_SEPARATOR})(.+)" if after else rf"(?P<wave>.+)({_SEPARATOR}){name}"
            )
            for column in columns:
                match = re.fullmatch(expression, column)
                if match:
                    wave = match["wave"] if before else match[2]
                    mark = match[2] if before else match[1]
                    found.setdefault(wave, {})[item] = column
                    marks.setdefault(wave, mark)
        waves = [w for w, items in found.items() if 2 * len(items) > len(absent)]
        if len(waves) > 1:
            mark = marks[waves[0]]
            pattern = f"{{wave}}{mark}{{item}}" if before else f"{{item}}{mark}{{wave}}"
            example = next(iter(found[waves[0]].values()))
            return (
                f"Columns such as {example!r} hold several waves: say so in [data.wide] "
                f'(pattern = "{pattern}").'
            )
    return ""


def absent_advice(name: str, column: str, free: Sequence[str]) -> str:
    """Say what to do about an item column that isn't there; ``free`` are columns without a use."""
    near = did_you_mean(column, free)
    return f"{name} needs it{near}. Say where its items are, or rename the column."
