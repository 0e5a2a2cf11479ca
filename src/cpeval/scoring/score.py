"""`score()`: one plan from definitions, for any dataframe engine.

Nothing here loops over rows, or collects a lazy frame but for one aggregate query of one row: the
numbers of answers that are not among the codes.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from narwhals.stable.v2.typing import IntoFrameT

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.definitions.value_sets import ValueSet
from cpeval.errors import ColumnError, CpevalWarning, OptionError, ProvisionalWarning, listed
from cpeval.scoring.blocks import in_blocks
from cpeval.scoring.expressions import points_frame, scored_frame
from cpeval.scoring.invalid_answers import Frame, Schema
from cpeval.scoring.item_columns import Items, unused_by_pattern
from cpeval.scoring.plan import Use
from cpeval.scoring.uses import (
    Which,
    columns_there,
    each,
    opened,
    ready,
    uses_of,
    verify,
    with_plain_numbers,
)

#: A value for one instrument, or by the name of each of several.
Coding = str | Mapping[str, str] | None
Values = str | Path | ValueSet | Mapping[str, str | Path | ValueSet] | None


def score(
    data: IntoFrameT,
    instrument: Which | Sequence[Which],
    *,
    items: Items | Mapping[str, Items] = None,
    prefix: str = "",
    on_invalid: str = "raise",
    answered: bool = False,
    coding: Coding = None,
    value_set: Values = None,
    weights: Items | Mapping[str, Items] = None,
) -> IntoFrameT:
    """Score instruments: add one column a scale.

    Parameters
    ----------
    data : dataframe, eager or lazy, shape (n_rows, n_columns)
        pandas, Polars, PyArrow, DuckDB, PySpark, Dask: whatever narwhals takes. One row is
        one answer sheet. Item columns hold codes, as numbers or booleans.
    instrument : str, pathlib.Path or Instrument, or a sequence of these
        A shipped one by name, the path of a definition, or one that is loaded. Several are
        scored in one pass; the arguments that say something of one are then mappings from its
        name.
    items : str, sequence of str or mapping, optional
        Where the items are. By default ``<name>_1``, ``<name>_2`` … by item code. A pattern
        with ``{n}``, ``{letter}`` or ``{code}``; the columns in order; or a mapping from item
        code to column. A list or mapping may leave optional items out; scales that take them
        are then not scored. Of goals, a pattern with ``{n}`` or the columns, as many as there are.
    prefix : str, default ""
        Put before the names of the new columns.
    on_invalid : {"raise", "missing"}
        What to do with an answer that is not among the item's codes: raise an error, or treat
        it as missing.
    answered : bool, default False
        Add ``<column>_answered`` too: how many of the scale's items were answered.
    coding : str, optional
        Which of the codings that clash the data have, such as ``"0-4"`` or ``"1-5"``. Needed
        for the instruments that have such (``cp.instrument("k10").codings``): it is not guessed.
    value_set : str, pathlib.Path or ValueSet, optional
        For instruments that value health states: the name of a value set, or a table of your
        own (`ValueSet.from_file`). Needed; there is no default.
    weights : str or sequence of str, optional
        Of goals: columns with their weights, as ``items``. By default all weigh the same.

    Returns
    -------
    dataframe of the type given
        The same rows in the same order, and the new columns, as 64-bit floats. ``data`` is
        left as it was. Missing (null, NaN, a code declared missing) is handled by each scale's
        own rule, shown by ``cp.instrument(name).describe()``.

    Raises
    ------
    ColumnError
        Item columns absent, text, or there twice; a new column exists already.
    CodeError
        Answers outside the codes, a column that mixes two codings, a weight that is none: all
        columns with counts, of data in memory also values and rows. On a lazy frame this runs
        one query that returns one row.
    DefinitionError
        No such instrument, or a definition with mistakes.
    OptionError
        An argument is not of its form, or ``coding`` or ``value_set`` is needed.

    Warns
    -----
    ProvisionalWarning
        A definition's status is provisional, a value set is not verified, or scales wait for
        their items.

    Examples
    --------
    >>> import pandas as pd
    >>> sheet = pd.DataFrame([[1, 2, 3, 4, 5, 4, 3]], columns=[f"q{i}" for i in range(1, 8)])
    >>> score(sheet, "swemwbs", items="q{n}")[["swemwbs", "swemwbs_metric"]]
       swemwbs  swemwbs_metric
    0     22.0           19.98

    Several in one pass:

    >>> sheet = sheet.assign(**{f"aim_{i}": 4 for i in range(1, 5)})
    >>> score(sheet, ["swemwbs", "aim"], items={"swemwbs": "q{n}"})[["swemwbs", "aim"]]
       swemwbs  aim
    0     22.0  4.0
    """
    frame, schema = opened(data)
    which, several = _several(instrument)
    definitions = _definitions(which, coding, value_set, several=several)
    where: list[Items] = each("items", items, definitions, several=several)
    uses = uses_of(
        definitions,
        schema,
        items=where,
        weights=each("weights", weights, definitions, several=several),
        prefix=prefix,
        on_invalid=on_invalid,
    )
    _require_new(uses, frame, schema, answered=answered)
    for use, whole, place in zip(uses, definitions, where, strict=True):
        warn_provisional(use.definition)
        _warn_of_matching(use, whole, place, schema)
    frame, schema, kept = with_plain_numbers(uses, frame, schema)
    made: Frame | None = in_blocks(uses, frame, schema, answered=answered)
    if made is None:
        verify(uses, where, frame, schema, counted=on_invalid == "raise")
        made = scored_frame(uses, frame, schema, answered=answered)
    scored: Any = made.to_native()
    if kept:
        scored = scored.assign(**kept)
    about = getattr(data, "attrs", None)
    if isinstance(about, dict) and about:
        # What pandas knows of the frame (labels, that it is simulated) holds for the scores too.
        scored.attrs = {**about}
    result: IntoFrameT = scored
    return result


def item_points(
    data: IntoFrameT,
    instrument: Which,
    *,
    items: Items = None,
    on_invalid: str = "raise",
    coding: str | None = None,
) -> IntoFrameT:
    """Return what each answer is worth, before it is combined: reversed, recoded, mapped.

    Parameters
    ----------
    data, instrument, items, on_invalid, coding
        As `score` takes them, for one instrument.

    Returns
    -------
    dataframe of the type given, shape (n_rows, n_items)
        One column an item, named by its code.

    Raises
    ------
    ColumnError, CodeError, DefinitionError, OptionError
        As `score` does.

    Examples
    --------
    >>> import pandas as pd
    >>> sheet = pd.DataFrame([[0] * 20], columns=[f"q{i}" for i in range(1, 21)])
    >>> item_points(sheet, "ces_d", items="q{n}")[["3", "4"]].iloc[0].tolist()
    [0.0, 3.0]
    """
    frame, schema = opened(data)
    one = resolve(instrument)
    one = one if coding is None else one.with_coding(coding)
    one.require_coding()
    uses = uses_of([one], schema, items=[items], weights=[None], prefix="", on_invalid=on_invalid)
    frame, schema, _ = with_plain_numbers(uses, frame, schema)
    verify(uses, [items], frame, schema, counted=on_invalid == "raise")
    points: IntoFrameT = points_frame(uses[0], frame, schema).to_native()
    return points


def _several(instrument: Which | Sequence[Which]) -> tuple[list[Which], bool]:
    """Return the instruments as a list, and whether they were given as one."""
    if isinstance(instrument, str | Path | Instrument):
        return [instrument], False
    if not isinstance(instrument, Sequence) or not instrument:
        raise OptionError(
            f'Name an instrument, or several in a list: ["swemwbs", "lsns_6"]. Got {instrument!r}.'
        )
    return list(instrument), True


def _definitions(
    which: Sequence[Which], coding: Coding, value_set: Values, *, several: bool
) -> list[Instrument]:
    """Resolve all; what several of them still need is said at once."""
    definitions = [resolve(name) for name in which]
    codings = each("coding", coding, definitions, several=several)
    value_sets = each("value_set", value_set, definitions, several=several)
    made, wrong = [], []
    for definition, code, values in zip(definitions, codings, value_sets, strict=True):
        try:
            made.append(ready(definition, coding=code, value_set=values))
        except OptionError as error:
            wrong.append(str(error))
    if wrong:
        raise OptionError("\n".join(wrong))
    return made


def _require_new(uses: Sequence[Use], frame: Frame, schema: Schema, *, answered: bool) -> None:
    new = [use.column(scale) for use in uses for scale in use.definition.scored]
    new += [f"{column}_answered" for column in new] if answered else []
    twice = [column for column, times in Counter(new).items() if times > 1]
    if twice:
        raise ColumnError(
            f"Two scores would be named alike: {listed(twice)}. Score the instruments one by one, "
            "with another prefix= each."
        )
    there = columns_there(new, frame, schema)
    if there:
        raise ColumnError(
            f"The data have columns {listed(there)} already. Scoring would write over them: "
            "drop them first, or give prefix=."
        )


def _warn_of_matching(use: Use, whole: Instrument, items: Items, schema: Schema) -> None:
    """Say what a pattern passes over: optional items, and columns of what may be a longer form."""
    said = []
    left_out = [item.code for item in whole.items if item.code not in use.columns]
    if left_out and not isinstance(items, list | tuple | Mapping):
        gone = [whole.column(s) for s in whole.scored if s not in use.definition.scored]
        said.append(
            f"{whole.name}: the data have no columns for the optional items {listed(left_out)}, so "
            f"{listed(gone)} {'is' if len(gone) == 1 else 'are'} left out."
        )
    more = unused_by_pattern(items, len(use.columns), schema) if whole.goals is None else []
    if more:
        first, last = (list(use.columns.values())[place] for place in (0, -1))
        said.append(
            f"{whole.name}: items={items!r} takes {first!r} to {last!r}. {listed(more, most=5)} "
            f"would fit it too and {'is' if len(more) == 1 else 'are'} not used. Are these columns "
            "a longer form, whose items stand elsewhere? Then list the columns."
        )
    if said:
        warnings.warn("\n".join(said), CpevalWarning, stacklevel=3)


def warn_provisional(definition: Instrument) -> None:
    """Say that a definition is provisional, and which scales wait for their items."""
    said = []
    if definition.status == "provisional":
        said.append(f"{definition.name} is provisional. {definition.status_note}".strip())
    if definition.value_set is not None:
        values = definition.value_sets[definition.value_set]
        if not values.verified:
            said.append(f"{definition.name}: {values.label} is not verified. {values.source}")
    waiting = [definition.column(scale) for scale in definition.unkeyed]
    if waiting:
        said.append(
            f"{definition.name}: {listed(waiting)} are left out until you say which items belong "
            "to them (Instrument.with_keys, or keys in the study file)."
        )
    if said:
        warnings.warn("\n".join(said), ProvisionalWarning, stacklevel=3)
