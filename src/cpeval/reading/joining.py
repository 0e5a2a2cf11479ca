"""`join()`: two tables by their ids, with every id that has no partner named."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrameT

from cpeval.errors import (
    CpevalWarning,
    JoinError,
    OptionError,
    listed,
    require_columns,
    require_option,
)
from cpeval.reading.id_pairs import Pairs, pair_ids
from cpeval.reading.origin import origin_of, signed

EXPECT = ("one-to-many", "many-to-one", "one-to-one")
UNMATCHED = ("raise", "keep", "drop")
On = str | Sequence[str] | Mapping[str, str]

_LEFT, _RIGHT = "__cpeval_left_row", "__cpeval_right_row"


def join(
    left: IntoDataFrameT,
    right: IntoDataFrameT,
    *,
    on: On,
    expect: str = "one-to-many",
    unmatched: str = "raise",
) -> IntoDataFrameT:
    """Join two tables by their ids, such as people and their responses.

    Parameters
    ----------
    left, right : eager dataframes
        Of one kind (pandas, Polars, PyArrow). They are left as they are.
    on : str, list of str, or mapping
        The columns that identify rows; a mapping gives the left table's name and the right's:
        ``{"id": "person_id"}``.
    expect : {"one-to-many", "many-to-one", "one-to-one"}, default "one-to-many"
        How often an id may stand in the left and in the right table.
    unmatched : {"raise", "keep", "drop"}, default "raise"
        What to do with rows whose id the other table lacks. Kept rows are missing the other
        table's columns.

    Returns
    -------
    dataframe of the kind given
        The left table's columns, then the right table's without its key. Rows are in the order of
        the many side (of the left table for one-to-one); kept rows of the one side come last.
        A column that both have is kept once when it says the same in every pair of rows. With
        pandas, ``attrs["joined"]`` gains a dict: on, expect, unmatched, n_left, n_right, n_rows,
        left_only and right_only (rows without a partner), left_ids and right_ids (how many ids
        these are), shared (columns that both had).

    Raises
    ------
    JoinError
        Ids without a partner (all named, on both sides), ids that stand several times where one
        was expected, missing ids, keys that are numbers on one side and text on the other, columns
        of one name that differ.
    ColumnError
        A key isn't there.
    OptionError
        ``on``, ``expect`` or ``unmatched`` is not of the form above, or the tables are not eager
        tables of one kind.

    Warns
    -----
    CpevalWarning
        Rows were kept or dropped, and the table has no ``attrs`` to say so.

    Notes
    -----
    Whole numbers match whether stored as int or float. Text matches as it stands: ``"p1"`` isn't
    ``"P1"``, but the message about ids without a partner says when that is the reason.

    Examples
    --------
    >>> people = pd.DataFrame({"id": [1, 2], "arm": ["a", "b"]})
    >>> responses = pd.DataFrame({"id": [2, 1, 1], "wave": [0, 0, 1]})
    >>> join(people, responses, on="id")
       id arm  wave
    0   2   b     0
    1   1   a     0
    2   1   a     1
    >>> join(people, responses.assign(id=[2, 1, 3]), on="id")
    Traceback (most recent call last):
    cpeval.errors.JoinError: Ids without a partner:
    - 'id' only in the right table (1): 3.
    Correct them, or pass unmatched="drop" to leave their rows out, or "keep" to keep them.
    """
    require_option("expect", expect, EXPECT)
    require_option("unmatched", unmatched, UNMATCHED)
    first, second = _eager(left, "left"), _eager(right, "right")
    if first.implementation != second.implementation:
        raise OptionError(
            f"The tables are of two kinds: {first.implementation.value} and "
            f"{second.implementation.value}. Convert one of them."
        )
    keys = _keys(on)
    require_columns(first.columns, *keys, what="The rows of the left table")
    require_columns(second.columns, *keys.values(), what="The rows of the right table")
    pairs = pair_ids(first, second, keys)
    _require_single(first, keys, pairs.left, "left", expect, many=expect == "many-to-one")
    _require_single(
        second, list(keys.values()), pairs.right, "right", expect, many=expect == "one-to-many"
    )
    if unmatched == "raise":
        _require_partners(first, second, keys, pairs)
    shared = _require_same(first, second, keys, pairs)
    made, rows = _joined(first, second, keys, pairs, shared, expect, unmatched)
    noted = {
        "on": keys,
        "expect": expect,
        "unmatched": unmatched,
        "n_left": len(first),
        "n_right": len(second),
        "n_rows": len(made),
        "left_only": int(pairs.left_only.sum()),
        "right_only": int(pairs.right_only.sum()),
        "left_ids": len(_ids(first, list(keys), pairs.left_only)),
        "right_ids": len(_ids(second, list(keys.values()), pairs.right_only)),
        "shared": shared,
    }
    native: IntoDataFrameT = made.to_native()
    if isinstance(native, pd.DataFrame):
        native.attrs = _attrs(left, right, noted)
        native.attrs |= _origin(
            native, left, right, set(right.columns) - {*keys.values(), *shared}, rows
        )
    elif noted["left_only"] or noted["right_only"]:
        verb = "kept" if unmatched == "keep" else "left out"
        warnings.warn(
            f"join {verb} {noted['left_only']} rows of the left and {noted['right_only']} of the "
            "right table, whose ids have no partner.",
            CpevalWarning,
            stacklevel=2,
        )
    return native


def _eager(table: Any, side: str) -> nw.DataFrame[Any]:  # noqa: ANN401
    try:
        frame: nw.DataFrame[Any] = nw.from_native(
            table.reset_index(drop=True) if isinstance(table, pd.DataFrame) else table,
            eager_only=True,
        )
    except TypeError:
        raise OptionError(
            f"The {side} table should be a table in memory (pandas, Polars, PyArrow). "
            f"Got {type(table).__name__}; collect a lazy table first."
        ) from None
    return frame


def _keys(on: On) -> dict[str, str]:
    keys = {on: on} if isinstance(on, str) else on
    if isinstance(keys, Mapping):
        named = dict(keys)
    elif isinstance(keys, Sequence):
        named = {name: name for name in keys}
    else:
        named = {}
    texts = [*named, *named.values()]
    if not named or not all(isinstance(text, str) for text in texts):
        raise OptionError(
            "'on' should name the columns that identify rows: 'id', ['site', 'id'], or "
            f"{{'id': 'person_id'}} where the tables name them differently. Got {on!r}."
        )
    if len(set(named.values())) < len(named):
        raise OptionError(f"'on' uses a column of the right table twice: {on!r}.")
    return named


def _ids(frame: nw.DataFrame[Any], names: Sequence[str], rows: np.ndarray) -> list[Any]:
    """Return the distinct ids of some rows: values, or tuples where several columns make one."""
    if not rows.any():
        return []
    found = frame.select(*names).filter(rows.tolist()).unique(maintain_order=True)
    ids = list(found.iter_rows())
    return [row[0] for row in ids] if len(names) == 1 else ids


def _require_single(
    frame: nw.DataFrame[Any],
    names: Sequence[str] | Mapping[str, str],
    codes: np.ndarray,
    side: str,
    expect: str,
    *,
    many: bool,
) -> None:
    if many:
        return
    twice = np.bincount(codes, minlength=1)[codes] > 1
    if twice.any():
        keys = list(names)
        shown = listed(keys)
        raise JoinError(
            f"expect={expect!r} means that each {shown} stands once in the {side} table, but "
            f"several times: {listed(_ids(frame, keys, twice))}. Delete the rows that are not "
            f"meant, add a column to 'on', or expect another relation ({', '.join(EXPECT)})."
        )


def _require_partners(
    left: nw.DataFrame[Any], right: nw.DataFrame[Any], keys: Mapping[str, str], pairs: Pairs
) -> None:
    ours = _ids(left, list(keys), pairs.left_only)
    theirs = _ids(right, list(keys.values()), pairs.right_only)
    if not ours and not theirs:
        return
    lines = [
        f"- {listed(names)} only in the {side} table ({len(ids)}): {listed(ids)}."
        for names, ids, side in ((keys, ours, "left"), (keys.values(), theirs, "right"))
        if ids
    ]
    folded = {_folded(i): i for i in theirs}
    near = [f"{i!r} and {folded[_folded(i)]!r}" for i in ours if _folded(i) in folded]
    if near:
        rest = f" and {len(near) - 5} more" if len(near) > 5 else ""
        lines.append(
            f"These differ only in blanks, capitals or leading zeros: {'; '.join(near[:5])}{rest}."
        )
    raise JoinError(
        "Ids without a partner:\n" + "\n".join(lines) + '\nCorrect them, or pass unmatched="drop" '
        'to leave their rows out, or "keep" to keep them.'
    )


def _folded(identity: object) -> str:
    parts = identity if isinstance(identity, tuple) else (identity,)
    return "\x00".join("".join(str(p).split()).casefold().lstrip("0") for p in parts)


def _require_same(
    left: nw.DataFrame[Any], right: nw.DataFrame[Any], keys: Mapping[str, str], pairs: Pairs
) -> list[str]:
    """Return the columns that both tables have and that say the same in every pair of rows."""
    theirs = [c for c in right.columns if c not in keys.values()]
    shared = [c for c in left.columns if c in theirs]
    clash = [c for c in shared if c in keys]
    both = [c for c in shared if c not in keys]
    rows = pd.DataFrame({"code": pairs.left, "a": np.arange(len(left))}).merge(
        pd.DataFrame({"code": pairs.right, "b": np.arange(len(right))}), on="code"
    )
    for column in both:
        a = left[column].to_pandas().iloc[rows["a"]].reset_index(drop=True)
        b = right[column].to_pandas().iloc[rows["b"]].reset_index(drop=True)
        same = (a.isna() & b.isna()) | (a.astype(object) == b.astype(object)).fillna(False)
        if not same.astype(bool).all():
            clash.append(column)
    if clash:
        raise JoinError(
            f"Both tables have columns named {listed(clash)}, and they differ. Rename or delete "
            "them in one table, or name them in 'on' if they identify rows."
        )
    return both


def _joined(
    left: nw.DataFrame[Any],
    right: nw.DataFrame[Any],
    keys: Mapping[str, str],
    pairs: Pairs,
    shared: Sequence[str],
    expect: str,
    unmatched: str,
) -> tuple[nw.DataFrame[Any], dict[str, np.ndarray]]:
    """Join by the numbers of the keys, which are of one type whatever the keys are.

    Returns also the rows of the left and of the right table, -1 for none.
    """
    code, other = "__cpeval_code", "__cpeval_code_right"
    ours = _numbered(left, code, pairs.left, _LEFT)
    theirs = _numbered(right, other, pairs.right, _RIGHT)
    renamed = {name: f"__cpeval_right_{name}" for name in (*keys.values(), *shared)}
    how = "full" if unmatched == "keep" else "inner"
    made = ours.join(
        theirs.rename(renamed),
        left_on=code,
        right_on=other,
        how=how,  # type: ignore[arg-type]
    )
    twins = {**keys, **{c: c for c in shared}}
    if unmatched == "keep":
        made = made.with_columns(nw.coalesce(a, renamed[b]).alias(a) for a, b in twins.items())
    order = [_RIGHT, _LEFT] if expect == "one-to-many" else [_LEFT, _RIGHT]
    made = made.sort(*order, nulls_last=True)
    wanted = [*left.columns, *(c for c in right.columns if c not in (*keys.values(), *shared))]
    rows = {
        side: made[column].fill_null(-1).to_numpy().astype(np.int64)
        for side, column in (("left", _LEFT), ("right", _RIGHT))
    }
    made = made.select(*wanted)
    native = made.to_native()
    if isinstance(native, pd.DataFrame):
        made = nw.from_native(native.reset_index(drop=True), eager_only=True)
    return made, rows


def _numbered(
    frame: nw.DataFrame[Any], code: str, codes: np.ndarray, row: str
) -> nw.DataFrame[Any]:
    backend = frame.implementation
    return frame.with_columns(
        nw.new_series(code, codes.astype(np.int64), nw.Int64, backend=backend),
        nw.new_series(row, np.arange(len(frame), dtype=np.int64), nw.Int64, backend=backend),
    )


def _origin(
    made: pd.DataFrame,
    left: Any,  # noqa: ANN401
    right: Any,  # noqa: ANN401
    theirs: set[str],
    rows: Mapping[str, np.ndarray],
) -> dict[Hashable, Any]:
    """Say of each row which rows of the files were joined; the right table's columns are its."""
    ours, others = origin_of(left), origin_of(right)
    if ours is None:
        return {}
    parts = ours.at(rows["left"])
    added = [
        replace(part, columns={c: [] for c in theirs} if part.columns is None else part.columns)
        for part in (others.at(rows["right"]) if others is not None else ())
    ]
    return {"origin": signed(made, [*added, *parts])}


def _attrs(left: Any, right: Any, noted: dict[str, Any]) -> dict[Hashable, Any]:  # noqa: ANN401
    """Keep the left table's notes, and the labels of both."""
    ours, theirs = left.attrs, right.attrs
    merged: dict[Hashable, Any] = {k: v for k, v in ours.items() if k != "origin"}
    for name in ("labels", "value_labels"):
        if name in ours or name in theirs:
            merged[name] = {**theirs.get(name, {}), **ours.get(name, {})}
    if "read" in theirs:
        noted = {**noted, "read": theirs["read"]}
    before = [*ours.get("joined", []), *theirs.get("joined", [])]
    return {**merged, "joined": [*before, noted]}
