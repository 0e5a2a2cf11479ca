"""Which column holds which item: by default names, a pattern, a list, or a mapping."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from cpeval.definitions.consistency import taken_by
from cpeval.definitions.model import Instrument
from cpeval.errors import ColumnError, OptionError, did_you_mean, listed
from cpeval.scoring.near_misses import near_misses

#: How a caller may say it.
Items = Mapping[str | int, str] | Sequence[str] | str | None

_PLACEHOLDERS = ("n", "letter", "code")


class Columns(Protocol):
    """The names of columns: iterated over, and asked whether they hold one."""

    def __contains__(self, name: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...


class _AnyColumns:
    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())


#: Columns that hold every name, for who wants the match alone and looks for absent ones itself.
ANY_COLUMNS = _AnyColumns()


def item_columns(instrument: Instrument, items: Items, columns: Columns) -> dict[str, str]:
    """Match an instrument's items to columns, and let no wrong guess pass.

    Parameters
    ----------
    instrument : Instrument
    items : None, str, sequence of str, or mapping
        None: ``<name>_1``, ``<name>_2`` … by item code. A pattern with ``{n}`` (1, 2, …;
        ``{n:02}`` pads), ``{letter}`` (A, B, …) or ``{code}``. The columns in the items'
        order. Or item code (or number) to column. A list or a mapping may leave optional items
        out.
    columns : sequence of str
        Those of the data, or `ANY_COLUMNS`.

    Returns
    -------
    dict
        Item code to column, every item of the instrument but optional ones that were left out.

    Raises
    ------
    OptionError
        The pattern has no placeholder, the list is of another length, the mapping lacks items
        or names others, a column stands for two items.
    ColumnError
        Columns that are absent, all named with near misses.
    """
    codes = [item.code for item in instrument.items]
    optional = [item.code for item in instrument.items if item.optional]
    if items is None:
        matched = {code: f"{instrument.name}_{code}" for code in codes}
    elif isinstance(items, str):
        matched = _by_pattern(instrument.name, codes, items)
    elif isinstance(items, Mapping):
        matched = _by_mapping(instrument.name, codes, items, optional)
    elif isinstance(items, Sequence):
        matched = _by_order(instrument.name, codes, list(items), optional)
    else:
        raise OptionError(
            f'{instrument.name}: items= takes a pattern such as "q{{n}}", a list of columns, or a '
            f"mapping from item code to column. Got {items!r}."
        )
    taken: dict[str, list[str]] = {}
    for code, column in matched.items():
        taken.setdefault(column, []).append(code)
    shared = [f"{c!r} (items {', '.join(i)})" for c, i in taken.items() if len(i) > 1]
    if shared:
        raise OptionError(f"{instrument.name}: one column for several items: {'; '.join(shared)}.")
    absent = [column for column in matched.values() if column not in columns]
    if absent:
        hint = f'such as items="q{{n}}", items="{instrument.name}_{{letter}}" or a list of columns'
        near = near_misses(absent, [name for name in columns if name not in matched.values()])
        if len(absent) == len(codes) > 3:
            missing = f"{absent[0]!r} … {absent[-1]!r} (all {len(absent)}{_meant(absent, near)})"
        else:
            asked = {name: f" (did you mean {column!r}?)" for name, column in near.items()}
            missing = ", ".join(f"{name!r}{asked.get(name, '')}" for name in absent)
        spare = [code for code in optional if matched.get(code) in absent]
        if spare:
            hint += f". Items {listed(spare)} are optional, and may be left out"
        raise ColumnError(
            f"{instrument.name}: the data have no item columns {missing}. Say where the items "
            f"are with items=, {hint}. Columns there: {listed(list(columns), most=30)}."
        )
    return matched


def _meant(absent: Sequence[str], near: Mapping[str, str]) -> str:
    """Ask whether other columns were meant, where all are absent."""
    if len(near) == len(absent):
        return f"; did you mean {near[absent[0]]!r} … {near[absent[-1]]!r}?"
    return f"; did you mean {listed(near.values(), most=8)}?" if near else ""


def unused_by_pattern(items: Items, number: int, columns: Columns) -> list[str]:
    """Return columns that a pattern would go on to after the last item: a longer form, perhaps.

    >>> unused_by_pattern("q{n}", 2, ["q1", "q2", "q3", "q5"])
    ['q3']
    """
    if not isinstance(items, str) or "{code" in items:
        return []
    letters = [*string.ascii_uppercase, *[""] * 1000]
    found = []
    for place in range(number, number + 1000):
        if "{letter" in items and place >= len(string.ascii_uppercase):
            break
        column = items.format(n=place + 1, letter=letters[place])
        if column not in columns:
            break
        found.append(column)
    return found


def placed(
    instrument: Instrument, items: Items, columns: Sequence[str]
) -> tuple[Instrument, dict[str, str]]:
    """Return where the items should be, whether or not the data have the columns.

    Of an instrument of goals, the definition returned has as many as the data have columns. Of
    one with optional items, it lacks those that a list or mapping leaves out, or that are the only
    ones without a column, and the scales that take them.

    Raises
    ------
    OptionError
        As `item_columns` does.
    ColumnError
        The data have no goals.
    """
    if instrument.goals is None or instrument.items:
        matched = item_columns(instrument, items, ANY_COLUMNS)
        absent = {code for code, column in matched.items() if column not in columns}
        if absent and absent <= {i.code for i in instrument.items if i.optional}:
            matched = {code: column for code, column in matched.items() if code not in absent}
        left_out = [i.code for i in instrument.items if i.code not in matched]
        return _without(instrument, left_out), matched
    name = instrument.name
    goals = numbered_columns(name, "items", items, f"{name}_{{n}}", columns)
    instrument = instrument.with_goals(len(goals))
    return instrument, item_columns(instrument, goals, ANY_COLUMNS)


def _without(instrument: Instrument, left_out: Sequence[str]) -> Instrument:
    """The definition less some optional items, and less the scales that take them."""
    if not left_out:
        return instrument
    made = instrument.model_copy(
        update={
            "items": [i for i in instrument.items if i.code not in left_out],
            "scales": [s for s in instrument.scales if not taken_by(instrument, s, left_out)],
        }
    )
    made.__dict__.pop("_items", None)  # what the copied definition had worked out of its items
    return made


def numbered_columns(
    name: str, option: str, given: Items, default: str, columns: Sequence[str], number: int = 0
) -> list[str]:
    """Return columns of goals, of which a person may have any number.

    Parameters
    ----------
    name : str
        The instrument's.
    option : str
        The argument's, for messages.
    given : str, sequence of str, or None
        A pattern with ``{n}``: 1, 2, … as far as the data have columns, or up to ``number``; or
        the columns in order. None: the pattern ``default``.
    columns : sequence of str
        Those of the data.
    number : int
        How many there must be, if that is known.

    Raises
    ------
    OptionError
        It is of another form, or has another number of columns.
    ColumnError
        The data have no column 1.
    """
    pattern = default if given is None else given
    if isinstance(pattern, str):
        try:
            used = {f for _, f, _, _ in string.Formatter().parse(pattern) if f is not None}
            every = [pattern.format(n=n) for n in range(1, (number or len(columns)) + 1)]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise OptionError(f"{name}: {option}={pattern!r} is no pattern: {error}.") from None
        if used != {"n"}:
            raise OptionError(
                f"{name}: a pattern of goals needs {{n}} and nothing else in braces. "
                f"Got {option}={pattern!r}."
            )
        if number:
            return every
        first_absent = next((k for k, c in enumerate(every) if c not in columns), len(every))
        later = [c for c in every[first_absent:] if c in columns]
        if first_absent == 0 or later:
            gap = every[first_absent]
            raise ColumnError(
                f"{name}: the data have no column {gap!r}{did_you_mean(gap, columns)}"
                + (f", but they have {listed(later)}" if later else "")
                + f". Say where the goals are with {option}=, such as "
                f'{option}="goal{{n}}" or a list of columns. Columns there: '
                f"{listed(columns, most=30)}."
            )
        return every[:first_absent]
    if isinstance(pattern, Mapping) or not isinstance(pattern, Sequence) or not pattern:
        raise OptionError(
            f'{name}: {option}= takes a pattern such as "goal{{n}}" or a list of columns. '
            f"Got {pattern!r}."
        )
    odd = [column for column in pattern if not isinstance(column, str)]
    if odd or (number and len(pattern) != number):
        raise OptionError(
            f"{name}: {option}= should name {number or 'some'} columns. Got {listed(pattern)}."
        )
    return list(pattern)


def _by_pattern(name: str, codes: list[str], pattern: str) -> dict[str, str]:
    try:
        used = {field for _, field, _, _ in string.Formatter().parse(pattern) if field is not None}
    except ValueError as error:
        raise OptionError(f"{name}: items={pattern!r} is no pattern: {error}.") from None
    if not used or not used <= set(_PLACEHOLDERS):
        raise OptionError(
            f"{name}: a pattern needs {{n}}, {{letter}} or {{code}} and nothing else in braces. "
            f"Got items={pattern!r}."
        )
    if "letter" in used and len(codes) > len(string.ascii_uppercase):
        raise OptionError(f"{name}: {len(codes)} items are too many for {{letter}}; use a list.")
    letters = [*string.ascii_uppercase, *[""] * len(codes)]
    try:
        return {
            code: pattern.format(n=place + 1, letter=letters[place], code=code)
            for place, code in enumerate(codes)
        }
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise OptionError(f"{name}: items={pattern!r} is no pattern: {error}.") from None


def _by_mapping(
    name: str, codes: list[str], items: Mapping[str | int, str], optional: list[str]
) -> dict[str, str]:
    given = {str(code): column for code, column in items.items()}
    unknown = [f"{code!r}{did_you_mean(code, codes)}" for code in given if code not in codes]
    lacking = [code for code in codes if code not in given and code not in optional]
    if unknown or lacking:
        parts = []
        if unknown:
            parts.append(f"it has no items {', '.join(unknown)}")
        if lacking:
            parts.append(f"items {listed(lacking, most=40)} are not in items=")
        raise OptionError(f"{name}: {'; '.join(parts)}. A mapping goes from item code to column.")
    odd = [f"{code}: {column!r}" for code, column in given.items() if not isinstance(column, str)]
    if odd:
        raise OptionError(f"{name}: items= should name one column an item. Got {', '.join(odd)}.")
    return {code: given[code] for code in codes if code in given}


def _by_order(name: str, codes: list[str], items: list[str], optional: list[str]) -> dict[str, str]:
    odd = [item for item in items if not isinstance(item, str)]
    if odd:
        raise OptionError(f"{name}: items= should hold column names. Got {listed(odd)}.")
    needed = [code for code in codes if code not in optional]
    if len(items) not in (len(codes), len(needed)):
        spare = f" ({len(needed)} without optional ones)" if optional else ""
        raise OptionError(
            f"{name} has {len(codes)} items{spare} and items= has {len(items)} columns: "
            f"{listed(items)}."
        )
    return dict(zip(codes if len(items) == len(codes) else needed, items, strict=True))
