"""Networks as graphs of other tools, there and back."""

import sys

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import MissingLibraryError, OptionError, OutputError, WaveError

EGOS = pd.DataFrame({"ego": ["Zoë <&", "Bo"], "wave": [0, 1], "age": [30, np.nan]})
ALTERS = pd.DataFrame(
    {
        "ego": ["Zoë <&"] * 3,
        "wave": 0,
        "alter": ["mum", "a & b", "=1+1"],
        "close": [1, 2, 3],
        "kin": [True, False, None],
        "note": ["x", None, "line\nbreak \x00"],
        "score": [0.1, np.nan, 1e-17],
    }
)
TIES = pd.DataFrame(
    {"ego": ["Zoë <&"], "wave": [0], "source": ["a & b"], "target": ["mum"], "key": [2]}
)
NETWORKS = cp.EgoNetworks(EGOS, ALTERS, TIES, wave="wave")


def test_networkx():
    networkx = pytest.importorskip("networkx")
    graph = NETWORKS.to_networkx("Zoë <&")
    assert isinstance(graph, networkx.Graph)
    assert graph.graph == {"ego": "Zoë <&", "wave": 0, "age": 30.0}
    assert list(graph) == ["mum", "a & b", "=1+1"]
    assert graph.nodes["a & b"] == {"close": 2, "kin": False}
    assert list(graph.edges(data=True)) == [("mum", "a & b", {"key": 2})]
    whole = NETWORKS.to_networkx("Zoë <&", wave=0, with_ego=True)
    assert whole.degree("Zoë <&") == 3
    assert whole.nodes["Zoë <&"] == {"is_ego": True}
    assert len(NETWORKS.to_networkx("Bo")) == 0


def test_igraph():
    pytest.importorskip("igraph")
    graph = NETWORKS.to_igraph("Zoë <&")
    assert graph["age"] == 30.0
    assert graph.vs["name"] == ["mum", "a & b", "=1+1"]
    assert graph.vs["kin"] == [True, False, None]
    assert graph.get_edgelist() == [(0, 1)]
    assert graph.es["key"] == [2]
    whole = NETWORKS.to_igraph("Zoë <&", with_ego=True)
    assert whole.degree(whole.vs.find(name="Zoë <&")) == 3
    assert NETWORKS.to_igraph("Bo").vcount() == 0


def test_measures_are_those_of_the_graphs(drawn):
    networkx = pytest.importorskip("networkx")
    pytest.importorskip("igraph")
    made = cp.EgoNetworks(*drawn([0, 1, 2, 7, 12]))
    table = made.metrics().table
    for row in table.itertuples():
        graph, whole = made.to_networkx(row.ego), made.to_igraph(row.ego, with_ego=True)
        assert (len(graph), graph.size()) == (row.size, row.ties)
        assert networkx.number_connected_components(graph) == row.components
        if row.size > 1:
            constraint = whole.constraint(whole.vs.find(name=row.ego))
            assert row.constraint == pytest.approx(constraint, rel=1e-10)


def test_graphml_is_read_back(tmp_path):
    networkx = pytest.importorskip("networkx")
    paths = NETWORKS.to_graphml(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["network_Zoë_0.graphml", "network_Bo_1.graphml"]
    graph = networkx.read_graphml(paths[0])
    assert graph.graph["ego"] == "Zoë <&"
    nodes = dict(graph.nodes(data=True))
    assert nodes["n0"] == {"alter": "mum", "close": 1, "kin": True, "note": "x", "score": 0.1}
    assert nodes["n1"] == {"alter": "a & b", "close": 2, "kin": False}
    assert nodes["n2"] == {
        "alter": "=1+1", "close": 3, "note": "line\nbreak \ufffd", "score": 1e-17,
    }  # fmt: skip
    assert [set(edge) for edge in graph.edges()] == [{"n0", "n1"}]
    assert next(iter(graph.edges(data=True)))[2]["key"] == 2
    assert len(networkx.read_graphml(paths[1])) == 0
    assert sorted(p.name for p in paths[0].parent.iterdir()) == sorted(p.name for p in paths)


def test_graphml_and_igraph_agree(tmp_path, drawn):
    igraph = pytest.importorskip("igraph")
    made = cp.EgoNetworks(*drawn([3, 0, 6]))
    for path, row in zip(made.to_graphml(tmp_path), made.metrics().table.itertuples(), strict=True):
        graph = igraph.Graph.Read_GraphML(str(path))
        assert (graph.vcount(), graph.ecount()) == (row.size, row.ties)


def test_files_that_would_share_a_name(tmp_path):
    egos = pd.DataFrame({"ego": ["a/b", "A b", "../x", "x" * 300]})
    alters = pd.DataFrame({"ego": egos["ego"], "alter": 1})
    paths = cp.EgoNetworks(egos, alters).to_graphml(tmp_path)
    assert {path.parent for path in paths} == {tmp_path}
    assert len({path.name.casefold() for path in paths}) == 4
    with pytest.raises(OutputError, match="such files already"):
        cp.EgoNetworks(egos, alters).to_graphml(tmp_path)


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be made"):
        NETWORKS.to_graphml(tmp_path / "file")


def test_files_are_removed_if_one_cannot_be_written(tmp_path, monkeypatch):
    from cpeval.networks import graphs

    write, done = graphs.write_whole, []

    def full(path, suffix, how):
        if done:
            raise OutputError("the disk is full")
        done.append(path)
        return write(path, suffix, how)

    monkeypatch.setattr(graphs, "write_whole", full)
    for folder, left in ((tmp_path, []), (tmp_path / "new" / "inner", [])):
        done.clear()
        with pytest.raises(OutputError, match="full"):
            NETWORKS.to_graphml(folder)
        assert done
        assert list(tmp_path.iterdir()) == left

    def stopped(path, suffix, how):
        if done:
            raise KeyboardInterrupt
        done.append(path)
        return write(path, suffix, how)

    done.clear()
    monkeypatch.setattr(graphs, "write_whole", stopped)
    with pytest.raises(KeyboardInterrupt):
        NETWORKS.to_graphml(tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_one_graph_does_not_copy_all_tables(drawn, monkeypatch):
    made = cp.EgoNetworks(*drawn([3, 5]))
    monkeypatch.setattr(cp.EgoNetworks, "to_tables", None)
    assert len(made.to_networkx("e1")) == 5
    assert made.to_igraph("e1").vcount() == 5


def test_who_is_asked_for():
    for how, error, said in (
        (("Zoe <&",), OptionError, r"no ego 'Zoe <&' \(did you mean 'Zoë <&'\?\)"),
        (("Bo", 0), WaveError, "Waves there: 1"),
    ):
        with pytest.raises(error, match=said):
            NETWORKS.to_networkx(how[0], wave=how[1] if len(how) > 1 else None)
    both = cp.EgoNetworks(pd.DataFrame({"ego": "A", "wave": [0, 1]}), ALTERS.iloc[:0], wave="wave")
    with pytest.raises(OptionError, match="is one of 0, 1"):
        both.to_igraph("A")
    plain = cp.EgoNetworks(pd.DataFrame({"ego": [1]}), pd.DataFrame({"ego": [1], "alter": [1]}))
    with pytest.raises(OptionError, match="no waves"):
        plain.to_networkx(1, wave=0)
    with pytest.raises(OptionError, match="An alter has the id of the ego"):
        plain.to_networkx(1, with_ego=True)


@pytest.mark.parametrize("library", ["networkx", "igraph"])
def test_a_library_that_is_absent(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError, match=f"pip install {library}"):
        getattr(NETWORKS, f"to_{library}")("Bo")
