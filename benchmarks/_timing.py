"""What the benchmarks share: medians of runs that take turns, and a table with the goals."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a benchmark's table."""

    what: str
    seconds: float
    #: A ratio to another row, where there is one.
    ratio: float | None = None
    #: What to stay below: the ratio where there is one, else the seconds.
    goal: float | None = None

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return the line as text."""
        measured = self.seconds if self.ratio is None else self.ratio
        unit = " s" if self.ratio is None else ""
        return (
            self.what,
            f"{self.seconds:.3f} s",
            "" if self.ratio is None else f"{self.ratio:.2g}",
            "" if self.goal is None else f"{self.goal:g}{unit}",
            "" if self.goal is None else "met" if measured <= self.goal else "NOT MET",
        )


def medians(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Time each run ``repeats`` times, in turns so that a busy moment hits all alike.

    Returns the median seconds by name. One round before goes untimed.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def show(title: str, rows: list[Row]) -> None:
    """Print a table, and the machine that its figures are of."""
    head = ("", "median", "ratio", "goal", "")
    lines = [head, *(row.cells() for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    print(f"{title} ({machine()})")
    for line in lines:
        first, *others = zip(line, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
        print("  " + "  ".join(cells).rstrip())
    print()


def machine() -> str:
    """Return cores and Python, such as ``2 cores, Python 3.11``."""
    there = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    version = ".".join(platform.python_version_tuple()[:2])
    return f"{len(there)} cores, Python {version}"


def environment() -> dict[str, str]:
    """Return the environment for a child that may keep its compiled modules, as is usual."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
