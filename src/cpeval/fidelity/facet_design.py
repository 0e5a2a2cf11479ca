"""What can vary in ratings: units, facets, what is nested in what, and every effect of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from cpeval.errors import OptionError, did_you_mean, listed

Effect = frozenset[str]

#: What the interaction of everything is called: it can't be told from error.
RESIDUAL = "residual"

#: Facets beyond this make more variances than ratings can tell.
_MOST_FACETS = 4
_MOST_FACTORS = 6


@dataclass(frozen=True, kw_only=True)
class FacetDesign:
    """Names only; no data.

    Attributes
    ----------
    unit : str
        What is rated.
    facets : tuple of str
        Sources of error, in the order given.
    factors : tuple of str
        What holds units (outermost first), the unit, the facets.
    above : mapping of str to frozenset of str
        Each factor to itself and all that it is nested in.
    effects : tuple of frozenset of str
        Each effect as all factors that its levels need: "item in component" is both. The last is
        that of all factors, the residual.
    """

    unit: str
    facets: tuple[str, ...]
    factors: tuple[str, ...]
    above: Mapping[str, Effect]
    effects: tuple[Effect, ...]

    def tops(self, effect: Effect) -> tuple[str, ...]:
        """Return the factors of an effect that no other of its factors is nested in."""
        return tuple(
            name
            for name in self.factors
            if name in effect and not any(name in self.above[other] for other in effect - {name})
        )

    def term(self, effect: Effect) -> str:
        """Return what an effect is called, such as ``unit:item(component)``."""
        if effect == self.effects[-1]:
            return RESIDUAL
        return ":".join(map(self._nested_name, self.tops(effect)))

    @property
    def terms(self) -> list[str]:
        """Return what the effects are called."""
        return [self.term(effect) for effect in self.effects]

    @property
    def text(self) -> str:
        """Return the design as people write it, such as ``unit x item(component)``."""
        return " x ".join(map(self._nested_name, self.tops(self.effects[-1])))

    def _nested_name(self, name: str) -> str:
        rest = self.above[name] - {name}
        inside = ", ".join(other for other in self.factors if other in rest)
        return f"{name}({inside})" if inside else name

    def place(self, effect: Effect) -> int:
        """Return where an effect stands among ``effects``."""
        return self.effects.index(effect)


def facet_design(
    unit: str, facets: Sequence[str], nested: Mapping[str, str | Sequence[str]]
) -> FacetDesign:
    """Check names and find every effect.

    Parameters
    ----------
    unit : str
    facets : sequence of str
        One to four.
    nested : mapping
        Factor to what it is nested in.

    Raises
    ------
    OptionError
        Facets are no list, none or too many, stand twice, or name the unit; nesting names what is
        no facet, goes in a circle, or puts units into a facet.
    """
    facets = _facets(unit, facets)
    inside = _inside(nested)
    holders = _holders(unit, inside)
    wrong = [name for name in holders if name in facets]
    if wrong:
        raise OptionError(
            f"Units can't be nested in a facet ({listed(wrong)}): what belongs to the unit and "
            "what to the facet could not be told apart. Units may be nested in what holds them, "
            "such as a site, which is then no facet."
        )
    factors = (*holders, unit, *facets)
    odd = [
        name
        for name in dict.fromkeys([*inside, *(up for ups in inside.values() for up in ups)])
        if name not in factors
    ]
    if odd:
        hints = ", ".join(f"{name!r}{did_you_mean(name, factors)}" for name in odd)
        raise OptionError(
            f"'nested' names {hints}, which is neither the unit, nor a facet, nor what the unit is "
            f"nested in. Known: {listed(factors)}."
        )
    if len(factors) > _MOST_FACTORS:
        raise OptionError(
            f"{len(factors)} factors are too many to tell apart ({listed(factors)}): at most "
            f"{_MOST_FACTORS}."
        )
    above = {name: _closure(name, inside) for name in factors}
    return FacetDesign(
        unit=unit, facets=facets, factors=factors, above=above, effects=_effects(factors, above)
    )


def _facets(unit: str, facets: Sequence[str]) -> tuple[str, ...]:
    if isinstance(facets, str) or not isinstance(facets, Sequence):
        raise OptionError(
            f"'facets' must be a list of columns, such as ['assessor']. Got {facets!r}."
        )
    if not 1 <= len(facets) <= _MOST_FACETS:
        raise OptionError(
            f"'facets' must be one to {_MOST_FACETS} columns. Got {len(facets)}: {listed(facets)}."
        )
    twice = sorted({str(name) for name in facets if list(facets).count(name) > 1})
    if twice or unit in facets:
        fault = f"{listed(twice)} stand twice" if twice else f"the unit {unit!r} is no facet"
        raise OptionError(f"'facets' must be different columns: {fault}.")
    return tuple(facets)


def _inside(nested: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    if not isinstance(nested, Mapping):
        raise OptionError(
            "'nested' must say what is nested in what, such as {'item': 'component'}. "
            f"Got {nested!r}."
        )
    return {
        name: (within,) if isinstance(within, str) else tuple(within)
        for name, within in nested.items()
    }


def _closure(name: str, inside: Mapping[str, tuple[str, ...]]) -> Effect:
    """Return a factor and all that it is nested in."""
    found: list[str] = []
    ahead = [name]
    while ahead:
        one = ahead.pop()
        if one in found:
            continue
        found.append(one)
        ups = inside.get(one, ())
        if name in ups:
            raise OptionError(f"'nested' goes in a circle: {name!r} is nested in itself.")
        ahead.extend(ups)
    return frozenset(found)


def _holders(unit: str, inside: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return what units are nested in, outermost first."""
    names = _closure(unit, inside) - {unit}
    return sorted(names, key=lambda name: (len(_closure(name, inside)), name))


def _effects(factors: tuple[str, ...], above: Mapping[str, Effect]) -> tuple[Effect, ...]:
    """Every set of factors that holds, with a factor, what it is nested in; main effects first."""
    found: dict[Effect, tuple[int, tuple[int, ...]]] = {}
    for size in range(1, len(factors) + 1):
        for some in combinations(range(len(factors)), size):
            effect = frozenset().union(*(above[factors[k]] for k in some))
            found.setdefault(effect, (size, some))  # the smallest set is that of the tops
    whole = frozenset(factors)
    return tuple(sorted(found, key=lambda effect: (effect == whole, found[effect])))
