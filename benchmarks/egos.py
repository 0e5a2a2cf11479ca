"""Time the structure of ego networks against loops over graphs of networkx and igraph.

100,000 egos of 20 alters, three in ten pairs of alters tied: all measures at once, from tables that
were checked. Goal: at most 5 s. The loops compute the same for the first 1,000 egos, a graph each,
and are checked to give the same; per ego networkx must take 200 times as long, igraph 10 times.
Last, 1,000,000 egos of 10 alters in a process of their own, which may hold 8 GiB.
"""

import resource
import subprocess
import sys
import time
from math import log

import igraph
import networkx as nx
import numpy as np
import pandas as pd
from _timing import Row, environment, medians, show

import cpeval as cp

N_EGOS, N_ALTERS, DENSITY, REPEATS = 100_000, 20, 0.3, 3
N_LOOP = 1_000
MANY = (1_000_000, 10)
GIB = 2**30

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def drawn(n_egos: int, n_alters: int) -> Tables:
    """Draw networks whose alters are numbered within each ego."""
    random = np.random.default_rng(1)
    i, j = np.triu_indices(n_alters, 1)
    pieces = [
        np.nonzero(random.random((min(50_000, n_egos - start), i.size)) < DENSITY)
        for start in range(0, n_egos, 50_000)
    ]
    ego = np.concatenate([net + 50_000 * k for k, (net, _) in enumerate(pieces)])
    pair = np.concatenate([pair for _, pair in pieces])
    return (
        pd.DataFrame({"ego": np.arange(n_egos)}),
        pd.DataFrame(
            {
                "ego": np.repeat(np.arange(n_egos), n_alters),
                "alter": np.tile(np.arange(n_alters), n_egos),
            }
        ),
        pd.DataFrame({"ego": ego, "source": i[pair], "target": j[pair]}),
    )


def pairs_by_ego(tables: Tables) -> list[list[tuple[int, int]]]:
    """List the ties of the first egos; the loops are not timed for finding them."""
    ties = tables[2][tables[2]["ego"] < N_LOOP]
    found: list[list[tuple[int, int]]] = [[] for _ in range(N_LOOP)]
    for ego, source, target in ties.itertuples(index=False):
        found[ego].append((source, target))
    return found


def with_networkx(every: list[list[tuple[int, int]]]) -> np.ndarray:
    """Compute the measures, a graph an ego."""
    found = []
    for pairs in every:
        alters = nx.Graph(pairs)
        alters.add_nodes_from(range(N_ALTERS))
        graph = alters.copy()
        graph.add_edges_from(("ego", alter) for alter in range(N_ALTERS))
        parts = [len(part) for part in nx.connected_components(alters)]
        degree = [d for _, d in alters.degree()]
        local = [nx.local_constraint(graph, "ego", alter) for alter in range(N_ALTERS)]
        found.append(
            (
                nx.density(alters),
                len(parts),
                nx.number_of_isolates(alters),
                max(parts),
                sum(max(degree) - d for d in degree),
                nx.effective_size(graph, nodes=["ego"])["ego"],
                sum(local),
                disorder(local),
                nx.betweenness_centrality(graph, normalized=False)["ego"],
                nx.transitivity(alters),
                sum(len(clique) > 2 for clique in nx.find_cliques(alters)),
            )
        )
    return np.array(found)


def with_igraph(every: list[list[tuple[int, int]]]) -> np.ndarray:
    """Compute the measures that igraph has, and effective size by hand, a graph an ego."""
    found = []
    for pairs in every:
        alters = igraph.Graph(n=N_ALTERS, edges=pairs)
        spokes = [(N_ALTERS, alter) for alter in range(N_ALTERS)]
        graph = igraph.Graph(n=N_ALTERS + 1, edges=pairs + spokes)
        parts = alters.connected_components().sizes()
        degree = alters.degree()
        found.append(
            (
                alters.density(),
                len(parts),
                degree.count(0),
                max(parts),
                sum(max(degree) - d for d in degree),
                N_ALTERS - 2 * len(pairs) / N_ALTERS,
                graph.constraint(N_ALTERS),
                graph.betweenness(N_ALTERS),
                alters.transitivity_undirected(),
                len(alters.maximal_cliques(min=3)),
            )
        )
    return np.array(found)


def disorder(parts: list[float]) -> float:
    """Compute hierarchy from the alters' parts of constraint."""
    mean = sum(parts) / len(parts)
    return sum(p / mean * log(p / mean) for p in parts) / (len(parts) * log(len(parts)))


def check_the_same(table: pd.DataFrame, nx_found: np.ndarray, igraph_found: np.ndarray) -> None:
    """Raise unless all three give the same numbers."""
    ours = table[:N_LOOP].assign(
        below=table["degree_centralisation"] * (N_ALTERS - 1) * (N_ALTERS - 2)
    )
    first = ["density", "components", "isolates", "largest_component", "below", "effective_size"]
    last = ["betweenness", "transitivity", "cliques"]
    np.testing.assert_allclose(
        ours[[*first, "constraint", "hierarchy", *last]], nx_found, 1e-9, 1e-12
    )
    np.testing.assert_allclose(ours[[*first, "constraint", *last]], igraph_found, 1e-9, 1e-12)


def many() -> None:
    """Measure 1,000,000 egos in this process, and say what it took."""
    start = time.perf_counter()
    tables = drawn(*MANY)
    made = time.perf_counter()
    networks = cp.EgoNetworks(*tables)
    checked = time.perf_counter()
    networks.metrics()
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    print(f"1,000,000 egos x 10 alters, {len(tables[2]):,} ties (drawn in {made - start:.0f} s)")
    print(f"  cp.EgoNetworks  {checked - made:.1f} s")
    print(f"  .metrics()      {done - checked:.1f} s")
    print(f"  memory at most  {peak:.1f} GiB, goal 8 GiB: {'met' if peak <= 8 else 'NOT MET'}")


def main() -> None:
    """Time and print."""
    tables = drawn(N_EGOS, N_ALTERS)
    networks = cp.EgoNetworks(*tables)
    every = pairs_by_ego(tables)
    start = time.perf_counter()
    nx_found = with_networkx(every)
    of_networkx = time.perf_counter() - start
    check_the_same(networks.metrics().table, nx_found, with_igraph(every))
    seconds = medians(
        {
            "tables": lambda: cp.EgoNetworks(*tables),
            "metrics": networks.metrics,
            "igraph": lambda: with_igraph(every),
        },
        REPEATS,
    )
    # Once will do: it is far off the goal, and takes most of the time.
    seconds["networkx"] = of_networkx
    ours = seconds["metrics"] / N_EGOS
    rows = [
        Row("cp.EgoNetworks(...), 100,000 egos", seconds["tables"]),
        Row(".metrics(), 100,000 egos", seconds["metrics"], goal=5),
        *(
            Row(f"{name}, {N_LOOP:,} egos; ours per ego as a share", seconds[name], share, goal)
            for name, goal in (("networkx", 1 / 200), ("igraph", 1 / 10))
            for share in [ours / (seconds[name] / N_LOOP)]
        ),
    ]
    show("Ego networks", rows)
    subprocess.run([sys.executable, __file__, "many"], env=environment(), check=True)


if __name__ == "__main__":
    many() if sys.argv[1:] == ["many"] else main()
