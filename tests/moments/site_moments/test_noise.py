"""Noise in shared moments: as much as the guarantee takes, in every number, and said."""

import json
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from scipy import integrate, stats

import cpeval as cp
from cpeval.errors import DataError, OptionError
from cpeval.moments import SiteMoments
from cpeval.moments.noise import gaussian_sd, noisy_moments, sensitivity
from cpeval.moments.sharing import with_noise

FORMULA = "y ~ new + base + new:base"
BOUNDS = {"new": (0, 1), "base": (14, 70), "y": (-10, 30)}
COLUMN_BOUNDS = [(0, 1), (14, 70), (0, 70), (-10, 30)]
ARRAYS = ("n", "dropped", "weight", "origin", "offset", "cross")


def made(n=3000, sites=3, seed=0):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"trust": np.arange(n) % sites, "new": np.arange(n) // sites % 2})
    data["base"] = np.clip(rng.normal(42, 9, n), 14, 70)
    data["y"] = np.clip(0.2 * data.base + 2 * data.new + rng.normal(0, 4, n), -10, 30)
    return data


def of(data, formula=FORMULA, **options):
    return SiteMoments.from_data(data, formula, site="trust", **{"bounds": BOUNDS} | options)


def shared(moments, folder, name="m.json", **options):
    return SiteMoments.from_json(moments.to_json(folder / name, **{"epsilon": 1.0} | options))


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-5, 0.01])
def test_noise_is_the_least_that_keeps_the_promise(epsilon, delta):
    """Delta is E max(0, 1 - exp(epsilon - L)), the privacy loss L normal: by quadrature."""
    sd = gaussian_sd(epsilon, delta)
    mean, spread = 0.5 / sd**2, 1 / sd

    def integrand(loss):
        return -np.expm1(epsilon - loss) * stats.norm.pdf(loss, mean, spread)

    # All that matters of the normal density lies within forty of its spreads.
    spent, _ = integrate.quad(integrand, epsilon, epsilon + mean + 40 * spread, epsabs=0, limit=500)
    assert spent == pytest.approx(delta, rel=1e-6)  # quadrature


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_no_row_within_bounds_changes_the_sums_by_more_than_the_sensitivity(seed, q):
    row = np.append(1.0, np.random.default_rng(seed).uniform(-1, 1, q))
    changed = [a * b for a, b in combinations_with_replacement(row, 2)]
    assert np.linalg.norm(changed) <= sensitivity(q)
    corner = [a * b for a, b in combinations_with_replacement(np.ones(q + 1), 2)]
    assert np.linalg.norm(corner) == pytest.approx(sensitivity(q), rel=1e-12)


def sums(n, mean, cross):
    """Sums of products of a 1 and the columns, scaled to -1 to 1 by the bounds."""
    low, high = np.transpose(COLUMN_BOUNDS)
    rows = np.column_stack([np.ones(len(n)), (2 * mean - low - high) / (high - low)])
    found = np.einsum("u,ua,ub->uab", n, rows, rows)
    found[:, 1:, 1:] += cross * np.outer(2 / (high - low), 2 / (high - low))
    return found


def test_every_number_has_the_noise_that_was_asked_for():
    moments = of(made(30_000))
    exact = sums(moments.weight, moments.mean, moments.cross)
    rng = np.random.default_rng(1)
    away = []
    for _ in range(400):
        # With so many people no eigenvalue becomes negative.
        found = noisy_moments(moments.weight, moments.mean, moments.cross, moments.bounds, 2.0, rng)
        away.append(sums(found.n, found.mean, found.cross) - exact)
    away = np.array(away)
    # 1,200 draws each: the standard error of a standard deviation is a share of .02.
    np.testing.assert_allclose(away.std(axis=(0, 1)), 2.0, rtol=0.1)
    np.testing.assert_allclose(away.mean(axis=(0, 1)), 0.0, atol=0.3)
    upper = away.reshape(-1, 25)[:, [5 * a + b for a in range(5) for b in range(a, 5)]]
    apart = np.corrcoef(upper, rowvar=False) - np.eye(15)
    assert np.abs(apart).max() < 0.15


def test_counts_in_files_have_the_noise_of_the_guarantee():
    moments = of(made(3000, 3))
    counts = [with_noise(moments, 1.0, 1e-6, seed).n - moments.n for seed in range(500)]
    # A 1 and four columns have fifteen products; 1/12 is the variance of rounding; 1,500 draws.
    expected = np.hypot(gaussian_sd(1.0, 1e-6) * np.sqrt(15), np.sqrt(1 / 12))
    assert np.std(counts) == pytest.approx(expected, rel=0.08)
    assert abs(np.mean(counts)) < 4 * expected / np.sqrt(1500)


def test_next_to_no_noise_leaves_the_moments_as_they_are():
    moments = of(made())
    found = noisy_moments(
        moments.weight,
        moments.mean,
        moments.cross,
        moments.bounds,
        1e-12,
        np.random.default_rng(1),
    )
    np.testing.assert_allclose(found.n, moments.n, rtol=1e-10)
    np.testing.assert_allclose(found.mean, moments.mean, rtol=1e-10)
    np.testing.assert_allclose(found.cross, moments.cross, rtol=1e-8)


@settings(deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(30, 3000),
    epsilon=st.floats(0.05, 20),
    sites=st.integers(1, 3),
)
def test_whatever_the_noise_moments_are_of_possible_data(seed, n, epsilon, sites, tmp_path_factory):
    moments = of(made(n, sites, seed))
    folder = tmp_path_factory.mktemp("noise")
    try:
        found = shared(moments, folder, epsilon=epsilon, minimum=1, seed=seed)
    except DataError as problem:
        assert "drowned by the noise" in str(problem)  # noqa: PT017
        return
    assert (found.n >= 1).all()
    assert found.n.dtype == np.int64
    for square in found.cross:
        values = np.linalg.eigvalsh(square)
        assert values[0] >= -1e-9 * values[-1]
    blocks = found.blocks().blocks
    assert np.isfinite(blocks).all()


def test_no_exact_number_is_in_the_file(tmp_path):
    """Not the origin, which the data gave, nor rows left out."""
    data = made()
    data.loc[[0, 4], "y"] = np.nan
    moments = of(data)
    found = shared(moments, tmp_path)
    for name in ("offset", "cross"):
        mine = getattr(moments, name)
        assert not np.isin(getattr(found, name), mine[mine != 0]).any()
    np.testing.assert_array_equal(found.origin, np.mean(COLUMN_BOUNDS, axis=1))
    assert found.dropped.sum() == 0
    assert moments.dropped.sum() == 2


def test_one_seed_gives_one_file_and_none_another_each_time(tmp_path):
    moments = of(made())
    texts = [
        moments.to_json(tmp_path / "m.json", epsilon=1, seed=seed).read_text()
        for seed in (1, 1, 2, None, None)
    ]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 4
    assert "seed" not in texts[0]


def test_the_file_says_what_it_discloses(tmp_path):
    path = of(made()).to_json(tmp_path / "m.json", epsilon=1, delta=1e-7)
    content = json.loads(path.read_text())
    assert "(epsilon, delta)-differentially private" in content["discloses"]
    assert content["noise"] == [{"epsilon": 1.0, "delta": 1e-7, "sites": [0, 1, 2]}]
    assert content["bounds"] == [list(map(float, pair)) for pair in COLUMN_BOUNDS]


def test_estimators_of_noisy_moments_say_so(tmp_path):
    noisy = shared(of(made()), tmp_path, epsilon=5)
    for result in (
        cp.sites.linear(noisy),
        cp.sites.mixed(noisy),
        cp.sites.wild_bootstrap(noisy, "new"),
        cp.sites.heterogeneity(noisy, "new"),
        cp.sites.diagnostics(noisy, "new"),
    ):
        assert any("Noise was added" in text and "epsilon 5" in text for text in result.warnings)
    assert "Noise was added" in repr(noisy)
    assert "Noise" not in repr(of(made()))


def test_noisy_and_exact_moments_add_up_and_that_is_said(tmp_path):
    data = made(sites=5)
    near, far = data[data.trust < 2], data[data.trust >= 2]
    both = shared(of(near), tmp_path, epsilon=2) + of(far)
    (text,) = [w for w in cp.sites.linear(both).warnings if "Noise" in w]
    assert "those of 0, 1 (epsilon 2, delta 1e-06); those of 3 other sites are exact" in text
    one = shared(of(data[data.trust == 4]), tmp_path, epsilon=1)
    assert [n.sites for n in (both + one).noise] == [(0, 1), (4,)]
    assert [n.sites for n in (both + both).noise] == [(0, 1)]
    assert both.drop(0).noise[0].sites == (1,)
    assert both.drop(0).drop(1).noise == ()
    assert both.select(["new"]).noise == both.noise
    again = SiteMoments.from_json(both.to_json(tmp_path / "both.json"))
    assert again.noise == both.noise
    for name in (*ARRAYS, "bounds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(both, name))


def test_small_cells_of_exact_sites_beside_noisy_ones_are_refused(tmp_path):
    data = made(sites=5)
    near, far = data[data.trust < 2], data[data.trust >= 2].copy()
    far.loc[far.trust == 3, "new"] = 0
    far.loc[far[far.trust == 3].index[:2], "new"] = 1
    both = shared(of(near), tmp_path, epsilon=2) + of(far)
    with pytest.raises(DataError, match="site 3: 2 people with new"):
        both.to_json(tmp_path / "both.json")


def test_noise_hides_small_cells_and_small_units_drown(tmp_path):
    data = made(n=900)
    data.loc[data.trust == 1, "new"] = 0
    data.loc[1, "new"] = 1
    with pytest.raises(DataError, match="1 people with new"):
        of(data).to_json(tmp_path / "m.json")
    shared(of(data), tmp_path, seed=1)
    with pytest.raises(DataError, match="people, drowned by the noise"):
        shared(of(made(n=12)), tmp_path, epsilon=0.01, seed=3)


def test_bounds_of_columns_follow_from_those_of_numbers():
    data = made().assign(sex=lambda d: np.where(d.index % 2, "f", "m"), away=lambda d: d.base - 42)
    bounds = {"base": (14, 70), "away": (-28, 28), "y": (-10, 30)}
    formula = "y ~ sex + base + sex:base + away:base + sex:away"
    moments = of(data, formula, bounds=bounds)
    found = dict(zip(moments.columns, moments.bounds.tolist(), strict=True))
    assert found == {
        "sex[T.m]": [0, 1],
        "base": [14, 70],
        "sex[T.m]:base": [0, 70],
        "base:away": [-1960, 1960],
        "sex[T.m]:away": [-28, 28],
        "y": [-10, 30],
    } or found.keys() != {"base:away"}
    assert found["y"] == [-10, 30]
    assert moments.select(["base"]).bounds.tolist() == [[14, 70], [-10, 30]]
    wider = of(data, formula, bounds=bounds | {"y": (-20, 25)} if data.y.max() < 25 else bounds)
    assert (moments + wider).bounds[-1, 0] == min(moments.bounds[-1, 0], wider.bounds[-1, 0])


@pytest.mark.parametrize("engine", ["pandas", "polars", "lazy", "duckdb"])
def test_values_out_of_bounds_are_refused(engine):
    data = made()
    data.loc[7, "base"], data.loc[8, "y"] = 70.5, np.nan
    data.loc[8, "base"] = 99  # left out: without an outcome

    def frame(data):
        if engine == "duckdb":
            import duckdb

            return duckdb.from_df(data)
        if engine == "pandas":
            return data
        whole = pl.from_pandas(data)
        return whole.lazy() if engine == "lazy" else whole

    with pytest.raises(DataError, match="out of bounds") as problem:
        of(frame(data))
    if engine in ("pandas", "polars"):
        assert "'base' is not from 14 to 70 in row 8" in str(problem.value)
    else:
        assert "1 rows have values out of bounds (sites: 1)" in str(problem.value)
    data.loc[7, "base"] = 70.0
    assert of(frame(data)).n.sum() == len(data) - 1


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"other": (0, 1)}, "not numbers in the formula"),
        ({"y": (1, 1)}, "least and the largest"),
        ({"y": (0, np.inf)}, "least and the largest"),
        ({"y": 3}, "least and the largest"),
        ({"y": ("0", "1")}, "least and the largest"),
        ([1], "maps numbers"),
    ],
)
def test_bounds_are_checked(bounds, message):
    with pytest.raises(OptionError, match=message):
        of(made(), bounds=bounds)


def test_what_noise_cannot_promise_is_refused(tmp_path):
    data = made().assign(w=1.5)
    path = tmp_path / "m.json"
    with pytest.raises(OptionError, match="between which values these lie: 'base', 'new:base'"):
        of(data, bounds={"new": (0, 1), "y": (-10, 30)}).to_json(path, epsilon=1)
    with pytest.raises(OptionError, match="without weights"):
        of(data, weights="w").to_json(path, epsilon=1)
    with pytest.raises(OptionError, match="noise already"):
        shared(of(data), tmp_path).to_json(path, epsilon=1)
    for options in ({"delta": 1e-6}, {"seed": 1}):
        with pytest.raises(OptionError, match="go with 'epsilon'"):
            of(data).to_json(path, **options)
    for options in (
        {"epsilon": 0},
        {"epsilon": -1},
        {"epsilon": np.inf},
        {"epsilon": True},
        {"epsilon": "1"},
        {"epsilon": 1, "delta": 0},
        {"epsilon": 1, "delta": 1},
    ):
        with pytest.raises(OptionError, match="is a number above 0"):
            of(data).to_json(path, **options)
