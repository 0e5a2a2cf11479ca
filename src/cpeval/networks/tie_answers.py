"""What people answered to "do these two know each other?", made strengths of ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cpeval.errors import listed
from cpeval.networks.blocks import Floats, Ints
from cpeval.networks.network_tables import Bools
from cpeval.numeric import rows_text

#: Words for 1 and 0, however they are spelt.
_WORDS = {"yes": "1", "true": "1", "no": "0", "false": "0"}
#: Faults of one kind that are named before the rest is counted.
_MOST = 10


def answered(column: pd.Series) -> tuple[Floats, Bools]:
    """Return answers as strengths, NaN where there is none, and which cells are no answer.

    >>> answered(pd.Series(["Yes", "no", " ", "2", "-1", "x"]))[0].tolist()
    [1.0, 0.0, nan, 2.0, nan, nan]
    """
    if pd.api.types.is_numeric_dtype(column):
        values = column.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        blank = np.isnan(values)
    else:
        text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
        folded = text.str.casefold()
        values = pd.to_numeric(folded.replace(_WORDS), errors="coerce").to_numpy(float)
        blank = (text == "").to_numpy()
    wrong = ~blank & ~((values >= 0) & np.isfinite(values))
    return np.where(wrong, np.nan, values), wrong


@dataclass(frozen=True, kw_only=True, eq=False)
class PairAnswers:
    """The answers on all pairs of alters.

    Attributes
    ----------
    one, other : array of int, shape (P,)
        The places of each pair, as positions among all places; ``one`` is the lower.
    strength : array, shape (G, P)
        0 is no tie, NaN no answer.
    faults : list of str
        What is wrong.
    """

    one: Ints
    other: Ints
    strength: Floats
    faults: list[str]


def pair_answers(
    frame: pd.DataFrame,
    columns: Mapping[tuple[int, int], str],
    places: Sequence[int],
    there: Bools,
) -> PairAnswers:
    """Read all pairs.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (G, n_columns)
    columns : mapping
        Two places to the column with the answer.
    places : sequence of int, shape (K,)
    there : array of bool, shape (K, G)
        Whether an alter has that place.
    """
    at = {place: k for k, place in enumerate(places)}
    found: dict[tuple[int, int], Floats] = {}
    faults = []
    for (n, m), name in columns.items():
        values, wrong = answered(frame[name])
        if wrong.any():
            said = listed(frame.loc[wrong, name].drop_duplicates(), most=_MOST)
            faults.append(
                f"{name!r} holds {said} in {_rows(wrong)}: not yes (1), no (0) or a strength "
                "above 0."
            )
        tied = values > 0
        if n == m:
            if tied.any():
                faults.append(f"{name!r} ties an alter with itself in {_rows(tied)}.")
            continue
        nobody = tied & ~(there[at[n]] & there[at[m]])
        if nobody.any():
            faults.append(
                f"{name!r} says that alters {n} and {m} know each other in {_rows(nobody)}, where "
                "the ego didn't name both."
            )
        pair = (min(at[n], at[m]), max(at[n], at[m]))
        if pair not in found:
            found[pair] = values
            continue
        before = found[pair]
        differ = ~np.isnan(before) & ~np.isnan(values) & (before != values)
        if differ.any():
            faults.append(
                f"{columns[m, n]!r} and {name!r} differ in {_rows(differ)}; a tie has no direction."
            )
        found[pair] = np.where(np.isnan(before), values, before)
    pairs = sorted(found)
    where = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    strength = np.empty((len(frame), len(pairs)))
    for k, pair in enumerate(pairs):
        strength[:, k] = found[pair]
    return PairAnswers(one=where[:, 0], other=where[:, 1], strength=strength, faults=faults)


def unanswered(pairs: PairAnswers, there: Bools) -> list[str]:
    """Warn of pairs without an answer, if a form has answers that say no."""
    asked = there[pairs.one].T & there[pairs.other].T
    blank = asked & np.isnan(pairs.strength)
    if not blank.any() or not (asked & (pairs.strength == 0)).any():
        return []
    nets = int(blank.any(axis=1).sum())
    return [
        f"{int(blank.sum())} of {int(asked.sum())} pairs of alters, in {nets} networks, have no "
        "answer on whether they know each other, and count as no tie: density is too low there."
    ]


def _rows(at_fault: Bools) -> str:
    return rows_text(np.flatnonzero(at_fault), most=_MOST)
