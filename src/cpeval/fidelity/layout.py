"""Which columns say what was rated, by whom and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cpeval.errors import ColumnError, OptionError, listed, require_columns
from cpeval.people.rows import require_study
from cpeval.study import Study

#: From the coarsest to the finest.
ROLES = ("site", "team", "worker", "person")

#: Columns that results have of their own, beside those that identify units and sheets.
RESERVED = frozenset(
    [
        "scale",
        "estimate",
        "answered",
        "n_items",
        "band",
        "item",
        "rating",
        "label",
        "n",
        "low",
        "high",
        "rule",
        "informants",
        "gap",
        "said",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Names of columns.

    Attributes
    ----------
    unit : tuple of str
        What was rated, in its teams and sites: the coarsest first.
    key : tuple of str
        Those of ``unit`` that tell units apart: a team may have the name of another site's.
    informant : str
    assessor, occasion : str or None
    """

    unit: tuple[str, ...]
    key: tuple[str, ...]
    informant: str
    assessor: str | None
    occasion: str | None

    @property
    def columns(self) -> list[str]:
        """All of them, in the order in which results have them."""
        rest = (self.occasion, self.informant, self.assessor)
        return [*self.unit, *(name for name in rest if name is not None)]

    @property
    def cell(self) -> list[str]:
        """The columns of unit and occasion."""
        return [*self.unit, *([] if self.occasion is None else [self.occasion])]


def layout_of(
    columns: Sequence[str],
    study: Study,
    *,
    informant: str,
    assessor: str | None,
    occasion: str | None,
) -> Layout:
    """Find the columns, or name all that are wrong.

    Parameters
    ----------
    columns : sequence of str
        Those of the data.
    study : Study
        Its person, worker, team and site: the finest that is among ``columns`` is the unit.
    informant, assessor, occasion
        As `score` takes them. Without ``occasion``, the study's wave if the data have it.

    Raises
    ------
    OptionError
        ``study`` is none; a name is not text; a column stands for two things.
    ColumnError
        Columns are absent, or none of the study's units is there; one has a name that results
        need for themselves.
    """
    require_study(study)
    if occasion is None and study.wave in columns:
        occasion = study.wave
    named = {"informant": informant, "assessor": assessor, "occasion": occasion}
    odd = [f"{what}={name!r}" for what, name in named.items() if not _is_name(what, name)]
    if odd:
        raise OptionError(f"These should be names of columns, as text: {', '.join(odd)}.")
    require_columns(columns, *named.values())
    roles = {role: getattr(study, role) for role in ROLES}
    there = {role: name for role, name in roles.items() if name is not None and name in columns}
    if not there:
        asked = [f"{name!r} ({role})" for role, name in roles.items() if name is not None]
        raise ColumnError(
            f"The data have no column that says what was rated. The study names "
            f"{', '.join(asked)}. Columns there: {listed(columns)}."
        )
    taken = [name for name in (*there.values(), *named.values()) if name is not None]
    twice = sorted({name for name in taken if taken.count(name) > 1})
    if twice:
        raise OptionError(
            f"A column can't be two things: {listed(twice)}. Unit: {listed(there.values())}; "
            + ", ".join(f"{what}={name!r}" for what, name in named.items() if name is not None)
            + "."
        )
    clash = [name for name in taken if name in RESERVED]
    if clash:
        raise ColumnError(
            f"Results have columns {listed(clash)} of their own. Rename these in the data, and in "
            "the study or the call."
        )
    finest = list(there)[-1]
    within = ["site", finest] if finest in ("team", "worker") else [finest]
    return Layout(
        unit=tuple(there.values()),
        key=tuple(there[role] for role in within if role in there),
        informant=informant,
        assessor=assessor,
        occasion=occasion,
    )


def _is_name(what: str, name: object) -> bool:
    return isinstance(name, str) or (name is None and what != "informant")
