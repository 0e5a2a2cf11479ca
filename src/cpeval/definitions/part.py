"""What the parts of a definition share: no key but those declared, and checks that say where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, model_validator

from cpeval.errors import listed

#: One step of a path: a key, or a position in a list (from 0).
Step = str | int


class Mistake(NamedTuple):
    """What is wrong, and where: the path of keys from the table that was checked.

    ``doubtful`` are further keys of that table which nobody should rely on until it is mended.
    """

    path: tuple[Step, ...]
    text: str
    doubtful: tuple[str, ...] = ()


class Mistakes(ValueError):
    """Several mistakes, each with its path below the value that was checked."""

    def __init__(self, found: Iterable[Mistake]) -> None:
        self.found = list(found)
        super().__init__("; ".join(mistake.text for mistake in self.found))


class Unknown(Exception):
    """A check asked for a value that is absent or wrong: what it would say can't be known yet."""


#: What a check finds; a check of many things gives one iterable for each, which may end early.
Finding = Iterable["Mistake | Finding"]
Check = Callable[[Any], Finding]


def found_by(findings: Finding) -> Iterator[Mistake]:
    """Yield mistakes one by one; a check that meets an `Unknown` ends there, the others go on."""
    try:
        for one in findings:
            if isinstance(one, Mistake):
                yield one
            else:
                yield from found_by(one)
    except Unknown:
        return


def refuse_if(
    holds: Callable[[Any], object], text: str, *keys: str, doubtful: tuple[str, ...] | None = None
) -> Check:
    """Return a check of one condition; it is about one key, or about several of a table.

    ``doubtful`` are those not to be relied on when it holds: ``keys``, when absent.
    """

    def check(part: Any) -> Iterator[Mistake]:  # noqa: ANN401
        if holds(part):
            yield Mistake(
                keys if len(keys) == 1 else (), text, keys if doubtful is None else doubtful
            )

    return check


def differ(
    given: Mapping[Any, object] | None, wanted: Mapping[Any, object], what: str
) -> Iterator[str]:
    """Say how the keys of a table differ from those that it should have, if they do."""
    if given is None or given.keys() == wanted.keys():
        return
    lacks = sorted(wanted.keys() - given.keys())
    extra = sorted(given.keys() - wanted.keys())
    said = [f"lacks {listed(lacks)}"] if lacks else []
    said += [f"has {listed(extra)}, not among {what}"] if extra else []
    yield " and ".join(said)


class Part(BaseModel):
    """A table of the file: no key but those declared, and frozen.

    ``checks`` are for what no key shows by itself. They run when every value is right, and also
    over tables of which some values are not (see `cpeval.definitions.every_mistake`): those
    values raise `Unknown` when a check asks for them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    checks: ClassVar[tuple[Check, ...]] = ()

    @classmethod
    def filled(cls, given: Mapping[str, object]) -> Mapping[str, object]:
        """Return the table with what it says in short spelt out; raises `Mistakes`."""
        return given

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: object) -> object:
        return cls.filled(given) if isinstance(given, Mapping) else given

    @model_validator(mode="after")
    def _holds_together(self) -> Part:
        found = list(found_by(check(self) for check in self.checks))
        if found:
            raise Mistakes(found)
        return self

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Say that a field of a table with mistakes is unknown."""
            if name in type(self).model_fields:
                raise Unknown(name)
            return super().__getattr__(name)
