"""People in clusters: coefficients within and between, and errors that are robust to clusters."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings, strategies as st

from cpeval.errors import OptionError, TooFewError
from cpeval.measurement import scalability
from cpeval.measurement.mokken.guttman import guttman, joint_counts
from cpeval.measurement.mokken.item_codes import item_codes

REFERENCE = Path(__file__).parents[1] / "reference"
#: Two ways of the same sum.
CLOSE = {"rtol": 1e-9, "atol": 1e-9}
KINDS = ("within", "between", "ratio")


def simulated(n_clusters, size, spread, seed, k=5):
    """People of clusters that differ by a normal effect; three steps an item."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), size)
    ability = rng.normal(0, spread, n_clusters)[cluster] + rng.normal(size=len(cluster))
    steps = np.linspace(-1.5, 1.5, k)[:, None] + [-0.7, 0, 0.7]
    lean = 1.5 * (ability[:, None, None] - steps) + rng.logistic(size=(len(cluster), k, 1))
    items = pd.DataFrame((lean > 0).sum(axis=2), columns=[f"q{i}" for i in range(k)])
    return items.assign(place=cluster)


def weights_of(values):
    """Guttman weights of each two answers, by the tables that test_scalability.py checks."""
    n, k = values.shape
    items = item_codes(values, [str(i) for i in range(k)], np.arange(n), what="Test")
    tables = guttman(items, joint_counts(items))
    place = items.first + items.codes
    return tables.weight, place, items.item


def by_definition(values, cluster, times):
    """H within, between and their ratio, of the scale, items and pairs.

    Cluster s counts ``times[s]`` times. Loops over clusters, people and pairs of people.
    """
    weight, place, item = weights_of(values)
    k = values.shape[1]
    n_clusters = cluster.max() + 1
    made, across = np.zeros((2, k, k), dtype=complex)
    shares = np.zeros(len(item), dtype=complex)
    people = pairs = 0
    for s in range(n_clusters):
        inside = np.flatnonzero(cluster == s)
        people = people + times[s] * len(inside)
        pairs = pairs + times[s] * len(inside) * (len(inside) - 1)
        for one in inside:
            shares[place[one]] += times[s]
            made += times[s] * weight[np.ix_(place[one], place[one])]
            for two in inside:
                if one != two:
                    across += times[s] * weight[np.ix_(place[one], place[two])]
    shares = shares / people
    joint = weight * np.multiply.outer(shares, shares)
    expected = np.array(
        [[joint[np.ix_(item == i, item == j)].sum() for j in range(k)] for i in range(k)]
    )
    made, across = made / people, across / pairs
    upper = np.triu_indices(k, 1)

    def every(errors):
        return np.concatenate(
            [
                [1 - errors.sum() / expected.sum()],
                1 - errors.sum(axis=1) / expected.sum(axis=1),
                (1 - errors[upper] / expected[upper]),
            ]
        )

    with np.errstate(invalid="ignore", divide="ignore"):
        within, between = every(made), every(across)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([within, between, between / within])


def errors_by_definition(values, cluster):
    """Sandwich: derivatives by the complex step, a cluster at a time."""
    n_clusters, step = cluster.max() + 1, 1e-30
    squares = 0
    for s in range(n_clusters):
        times = np.ones(n_clusters, dtype=complex)
        times[s] += step * 1j
        squares = squares + (by_definition(values, cluster, times).imag / step) ** 2
    return np.sqrt(squares * n_clusters / (n_clusters - 1))


def ours(result, column):
    return np.stack([result.table[result.table["coefficient"] == kind][column] for kind in KINDS])


@settings(deadline=None, max_examples=15)
@given(
    rows=st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=8, max_size=14),
    sizes=st.lists(st.integers(2, 4), min_size=2, max_size=4),
)
def test_equals_the_definition(rows, sizes):
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    values = np.array(rows, dtype=float)[: len(cluster)]
    cluster = cluster[: len(values)]
    assume((np.bincount(cluster) > 1).all())
    assume(cluster.max() > 0)
    assume((np.ptp(values, axis=0) > 0).all())
    expected = by_definition(values, cluster, np.ones(cluster.max() + 1)).real
    assume((np.abs(expected[0]) > 0.01).all())  # a ratio to 0 is only rounding
    result = scalability(pd.DataFrame(values), cluster=cluster)
    np.testing.assert_allclose(ours(result, "estimate"), expected, **CLOSE)
    np.testing.assert_allclose(ours(result, "se"), errors_by_definition(values, cluster), **CLOSE)


def mlcoefh_within_errors(values, cluster):
    """The standard errors of HW that mokken's MLcoefH has, from people's derivatives.

    Koopman, Zijlstra & van der Ark (2020): with L clusters, nu the harmonic mean of their sizes,
    L nu (nu - 1) times the covariance of the clusters' shares, as observed, plus L nu times that
    of people. What varies within clusters is in the first, too.
    """
    weight, place, item = weights_of(values)
    n, k = values.shape
    shares = np.bincount(place.ravel(), minlength=len(item)) / n
    half = np.stack([(weight * shares)[:, item == j].sum(axis=1) for j in range(k)], axis=1)
    made = np.array([weight[np.ix_(p, p)] for p in place])
    foreseen = np.array([half[p] + half[p].T for p in place])
    upper = np.triu_indices(k, 1)
    variances = []
    for pick in (
        lambda table: table.sum(axis=(1, 2))[:, None],
        lambda table: table.sum(axis=2),
        lambda table: table[:, *upper],
    ):
        f, e = pick(made), pick(foreseen)
        total, chance = f.mean(axis=0), e.mean(axis=0) / 2
        moved = (total / chance * e - f) / chance / n
        size = np.bincount(cluster)
        nu = len(size) / (1 / size).sum()
        sums = np.stack([np.bincount(cluster, column) for column in moved.T], axis=1)
        mean = moved.mean(axis=0)
        between = (sums**2 / size[:, None]).sum(axis=0) / n - mean**2
        alone = (moved**2).mean(axis=0) - mean**2
        variances.append(len(size) * nu * ((nu - 1) * between + alone))
    return np.sqrt(np.concatenate(variances))


def test_what_people_add_is_what_it_is_in_mokken():
    """Put together as MLcoefH does, derivatives give its errors: they are the same derivatives."""
    text = (REFERENCE / "mokken_scalability.json").read_text(encoding="utf-8")
    theirs = json.loads(text)["entries"]["autonomySupport/MLcoefH"]["value"]
    data = pd.read_csv(REFERENCE / "data" / "autonomySupport.csv")
    cluster = np.unique(data["Teacher"], return_inverse=True)[1]
    found = mlcoefh_within_errors(data.drop(columns="Teacher").to_numpy(float), cluster)
    expected = [theirs["H"]["se.HW"], *theirs["Hi"]["se.HWi"], *theirs["Hij"]["se.HWij"]]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_standard_errors_are_what_estimates_vary_by(spread):
    """Where MLcoefH's are up to twice as large; 60 clusters of 8, 300 samples."""
    found = [
        scalability(simulated(60, 8, spread, seed), cluster="place").table.iloc[:2]
        for seed in range(300)
    ]
    estimates = np.stack([table["estimate"] for table in found])
    errors = np.stack([table["se"] for table in found])
    # The spread of 300 draws is known to 4 % (se); errors have a bias of some per cent, too.
    np.testing.assert_allclose(errors.mean(axis=0), estimates.std(axis=0, ddof=1), rtol=0.12)


def test_order_of_people_names_and_items_do_not_matter():
    data = simulated(12, 4, 1.0, 3)
    one = scalability(data, cluster="place")
    shuffled = data.sample(frac=1, random_state=1)
    named = shuffled.assign(place=[f"p {99 - p}" for p in shuffled["place"]])
    for other in (scalability(shuffled, cluster="place"), scalability(named, cluster="place")):
        for column in ("estimate", "se", "ci_low"):
            np.testing.assert_allclose(ours(other, column), ours(one, column), **CLOSE)
    turned = scalability(data[data.columns[::-1]], cluster="place")
    scale = one.table["level"] == "scale"
    np.testing.assert_allclose(turned.table["se"][scale], one.table["se"][scale], **CLOSE)


def test_within_is_h_of_the_same_people():
    data = simulated(30, 3, 0.5, 4)
    result = scalability(data, cluster="place")
    alone = scalability(data.drop(columns="place"))
    np.testing.assert_allclose(ours(result, "estimate")[0], alone.table["estimate"], **CLOSE)
    assert pytest.approx(alone.H) == result.H
    assert (result.table["df"] == 29).all()
    assert result.table["statistic"][result.table["coefficient"] == "ratio"].isna().all()


def test_who_is_alone_is_left_out_and_counted():
    data = simulated(25, 3, 0.5, 4)
    more = pd.concat([data, data.head(2).assign(place=["x", "y"]), data.head(1).assign(place=None)])
    result = scalability(more, cluster="place")
    assert result.n_excluded == 3
    assert (
        "2 people are alone in their 'place' and left out: nobody to compare with."
        in result.warnings
    )
    assert "1 row has no 'place': left out." in result.warnings
    np.testing.assert_allclose(
        ours(result, "se"), ours(scalability(data, cluster="place"), "se"), **CLOSE
    )


def test_groups_with_clusters_are_separate_runs():
    data = simulated(24, 3, 0.5, 4)
    group = np.where(data["place"] % 2 == 0, "even", "odd")
    both = scalability(data, cluster="place", groups=group)
    even = scalability(data[group == "even"], cluster="place")
    part = both.table[both.table["group"] == "even"].drop(columns="group").reset_index(drop=True)
    pd.testing.assert_frame_equal(part, even.table)
    assert "'even': Only 12 clusters" in " ".join(both.warnings)


def test_too_few_clusters_are_refused():
    data = simulated(1, 10, 0, 1)
    with pytest.raises(TooFewError, match="needs two clusters"):
        scalability(data, cluster="place")
    with pytest.raises(TooFewError, match=r"Nobody shares a cluster with someone else"):
        scalability(data.drop(columns="place"), cluster=range(10))
    with pytest.raises(OptionError, match="'cluster' must be the name of a column"):
        scalability(data, cluster=[1, 2])


def test_two_way_imputation_goes_with_clusters():
    data = simulated(20, 4, 0.5, 2)
    lost = data.mask(np.random.default_rng(1).random(data.shape) < 0.05).assign(place=data["place"])
    result = scalability(lost, cluster="place", missing="two_way", seed=1)
    assert result.n_imputed > 0
    assert result.n_excluded == 0
