"""Which columns of a wide table are which item at which wave, from how they are named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cpeval.errors import ColumnError, OptionError, did_you_mean, listed

Wave = str | int
#: A wave that was found, not given, with fewer than this share of the items is a likely mistake.
SMALL_SHARE = 1 / 3


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a wide table becomes long."""

    waves: list[Wave]
    items: list[str]
    #: (item, position in ``waves``): column
    source: dict[tuple[str, int], str]
    #: Columns that are repeated in every row of a person.
    person: list[str]
    #: Those among them whose names fit the pattern, with a wave that isn't one.
    left: list[str]


def plan_by_pattern(
    columns: Sequence[str], pattern: str, waves: Sequence[Wave] | Mapping[Wave, str] | None
) -> Plan:
    """Find items and waves in names such as ``swemwbs_1_t0``.

    Parameters
    ----------
    columns : sequence of str
    pattern : str
        Text with ``{item}`` and ``{wave}``. Where either could take more, the item does.
    waves : sequence, mapping or None
        The waves as they stand in the names; or a mapping of waves to how they stand there.
        None: those found.

    Raises
    ------
    OptionError
        The pattern isn't of that form; without ``waves``, what was found may be something else
        than waves; columns that look like a wave which isn't among ``waves``.
    ColumnError
        A wave that no column has.
    """
    if waves is None:
        return _found(columns, pattern, _expression(pattern))
    written = dict(waves) if isinstance(waves, Mapping) else {w: str(w) for w in waves}
    _require_texts(written, "the way it stands in the names of columns")
    taken: dict[str, tuple[str, str]] = {}
    # Where two waves fit, as "1" and "t_1" do in x_t_1, the longer is the one that is meant.
    for text in sorted(written.values(), key=len, reverse=True):
        exact = _expression(pattern, text)
        for column in columns:
            match = exact.fullmatch(column)
            if match and column not in taken:
                taken[column] = (match["item"], text)
    # Where nothing stands between them, any name could be an item and a wave.
    expression = None if re.search(r"\}\{", pattern) else _expression(pattern)
    _require_all_waves(written, {text for _, text in taken.values()}, columns, expression)
    _refuse_forgotten(columns, taken, expression)
    return _plan(columns, taken, written, expression)


def plan_by_suffix(columns: Sequence[str], suffixes: Mapping[Wave, str]) -> Plan:
    """Find items and waves in names such as ``swemwbs_1_pre``, given ``{"t0": "_pre"}``.

    The suffix ``""`` is for a wave whose columns have none: ``phq`` is then an item where
    ``phq_post`` is.

    Raises
    ------
    OptionError
        A suffix isn't text, or two waves have the same.
    ColumnError
        A wave that no column has.
    """
    _require_texts(suffixes, "a suffix such as '_pre'")
    taken: dict[str, tuple[str, str]] = {}
    for suffix in sorted((s for s in suffixes.values() if s), key=len, reverse=True):
        for column in columns:
            if column.endswith(suffix) and column != suffix and column not in taken:
                taken[column] = (column.removesuffix(suffix), suffix)
    if "" in suffixes.values():
        items = {item for item, _ in taken.values()}
        taken.update({c: (c, "") for c in columns if c in items and c not in taken})
    found = {text for _, text in taken.values()}
    absent = [f"{wave!r} ({suffix!r})" for wave, suffix in suffixes.items() if suffix not in found]
    if absent:
        raise ColumnError(
            f"No column ends as these waves' columns should: {', '.join(absent)}. "
            f"Columns there: {listed(columns)}."
        )
    return _plan(columns, taken, dict(suffixes), None)


def whole_numbers(waves: Sequence[Wave]) -> list[Wave]:
    """Return waves as ints when all are whole numbers, else as they are.

    >>> whole_numbers(["0", "06", "12"]), whole_numbers(["t0", "1"])
    ([0, 6, 12], ['t0', '1'])

    Raises
    ------
    OptionError
        Two waves are one number, such as "6" and "06".
    """
    if not all(re.fullmatch(r"-?[0-9]{1,9}", str(wave)) for wave in waves):
        return list(waves)
    numbers: list[Wave] = [int(wave) for wave in waves]
    if len(set(numbers)) < len(numbers):
        raise OptionError(f"Two waves are the same number: {listed(waves)}. Write each one way.")
    return numbers


def _expression(pattern: str, wave: str | None = None) -> re.Pattern[str]:
    """Return the pattern as a regular expression: the item takes as much as it can."""
    wrong = not isinstance(pattern, str) or sorted(re.findall(r"\{[^{}]*\}", pattern)) != [
        "{item}",
        "{wave}",
    ]
    between = "" if wrong else re.sub(r"^.*?\{\w+\}|\{\w+\}.*$", "", pattern)
    if wrong or (not between and wave is None):
        raise OptionError(
            "'pattern' should hold {item} and {wave} once each, with text between them, such as "
            f"'{{item}}_{{wave}}'. Got {pattern!r}."
        )
    text = re.escape(pattern)
    if wave is None:
        text = text.replace(r"\{wave\}", "(?P<wave>.+?)")
    else:
        text = text.replace(r"\{wave\}", f"(?P<wave>{re.escape(wave)})")
    return re.compile(text.replace(r"\{item\}", "(?P<item>.+)"), re.DOTALL)


def _require_texts(written: Mapping[Wave, str], what: str) -> None:
    if not written:
        raise OptionError("'waves' should name at least one wave. Got none.")
    odd = [text for text in written.values() if not isinstance(text, str)]
    if odd:
        raise OptionError(f"'waves' should give each wave {what}. Got {listed(odd)}.")
    texts = list(written.values())
    twice = [text for text in dict.fromkeys(texts) if texts.count(text) > 1]
    if twice:
        raise OptionError(f"'waves' gives two waves the same text: {listed(twice)}.")


def _found(columns: Sequence[str], pattern: str, expression: re.Pattern[str]) -> Plan:
    """Take the waves from the names, if only one set of columns can be meant."""
    fits = {c: (m["item"], m["wave"]) for c in columns if (m := expression.fullmatch(c))}
    items_at: dict[str, set[str]] = {}
    for item, wave in fits.values():
        items_at.setdefault(wave, set()).add(item)
    groups = _groups(items_at)
    if not groups:
        raise OptionError(
            f"No item stands at two waves in columns named {pattern!r}. Say how the columns are "
            "named, such as pattern='{item}_{wave}', or name the waves: waves=['t0', 't1']. "
            f"Columns there: {listed(columns)}."
        )
    if len(groups) > 1:
        raise OptionError(
            f"Several sets of columns fit {pattern!r}:\n"
            + "\n".join(f"- {_shown(group, items_at)}" for group in groups)
            + f"\nName the waves that are meant, such as waves={groups[0]!r}."
        )
    waves = groups[0]
    items = set().union(*(items_at[wave] for wave in waves))
    few = [w for w in waves if len(items_at[w]) < SMALL_SHARE * len(items)]
    alike = [w for w in waves if [x.casefold() for x in waves].count(w.casefold()) > 1]
    if few or alike or len(items) < len(waves):
        shares = ", ".join(f"{w!r} has {len(items_at[w])} of {len(items)} items" for w in waves)
        why = (
            f"waves {listed(alike)} differ only in capitals"
            if alike
            else f"waves {listed(few)} have few of the items"
            if few
            else "there are more waves than items, so these may be numbers of questions"
        )
        raise OptionError(
            f"The waves found in columns named {pattern!r} may not be waves: {why} ({shares}). "
            f"If they are, name them: waves={waves!r}."
        )
    taken = {c: (item, wave) for c, (item, wave) in fits.items() if wave in waves}
    values = dict(zip(whole_numbers(waves), waves, strict=True))
    return _plan(columns, taken, values, expression)


def _groups(items_at: Mapping[str, set[str]]) -> list[list[str]]:
    """Put waves together that share an item, over however many steps; leave out lone ones."""
    groups: list[tuple[list[str], set[str]]] = []
    for wave, items in items_at.items():
        joined, shared = [wave], set(items)
        rest = []
        for others, theirs in groups:
            if theirs & items:
                joined, shared = [*others, *joined], shared | theirs
            else:
                rest.append((others, theirs))
        groups = [*rest, (joined, shared)]
    order = list(items_at)
    found = [sorted(waves, key=order.index) for waves, _ in groups if len(waves) > 1]
    return sorted(found, key=lambda waves: order.index(waves[0]))


def _shown(waves: Sequence[str], items_at: Mapping[str, set[str]]) -> str:
    items = sorted(set().union(*(items_at[wave] for wave in waves)))
    return f"waves {listed(waves, most=6)} of items {listed(items, most=4)}"


def _require_all_waves(
    written: Mapping[Wave, str],
    found: set[str],
    columns: Sequence[str],
    expression: re.Pattern[str] | None,
) -> None:
    fits = [expression.fullmatch(c) for c in columns] if expression else []
    there = sorted({match["wave"] for match in fits if match})
    absent = [
        f"{text!r}{did_you_mean(text, [t for t in there if t not in found])}"
        for text in written.values()
        if text not in found
    ]
    if absent:
        raise ColumnError(
            f"No column has the wave {', '.join(absent)}. Columns there: {listed(columns)}."
        )


def _refuse_forgotten(
    columns: Sequence[str],
    taken: Mapping[str, tuple[str, str]],
    expression: re.Pattern[str] | None,
) -> None:
    """Refuse a wave that isn't named, though columns have it that look just like the others."""
    items = {item for item, _ in taken.values()}
    others: dict[str, list[str]] = {}
    for column in columns:
        match = expression.fullmatch(column) if expression else None
        if match and column not in taken and match["item"] in items:
            others.setdefault(match["wave"], []).append(column)
    forgotten = {
        wave: found
        for wave, found in others.items()
        if len(found) >= max(2, SMALL_SHARE * len(items))
    }
    if forgotten:
        shown = "; ".join(f"{w!r} ({listed(found, most=3)})" for w, found in forgotten.items())
        raise OptionError(
            f"Columns of other waves have the same items: {shown}. Name these waves too, or delete "
            "their columns: they would be repeated as if they described the person."
        )


def _plan(
    columns: Sequence[str],
    taken: Mapping[str, tuple[str, str]],
    written: Mapping[Wave, str],
    expression: re.Pattern[str] | None,
) -> Plan:
    position = {text: i for i, text in enumerate(written.values())}
    person = [c for c in columns if c not in taken]
    source = {(taken[c][0], position[taken[c][1]]): c for c in columns if c in taken}
    return Plan(
        waves=whole_numbers(list(written)),
        items=list(dict.fromkeys(taken[c][0] for c in columns if c in taken)),
        source=source,
        person=person,
        left=[c for c in person if expression and expression.fullmatch(c)],
    )
