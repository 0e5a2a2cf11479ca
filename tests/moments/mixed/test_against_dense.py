"""Against the same model with n x n matrices, on small random studies."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from cpeval.errors import TooFewError
from cpeval.moments.contrasts import contrast_tests, fixed_covariance, joint_test
from cpeval.moments.mixed_fit import fit_mixed, random_columns
from cpeval.moments.mixed_likelihood import ProfiledDeviance
from cpeval.moments.predictions import predict_effects

# Both invert matrices of 60 rows or fewer; ours in other units. What hangs on the optimum is as
# good as a gradient of 1e-10.
RTOL = 1e-9
# The inverse of the information, which may be close to singular.
RTOL_INFORMATION = 1e-8
SEEDS = st.integers(0, 2**32 - 1)
KINDS = st.sampled_from(["site", "nested", "slope", "uncorrelated"])
METHODS = st.sampled_from(["REML", "ML"])


def random_study(seed, kind):
    """X, y, unit, site and the matrices G: unbalanced, an arm that varies between or within."""
    rng = np.random.default_rng(seed)
    n_sites = rng.integers(4, 8)
    teams = np.repeat(np.arange(n_sites), rng.integers(1, 4, n_sites) + (np.arange(n_sites) < 2))
    unit = np.repeat(np.arange(teams.size), rng.integers(1, 5, teams.size) + (teams < 3))
    site = teams[unit]
    n = unit.size
    within = rng.random() < 0.5
    arm = rng.integers(0, 2, n) if within else np.arange(teams.size)[unit] % 2
    x = rng.normal(3, 2, n)
    X = np.column_stack([np.ones(n), arm, x])
    size = rng.choice([0.0, 0.5, 3.0], 3)
    y = 10 + X @ rng.normal(size=3) + rng.normal(size=n)
    y += size[0] * rng.normal(size=n_sites)[site] + size[1] * rng.normal(size=teams.size)[unit]
    y += size[2] * rng.normal(size=n_sites)[site] * x
    one = np.equal.outer(site, site).astype(float)
    if kind == "nested":
        return X, y, unit, site, [one, np.equal.outer(unit, unit).astype(float), np.eye(n)]
    G = [one]
    if kind == "slope":
        G.append(one * np.add.outer(x, x))
    if kind != "site":
        G.append(one * np.outer(x, x))
    return X, y, site, None, [*G, np.eye(n)]


def fit(make_blocks, data, kind, method, **changed):
    X, y, unit, site, _ = data
    given = {**make_blocks(X, y, unit, site), **changed}
    slopes = (2,) if kind in ("slope", "uncorrelated") else ()
    random = random_columns(3, slopes=slopes, origin=given["origin"])
    covariance = "diagonal" if kind == "uncorrelated" else "unstructured"
    return fit_mixed(**given, random=random, covariance=covariance, method=method)


@settings(deadline=None, max_examples=60)
@given(SEEDS, KINDS, METHODS)
def test_fit_is_the_dense_models_maximum(make_blocks, dense, seed, kind, method):
    data = random_study(seed, kind)
    X, y, _, _, G = data
    ours = fit(make_blocks, data, kind, method)
    restricted = method == "REML"
    model = dense(X, y, G, ours.parameters, restricted=restricted)
    np.testing.assert_allclose(ours.loglik, model.loglik, rtol=RTOL)
    np.testing.assert_allclose(ours.beta, model.beta, rtol=RTOL, atol=RTOL * np.abs(y).max())
    np.testing.assert_allclose(ours.cov, model.cov, rtol=1e-7, atol=RTOL * ours.cov.max())
    if not any(ours.at_boundary):
        size = np.abs(model.hessian @ ours.parameters).max()
        np.testing.assert_allclose(model.gradient / size, 0, atol=1e-8)
        assert np.linalg.eigvalsh(model.hessian / size)[0] > 0
        expected = 2 * np.linalg.inv(model.hessian)
        np.testing.assert_allclose(
            ours.parameters_cov, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max()
        )
    elif kind != "slope":
        # At a boundary the deviance rises, if it changes, as a variance leaves zero.
        zero = ours.parameters == 0
        scale = np.abs([np.trace(model.inverse @ g) for g in G])
        assert (model.gradient[zero] > -1e-8 * scale[zero]).all()
        np.testing.assert_allclose(model.gradient[~zero] / scale[~zero], 0, atol=1e-8)
    # Nowhere near or far is it larger.
    rng = np.random.default_rng(seed)
    for spread in (0.1, 2.0):
        other = ours.parameters * np.exp(rng.normal(0, spread, len(G)))
        if kind in ("nested", "site", "uncorrelated"):
            other = other + rng.exponential(0.1, len(G)) * ours.residual
        elif not any(ours.at_boundary):
            other[1] = ours.parameters[1] * np.sqrt(other[0] / ours.parameters[0])
            other[1] *= np.sqrt(other[2] / ours.parameters[2])
        else:
            continue
        assert dense(X, y, G, other, restricted=restricted).loglik < ours.loglik + 1e-8


@settings(deadline=None, max_examples=60)
@given(SEEDS, KINDS)
def test_kenward_roger_and_satterthwaite_equal_the_dense_ones(
    make_blocks, dense, dense_kenward_roger, seed, kind
):
    data = random_study(seed, kind)
    X, y, _, _, G = data
    ours = fit(make_blocks, data, kind, "REML")
    model = dense(X, y, G, ours.parameters)
    size = np.sqrt(np.diag(model.kenward_roger))
    np.testing.assert_allclose(
        fixed_covariance(ours) / np.outer(size, size),
        model.kenward_roger / np.outer(size, size),
        rtol=0,
        atol=RTOL_INFORMATION,
    )
    tests = contrast_tests(ours)
    for row, ours_df in zip(np.eye(3), tests.df, strict=True):
        single = dense_kenward_roger(model, row[None])
        if single is not None:
            assert ours_df == pytest.approx(single[0], rel=1e-6)
    np.testing.assert_allclose(tests.se, size, rtol=RTOL_INFORMATION)
    L = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 3.0]])
    found = dense_kenward_roger(model, L)
    if found is None:
        with pytest.raises(TooFewError, match="no answer for 2 contrasts"):
            joint_test(ours, L)
        return
    df, scale = found
    assume(df > 2.001)  # the scale has a pole at 2
    joint = joint_test(ours, L)
    np.testing.assert_allclose([joint.df_den, joint.scale], [df, scale], rtol=1e-6)
    wald = L @ model.beta @ np.linalg.solve(L @ model.kenward_roger @ L.T, L @ model.beta) / 2
    np.testing.assert_allclose(joint.statistic, scale * wald, rtol=1e-6)
    if not any(ours.at_boundary):
        A = 2 * np.linalg.inv(model.hessian)
        slopes = np.array([np.diag(change) for change in model.changes])
        expected = 2 * np.diag(model.cov) ** 2 / np.einsum("ia,ij,ja->a", slopes, A, slopes)
        found = contrast_tests(ours, df="satterthwaite").df
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@settings(deadline=None, max_examples=40)
@given(SEEDS, KINDS)
def test_random_effects_equal_the_dense_ones(make_blocks, dense, seed, kind):
    data = random_study(seed, kind)
    X, y, unit, site, G = data
    ours = fit(make_blocks, data, kind, "REML")
    model = dense(X, y, G, ours.parameters)
    effects = predict_effects(ours)
    for one, codes, covariance in zip(
        effects, [unit] if site is None else [site, unit], ours.covariances, strict=True
    ):
        columns = X[:, [0, 2]][:, : len(covariance)]
        for group in range(codes.max() + 1):
            Z = columns * (codes == group)[:, None]
            expected = covariance @ Z.T @ model.P @ y
            np.testing.assert_allclose(
                one.estimate[group], expected, rtol=1e-7, atol=1e-8 * np.abs(y).max()
            )
            left = covariance - covariance @ Z.T @ model.inverse @ Z @ covariance
            size = 1e-8 * max(np.abs(covariance).max(), 1e-300)
            np.testing.assert_allclose(one.cov[group], left, rtol=1e-7, atol=size)
            missed = covariance - covariance @ Z.T @ model.P @ Z @ covariance
            np.testing.assert_allclose(
                one.se_prediction[group] ** 2, np.diag(missed), rtol=1e-7, atol=size
            )


@pytest.mark.parametrize("kind", ["site", "nested", "slope", "uncorrelated"])
def test_derivatives_are_those_of_the_deviance(make_blocks, kind):
    ours = fit(make_blocks, random_study(5, kind), kind, "REML")
    for restricted in (True, False):
        deviance = ProfiledDeviance(ours.structure, restricted=restricted)
        theta = np.linspace(0.4, 0.9, len(ours.theta))
        value, gradient, hessian = deviance(theta)
        assert value == pytest.approx(deviance.value(theta), rel=1e-13)
        step = 1e-5
        for i, move in enumerate(step * np.eye(len(theta))):
            up, down = deviance(theta + move), deviance(theta - move)
            assert gradient[i] == pytest.approx((up[0] - down[0]) / 2 / step, rel=1e-6, abs=1e-6)
            np.testing.assert_allclose(
                hessian[i], (up[1] - down[1]) / 2 / step, rtol=1e-5, atol=1e-5
            )
