"""Who reaches a resource or a position, and through whom: answers as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cpeval.errors import CodeError, OptionError, listed
from cpeval.numeric import ROWS_COUNT, rows_text
from cpeval.study import Study

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Code of an answer to the relation that it means, the strongest first; None is nobody.
Relations = Mapping[object, str | None]

#: What a relation is called where answers say no more than yes.
_ANYBODY = "anybody"


@dataclass(frozen=True, kw_only=True, eq=False)
class Access:
    """The answers of n people on k things.

    Attributes
    ----------
    names : tuple of str
        The k columns.
    reached : array, shape (n, k)
        1, 0 or, without an answer, NaN.
    through : array of int, shape (n, k)
        Through which relation, in the order of ``relations``; -1 for nobody and without an answer.
    relations : tuple of str
        Empty where answers say only yes or no.
    """

    names: tuple[str, ...]
    reached: Floats
    through: Ints
    relations: tuple[str, ...]

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Who answered all, shape (n,)."""
        return np.asarray(~np.isnan(self.reached).any(axis=1))


def access_of(table: pd.DataFrame, columns: Sequence[str], relations: Relations | None) -> Access:
    """Read answers.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n, ...)
    columns : sequence of str
    relations : mapping, optional
        Without it, answers are 1 (true) or 0 (false). With it, its keys, and 0 for nobody unless a
        key has None. Two keys may mean one relation.

    Raises
    ------
    OptionError
        ``relations`` is no such mapping.
    CodeError
        Answers that mean nothing: all columns, values and rows.
    """
    codes = _codes(relations)
    order = [name for name in dict.fromkeys(codes.values()) if name is not None]
    place = {name: k for k, name in enumerate(order)}
    meaning = {code: -1 if name is None else place[name] for code, name in codes.items()}
    reached = np.full((len(table), len(columns)), np.nan)
    through = np.full(reached.shape, -1, dtype=np.int64)
    faults = []
    for k, column in enumerate(columns):
        answers = table[column].astype(object)
        found = pd.Index(list(meaning), dtype=object).get_indexer(pd.Index(answers, dtype=object))
        wrong = (found < 0) & answers.notna().to_numpy()
        if wrong.any():
            shown = listed(answers[wrong].unique(), most=5)
            faults.append(f"{column!r} holds {shown} in {rows_text(np.flatnonzero(wrong), most=5)}")
        known = found >= 0
        through[known, k] = np.array(list(meaning.values()))[found[known]]
        reached[known, k] = through[known, k] >= 0
    if faults:
        raise CodeError(
            f"Answers other than {listed(meaning)}: {'; '.join(faults)}. Correct them, or say what "
            f"they mean: {{1: 'family', 2: 'friend'}}, the strongest tie first. {ROWS_COUNT}"
        )
    return Access(
        names=tuple(columns),
        reached=reached,
        through=through,
        relations=tuple(order) if relations is not None else (),
    )


def _codes(relations: Relations | None) -> dict[object, str | None]:
    """Return what each code means, with one for nobody."""
    if relations is None:
        return {0: None, 1: _ANYBODY}
    if not isinstance(relations, Mapping) or not any(relations.values()):
        raise OptionError(
            "Relations are a mapping from the code of an answer to whom it means, the strongest "
            f"tie first, such as {{1: 'family', 2: 'friend'}}. Got {relations!r}."
        )
    wrong = {c: n for c, n in relations.items() if n is not None and not isinstance(n, str)}
    if wrong:
        raise OptionError(f"Relations have names, as text: not {listed(wrong.values())}.")
    return dict(relations) if None in relations.values() else {0: None, **relations}


def prevalence(access: Access, level: float) -> pd.DataFrame:
    """Return the share who reach each thing, with Wilson's interval, and through whom.

    Returns
    -------
    pandas.DataFrame
        term, n (answers), estimate, ci_low, ci_high, and ``through_…`` of each relation: a share
        of all answers.
    """
    n = (~np.isnan(access.reached)).sum(axis=0)
    hits = np.nansum(access.reached, axis=0)
    z = stats.norm.isf((1 - level) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / n
        middle = (hits + z**2 / 2) / (n + z**2)
        half = z / (n + z**2) * np.sqrt(n * share * (1 - share) + z**2 / 4)
        found = {
            "term": list(access.names),
            "n": n,
            "estimate": share,
            "ci_low": np.where(n > 0, np.maximum(middle - half, 0), np.nan),
            "ci_high": np.where(n > 0, np.minimum(middle + half, 1), np.nan),
        }
        for k, relation in enumerate(access.relations):
            found[f"through_{relation}"] = (access.through == k).sum(axis=0) / n
    return pd.DataFrame(found)


def labels_of(table: pd.DataFrame, study: Study | None) -> pd.DataFrame:
    """Return who each row is about: person and wave, or without a study its number from 1."""
    if study is None:
        return pd.DataFrame({"row": np.arange(1, len(table) + 1)})
    roles = {"person": study.person, "wave": study.wave}
    return pd.DataFrame({role: table[name] for role, name in roles.items() if name is not None})
