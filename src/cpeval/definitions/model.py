"""The form of an instrument's definition: what a TOML file may say, validated as a whole.

Data only. How scores come out of it is `cpeval.scoring`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import Field, ValidationError, model_validator

from cpeval.definitions.parts import Item, Licence, Name, Part, Responses, Scale, Text
from cpeval.definitions.validation import mistakes
from cpeval.errors import DefinitionError, did_you_mean, listed
from cpeval.toml_reading import read_toml


class Instrument(Part):
    """An instrument's definition: items, scales, licence, citation.

    Made from a TOML file by `Instrument.from_toml`, or one of the catalogue by
    `cpeval.instrument`. Shows itself as a card in a notebook.
    """

    name: Name
    title: Text
    version: Text = "1"
    status: Literal["verified", "provisional", "illustrative"] = "provisional"
    status_note: str = ""
    citation: Text
    sources: tuple[Text, ...] = ()
    licence: Licence
    responses: Annotated[dict[str, Responses], Field(min_length=1)]
    items: Annotated[list[Item], Field(min_length=1)]
    scales: Annotated[list[Scale], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wrong = [*self._item_mistakes(), *self._scale_mistakes()]
        if wrong:
            raise ValueError("\n- ".join(wrong))
        return self

    def _item_mistakes(self) -> Iterable[str]:
        codes = [item.code for item in self.items]
        yield from _twice("items", codes)
        for item in self.items:
            where = f"items, code {item.code!r}"
            if item.responses not in self.responses:
                near = did_you_mean(item.responses, self.responses)
                yield f"{where}: responses has no {item.responses!r}{near}"
                continue
            answers = set(self.responses[item.responses].codes)
            if item.reversed and item.values is not None:
                yield f"{where}: reversed or values, not both"
            for key, points in [
                ("values", item.values),
                *(("rules", r.values) for r in item.rules),
            ]:
                if points is not None and set(points) != answers:
                    odd = sorted(set(points) ^ answers)
                    yield f"{where}: {key} and the response codes differ in {listed(odd)}"
            for rule in item.rules:
                if rule.item in codes and rule.codes != "missing":
                    other = self.responses.get(self.item(rule.item).responses)
                    odd = [c for c in rule.codes if other and c not in other.codes]
                    if odd:
                        yield f"{where}: rules: item {rule.item!r} has no codes {listed(odd)}"
                if rule.item not in codes:
                    near = did_you_mean(rule.item, codes)
                    yield f"{where}: rules names no item {rule.item!r}{near}"

    def _scale_mistakes(self) -> Iterable[str]:
        codes = [item.code for item in self.items]
        names = [scale.name for scale in self.scales]
        yield from _twice("scales", names)
        for place, scale in enumerate(self.scales):
            where = f"scales, {scale.name or self.name!r}"
            for code in scale.items if isinstance(scale.items, list) else []:
                if code not in codes:
                    yield f"{where}: there is no item {code!r}{did_you_mean(code, codes)}"
            if isinstance(scale.items, list):
                yield from _twice(f"{where}, items", scale.items)
            if scale.answered and scale.items and scale.answered > len(self.items_of(scale)):
                yield f"{where}: answered is more than its {len(self.items_of(scale))} items"
            sources = [t.scale for t in scale.terms or []] + (
                [scale.of] if scale.of is not None else []
            )
            for source in sources:
                if source not in names:
                    yield f"{where}: there is no scale {source!r}{did_you_mean(source, names)}"
                elif names.index(source) >= place:
                    yield f"{where}: made of {source!r}, which must stand above it (no cycles)"
            yield from self._reach_mistakes(where, scale)

    def _reach_mistakes(self, where: str, scale: Scale) -> Iterable[str]:
        """Compare what a scale can give with the range and the look-up table that it states."""
        try:
            raw = self._raw_values(scale)
        except KeyError:
            return  # a mistake that is reported already
        if raw is None:
            return
        values, whole = raw
        if scale.lookup is not None:
            if not whole:
                yield f"{where}: lookup needs whole scores; a mean or a prorated sum falls between"
                return
            gaps, unused = values - set(scale.lookup), set(scale.lookup) - values
            if gaps:
                yield f"{where}: lookup has no value for {listed(sorted(gaps))}"
            if unused:
                yield f"{where}: lookup has {listed(sorted(unused))}, which the items can't give"
            if gaps:
                return
        if scale.range is not None:
            ends = {_stretched(scale, value) for value in (min(values), max(values))}
            low, high = min(ends), max(ends)
            if max(abs(low - scale.range[0]), abs(high - scale.range[1])) > 1e-9:
                stated = f"[{scale.range[0]:g}, {scale.range[1]:g}]"
                yield f"{where}: range {stated}, but the items give [{low:g}, {high:g}]"

    def _raw_values(self, scale: Scale) -> tuple[set[float], bool] | None:
        """Every score before lookup and linear, and whether these are all; None for terms."""
        if scale.terms is not None:
            return None
        if scale.of is not None:
            source = next((s for s in self.scales if s.name == scale.of), None)
            if source is None or source is scale or source.lookup or source.linear:
                return None
            return self._raw_values(source)
        points = [self._worth(self.item(code)) for code in self.items_of(scale)]
        if scale.combine == "maximum":
            return {p for worth in points for p in worth}, True
        sums = {0.0}
        for worth in points:
            sums = {round(total + p, 9) for total in sums for p in worth}
        if scale.combine == "mean":
            return {total / len(points) for total in sums}, False
        if scale.answered is not None and not scale.prorate:
            least = sorted(min(worth) for worth in points)[: scale.answered]
            return {min(sum(least), *sums), *sums}, False
        return sums, not scale.prorate

    def _worth(self, item: Item) -> set[float]:
        rules = (value for rule in item.rules for value in rule.values.values())
        return {*self.points(item).values(), *rules}

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.code: item for item in self.items}

    def item(self, code: str) -> Item:
        """Return the item with a code."""
        return self._items[code]

    def items_of(self, scale: Scale) -> list[str]:
        """Return the codes of the items under a scale, through other scales too."""
        if scale.items is not None:
            return [i.code for i in self.items] if scale.items == "all" else list(scale.items)
        sources = [scale.of] if scale.of is not None else [t.scale for t in scale.terms or []]
        under = (self.items_of(s) for s in self.scales if s.name in sources)
        return list(dict.fromkeys(code for codes in under for code in codes))

    def answers(self, item: Item) -> Responses:
        """Return an item's set of answers."""
        return self.responses[item.responses]

    def points(self, item: Item) -> dict[float, float]:
        """Return what each standard code of an item is worth, rules aside."""
        if item.values is not None:
            return dict(item.values)
        codes = sorted(self.answers(item).codes)
        return {c: codes[0] + codes[-1] - c if item.reversed else c for c in codes}

    def column(self, scale: Scale) -> str:
        """Return the name of a scale's column: the instrument's, then the scale's."""
        return f"{self.name}_{scale.name}" if scale.name else self.name

    @property
    def columns(self) -> list[str]:
        """The columns that scoring adds."""
        return [self.column(scale) for scale in self.scales]

    def scale(self, column: str) -> Scale:
        """Return the scale behind a column.

        Raises
        ------
        DefinitionError
            The instrument has no such column.
        """
        for scale in self.scales:
            if self.column(scale) == column:
                return scale
        raise DefinitionError(
            f"{self.name!r} gives no column {column!r}{did_you_mean(column, self.columns)}. "
            f"It gives {listed(self.columns)}."
        )

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a definition from a TOML file.

        Parameters
        ----------
        path : str or pathlib.Path

        Raises
        ------
        DefinitionError
            The file can't be read, or has mistakes: all of them, each with its key.

        Examples
        --------
        >>> import cpeval as cp
        >>> cp.instrument("ces_d").columns
        ['ces_d']
        """
        return cls.from_mapping(read_toml(path, DefinitionError), where=str(path))

    @classmethod
    def from_mapping(
        cls, definition: Mapping[str, object], *, where: str = "The definition"
    ) -> Self:
        """Validate a definition that is in memory; ``where`` names it in messages."""
        try:
            return cls.model_validate(definition)
        except ValidationError as error:
            lines = "\n".join(f"- {line}" for line in mistakes(error, cls))
            raise DefinitionError(f"{where} has mistakes:\n{lines}") from None

    def __hash__(self) -> int:
        """Hash by identity of the definition, so that it can be a key."""
        return hash((self.name, self.version))

    def describe(self) -> pd.DataFrame:
        """Return one row a scale: column, label, number of items, range, direction, rule."""
        rows = [
            {
                "column": self.column(s),
                "label": s.label,
                "items": len(self.items_of(s)),
                "range": "" if s.range is None else f"{s.range[0]:g} to {s.range[1]:g}",
                "better": s.better or "",
                "answered": s.answered or len(self.items_of(s)) if s.items else None,
                "missing": _missing_rule(s),
            }
            for s in self.scales
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        """Return the definition's head and its scales as text."""
        return (
            f"{self.name}: {self.title} ({self.status})\n{self.describe().to_string(index=False)}"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        note = f" {escape(self.status_note)}" if self.status_note else ""
        return (
            f"<h4>{escape(self.title)} (<code>{escape(self.name)}</code>)</h4>"
            f"<p>{escape(self.citation)}<br>Licence: {escape(self.licence.terms)}<br>"
            f"Status: {escape(self.status)}.{note}</p>"
            f"{self.describe().to_html(index=False, border=0, na_rep='')}"
        )


def _missing_rule(scale: Scale) -> str:
    if scale.items is None:
        return "missing if a part is"
    if scale.answered is None:
        return "all must be answered"
    if scale.combine == "mean":
        return "mean of those answered"
    return "prorated" if scale.prorate else "of those answered"


def _twice(where: str, names: list[str]) -> Iterable[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield f"{where}: {listed(twice)} stands twice"


def _stretched(scale: Scale, value: float) -> float:
    """Return what a raw score becomes."""
    if scale.lookup is not None:
        return scale.lookup[value]
    if scale.linear is not None:
        (a, b), (c, d) = scale.linear.start, scale.linear.end
        return c + (value - a) / (b - a) * (d - c)
    return value
