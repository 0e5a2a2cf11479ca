"""Ego networks out of whole networks, and a made-up set with waves."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpeval as cp


def _from_graph(edges, *, weight=None):
    """The ego network of every node of a graph: its neighbours, and the ties among them."""
    strength = {}
    for a, b, *rest in edges:
        strength[a, b] = strength[b, a] = rest[0] if rest else 1
    nodes = sorted({node for pair in strength for node in pair})
    near = {node: sorted(b for a, b in strength if a == node) for node in nodes}
    alters = [(ego, alter, strength[ego, alter]) for ego in nodes for alter in near[ego]]
    ties = [
        (ego, a, b, strength[a, b])
        for ego in nodes
        for a, b in combinations(near[ego], 2)
        if (a, b) in strength
    ]
    return cp.EgoNetworks(
        pd.DataFrame({"ego": nodes}),
        pd.DataFrame(alters, columns=["ego", "alter", "strength"]),
        pd.DataFrame(ties, columns=["ego", "source", "target", "strength"]),
        weight=weight,
    )


def _drawn(sizes, density=0.4, seed=0):
    """Random networks of the given sizes as three tables; ids are text, unlike between egos."""
    random = np.random.default_rng(seed)
    egos = pd.DataFrame({"ego": [f"e{k}" for k in range(len(sizes))]})
    alters, ties = [], []
    for k, size in enumerate(sizes):
        alters += [(f"e{k}", f"e{k}a{j}", float(random.integers(1, 6))) for j in range(size)]
        for a, b in combinations(range(size), 2):
            if random.random() < density:
                ties.append((f"e{k}", f"e{k}a{a}", f"e{k}a{b}", float(random.integers(1, 6))))
    return (
        egos,
        pd.DataFrame(alters, columns=["ego", "alter", "strength"]),
        pd.DataFrame(ties, columns=["ego", "source", "target", "strength"]),
    )


@pytest.fixture(scope="session")
def from_graph():
    return _from_graph


@pytest.fixture(scope="session")
def drawn():
    return _drawn


@pytest.fixture(scope="session")
def reference():
    path = Path(__file__).parents[1] / "reference" / "ego_networks.json"
    return json.loads(path.read_text(encoding="utf-8"))
