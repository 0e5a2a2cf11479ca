"""Every mistake of a definition in one go, also those that pydantic would hide behind others.

Pydantic checks a table as a whole once its keys are right. A person would then mend a file, to be
told of the next mistakes. Here each key of each table is validated by itself with the model's
own types. From what is right, parts are made in which the rest is unknown, and the checks of the
model run over them: a check that asks for something unknown ends there. So nothing is reported
that is only the consequence of another mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from annotated_types import MaxLen, MinLen
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from cpeval.definitions.kinds import MOST_MISTAKES, brief, name as as_name
from cpeval.definitions.part import Mistakes, Part, Step, found_by
from cpeval.definitions.validation import keys_text, mistakes, path_text, rows
from cpeval.errors import did_you_mean

#: Keys by which a table is known, so that others may refer to it: kept even when refused.
_CALLED = ("name", "code")


class _Enough(Exception):
    pass


class _Unknown:
    """A value that is absent or wrong."""


_UNKNOWN = _Unknown()


def too_large(model: type[Part], given: Mapping[str, object]) -> list[str]:
    """Return a line for each list or table that no instrument has so long, before it costs time."""
    return [
        f"{key}: {text}"
        for key, field in model.model_fields.items()
        if key in given and (text := _size_mistake(field, given[key])) and "at most" in text
    ]


def every_mistake(
    model: type[Part], given: Mapping[str, object], error: ValidationError
) -> list[str]:
    """Return a line for each mistake in a definition that pydantic refused with ``error``."""
    search = _Search(given)
    try:
        search.part(model, given, ())
    except _Enough:
        search.lines.append(f"and more than {MOST_MISTAKES} mistakes in all: mend these first")
    return search.lines or mistakes(error, model)


class _Search:
    def __init__(self, given: Mapping[str, object]) -> None:
        self.given = given
        self.lines: list[str] = []

    def add(self, path: Sequence[Step], text: str) -> None:
        if len(self.lines) >= MOST_MISTAKES:
            raise _Enough
        where = path_text(path, self.given)
        line = f"{where}: {text}" if where else text
        if line not in self.lines:
            self.lines.append(line)

    def part(self, model: type[Part], given: object, path: tuple[Step, ...]) -> Part:
        """Examine one table and return what is right of it."""
        if isinstance(given, model):
            return given
        values: dict[str, object] = {}
        if isinstance(given, Mapping):
            values = self._values(model, given, path)
        else:
            self.add(
                path,
                f"should be a table, with keys such as {keys_text(model, 3)}. Got {brief(given)}",
            )
        made = _made(model, values)
        doubtful: set[str] = set()
        for mistake in found_by(check(made) for check in model.checks):
            self.add((*path, *mistake.path), mistake.text)
            doubtful.update(mistake.doubtful)
        return _made(model, {k: v for k, v in values.items() if k not in doubtful})

    def _values(
        self, model: type[Part], given: Mapping[str, object], path: tuple[Step, ...]
    ) -> dict[str, object]:
        doubtful = self._misspelt(model, given, path)
        try:
            given = model.filled(given)
        except Mistakes as wrong:
            for mistake in wrong.found:
                self.add((*path, *mistake.path), mistake.text)
                doubtful.update(mistake.doubtful)
        values: dict[str, object] = {}
        for key, field in model.model_fields.items():
            if key in doubtful:
                continue
            if key in given:
                value = self._value(model, key, given[key], (*path, key))
                if value is not _UNKNOWN:
                    values[key] = value
            elif field.is_required():
                self.add((*path, key), "is needed and absent")
            else:
                values[key] = field.get_default(call_default_factory=True)
        return values

    def _misspelt(
        self, model: type[Part], given: Mapping[str, object], path: tuple[Step, ...]
    ) -> set[str]:
        """Report keys that don't exist; return those that they were probably meant to be."""
        meant: set[str] = set()
        fields = model.model_fields
        unknown = [key for key in given if key not in fields]
        for key in unknown[:20]:
            near = did_you_mean(str(key)[:60], [name for name in fields if name not in given])
            self.add(
                (*path, str(key)), f"there is no such key{near}. Keys here: {keys_text(model)}"
            )
            meant.update(name for name in fields if f"{name!r}?" in near)
        if len(unknown) > 20:
            self.add(path, f"{len(unknown) - 20:,} more keys that don't exist")
        return meant

    def _value(self, model: type[Part], key: str, given: Any, path: tuple[Step, ...]) -> object:  # noqa: ANN401
        field = model.model_fields[key]
        inner, many = _parts_of(model, key)
        if inner is None:
            return self._plain(model, key, given, path)
        if given is None and field.default is None:  # as a definition in memory says "none"
            return None
        if many is None:
            return self.part(inner, given, path)
        if not isinstance(given, list | Mapping) or isinstance(given, list) != (many is list):
            kind = "a list of tables" if many is list else "a table of tables"
            self.add(path, f"should be {kind}. Got {brief(given)}")
            return _UNKNOWN
        wrong = _size_mistake(field, given)
        if wrong:
            self.add(path, wrong)
            return _UNKNOWN
        if isinstance(given, list):
            return [self.part(inner, one, (*path, n)) for n, one in enumerate(given)]
        return {k: self._named(model, key, k, one, path) for k, one in given.items()}

    def _named(
        self, model: type[Part], key: str, called: object, given: object, path: tuple[Step, ...]
    ) -> Part:
        """Examine a table of a table of tables, and its name if that has a form."""
        inner, _ = _parts_of(model, key)
        assert inner is not None
        try:
            if _key_is_a_name(model, key):
                as_name(called)
        except ValueError as problem:
            self.add((*path, str(called)), str(problem))
        return self.part(inner, given, (*path, str(called)))

    def _plain(self, model: type[Part], key: str, given: object, path: tuple[Step, ...]) -> object:
        try:
            return _adapter(model, key).validate_python(given)
        except ValidationError as error:
            for below, text in rows(error):
                self.add((*path, *below), text)
        named = key in _CALLED and isinstance(given, str | int | float)
        return str(given) if named else _UNKNOWN


def _made(model: type[Part], values: Mapping[str, object]) -> Part:
    """Return a part in which all but ``values`` is unknown."""
    part = model.model_construct()
    part.__dict__.clear()
    part.__dict__.update(values)
    return part


@cache
def _adapter(model: type[Part], key: str) -> TypeAdapter[Any]:
    field = model.model_fields[key]
    kind: Any = field.annotation
    if field.metadata:
        kind = Annotated[(kind, *field.metadata)]
    return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))


@cache
def _parts_of(model: type[Part], key: str) -> tuple[type[Part] | None, type | None]:
    """Return the kind of part behind a key, if it is one, and whether a list or dict of them."""
    for kind, many in _unwrapped(model.model_fields[key].annotation, None):
        if isinstance(kind, type) and issubclass(kind, Part):
            return kind, many
    return None, None


def _unwrapped(kind: Any, many: type | None) -> Iterator[tuple[Any, type | None]]:  # noqa: ANN401
    yield kind, many
    origin = get_origin(kind)
    for inner in get_args(kind):
        yield from _unwrapped(inner, origin if origin in (list, dict) else many)


def _key_is_a_name(model: type[Part], key: str) -> bool:
    kind, *_ = get_args(model.model_fields[key].annotation)
    return get_origin(kind) is Annotated


def _size_mistake(field: FieldInfo, given: object) -> str:
    """Say that a list or table is empty or too long, if it is."""
    if not isinstance(given, list | Mapping):
        return ""
    for limit in field.metadata:
        if isinstance(limit, MinLen) and len(given) < limit.min_length:
            return "should not be empty"
        if isinstance(limit, MaxLen) and len(given) > limit.max_length:
            return f"should have at most {limit.max_length:,}. It has {len(given):,}"
    return ""
