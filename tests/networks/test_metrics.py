"""The structure of ego networks, against R, igraph, networkx and definitions."""

from itertools import combinations
from math import log

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import ColumnError, DataError, OptionError
from cpeval.networks.structure import MEASURES

#: Closed forms on both sides; R printed 17 digits.
RTOL = 1e-10
#: Sums of a few dozen terms about zero.
ATOL = 1e-12

#: Our names, and R's in the file.
NAMES = {
    "size": "degree",
    "ties": "ties_among_alters",
    "density": "density",
    "components": "components",
    "isolates": "isolates",
    "effective_size": "effective_size",
    "efficiency": "efficiency",
    "constraint": "constraint",
    "betweenness": "betweenness",
    "betweenness_normalised": "betweenness_normalised",
}


def values_of(reference, graph):
    stored = reference[graph]["ego_networks"]
    table = pd.DataFrame(stored["values"], columns=stored["cols"], dtype=float)
    return table.assign(ego=[int(row) for row in stored["rows"]]).sort_values("ego")


@pytest.mark.parametrize("graph", ["karate", "kite"])
@pytest.mark.parametrize("ours", NAMES)
def test_equals_r(from_graph, reference, graph, ours):
    table = from_graph(reference[graph]["edges"]).metrics().table
    expected = values_of(reference, graph)
    assert table["ego"].tolist() == expected["ego"].tolist()
    np.testing.assert_allclose(table[ours], expected[NAMES[ours]], rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("graph", ["karate", "kite"])
@pytest.mark.parametrize("ours", ["effective_size", "constraint"])
def test_weighted_equals_r(from_graph, reference, graph, ours):
    networks = from_graph(reference[graph]["edges"], weight="strength")
    table = networks.metrics(weighted=True).table
    expected = values_of(reference, graph)[f"{ours}_weighted"]
    np.testing.assert_allclose(table[ours], expected, rtol=RTOL, atol=ATOL)


def expected_measures(graph):
    """Everything by definition, from networkx and igraph; ``graph`` has the ego "ego" in it."""
    alters = graph.subgraph(n for n in graph if n != "ego")
    n, t = len(alters), alters.number_of_edges()
    found = dict.fromkeys(MEASURES, np.nan)
    parts = [len(part) for part in nx.connected_components(alters)]
    found |= {"size": n, "ties": t, "components": len(parts), "largest_component": max(parts)}
    found["isolates"] = nx.number_of_isolates(alters)
    degree = dict(alters.degree())
    found["mean_degree"] = sum(degree.values()) / n
    small = igraph.Graph.from_networkx(alters)
    found["cliques"] = len(small.maximal_cliques(min=3))
    if n > 1:
        found["density"] = nx.density(alters)
    if n > 2:
        most = max(degree.values())
        found["degree_centralisation"] = sum(most - d for d in degree.values()) / (
            (n - 1) * (n - 2)
        )
    if any(d > 1 for d in degree.values()):
        found["transitivity"] = small.transitivity_undirected()
    whole = igraph.Graph.from_networkx(graph)
    place = whole.vs["_nx_name"].index("ego")
    found["betweenness"] = whole.betweenness(place)
    if n > 1:
        found["betweenness_normalised"] = nx.betweenness_centrality(graph)["ego"]
    found["constraint"] = whole.constraint(place)
    # networkx leaves Borgatti's simple form to unweighted graphs.
    found["effective_size"] = nx.effective_size(graph, nodes=["ego"])["ego"]
    found["efficiency"] = found["effective_size"] / n
    parts = [nx.local_constraint(graph, "ego", alter) for alter in alters]
    mean = sum(parts) / n
    found["hierarchy"] = (
        sum(p / mean * log(p / mean) for p in parts) / (n * log(n)) if n > 1 else 1.0
    )
    return found


FLORENTINE = nx.florentine_families_graph()


@pytest.mark.parametrize(
    "graph",
    [
        FLORENTINE,
        nx.krackhardt_kite_graph(),
        nx.karate_club_graph(),
        nx.davis_southern_women_graph(),
    ],
    ids=["florentine", "kite", "karate", "davis"],
)
def test_equals_igraph_and_networkx_on_every_ego_network(from_graph, graph):
    networks = from_graph([(str(a), str(b)) for a, b in graph.edges])
    table = networks.metrics().table.set_index("ego")
    for node in graph:
        own = nx.Graph(nx.ego_graph(graph, node).edges)
        own = nx.relabel_nodes(own, {node: "ego"})
        expected = expected_measures(own)
        for name, value in expected.items():
            np.testing.assert_allclose(
                table.loc[str(node), name], value, rtol=RTOL, atol=ATOL, err_msg=f"{node} {name}"
            )


@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(0, 12), min_size=1, max_size=6),
    density=st.sampled_from([0, 0.2, 0.5, 0.9, 1]),
    seed=st.integers(0, 1000),
)
def test_equals_igraph_and_networkx_on_random_networks(drawn, sizes, density, seed):
    egos, alters, ties = drawn(sizes, density, seed)
    table = cp.EgoNetworks(egos, alters, ties).metrics().table
    for row in table.itertuples():
        graph = nx.Graph(
            zip(*(ties.loc[ties.ego == row.ego, c] for c in ("source", "target")), strict=True)
        )
        graph.add_edges_from(("ego", alter) for alter in alters.loc[alters.ego == row.ego, "alter"])
        if row.size == 0:
            continue
        for name, value in expected_measures(graph).items():
            np.testing.assert_allclose(
                getattr(row, name), value, rtol=RTOL, atol=ATOL, err_msg=name
            )


def test_weighted_burt_equals_networkx(drawn):
    egos, alters, ties = drawn([5, 9, 2, 1], 0.5, seed=3)
    networks = cp.EgoNetworks(egos, alters, ties, weight="strength")
    table = networks.metrics(weighted=True).table.set_index("ego")
    for ego in egos["ego"]:
        graph = nx.Graph()
        graph.add_weighted_edges_from(
            ties.loc[ties.ego == ego, ["source", "target", "strength"]].itertuples(index=False)
        )
        graph.add_weighted_edges_from(
            ("ego", *row)
            for row in alters.loc[alters.ego == ego, ["alter", "strength"]].itertuples(index=False)
        )
        for name, function in (
            ("constraint", nx.constraint),
            ("effective_size", nx.effective_size),
        ):
            expected = function(graph, nodes=["ego"], weight="weight")["ego"]
            np.testing.assert_allclose(table.loc[ego, name], expected, rtol=RTOL)


def test_strengths_count_only_when_asked(drawn):
    tables = drawn([5, 9, 2], 0.5, seed=3)
    with_weight = cp.EgoNetworks(*tables, weight="strength")
    pd.testing.assert_frame_equal(
        with_weight.metrics().table, cp.EgoNetworks(*tables).metrics().table
    )
    one, two = with_weight.metrics().table, with_weight.metrics(weighted=True).table
    assert (one["constraint"] != two["constraint"]).any()
    same = [
        name
        for name in MEASURES
        if name not in ("effective_size", "efficiency", "constraint", "hierarchy")
    ]
    pd.testing.assert_frame_equal(one[same], two[same])


def test_larger_networks_than_a_word_of_bits_equal_igraph(drawn):
    egos, alters, ties = drawn([63, 64, 65, 130], 0.3, seed=5)
    table = cp.EgoNetworks(egos, alters, ties).metrics().table.set_index("ego")
    for ego in egos["ego"]:
        names = alters.loc[alters.ego == ego, "alter"].tolist()
        own = ties[ties.ego == ego]
        graph = igraph.Graph.TupleList(zip(own.source, own.target, strict=True))
        graph.add_vertices([name for name in names if name not in graph.vs["name"]])
        assert table.loc[ego, "cliques"] == len(graph.maximal_cliques(min=3))
        assert table.loc[ego, "components"] == len(graph.connected_components())


def test_long_chains_and_many_parts_are_one_component_each():
    n = 70
    egos = pd.DataFrame({"ego": ["chain", "pairs"]})
    alters = pd.DataFrame({"ego": ["chain"] * n + ["pairs"] * n, "alter": [*range(n)] * 2})
    order = np.random.default_rng(0).permutation(n)
    chain = pd.DataFrame({"ego": "chain", "source": order[:-1], "target": order[1:]})
    pairs = pd.DataFrame({"ego": "pairs", "source": order[::2], "target": order[1::2]})
    table = cp.EgoNetworks(egos, alters, pd.concat([chain, pairs])).metrics().table
    assert table["components"].tolist() == [1, n // 2]
    assert table["largest_component"].tolist() == [n, 2]


# By hand, from the definitions in the docstring.
NAN = np.nan
EMPTY = dict.fromkeys(MEASURES, NAN) | dict.fromkeys(
    ("size", "ties", "components", "isolates", "largest_component", "cliques"), 0
)
EMPTY |= {"effective_size": 0, "betweenness": 0}
ONE = dict.fromkeys(MEASURES, NAN) | dict.fromkeys(("size", "components", "isolates"), 1)
ONE |= dict.fromkeys(("largest_component", "effective_size", "efficiency", "constraint"), 1)
ONE |= {"hierarchy": 1, "betweenness": 0, "ties": 0, "mean_degree": 0, "cliques": 0}
TWO_APART = ONE | {"size": 2, "density": 0, "components": 2, "isolates": 2, "effective_size": 2}
TWO_APART |= {"constraint": 0.5, "hierarchy": 0, "betweenness": 1, "betweenness_normalised": 1}
TWO_TIED = TWO_APART | {"ties": 1, "density": 1, "components": 1, "isolates": 0, "mean_degree": 1}
TWO_TIED |= {"largest_component": 2, "effective_size": 1, "efficiency": 0.5, "constraint": 1.125}
TWO_TIED |= {"betweenness": 0, "betweenness_normalised": 0}


@pytest.mark.parametrize(
    ("n", "ties", "expected"),
    [(0, [], EMPTY), (1, [], ONE), (2, [], TWO_APART), (2, [(1, 2)], TWO_TIED)],
    ids=["nobody", "one", "two apart", "two tied"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_smallest_networks_are_as_the_docs_say(n, ties, expected, weighted):
    egos = pd.DataFrame({"ego": [1, 2]})
    # A second network, so that no table is empty.
    alters = pd.DataFrame({"ego": [1] * n + [2] * 3, "alter": [*range(1, n + 1), 1, 2, 3]})
    tied = pd.DataFrame(
        [(1, a, b) for a, b in ties] + [(2, 1, 2)], columns=["ego", "source", "target"]
    )
    networks = cp.EgoNetworks(egos, alters.assign(w=3.0), tied.assign(w=3.0), weight="w")
    row = networks.metrics(weighted=weighted).table.iloc[0]
    assert {name: row[name] for name in MEASURES} == pytest.approx(expected, nan_ok=True)


def test_without_ties_only_the_size_is_known(drawn):
    egos, alters, _ = drawn([2, 0, 3])
    result = cp.EgoNetworks(egos, alters).metrics()
    assert result.table["size"].tolist() == [2, 0, 3]
    assert result.table[[m for m in MEASURES if m != "size"]].isna().all(axis=None)
    assert any("No table of ties" in text for text in result.warnings)


def test_an_empty_table_of_ties_means_that_nobody_knows_another(drawn):
    egos, alters, ties = drawn([2, 0, 3])
    table = cp.EgoNetworks(egos, alters, ties.iloc[:0]).metrics().table
    assert table["ties"].tolist() == [0, 0, 0]
    assert table["components"].tolist() == [2, 0, 3]


def test_no_egos_at_all(drawn):
    egos, alters, ties = (table.iloc[:0] for table in drawn([2]))
    networks = cp.EgoNetworks(egos, alters, ties)
    assert len(networks) == 0
    assert networks.metrics().table.empty
    assert networks.metrics(by="alter").table.empty


def test_groups_are_networks_of_their_own(drawn):
    egos, alters, ties = drawn([8, 0, 5], 0.6, seed=2)
    kinds = np.where(np.arange(len(alters)) % 3 == 0, "place", "person").astype(object)
    alters["kind"] = kinds
    alters.loc[1, "kind"] = None
    networks = cp.EgoNetworks(egos, alters, ties)
    result = networks.metrics(by="kind")
    assert "1 alter without a value of 'kind' is in no group." in result.warnings
    assert result.table["ego"].tolist() == ["e0", "e0", "e1", "e1", "e2", "e2"]
    assert result.table["group"].tolist() == ["person", "place"] * 3
    for kind in ("person", "place"):
        own = result.table[result.table["group"] == kind].drop(columns="group")
        alone = networks.select(alters={"kind": kind}).metrics().table
        pd.testing.assert_frame_equal(own.reset_index(drop=True), alone)


@settings(max_examples=20)
@given(
    sizes=st.lists(st.integers(0, 9), min_size=2, max_size=6),
    seed=st.integers(0, 1000),
    random=st.randoms(use_true_random=False),
)
def test_names_and_order_of_rows_change_nothing(drawn, sizes, seed, random):
    egos, alters, ties = drawn(sizes, seed=seed)
    one = cp.EgoNetworks(egos, alters, ties, weight="strength").metrics(weighted=True).table
    ids = alters["alter"].tolist()
    other = ids.copy()
    random.shuffle(other)
    new = dict(zip(ids, other, strict=True))
    state = random.randrange(2**31)
    ties = ties.assign(source=ties["target"].map(new), target=ties["source"].map(new))
    alters = alters.assign(alter=alters["alter"].map(new))
    shuffled = (table.sample(frac=1, random_state=state) for table in (egos, alters, ties))
    two = cp.EgoNetworks(*shuffled, weight="strength").metrics(weighted=True).table
    two = two.sort_values("ego", ignore_index=True)
    pd.testing.assert_frame_equal(one.sort_values("ego", ignore_index=True), two, rtol=1e-9)


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5), seed=st.integers(0, 1000))
def test_one_more_isolate_changes_only_what_it_should(drawn, sizes, seed):
    egos, alters, ties = drawn(sizes, seed=seed)
    more = pd.concat([alters, egos.assign(alter="alone", strength=1.0)])
    one = cp.EgoNetworks(egos, alters, ties).metrics().table
    two = cp.EgoNetworks(egos, more, ties).metrics().table
    for name, by in {"size": 1, "components": 1, "isolates": 1, "ties": 0, "cliques": 0}.items():
        np.testing.assert_array_equal(two[name], one[name] + by)
    np.testing.assert_array_equal(two["largest_component"], one["largest_component"])
    np.testing.assert_allclose(two["transitivity"], one["transitivity"])
    # Everybody meets the isolate through the ego alone.
    np.testing.assert_allclose(two["betweenness"], one["betweenness"] + one["size"])
    redundancy = 2 * one["ties"] / two["size"]
    np.testing.assert_allclose(two["effective_size"], two["size"] - redundancy)


def test_merged_networks_are_their_metrics_below_each_other(drawn):
    egos, alters, ties = drawn([3, 0, 12, 7, 12], seed=9)
    parts = [
        cp.EgoNetworks(*(t[t["ego"].isin(names)] for t in (egos, alters, ties)))
        for names in (["e0", "e3"], ["e1", "e2", "e4"])
    ]
    both = pd.concat([part.metrics().table for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal((parts[0] + parts[1]).metrics().table, both)


def test_constraint_of_a_clique_is_known():
    """Burt (1992): in a clique of n alters each has p = 1/n of the ego, and as much of the others."""
    n = 6
    egos = pd.DataFrame({"ego": [1]})
    alters = pd.DataFrame({"ego": 1, "alter": range(n)})
    ties = pd.DataFrame(combinations(range(n), 2), columns=["source", "target"]).assign(ego=1)
    row = cp.EgoNetworks(egos, alters, ties).metrics().table.iloc[0]
    assert row["constraint"] == pytest.approx(n * (1 / n + (n - 1) / n**2) ** 2, rel=RTOL)
    assert row[["density", "effective_size", "transitivity", "cliques"]].tolist() == pytest.approx(
        [1] * 4
    )


def test_a_network_too_large_to_measure_is_refused(monkeypatch, drawn):
    made = cp.EgoNetworks(*drawn([3, 8]))
    monkeypatch.setattr("cpeval.networks.metrics.MOST_ALTERS", 7)
    with pytest.raises(DataError, match="The largest network has 8 alters"):
        made.metrics()


def test_weights_need_a_column(drawn):
    networks = cp.EgoNetworks(*drawn([3]))
    with pytest.raises(OptionError, match="give weight= when the networks are made"):
        networks.metrics(weighted=True)
    with pytest.raises(OptionError, match="'weighted' must be True or False"):
        networks.metrics(weighted="strength")


def test_kinds_are_known_once_they_were_named(drawn):
    egos, alters, ties = drawn([8, 0, 5], 0.6, seed=2)
    alters["sort"] = np.where(np.arange(len(alters)) % 3 == 0, "place", "person")
    plain, known = (cp.EgoNetworks(egos, alters, ties, kind=kind) for kind in (None, "sort"))
    for one, other in (
        (plain.metrics(by="sort"), known.metrics(by_kind=True)),
        (plain.composition("sort"), known.composition()),
    ):
        pd.testing.assert_frame_equal(one.table, other.table)
    assert known.select(egos={"ego": "e0"}).composition().column == "sort"
    for refused in (plain.composition, lambda: plain.metrics(by_kind=True)):
        with pytest.raises(OptionError, match="give kind= when the networks are made"):
            refused()
    for wrong in ({"by_kind": "sort"}, {"by_kind": True, "by": "sort"}):
        with pytest.raises(OptionError, match="'by_kind' must be True or False"):
            known.metrics(**wrong)
    with pytest.raises(ColumnError, match="The alters have no column 'sorts'"):
        cp.EgoNetworks(egos, alters, ties, kind="sorts")
    with pytest.raises(ColumnError, match="The alters have no column 'matters'"):
        cp.EgoNetworks(egos, alters, ties, importance="matters")


def test_by_names_an_absent_column(drawn):
    egos, alters, ties = drawn([3])
    networks = cp.EgoNetworks(egos, alters.assign(kind="person"), ties)
    with pytest.raises(ColumnError, match=r"no column 'kinds' \(did you mean 'kind'\?\)"):
        networks.metrics(by="kinds")


def test_plots_one_measure_without_names(drawn):
    result = cp.EgoNetworks(*drawn([3, 5, 2])).metrics()
    axes = result.plot(column="density")
    assert axes.get_xlabel() == "Density"
    assert result.plot().get_xlabel() == "Size"
    with pytest.raises(OptionError, match="'column' must be one of 'size'"):
        result.plot(column="ego")
