"""`read_egoweb()`: the CSV files that EgoWeb 2.0 exports, made ego networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cpeval.errors import (
    ColumnError,
    CpevalError,
    NetworkError,
    OptionError,
    ReadError,
    listed,
    require_columns,
)
from cpeval.networks.ego_networks import EgoNetworks
from cpeval.numeric import rows_text
from cpeval.reading.files import read

_ID, _ALTER, _NAME = "Interview ID", "Alter Number", "Alter Name"
_ONE, _OTHER = "Alter 1 Number", "Alter 2 Number"
#: Of pairs, what says who they are; all else is answers.
_PAIR = (_ID, "EgoID", _ONE, "Alter 1 Name", _OTHER, "Alter 2 Name", "Alter 1 ID", "Alter 2 ID")


def read_egoweb(
    alters: str | Path,
    pairs: str | Path | None = None,
    *,
    tie: str | None = None,
    tied: Sequence[object] | None = None,
    egos: str | Path | None = None,
    ego: str = _ID,
    wave: str | None = None,
) -> EgoNetworks:
    r"""Read what EgoWeb 2.0 exports as CSV.

    Parameters
    ----------
    alters : str or pathlib.Path
        The file ``…-ego-alter.csv``. Columns before ``Alter Number`` are the ego's, those from
        there on the alter's.
    pairs : str or pathlib.Path, optional
        The file ``…-alter-pair.csv``, in which all pairs of alters stand, tied or not.
    tie : str, optional
        Its question on whether two alters know each other. Needed with ``pairs``.
    tied : sequence, optional
        The answers to it, as exported, that mean they do, such as ``[1]`` or ``[2, 3]``. Needed
        with ``pairs``.
    egos : str or pathlib.Path, optional
        The file ``…-ego-level.csv``. Without it nobody is known who named nobody, since the file of
        alters has only those who did.
    ego : str, default "Interview ID"
        The column that says who was asked; ``"EgoID"`` where people were asked twice.
    wave : str, optional
        A question to the ego that says at which wave.

    Returns
    -------
    EgoNetworks
        With the program's names of columns. Pairs with another answer than ``tied``, or none, are
        no ties; ``warnings`` counts those without.

    Raises
    ------
    ReadError
        A file can't be read, or isn't of this form, as with exports of several sessions at once;
        the message has the columns found.
    OptionError
        ``tie`` and ``tied`` don't go with ``pairs``, or nobody gave such an answer.
    ColumnError
        ``tie`` is no question of the pairs; ``wave`` or ``ego`` no column of the egos.
    NetworkError
        Interviews, alters and ties that don't fit together.

    Notes
    -----
    Written after the program's source [1]_.

    References
    ----------
    .. [1] RAND. EgoWeb 2.0. https://github.com/qualintitative/egoweb

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name, "study-ego-alter.csv")
    >>> _ = path.write_text(
    ...     "Interview ID,EgoID,age,Alter Number,Alter Name,close\n"
    ...     "11,P1,30,1,Ann,3\n11,P1,30,2,Ben,1\n"
    ... )
    >>> read_egoweb(path)
    EgoNetworks: 1 networks, 2 alters, ties not asked for
    >>> folder.cleanup()
    """
    if (pairs is None) != (tie is None) or (pairs is None) != (tied is None):
        raise OptionError(
            "'pairs', 'tie' and 'tied' go together: the file of pairs, its question on who knows "
            "whom, and the answers that mean so."
        )
    if isinstance(tied, str) or (tied is not None and not len(tied)):
        raise OptionError(f"'tied' is a list of answers, such as [1]. Got {tied!r}.")
    files = {
        "alters": (alters, (_ID, _ALTER)),
        "pairs": (pairs, (_ID, _ONE, _OTHER)),
        "egos": (egos, (_ID,)),
    }
    tables = _read_all(files)
    rows, network = tables["alters"], [ego] if wave is None else [ego, wave]
    split = list(rows.columns).index(_ALTER)
    own, theirs = list(rows.columns[:split]), list(rows.columns[split:])
    people = tables.get("egos", rows[own].drop_duplicates(ignore_index=True))
    require_columns(list(people.columns), *network, what="The egos")
    _require_one_row(people)
    # An interview in which nobody was named may have a row without an alter.
    named = rows.loc[rows[_ALTER].notna(), [_ID, *theirs]].reset_index(drop=True)
    if named[_ALTER].dtype == float:
        named[_ALTER] = named[_ALTER].astype("int64")
    found, warnings = None, list[str]()
    if pairs is not None:
        found, warnings = _ties(tables["pairs"], str(tie), list(tied or ()))
    made = EgoNetworks(
        people,
        _with_network(named, people, network, "ego-alter"),
        None if found is None else _with_network(found, people, network, "alter-pair"),
        ego=ego,
        wave=wave,
        alter=_ALTER,
        source=_ONE,
        target=_OTHER,
        name=_NAME if _NAME in theirs else None,
    )
    if egos is None:
        warnings.append("Egos who named nobody are not in the file: give egos=… to have them.")
    return made.noted(warnings)


def _read_all(
    files: dict[str, tuple[str | Path | None, tuple[str, ...]]],
) -> dict[str, pd.DataFrame]:
    """Read the files that were given, and say of all at once what they lack."""
    tables, faults = {}, []
    for what, (path, needed) in files.items():
        if path is None:
            continue
        try:
            frame = read(path)
        except CpevalError as problem:
            faults.append(str(problem))
            continue
        lacks = [name for name in needed if name not in frame.columns]
        if lacks:
            faults.append(
                f"{Path(path).name}: there is no column {listed(lacks)}, as EgoWeb's export of "
                f"{what} has. Columns there: {listed(frame.columns)}."
            )
        tables[what] = frame
    if faults:
        raise ReadError(
            "EgoWeb's files can't be read:\n" + "\n".join(f"- {fault}" for fault in faults)
        )
    return tables


def _require_one_row(people: pd.DataFrame) -> None:
    twice = people[_ID].duplicated(keep=False).to_numpy()
    if twice.any():
        raise NetworkError(
            f"Interviews that stand twice, or with answers of the ego that differ: "
            f"{listed(people.loc[twice, _ID].unique())}. Export them again, or remove one."
        )


def _with_network(
    table: pd.DataFrame, people: pd.DataFrame, network: list[str], what: str
) -> pd.DataFrame:
    """Give rows the ego and wave of their interview."""
    lost = ~table[_ID].isin(people[_ID])
    if lost.any():
        raise NetworkError(
            f"The {what} file has interviews that the egos lack: "
            f"{listed(table.loc[lost, _ID].unique())} (in "
            f"{rows_text(np.flatnonzero(lost), most=10)})."
        )
    added = [name for name in network if name != _ID]
    taken = [name for name in added if name in table.columns]
    if taken:
        raise ColumnError(f"{listed(taken)} are columns of alters or pairs too. Rename them.")
    return table.merge(people[[_ID, *added]], on=_ID, how="left") if added else table


def _ties(pairs: pd.DataFrame, tie: str, tied: list[object]) -> tuple[pd.DataFrame, list[str]]:
    """Take the pairs with an answer that means a tie."""
    asked = [name for name in pairs.columns if name not in _PAIR]
    require_columns(asked, tie, what="The questions on pairs")
    hit = pairs[tie].isin(tied)
    if not hit.any():
        raise OptionError(
            f"No pair has an answer {listed(tied)} to {tie!r}. Answers there: "
            f"{listed(pairs[tie].dropna().unique())}."
        )
    blank = int(pairs[tie].isna().sum())
    warnings = []
    if blank:
        warnings.append(f"{blank} of {len(pairs)} pairs have no answer to {tie!r}: no ties.")
    kept = [_ID, _ONE, _OTHER, *asked]
    return pairs.loc[hit, kept].reset_index(drop=True), warnings
