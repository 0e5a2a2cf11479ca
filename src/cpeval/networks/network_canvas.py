"""`read_network_canvas()`: the CSV files that Network Canvas exports, made ego networks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from cpeval.errors import NetworkError, OptionError, ReadError, listed, require_columns
from cpeval.networks.ego_networks import EgoNetworks
from cpeval.networks.export_files import converted, csv_files, text_cells

#: The names of Network Canvas' own columns.
EGO, NODE = "networkCanvasEgoUUID", "networkCanvasUUID"
SOURCE, TARGET = "networkCanvasSourceUUID", "networkCanvasTargetUUID"
#: Where the type of an alter or tie goes, which stands in the name of its file.
TYPE = "networkCanvasType"
_CASE, _SESSION = "networkCanvasCaseID", "networkCanvasSessionID"
#: What each kind of file must hold, and columns that number rows within a file only.
_NEEDED = {"ego": (EGO,), "alters": (EGO, NODE), "ties": (EGO, SOURCE, TARGET)}
_NUMBERS = {"ego": (), "alters": ("nodeID",), "ties": ("edgeID", "from", "to", NODE)}
_KINDS = (
    ("alters", re.compile(r"_?attributeList(?:_(?P<type>.+))?\.csv$", re.IGNORECASE)),
    ("ties", re.compile(r"_?edgeList(?:_(?P<type>.+))?\.csv$", re.IGNORECASE)),
    ("ego", re.compile(r"(?:^|_)ego(?:List)?\.csv$", re.IGNORECASE)),
)
#: Tables of the same ties in another form.
_MATRIX = re.compile(r"_?adjacencyMatrix(?:_.+)?\.csv$", re.IGNORECASE)
#: Later versions are said to put an apostrophe before text that a spreadsheet would run.
_DEFUSED = re.compile(r"^'(?=[=+\-@\t])")


@dataclass(frozen=True)
class _Export:
    """The files of an export by kind."""

    tables: dict[str, list[pd.DataFrame]]
    faults: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def read_network_canvas(
    folder_or_zip: str | Path,
    *,
    ego: str = EGO,
    wave: str | None = None,
    edges: str | None = None,
    name: str | None = None,
) -> EgoNetworks:
    r"""Read what Network Canvas exports as CSV: one interview or many, in a folder or zip.

    Parameters
    ----------
    folder_or_zip : str or pathlib.Path
        With files ``…_ego.csv``, ``…_attributeList_Type.csv``, ``…_edgeList_Type.csv``, also in
        folders within. Nothing is unpacked to disk. Adjacency matrices and GraphML hold the same
        and are passed over.
    ego : str, default "networkCanvasEgoUUID"
        The column of ego files that says who was asked. Where people were asked twice, each
        interview has another UUID: then it is ``"networkCanvasCaseID"``, or your own column.
    wave : str, optional
        The column of ego files that says at which wave.
    edges : str, optional
        The type of tie to take. By default all: two alters are tied if any type ties them.
    name : str, optional
        The alters' variable with what the ego calls them.

    Returns
    -------
    EgoNetworks
        Columns keep the program's names. Alters and ties have their type as
        ``networkCanvasType``; where two types of ties join the same alters they are one tie, with
        both types (``"friend; family"``) and the variables of both. Variables with several answers
        stay a column an answer, as exported; in these the program writes false also where nobody
        answered.

    Raises
    ------
    ReadError
        Files that can't be read, are missing, or are of another version: every file, with what it
        lacks and the columns that it has. An archive that is damaged, protected, unpacks to more
        than 1 GiB or has names that lead out of it.
    ColumnError
        ``ego``, ``wave`` or ``name`` is no column.
    OptionError
        No file has ties of the type ``edges``.
    NetworkError
        Interviews, alters and ties that don't fit together.

    Notes
    -----
    Written after the source of the legacy exporter [1]_, and of later versions (Interviewer 7,
    Fresco) after a third party's description. Tried on an interview from each of two
    legacy exports that the Complex Data Collective published (2022 and 2023; two protocols, several
    types of nodes and ties), with some columns of answers left out; on none of later versions.

    The type of node is the ``kind`` of the networks: `EgoNetworks.map` and
    ``metrics(by_kind=True)`` tell people from venues.

    References
    ----------
    .. [1] Complex Data Collective. Network Canvas: Data Export.
       https://documentation.networkcanvas.com

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name, rows in {
    ...     "P1_s_ego.csv": "networkCanvasEgoUUID,networkCanvasCaseID\nu1,P1\n",
    ...     "P1_s_attributeList_Person.csv": (
    ...         "nodeID,networkCanvasEgoUUID,networkCanvasUUID,name\n1,u1,a1,Ann\n2,u1,a2,Ben\n"
    ...     ),
    ... }.items():
    ...     _ = Path(folder.name, name).write_text(rows)
    >>> read_network_canvas(folder.name)
    EgoNetworks: 1 networks, 2 alters, ties not asked for
    >>> folder.cleanup()
    """
    path = Path(folder_or_zip).expanduser()
    found = _files(path)
    _require_whole(path, found)
    tables = {
        kind: _together(parts, path.name, kind) for kind, parts in found.tables.items() if parts
    }
    people, alters, ties = tables["ego"], tables["alters"], tables.get("ties")
    require_columns(list(people.columns), ego, wave, what="The ego files")
    require_columns(list(alters.columns), name, what="The attribute lists")
    if edges is not None:
        types = [] if ties is None else sorted(set(ties[TYPE].dropna()))
        if ties is None or edges not in types:
            raise OptionError(f"'edges' must be one of {listed(types)}. Got {edges!r}.")
        ties = ties.loc[ties[TYPE] == edges].reset_index(drop=True)
    if ties is not None:
        ties = _one_a_pair(ties)
    alters, ties = _labelled(people, alters, ties, [ego] if wave is None else [ego, wave])
    made = EgoNetworks(
        people,
        alters,
        ties,
        ego=ego,
        wave=wave,
        alter=NODE,
        source=SOURCE,
        target=TARGET,
        name=name,
        kind=TYPE,
    )
    if found.others:
        made.noted(
            [f"CSV files that are no part of the export were not read: {listed(found.others)}."]
        )
    return made


def _files(path: Path) -> _Export:
    """Read all files as text; what is wrong with each goes to the faults."""
    export = _Export({"ego": [], "alters": [], "ties": []})
    for name, content in csv_files(path):
        base = PurePosixPath(name).name
        kind, match = next(
            ((kind, match) for kind, form in _KINDS if (match := form.search(base))), (None, None)
        )
        if kind is None or match is None:
            if not _MATRIX.search(base):
                export.others.append(name)
            continue
        try:
            frame = text_cells(content, name)
        except ReadError as problem:
            export.faults.append(str(problem))
            continue
        lacks = [column for column in _NEEDED[kind] if column not in frame.columns]
        if lacks:
            export.faults.append(
                f"{name}: there is no column {listed(lacks)}, which Network Canvas writes from "
                f"the legacy exporter on. Columns there: {listed(frame.columns)}."
            )
            continue
        frame = frame.drop(columns=[c for c in _NUMBERS[kind] if c in frame.columns])
        if kind != "ego":
            frame[TYPE] = match.group("type")
        export.tables[kind].append(frame)
    return export


def _require_whole(path: Path, found: _Export) -> None:
    faults = list(found.faults)
    if not faults:
        faults += [
            f"there is no file named …{form}"
            for kind, form in (("ego", "_ego.csv"), ("alters", "_attributeList_….csv"))
            if not found.tables[kind]
        ]
        if faults and found.others:
            faults.append(f"CSV files there: {listed(found.others)}")
    if faults:
        raise ReadError(
            f"{path.name}: this is no CSV export of Network Canvas that can be read:\n"
            + "\n".join(f"- {fault}" for fault in faults)
            + "\nExport again from Interviewer or Fresco, with 'CSV' ticked."
        )


def _together(parts: list[pd.DataFrame], name: str, kind: str) -> pd.DataFrame:
    """Put files of a kind together, and make numbers of text once all is there."""
    frame = pd.concat(parts, ignore_index=True)
    for column in frame.columns:
        frame[column] = frame[column].str.replace(_DEFUSED, "", regex=True)
    ids = (*_NEEDED[kind], NODE, TYPE, _CASE, _SESSION)
    return converted(frame, f"{name}, {kind}", texts=ids)


def _one_a_pair(ties: pd.DataFrame) -> pd.DataFrame:
    """Make ties of several types between the same two alters one."""
    swap = (ties[SOURCE] > ties[TARGET]).fillna(False).to_numpy(dtype=bool)
    low = np.where(swap, ties[TARGET], ties[SOURCE])
    high = np.where(swap, ties[SOURCE], ties[TARGET])
    keys = pd.DataFrame({EGO: ties[EGO], "low": low, "high": high})
    whole = keys.notna().all(axis=1)
    again = whole & pd.concat([keys, ties[TYPE]], axis=1).duplicated(keep=False)
    if again.any():
        shown = ties.loc[again, [EGO, SOURCE, TARGET]].drop_duplicates().itertuples(index=False)
        raise NetworkError(
            "Ties of one type that stand twice, in one direction or both: "
            f"{listed([tuple(row) for row in shown])}. Was a folder read that holds an export "
            "twice? Remove one."
        )
    if not (whole & keys.duplicated()).any():
        return ties
    variables = [column for column in ties.columns if column not in (*_NEEDED["ties"], TYPE)]
    made = ties.copy()
    for column in variables:
        kinds = ties.loc[ties[column].notna(), TYPE].unique()
        if len(kinds) > 1:  # The same variable of two types is two things.
            for kind in kinds:
                made[f"{kind}.{column}"] = made[column].where(made[TYPE] == kind)
            made = made.drop(columns=column)
    number = keys.groupby([EGO, "low", "high"], sort=False, dropna=False).ngroup()
    grouped = made.groupby(number, sort=False)
    one = grouped.first()
    one[TYPE] = grouped[TYPE].agg(lambda types: "; ".join(sorted(types.dropna())))
    return one.reset_index(drop=True)[made.columns]


def _labelled(
    people: pd.DataFrame, alters: pd.DataFrame, ties: pd.DataFrame | None, network: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Give alters and ties the ego and wave that their interview has."""
    twice = people[EGO].duplicated(keep=False)
    if twice.any():
        raise NetworkError(
            "Interviews that stand twice in the ego files: "
            f"{listed(people.loc[twice, EGO].unique())}. Was a folder read that holds an export "
            "twice? Remove one."
        )
    if network == [EGO]:
        return alters, ties
    made: list[pd.DataFrame] = []
    for what, table in (("attribute lists", alters), ("edge lists", ties)):
        if table is None:
            continue
        lost = ~table[EGO].isin(people[EGO])
        if lost.any():
            raise NetworkError(
                f"The {what} are of interviews without an ego file: "
                f"{listed(table.loc[lost, EGO].unique())}."
            )
        added = [column for column in network if column != EGO]
        taken = [column for column in added if column in table.columns]
        if taken:
            raise OptionError(
                f"{listed(taken)} are variables of the {what} too. Rename them in one of the two."
            )
        made.append(table.merge(people[[EGO, *added]], on=EGO, how="left"))
    return made[0], made[1] if ties is not None else None
