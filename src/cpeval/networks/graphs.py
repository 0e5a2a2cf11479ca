"""One network as a graph of networkx or igraph; all of them as GraphML files."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpeval.errors import (
    MissingLibraryError,
    OptionError,
    OutputError,
    WaveError,
    did_you_mean,
    listed,
)
from cpeval.exporting.file_writing import write_whole

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
#: Characters that XML can't hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: A file's name is at most so long, of which systems take 255 bytes.
_LONGEST = 60


def network_of(networks: NetworkData, ego: object, wave: object) -> int:
    """Return which network an ego (and wave) has.

    Raises
    ------
    OptionError
        No such ego; a wave is needed, or there are none.
    WaveError
        The ego has no such wave.
    """
    labels = networks.labels()
    has_waves = "wave" in labels.columns
    if wave is not None and not has_waves:
        raise OptionError("These networks have no waves: leave 'wave' out.")
    own = np.flatnonzero((labels["ego"] == ego).to_numpy(dtype=bool, na_value=False))
    if not own.size:
        raise OptionError(f"There is no ego {ego!r}{did_you_mean(ego, labels['ego'].unique())}.")
    if not has_waves:
        return int(own[0])
    waves = labels["wave"].iloc[own].tolist()
    if wave is None and len(waves) == 1:
        return int(own[0])
    if wave is None:
        raise OptionError(f"Say which wave of ego {ego!r}: wave=… is one of {listed(waves)}.")
    if wave not in waves:
        raise WaveError(f"Ego {ego!r} has no wave {wave!r}. Waves there: {listed(waves)}.")
    return int(own[waves.index(wave)])


def _library(name: str) -> Any:  # noqa: ANN401
    try:
        return import_module(name)
    except ImportError:
        raise MissingLibraryError(
            f"This needs the library {name}, which isn't installed: pip install {name}"
        ) from None


def to_networkx(networks: NetworkData, ego: object, wave: object, *, with_ego: bool) -> Any:  # noqa: ANN401
    """Make what `EgoNetworks.to_networkx` returns."""
    library, net = _library("networkx"), network_of(networks, ego, wave)
    graph = library.Graph()
    graph.graph.update(_records(networks.tables_of(net).egos)[0])
    nodes, ties = _parts(networks, net)
    ids = [node.pop(networks.columns.alter) for node in nodes]
    # One graph is small: its alters are gone through one by one.
    graph.add_nodes_from(zip(ids, nodes, strict=True))
    for tie in ties:
        ends = tie.pop(networks.columns.source), tie.pop(networks.columns.target)
        graph.add_edge(*ends)
        graph.edges[ends].update(tie)
    if with_ego:
        _require_other(ego, ids)
        graph.add_node(ego, is_ego=True)
        graph.add_edges_from((ego, one) for one in ids)
    return graph


def to_igraph(networks: NetworkData, ego: object, wave: object, *, with_ego: bool) -> Any:  # noqa: ANN401
    """Make what `EgoNetworks.to_igraph` returns."""
    library, net = _library("igraph"), network_of(networks, ego, wave)
    columns = networks.columns
    nodes, ties = _parts(networks, net)
    ids = [node.pop(columns.alter) for node in nodes]
    at = {one: k for k, one in enumerate(ids)}
    edges = [(at[tie.pop(columns.source)], at[tie.pop(columns.target)]) for tie in ties]
    if with_ego:
        _require_other(ego, ids)
        edges += [(k, len(ids)) for k in range(len(ids))]
        ids = [*ids, ego]
        nodes, ties = [*nodes, {"is_ego": True}], [*ties, *({} for _ in nodes)]
    graph = library.Graph(n=len(ids), edges=edges)
    for name, value in _records(networks.tables_of(net).egos)[0].items():
        graph[name] = value
    for items, rows in ((graph.vs, nodes), (graph.es, ties)):
        for name in dict.fromkeys(key for row in rows for key in row):
            items[name] = [row.get(name) for row in rows]
    # Last, since an attribute of alters may be called so, and igraph finds nodes by it.
    graph.vs["name"] = ids
    return graph


def _require_other(ego: object, ids: list[object]) -> None:
    if ego in ids:
        raise OptionError(
            f"An alter has the id of the ego, {ego!r}: the two can't be told apart in one graph. "
            "Leave 'with_ego' out, or pseudonymise first."
        )


def _parts(
    networks: NetworkData, net: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return the alters and ties of a network, with what is known of each."""
    _, alters, ties = networks.tables_of(net)
    left_out = networks.columns.network
    mine = _records(alters.drop(columns=left_out))
    return mine, [] if ties is None else _records(ties.drop(columns=left_out))


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows as plain values; what is missing is left out."""
    rows = table.astype(object).to_dict("records")
    return [
        {str(name): _plain(value) for name, value in row.items() if not _missing(value)}
        for row in rows
    ]


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _plain(value: object) -> object:
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def to_graphml(networks: NetworkData, folder: str | Path) -> tuple[Path, ...]:
    """Write what `EgoNetworks.to_graphml` says."""
    target = Path(folder)
    made = [path for path in (target, *target.parents) if not path.exists()]
    try:
        target.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise OutputError(f"The folder {str(target)!r} can't be made ({reason}).") from None
    names = _file_names(networks.labels())
    there = [name for name in names if (target / name).exists()]
    if there:
        raise OutputError(
            f"{str(target)!r} holds such files already: {listed(there)}. Name another folder, or "
            "remove them."
        )
    tables, links = networks.to_tables(), networks.links
    left_out = networks.columns.network
    kinds = {"graph": _kinds(tables.egos), "node": _kinds(tables.alters.drop(columns=left_out))}
    egos, alters = _records(tables.egos), _records(tables.alters.drop(columns=left_out))
    ties: list[dict[str, object]] = []
    if tables.ties is not None:
        kinds["edge"] = _kinds(tables.ties.drop(columns=left_out))
        ties = _records(tables.ties.drop(columns=left_out))
    by_net = [_rows_by(links.net, len(egos)), _rows_by(links.net[links.first], len(egos))]
    written: list[Path] = []
    try:
        # A file a network: they are written one by one.
        for net, name in enumerate(names):
            root = _root(
                networks,
                kinds,
                egos[net],
                [alters[row] for row in by_net[0][net]],
                [ties[row] for row in by_net[1][net]] if ties else [],
            )
            written.append(write_whole(target / name, ".graphml", _writer(root)))
    except BaseException:  # Also where somebody stops it: half of the files are of no use.
        for path in written:
            path.unlink(missing_ok=True)
        for path in made:
            with suppress(OSError):  # Somebody else may have put something there.
                path.rmdir()
        raise
    return tuple(written)


def _rows_by(net: np.ndarray, n_nets: int) -> list[np.ndarray]:
    """Return the rows of each network, in their order."""
    order = np.argsort(net, kind="stable")
    return np.split(order, np.cumsum(np.bincount(net, minlength=n_nets))[:-1])


def _file_names(labels: pd.DataFrame) -> list[str]:
    """Name each network's file by its ego and wave: letters, digits, - and _ alone, all unlike."""
    texts = labels.astype(str).agg("_".join, axis=1).str.replace(r"(?:[^\w-]|_)+", "_", regex=True)
    texts = "network_" + texts.str.slice(0, _LONGEST)
    # Some systems take Ann and ann for one file.
    again = texts.groupby(texts.str.casefold()).cumcount()
    many = texts.str.casefold().duplicated(keep=False)
    texts = texts.where(~many, texts + "." + (again + 1).astype(str))
    return [f"{text}.graphml" for text in texts]


def _kinds(table: pd.DataFrame) -> dict[str, str]:
    """Return GraphML's type of each column."""
    types = pd.api.types
    found = {}
    for name, column in table.items():
        inferred = types.infer_dtype(column, skipna=True)
        if inferred == "boolean":
            found[str(name)] = "boolean"
        elif inferred == "integer":
            found[str(name)] = "long"
        elif inferred in ("floating", "mixed-integer-float"):
            found[str(name)] = "double"
        else:
            found[str(name)] = "string"
    return found


def _root(
    networks: NetworkData,
    kinds: dict[str, dict[str, str]],
    ego: dict[str, object],
    alters: list[dict[str, object]],
    ties: list[dict[str, object]],
) -> ET.Element:
    """Build the document of one network."""
    root = ET.Element("graphml", {"xmlns": _NAMESPACE})
    keys: dict[tuple[str, str], str] = {}
    for part, own in kinds.items():
        for name, kind in own.items():
            keys[part, name] = f"k{len(keys)}"
            about = {"id": keys[part, name], "for": part, "attr.name": _xml(name)}
            ET.SubElement(root, "key", about | {"attr.type": kind})
    graph = ET.SubElement(root, "graph", {"edgedefault": "undirected"})
    _data(graph, "graph", ego, keys)
    columns = networks.columns
    ids = {alter[columns.alter]: f"n{k}" for k, alter in enumerate(alters)}
    for alter in alters:
        _data(ET.SubElement(graph, "node", {"id": ids[alter[columns.alter]]}), "node", alter, keys)
    for tie in ties:
        ends = {"source": ids[tie[columns.source]], "target": ids[tie[columns.target]]}
        _data(ET.SubElement(graph, "edge", ends), "edge", tie, keys)
    ET.indent(root)
    return root


def _writer(root: ET.Element) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)

    return write


def _data(
    element: ET.Element, part: str, values: dict[str, object], keys: dict[tuple[str, str], str]
) -> None:
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else _xml(str(value))
        ET.SubElement(element, "data", {"key": keys[part, name]}).text = text


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
