"""Average networks: against networkx on real networks, by hand, and as pictures."""

import pickle
from itertools import combinations

import matplotlib as mpl
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from matplotlib.patches import Circle

import cpeval as cp
from cpeval.errors import ColumnError, DataError, OptionError, WaveError

#: Sums of a few hundred fractions in another order.
RTOL = 1e-12


@pytest.fixture(autouse=True)
def agg():
    mpl.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def by_graphs(networks, column, by):
    """The same from a graph a network: networkx's densities, averaged a network at a time."""
    egos, alters, ties = networks.to_tables()
    wave = networks.columns.wave
    keys = ["ego"] if wave is None else ["ego", wave]
    own = dict(list(alters.groupby(keys)))
    known = dict(list(ties.groupby(keys)))
    terms = sorted(alters[column].dropna().unique())
    found = {}
    for _, ego in egos.iterrows():
        key = tuple(ego[k] for k in keys)
        cell = (ego[by], *key[1:])
        graph = nx.Graph()
        category = {}
        if key in own:
            category = dict(zip(own[key]["alter"], own[key][column], strict=True))
            graph.add_nodes_from(category)
        if key in known:
            graph.add_edges_from(zip(known[key]["source"], known[key]["target"], strict=True))
        where = {term: [a for a, c in category.items() if c == term] for term in terms}
        for term in terms:
            members = where[term]
            line = found.setdefault((*cell, term), [])
            density = nx.density(graph.subgraph(members)) if len(members) > 1 else np.nan
            line.append((len(members) > 0, len(members), density))
        for term, other in combinations(terms, 2):
            ends = where[term], where[other]
            pairs = len(ends[0]) * len(ends[1])
            edges = len(list(nx.edge_boundary(graph, *ends))) if pairs else 0
            found.setdefault((*cell, term, other), []).append((edges, pairs))
    return found


def check(networks, column, by):
    result = networks.aggregate(column, by=by)
    expected = by_graphs(networks, column, by)
    keys = [name for name in ("group", "wave") if name in result.table.columns]
    assert len(result.table) + len(result.between) == len(expected)
    for _, row in result.table.iterrows():
        lines = np.array(expected[(*row[keys], row["term"])], dtype=float)
        known = lines[~np.isnan(lines[:, 2])]
        assert row["n"] == len(lines)
        assert row["n_density"] == len(known)
        np.testing.assert_allclose(
            row[["share", "mean"]].astype(float), lines[:, :2].mean(axis=0), rtol=RTOL
        )
        if not len(known):
            assert np.isnan(row["density"])
            assert np.isnan(row["pooled_density"])
            continue
        pairs = known[:, 1] * (known[:, 1] - 1) / 2
        np.testing.assert_allclose(row["density"], known[:, 2].mean(), rtol=RTOL)
        pooled = (known[:, 2] * pairs).sum() / pairs.sum()
        np.testing.assert_allclose(row["pooled_density"], pooled, rtol=RTOL)
    for _, row in result.between.iterrows():
        lines = np.array(expected[(*row[keys], row["term"], row["other"])], dtype=float)
        edges, pairs = lines[lines[:, 1] > 0].T
        assert row["n_density"] == len(pairs)
        if not len(pairs):
            assert np.isnan(row["density"])
            continue
        np.testing.assert_allclose(row["density"], (edges / pairs).mean(), rtol=RTOL)
        np.testing.assert_allclose(row["pooled_density"], edges.sum() / pairs.sum(), rtol=RTOL)
    return result


def test_equals_networkx_on_real_networks(reference, from_graph):
    made = from_graph(reference["karate"]["edges"]).to_tables()
    club = {int(node): name for node, name in reference["karate"]["club"].items()}
    egos = made.egos.assign(club=made.egos["ego"].map(club))
    alters = made.alters.assign(club=made.alters["alter"].map(club))
    result = check(cp.EgoNetworks(egos, alters, made.ties), "club", "club")
    # 34 members, 78 friendships: 156 alters.
    assert result.sizes["n"].sum() == 34
    assert (result.sizes["n"] * result.sizes["mean"]).sum() == pytest.approx(156)


def test_equals_networkx_by_arm_and_wave():
    study = cp.simulate(seed=3)
    egos = study.egos.merge(study.people[["person", "arm"]], left_on="ego", right_on="person")
    networks = cp.EgoNetworks(egos, study.alters, study.ties, wave="wave")
    result = check(networks, "relation", "arm")
    merged = study.alters.merge(egos, on=["ego", "wave"])
    sizes = merged.groupby(["arm", "wave"]).size() / egos.groupby(["arm", "wave"]).size()
    np.testing.assert_allclose(result.sizes["mean"], sizes.sort_index(), rtol=RTOL)
    # Places and activities have no relation.
    gaps = int(study.alters["relation"].isna().sum())
    assert result.sizes["uncategorised"].sum() == gaps
    assert f"{gaps} alters without a value of 'relation' are in no category" in " ".join(
        result.warnings
    )
    one = networks.aggregate(by="arm", wave="t1")
    same = result.table.query("wave == 't1'").reset_index(drop=True)
    pd.testing.assert_frame_equal(one.table, same)


def few(**more):
    """Two egos of arm x, one of y without alters, one of no arm."""
    egos = pd.DataFrame({"ego": list("abcd"), "arm": ["x", "x", "y", None]})
    alters = pd.DataFrame(
        {
            "ego": list("aaaabbd"),
            "alter": [1, 2, 3, 4, 1, 2, 1],
            "relation": ["kin", "kin", "kin", "pal", "kin", "pal", "kin"],
        }
    )
    ties = pd.DataFrame({"ego": list("aaab"), "source": [1, 4, 2, 2], "target": [2, 1, 4, 1]})
    return cp.EgoNetworks(egos, alters, ties, **more)


def test_by_hand():
    result = few().aggregate(by="arm")
    expected = pd.DataFrame(
        {
            "group": ["x", "x", "y", "y"],
            "term": ["kin", "pal"] * 2,
            "n": [2, 2, 1, 1],
            "share": [1.0, 1.0, 0.0, 0.0],
            "mean": [2.0, 1.0, 0.0, 0.0],
            # Ego a: one of three pairs of kin; b has no pair.
            "density": [1 / 3, np.nan, np.nan, np.nan],
            "pooled_density": [1 / 3, np.nan, np.nan, np.nan],
            "n_density": [1, 0, 0, 0],
        }
    )
    pd.testing.assert_frame_equal(result.table, expected, rtol=RTOL)
    # Kin with pals: two of three pairs of a, one of one of b.
    assert result.between["density"].iloc[0] == pytest.approx((2 / 3 + 1) / 2, rel=RTOL)
    assert result.between["pooled_density"].iloc[0] == pytest.approx(3 / 4, rel=RTOL)
    assert result.between["n_density"].tolist() == [2, 0]
    assert result.sizes.to_dict("list") == {
        "group": ["x", "y"],
        "n": [2, 1],
        "mean": [3.0, 0.0],
        "without": [0, 1],
        "uncategorised": [0, 0],
    }
    assert result.n_excluded == 1
    warnings = " ".join(result.warnings)
    assert "1 network of egos without a value of 'arm'" in warnings
    assert "Averages of fewer than 5 networks: 'x', 'y'" in warnings


def test_without_ties_densities_are_missing():
    tables = few().to_tables()
    result = cp.EgoNetworks(tables.egos, tables.alters).aggregate()
    assert result.table["mean"].tolist() == [5 / 4, 2 / 4]
    assert result.table["density"].isna().all()
    assert result.between["pooled_density"].isna().all()
    assert "No table of ties" in " ".join(result.warnings)
    result.plot().figure.canvas.draw()


def test_nobody_and_nothing():
    egos = pd.DataFrame({"ego": [1, 2]})
    nobody = pd.DataFrame({"ego": [], "alter": [], "relation": []}).astype({"ego": int})
    result = cp.EgoNetworks(egos, nobody).aggregate(categories=["kin", "pal"])
    assert result.table["mean"].tolist() == [0, 0]
    result.plot().figure.canvas.draw()
    none = cp.EgoNetworks(egos, nobody).aggregate()
    assert none.table.empty
    assert none.sizes["without"].tolist() == [2]
    none.plot().figure.canvas.draw()
    empty = cp.EgoNetworks(egos.iloc[:0], nobody).aggregate()
    assert empty.sizes.empty
    empty.plot().figure.canvas.draw()


def test_mistakes_are_said():
    with pytest.raises(ColumnError, match=r"The egos have no column 'amr'.*did you mean 'arm'"):
        few().aggregate(by="amr")
    with pytest.raises(ColumnError, match="The alters have no column 'kind'"):
        few().aggregate("kind")
    with pytest.raises(OptionError, match="There are no waves"):
        few().aggregate(wave="t0")
    with pytest.raises(DataError, match="not among the categories"):
        few().aggregate(categories=["kin"])
    study = cp.simulate(seed=1)
    networks = cp.EgoNetworks(study.egos, study.alters, study.ties, wave="wave")
    with pytest.raises(WaveError, match="No ego has the wave 't7'"):
        networks.aggregate(wave="t7")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=6),
    st.integers(0, 99),
)
def test_twice_the_same_networks_have_the_same_average(relations, seed):
    random = np.random.default_rng(seed)
    rows = [(k, j, r) for k, own in enumerate(relations) for j, r in enumerate(own)]
    pairs = [
        (k, a, b)
        for k, own in enumerate(relations)
        for a, b in combinations(range(len(own)), 2)
        if random.random() < 0.5
    ]
    tables = (
        pd.DataFrame({"ego": range(len(relations))}),
        pd.DataFrame(rows, columns=["ego", "alter", "relation"]).astype({"ego": int}),
        pd.DataFrame(pairs, columns=["ego", "source", "target"]).astype({"ego": int}),
    )
    again = (table.assign(ego=table["ego"] + 100) for table in tables)
    one = cp.EgoNetworks(*tables)
    names = ["a", "b", "c"]
    once, twice = (x.aggregate(categories=names) for x in (one, one + cp.EgoNetworks(*again)))
    columns = ["share", "mean", "density", "pooled_density"]
    pd.testing.assert_frame_equal(once.table[columns], twice.table[columns], rtol=RTOL)
    densities = pd.concat([once.table["density"], once.between["density"]]).dropna()
    assert densities.between(0, 1 + RTOL).all()
    # All categories' alters, and all their ties, are the networks'.
    assert once.table["mean"].sum() == pytest.approx(once.sizes["mean"].item())


def test_is_a_tidy_result():
    result = few().aggregate(by="arm")
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.between, result.between)
    assert result.note in repr(result)
    assert "<table" in result._repr_html_()


def test_the_picture_shows_what_the_tables_hold():
    result = few().aggregate(by="arm")
    ax = result.plot()
    ax.figure.canvas.draw()
    shown = [text.get_text() for text in ax.texts]
    assert {"x, n = 2\n3.0 alters", "y, n = 1\n0.0 alters"} <= set(shown)
    assert {"kin\n2.0, 100%", "pal\n1.0, 100%", "kin\n0.0, 0%", "0.33", "0.83"} <= set(shown)
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    # Areas are as the means: 2 to 1.
    assert circles[0].radius ** 2 == pytest.approx(2 * circles[1].radius ** 2)
    # No line where there is no density: only x has both.
    assert len(ax.lines) == 1
    tables = few().to_tables()
    untied = cp.EgoNetworks(tables.egos, tables.alters, tables.ties.iloc[:1])
    assert untied.aggregate().between["density"].tolist() == [0]
    assert len(untied.aggregate().plot().lines) == 0


def test_hostile_categories_are_only_text():
    names = ["$\\frac$", "_x", "<b>", "a\nb\x07", "=1+1", "y" * 400]
    egos = pd.DataFrame({"ego": [1], "arm": ["$x$\n"]})
    alters = pd.DataFrame({"ego": 1, "alter": range(6), "re\nlation": names})
    ties = pd.DataFrame({"ego": 1, "source": range(5), "target": range(1, 6)})
    ax = cp.EgoNetworks(egos, alters, ties).aggregate("re\nlation", by="arm").plot()
    ax.figure.canvas.draw()
    shown = [text.get_text() for text in ax.texts]
    assert "$\\frac$\n1.0, 100%" in shown
    assert "a b\n1.0, 100%" in shown
    assert max(map(len, shown)) < 40
    assert not any(text.get_parse_math() for text in ax.texts)


def test_too_many_categories_are_not_drawn():
    alters = pd.DataFrame({"ego": 1, "alter": range(13), "relation": [f"r{k}" for k in range(13)]})
    result = cp.EgoNetworks(pd.DataFrame({"ego": [1]}), alters).aggregate()
    with pytest.raises(OptionError, match="13 categories of 'relation' overlap"):
        result.plot()
