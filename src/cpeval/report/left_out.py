"""Who of those at baseline is not in an analysis: one table in the place of a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cpeval.report.disclosure import Withheld
from cpeval.report.grids import Body, Cell, Grid, count, header, heads, records
from cpeval.report.naming import Names, printable
from cpeval.report.sizes import rest

if TYPE_CHECKING:
    from cpeval.evaluated import Outcome
    from cpeval.report.release import Release


def left_out(release: Release, names: Names, outcomes: Sequence[Outcome]) -> Grid | None:
    """Who of those at baseline is not in an analysis, by outcome, follow-up and arm."""
    people = release.get("participants")
    if people is None:
        return None
    baseline = names.evaluation.study.baseline
    starts = {
        row["group"]: row["n"]
        for row in records(people.table)
        if baseline is None or row["wave"] == baseline
    }
    bodies = []
    for outcome in outcomes:
        lines = []
        for wave, group, changed, compared in _analysed(release, outcome):
            start = starts.get(group)
            if all(
                n is None or (n == start and not isinstance(n, Withheld))
                for n in (changed, compared)
            ):
                continue
            cells = [
                count(_rest(start, n)) if n is not None else Cell(text="", numeric=True)
                for n in (changed, compared)
            ]
            lines.append((header(names.head_of_wave(wave)), header(names.arm(group)), *cells))
        if lines:
            bodies.append(Body(rows=tuple(lines), title=printable(outcome.label)))
    if not bodies:
        return None
    return Grid(
        ident="table-left-out",
        caption="People at baseline who are not in an analysis",
        columns=heads("Follow-up", "Arm", "Change", "Difference between arms", words=2),
        bodies=tuple(bodies),
        notes=(
            "They were not seen at the follow-up, lack a score or what differences allow for, "
            "or are alone in a category.",
        ),
    )


def _rest(start: object, n: object) -> object:
    if isinstance(start, Withheld) or start is None:
        return Withheld()
    return rest(int(start), n if isinstance(n, Withheld) else int(n))  # type: ignore[call-overload]


def _analysed(
    release: Release, outcome: Outcome
) -> Iterator[tuple[object, object, object, object]]:
    """Yield wave, arm and the numbers of people in its change and in its comparison."""
    found: dict[tuple[object, object], list[object]] = {}
    for name, released in release.results.items():
        if not name.startswith((f"{outcome.column}/change", f"{outcome.column}/compare")):
            continue
        for row in records(released.table):
            if "n_intervention" not in row:
                found.setdefault((row["wave"], row["group"]), [None, None])[0] = row["n"]
                continue
            if row["analysis"] != "primary":
                continue
            for role, column in (("reference", "n_comparison"), ("group", "n_intervention")):
                found.setdefault((row["wave"], row[role]), [None, None])[1] = row[column]
    for (wave, group), (changed, compared) in found.items():
        yield wave, group, changed, compared
