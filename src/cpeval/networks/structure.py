"""All measures of the structure of many ego networks: links in, a number a network out."""

from __future__ import annotations

import numpy as np

from cpeval.networks.alter_sets import as_sets
from cpeval.networks.blocks import Block, Floats, Links, blocks
from cpeval.networks.brokerage import betweenness, burt, burt_of_ties
from cpeval.networks.cliques import maximal_cliques
from cpeval.networks.cohesion import components, degree_centralisation, transitivity

#: What a network without alters has; what isn't here is missing there.
_EMPTY = {
    "size": 0,
    "ties": 0,
    "components": 0,
    "isolates": 0,
    "largest_component": 0,
    "effective_size": 0,
    "betweenness": 0,
    "cliques": 0,
}
MEASURES = (
    *("size", "ties", "density", "components", "isolates", "largest_component", "mean_degree"),
    *("degree_centralisation", "effective_size", "efficiency", "constraint", "hierarchy"),
    *("betweenness", "betweenness_normalised", "transitivity", "cliques"),
)
#: Counts, which are whole numbers.
COUNTS = ("size", "ties", "components", "isolates", "largest_component", "cliques")


def structure(links: Links, *, weighted: bool = False) -> dict[str, Floats]:
    """Compute every measure of `MEASURES` for G networks.

    Parameters
    ----------
    links : Links
    weighted : bool, default False
        Whether Burt's measures count ties by their strength, which ``links`` then have.

    Returns
    -------
    dict of str to array, shape (G,)
        NaN where a measure has no value: see `EgoNetworks.metrics`.
    """
    n_nets = links.size.size
    found = {name: np.full(n_nets, float(_EMPTY.get(name, np.nan))) for name in MEASURES}
    for block in blocks(links):
        for name, values in _of_block(block, weighted).items():
            found[name][block.nets] = values
    return found


def _of_block(block: Block, weighted: bool) -> dict[str, Floats | float]:
    """Compute every measure for k networks of n alters, n at least 1."""
    adjacent = block.adjacent
    k, n, _ = adjacent.shape
    degree = adjacent.sum(axis=2)
    ties = degree.sum(axis=1) / 2
    pairs = n * (n - 1) / 2
    common = adjacent @ adjacent
    near = as_sets(adjacent > 0)
    count, largest = components(near)
    between = betweenness(adjacent, common)
    nothing = np.full(k, np.nan)
    if weighted and block.weight is not None and block.ego_weight is not None:
        brokerage = burt(block.weight, block.ego_weight)
    else:
        brokerage = burt_of_ties(adjacent, degree)
    return {
        "size": float(n),
        "ties": ties,
        "density": ties / pairs if pairs else nothing,
        "components": count.astype(float),
        "isolates": (degree == 0).sum(axis=1).astype(float),
        "largest_component": largest.astype(float),
        "mean_degree": 2 * ties / n,
        "degree_centralisation": degree_centralisation(degree),
        "effective_size": brokerage.effective_size,
        "efficiency": brokerage.efficiency,
        "constraint": brokerage.constraint,
        "hierarchy": brokerage.hierarchy,
        "betweenness": between,
        "betweenness_normalised": between / pairs if pairs else nothing,
        "transitivity": transitivity(np.einsum("kij,kij->k", adjacent, common), degree),
        "cliques": maximal_cliques(near, block.ties).astype(float),
    }
