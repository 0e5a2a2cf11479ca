"""`from_wide()`: a table with a row an ego, and columns for each alter, made ego networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import NetworkError, OptionError, require_columns
from cpeval.networks.ego_networks import EgoNetworks
from cpeval.networks.network_tables import Bools
from cpeval.networks.tie_answers import PairAnswers, pair_answers, unanswered
from cpeval.networks.wide_columns import WideColumns, wide_columns
from cpeval.numeric import ROWS_COUNT, eager, rows_text

#: The columns that `from_wide` makes.
ALTER, SOURCE, TARGET, STRENGTH = "alter", "source", "target", "strength"


def from_wide(
    data: IntoDataFrame,
    alters: str = "alter{n}_{attribute}",
    ties: str | None = "tie_{n}_{m}",
    *,
    ego: str = "ego",
    wave: str | None = None,
    attributes: Sequence[str] | None = None,
    present: str | None = None,
    name: str | None = None,
    weight: str | None = None,
) -> EgoNetworks:
    """Make ego networks of a table with a row an ego (and wave), as survey programs export it.

    Parameters
    ----------
    data : eager dataframe, shape (G, n_columns)
        It is not modified.
    alters : str, default "alter{n}_{attribute}"
        How the columns about alters are named: ``{n}`` is the alter's number in the form.
        ``"alter.{attribute}.{n}"`` and ``"{attribute}{n}"`` will do as well.
    ties : str or None, default "tie_{n}_{m}"
        How the columns are named that say whether alters n and m know each other: yes (1, true),
        no (0, false), or a strength above 0. One direction, or both. None: nobody was asked.
    ego : str, default "ego"
        The column of egos.
    wave : str, optional
        The column of waves.
    attributes : sequence of str, optional
        The attributes that are meant; other columns that fit the pattern are the ego's. With it,
        an attribute may lack some places and is missing there.
    present : str, optional
        The attribute, such as the name, that is filled where somebody was named. By default any:
        give it where unused places hold something, such as a 0.
    name : str, optional
        The attribute that says what the ego calls the alter.
    weight : str, optional
        The attribute with the strength of the tie to the ego. Strengths of ties among alters come
        from the columns of ties.

    Returns
    -------
    EgoNetworks
        Alters have their number in the form as ``alter``, and a column an attribute; ties have
        ``source``, ``target`` and ``strength`` (or what ``weight`` says). Columns that are not
        about alters are the ego's. An ego who named nobody has size 0. Where some pairs are
        answered with no and others not at all, the latter are no ties, and ``warnings`` counts
        them.

    Raises
    ------
    OptionError
        A pattern without its parts; an attribute with the name of a column that is needed.
    ColumnError
        Columns that are absent, or can't be told apart.
    NetworkError
        All that is wrong with the answers, with rows: attributes of nobody, ties to nobody, ties
        of an alter with itself, both directions that differ, answers that are no tie; egos that
        are missing or stand twice.

    Notes
    -----
    Places in a form are no ids: who was third at the first wave may be first at the second. Use
    ``change(…, match="name")``.

    Examples
    --------
    >>> data = pd.DataFrame(
    ...     {
    ...         "ego": ["Ann", "Ben"],
    ...         "alter1_kin": ["yes", None],
    ...         "alter2_kin": ["no", None],
    ...         "tie_1_2": [1, None],
    ...     }
    ... )
    >>> from_wide(data)
    EgoNetworks: 2 networks, 2 alters, 1 ties
    """
    frame = eager(data).to_pandas().reset_index(drop=True)
    frame.columns = pd.Index([str(column) for column in frame.columns])
    require_columns(list(frame.columns), ego, wave)
    found = wide_columns(list(frame.columns), alters, ties, attributes)
    network = [ego] if wave is None else [ego, wave]
    _require_roles(found, network, {"present": present, "name": name, "weight": weight})
    cells = {kind: _cells(frame, found, kind) for kind in found.attributes}
    filled = {kind: _filled(column) for kind, column in cells.items()}
    shape = (len(found.places), len(frame))
    there = filled[present] if present else np.logical_or.reduce(list(filled.values()))
    faults = _egos_at_fault(frame, network)
    if present:
        faults += _nobody(found, cells, filled, present, shape)
    # Columns are stacked place after place; in rows of the table the order is an ego's form.
    place, row = np.divmod(np.arange(there.size), max(len(frame), 1))
    kept = np.flatnonzero(there)
    kept = kept[np.lexsort((place[kept], row[kept]))]
    table = frame.loc[row[kept], network].reset_index(drop=True)
    table[ALTER] = np.asarray(found.places, dtype=np.int64)[place[kept]]
    for kind, column in cells.items():
        table[kind] = column.iloc[kept].reset_index(drop=True)
    tied: pd.DataFrame | None = None
    warnings: list[str] = []
    if found.ties is not None:
        used = there.reshape(shape)
        pairs = pair_answers(frame, found.ties, found.places, used)
        faults += pairs.faults
        tied = _ties(frame, network, found, pairs, weight or STRENGTH)
        warnings = unanswered(pairs, used)
    if faults:
        raise NetworkError(
            "The wide table can't be made networks:\n"
            + "\n".join(f"- {fault}" for fault in faults)
            + f"\n{ROWS_COUNT}"
        )
    made = EgoNetworks(frame[found.egos], table, tied, ego=ego, wave=wave, weight=weight, name=name)
    return made.noted(warnings)


def _require_roles(found: WideColumns, network: list[str], roles: dict[str, str | None]) -> None:
    """Raise `OptionError` where roles and attributes don't go together."""
    taken = {*network, ALTER} & {*found.attributes}
    if taken:
        raise OptionError(
            f"Alters have attributes with the names of columns that are needed: {sorted(taken)}. "
            "Rename the columns, or say which attributes are meant: attributes=[…]."
        )
    lost = [name for name in network if name not in found.egos]
    if lost:
        raise OptionError(f"{lost} fit the pattern of alters or ties too. Rename them.")
    for attribute in roles.values():
        require_columns(found.attributes, attribute, what="The attributes of alters")


def _cells(frame: pd.DataFrame, found: WideColumns, kind: str) -> pd.Series:
    """Return an attribute of all places, one place after another, shape (places x rows,)."""
    parts = [
        frame[found.alters[kind, place]]
        if (kind, place) in found.alters
        else pd.Series(np.nan, index=frame.index, dtype=object)
        for place in found.places
    ]
    # A place that nobody filled says nothing of the kind of values.
    known = [part for part in parts if part.notna().any()]
    kinds = {str(part.dtype) for part in known}
    if len(kinds) == 1 and known:
        parts = [part.astype(known[0].dtype) if part.notna().any() else part for part in parts]
    stacked = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    numeric = all(
        pd.api.types.is_numeric_dtype(part) and not pd.api.types.is_bool_dtype(part)
        for part in known
    )
    return pd.to_numeric(stacked) if known and numeric else stacked


def _filled(column: pd.Series) -> Bools:
    """Say which cells hold something other than blanks."""
    there = column.notna().to_numpy()
    if column.dtype == object:
        there = there & (column.astype(str).str.strip() != "").to_numpy()
    return np.asarray(there, dtype=bool)


def _egos_at_fault(frame: pd.DataFrame, network: list[str]) -> list[str]:
    """Name rows without an ego (or wave), and those of one ego."""
    faults = [
        f"{name!r} is missing in {rows_text(np.flatnonzero(frame[name].isna()), most=10)}. "
        "Fill it in, or delete the rows."
        for name in network
        if frame[name].isna().any()
    ]
    twice = (frame.duplicated(network, keep=False) & frame[network].notna().all(axis=1)).to_numpy()
    if twice.any():
        faults.append(
            f"Rows with the same {' and '.join(repr(name) for name in network)}: "
            f"{rows_text(np.flatnonzero(twice), most=10)}. Keep one of each"
            + ("." if len(network) > 1 else ", or say which column has the wave.")
        )
    return faults


def _nobody(
    found: WideColumns,
    cells: dict[str, pd.Series],
    filled: dict[str, Bools],
    present: str,
    shape: tuple[int, int],
) -> list[str]:
    """Name what is said of alters who were not named, but for the 0 of an empty box."""
    faults = []
    for kind, column in cells.items():
        said = filled[kind] & ~column.isin([0, False, "0"]).to_numpy()
        lost = (said & ~filled[present]).reshape(shape)
        faults += [
            f"{found.alters[kind, place]!r} is filled in {rows_text(rows, most=10)}, and "
            f"{present!r} of alter {place} is not. Say who it is, or empty it."
            for k, place in enumerate(found.places)
            if (rows := np.flatnonzero(lost[k])).size
        ]
    return faults


def _ties(
    frame: pd.DataFrame, network: list[str], found: WideColumns, pairs: PairAnswers, weight: str
) -> pd.DataFrame:
    """Return a row a tie, in the order of the rows and places."""
    row, pair = np.nonzero(pairs.strength > 0)
    places = np.asarray(found.places, dtype=np.int64)
    ties = frame.loc[row, network].reset_index(drop=True)
    ties[SOURCE], ties[TARGET] = places[pairs.one[pair]], places[pairs.other[pair]]
    ties[weight] = pairs.strength[row, pair]
    return ties
