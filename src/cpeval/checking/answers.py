"""Problems with answers to an instrument's items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from cpeval.checking.found import found
from cpeval.checking.missing_line import FORGOTTEN
from cpeval.definitions.items import Item
from cpeval.definitions.model import Instrument
from cpeval.errors import listed
from cpeval.scoring.invalid_answers import accepted, other_coding

#: The problem that a study may excuse by ``on_invalid = "missing"``.
OUTSIDE = "answer outside the codes"
#: Among answers of one digit, people also write 8 and 9 for "no answer".
SUSPECT = (*FORGOTTEN, 8.0, 9.0)


def answer_problems(
    frame: pd.DataFrame, definition: Instrument, columns: Mapping[str, str], line: str
) -> Iterator[pd.DataFrame]:
    """Yield what is wrong with each item's column; ``columns`` maps item codes to those there.

    ``line`` declares the answers that look like missing codes.
    """
    for code, column in columns.items():
        item = definition.item(code)
        values = frame[column]
        numbers = pd.to_numeric(values, errors="coerce").astype(float)
        numeric = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
        if not numeric:
            yield from _text_answers(definition, item, column, values, numbers)
        allowed, answers_of = accepted(definition, item), definition.answers(item)
        wrong = np.flatnonzero(numbers.notna() & ~numbers.isin(allowed))
        codes = ", ".join(f"{c:g}" for c in allowed)
        suspect = numbers.iloc[wrong].isin(SUSPECT).any()
        declare = f"declare it under [data]: {line}" if suspect else "declare it (missing = …)."
        other = other_coding(definition, item, sorted(set(numbers.iloc[wrong])))
        yield found(
            OUTSIDE,
            "error",
            column,
            wrong,
            numbers.iloc[wrong],
            advice=f"{definition.name}, item {code}, takes {codes} in the coding "
            f"{answers_of.coding!r}. Is it the coding {other!r}? Then say so (coding = …)."
            if other
            else f"{definition.name}, item {code}, takes {codes}. Correct it; or if it means "
            f"missing, {declare}",
        )
        if pd.api.types.is_bool_dtype(values) and not {0.0, 1.0} <= set(allowed):
            yield found(
                "true and false in place of codes",
                "error",
                column,
                advice=f"{definition.name}, item {code}, takes {codes}. Give the codes.",
            )
        yield from _mixed(definition, item, column, numbers)
        if len(frame) and values.isna().all():
            yield found("nobody answered", "note", column, advice="Is the column empty on purpose?")
        elif len(frame) > 1 and (numbers == numbers.iloc[0]).all():
            yield found(
                "answers don't vary",
                "note",
                column,
                None,
                numbers.iloc[0],
                advice="All answers are the same.",
            )


def suspects(
    frame: pd.DataFrame, definition: Instrument, columns: Mapping[str, str]
) -> dict[str, list[float]]:
    """Return the answers outside the codes that look like missing codes, by column."""
    seen: dict[str, list[float]] = {}
    for code, column in columns.items():
        numbers = pd.to_numeric(frame[column], errors="coerce").astype(float)
        wrong = numbers[
            numbers.isin(SUSPECT) & ~numbers.isin(accepted(definition, definition.item(code)))
        ]
        if len(wrong):
            seen[column] = sorted(wrong.unique())
    return seen


def _text_answers(
    definition: Instrument, item: Item, column: str, values: pd.Series, numbers: pd.Series
) -> Iterator[pd.DataFrame]:
    labels = definition.answers(item).codes_by_label
    text = np.flatnonzero(values.notna() & numbers.isna())
    answers = values.iloc[text]
    known = answers.astype(str).str.strip().str.casefold().isin(list(labels))
    pairs = {str(v): labels[str(v).strip().casefold()] for v in answers[known].unique()}
    yield found(
        "label in place of a code",
        "error",
        column,
        text[known.to_numpy()],
        answers[known],
        advice=f"Recode it: {pairs}.",
    )
    yield found(
        "text in a number column",
        "error",
        column,
        text[~known.to_numpy()],
        answers[~known],
        advice=f"{definition.name} needs a code; correct it or declare it missing.",
    )
    # Objects and categories that are numbers are no text: `score` takes them as they are.
    kind = pd.api.types.infer_dtype(values.astype(object), skipna=True)
    if not len(text) and kind in ("string", "mixed-integer", "mixed"):
        yield found(
            "numbers stored as text",
            "error",
            column,
            advice=f"Make the column numbers: data[{column!r}] = pd.to_numeric(data[{column!r}]).",
        )


def _mixed(
    definition: Instrument, item: Item, column: str, numbers: pd.Series
) -> Iterator[pd.DataFrame]:
    answers = definition.answers(item)
    if sum(numbers.isin(only).any() for only in answers.telling) > 1:
        both = " and ".join(listed(sorted(one)) for one in answers.code_sets)
        yield found(
            "two codings in one column",
            "error",
            column,
            advice=f"It mixes {both}; recode it to one.",
        )
