import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose

from cpeval.errors import OptionError
from cpeval.moments.cluster_robust import KINDS, classical, cluster_robust, joint_test
from cpeval.moments.whitening import whitened

RTOL = 1e-8  # closed forms on both sides; clubSandwich's own rounding is below 1e-12
DENSE = 1e-9  # closed forms; n x n matrices on one side, cross-products on the other
CASES = ["apiclus1", "sleepstudy", "sleepstudy10", "sleepstudy10_interaction"]
SEEDS = st.integers(0, 10_000)


def white(rows):
    return whitened(rows.blocks, rows.counts)


def close(actual, expected, rtol):
    """Relative to each matrix's or vector's largest element: covariances may cancel to zero."""
    assert_allclose(actual, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_errors_equal_clubsandwich(name, kind, real, reference):
    rows, expected = real(name), reference(f"{name}/{kind}")
    robust = cluster_robust(white(rows), kind=kind, contrasts=rows.back)
    assert_allclose(robust.vcov, expected["vcov"]["values"], rtol=RTOL)
    assert_allclose(robust.df, expected["df_satterthwaite"], rtol=RTOL)
    assert not robust.alone.any()


@pytest.mark.parametrize("name", CASES)
def test_joint_test_equals_clubsandwich(name, real, reference):
    rows, expected = real(name), reference(f"{name}/Wald_all_CR2")["HTZ"]
    test = joint_test(white(rows), np.eye(rows.x.shape[1])[1:])
    assert_allclose(test.statistic, expected["Fstat"], rtol=RTOL)
    assert_allclose(test.df_den, expected["df_denom"], rtol=RTOL)
    assert_allclose(test.p, expected["p"], rtol=RTOL)
    assert test.df_num == expected["df_num"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["paired", "sites"])
def test_terms_of_strata_and_sites_equal_clubsandwich(name, kind, real, reference_file):
    """Strata's terms are known from two schools each; sites' own from one, and have no error."""
    rows, values = real(name), reference_file("cluster_robust_paired.json")[name]
    if kind not in values:  # clubSandwich stops; dense matrices are the comparison, above
        assert (name, kind) == ("sites", "CR3")
        return
    robust = cluster_robust(white(rows), kind=kind)
    for column in ("estimate", "se", "df"):
        assert_allclose(getattr(robust, column)[1:3], values[kind][column], rtol=RTOL)
    test = joint_test(white(rows), np.eye(rows.x.shape[1])[1:3], kind=kind)
    assert_allclose(test.statistic, values[kind]["F"], rtol=RTOL)
    assert_allclose(test.df_den, values[kind]["df_den"], rtol=RTOL)
    assert_allclose(test.p, values[kind]["p"], rtol=RTOL)
    known = np.isfinite(robust.se)
    assert known.all() if name == "paired" else known.tolist() == [False, True, True] + [False] * 7


@pytest.mark.parametrize("name", CASES)
def test_classical_errors_equal_lm(name, real, reference):
    rows, expected = real(name), reference(f"{name}/ols")
    robust = classical(white(rows), contrasts=rows.back)
    assert_allclose(robust.se, list(expected["se_classical"].values()), rtol=RTOL)
    assert_allclose(robust.estimate[1:], list(expected["coef"].values())[1:], rtol=RTOL)
    assert (robust.df == expected["n"] - len(expected["coef"])).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("design", ["arm", "strata", "sites"])
@given(seed=SEEDS)
def test_equals_dense_matrices(design, kind, seed, made, dense):
    rows = made(seed, design=design, clusters=8)
    by_hand, robust = dense(rows, kind), cluster_robust(white(rows), kind=kind)
    known = ~robust.alone.any(axis=1)
    assert known[[1, 2]].all()
    assert known.all() == (design != "sites")
    close(robust.vcov[np.ix_(known, known)], by_hand.vcov()[np.ix_(known, known)], DENSE)
    df = [by_hand.df(contrast) for contrast in np.eye(len(known))[known]]
    assert_allclose(robust.df[known], df, rtol=DENSE)
    contrasts = np.eye(len(known))[[1, 2]]
    joint = joint_test(white(rows), contrasts, kind=kind)
    assert_allclose((joint.statistic, joint.df_den), by_hand.joint(contrasts), rtol=1e-7)


@pytest.mark.parametrize("design", ["arm", "strata", "sites"])
@given(seed=SEEDS)
def test_cr2_is_unbiased_when_people_are_independent(design, seed, made, dense):
    """Its defining property, on our own numbers: the average over outcomes e_i + noise."""
    rows = made(seed, design=design, clusters=8)
    known = [1, 2]  # arm and covariate are known without any one cluster
    outcomes = np.eye(len(rows.x))
    z = np.concatenate(
        [np.broadcast_to(rows.x, (len(outcomes), *rows.x.shape)), outcomes[:, :, np.newaxis]],
        axis=2,
    )
    inside = [rows.cluster == label for label in np.unique(rows.cluster)]
    # V is a quadratic form y'Qy; its mean for unit variance is the sum over unit outcomes.
    total = sum(
        cluster_robust(
            whitened([one[own].T @ one[own] for own in inside], rows.counts),
            contrasts=np.eye(rows.x.shape[1])[known],
        ).vcov
        for one in z
    )
    expected = np.linalg.pinv(rows.x.T @ rows.x)[np.ix_(known, known)]
    close(total, expected, DENSE)


@given(seed=SEEDS, kind=st.sampled_from(KINDS))
def test_order_of_clusters_and_units_do_not_matter(seed, kind, made):
    rows, rng = made(seed), np.random.default_rng(seed)
    one = cluster_robust(white(rows), kind=kind)
    order = rng.permutation(len(rows.counts))
    units = np.append(10.0 ** rng.integers(-4, 5, rows.x.shape[1]), 1000.0)
    blocks = rows.blocks[order] * np.outer(units, units)
    two = cluster_robust(whitened(blocks, rows.counts[order]), kind=kind)
    scale = units[-1] / units[:-1]
    assert_allclose(two.estimate / two.se, one.estimate / one.se, rtol=DENSE, atol=DENSE)
    assert_allclose(two.se, one.se * scale, rtol=DENSE)
    assert_allclose(two.df, one.df, rtol=DENSE)


@given(seed=SEEDS)
def test_copies_of_everyone_leave_cr0_and_beta_as_they_were(seed, made):
    """Twice the people in the same clusters hold no news: CR0 knows that, classical errors don't."""
    rows = made(seed)
    once, twice = white(rows), whitened(2 * rows.blocks, 2 * rows.counts)
    assert_allclose(twice.fit.beta, once.fit.beta, rtol=DENSE)
    one, two = (cluster_robust(w, kind="CR0").vcov for w in (once, twice))
    close(two, one, DENSE)


@given(seed=SEEDS)
def test_copies_of_clusters_halve_cr0(seed, made):
    """Twice the clusters, were they new ones, would be twice the information."""
    rows = made(seed)
    twice = whitened(np.tile(rows.blocks, (2, 1, 1)), np.tile(rows.counts, 2))
    one, two = (cluster_robust(w, kind="CR0").vcov for w in (white(rows), twice))
    close(two, one / 2, DENSE)


@given(seed=SEEDS)
def test_clusters_of_one_give_the_errors_of_white_and_his_heirs(seed, made):
    from statsmodels.regression.linear_model import OLS

    rows = made(seed)
    z = np.column_stack([rows.x, rows.y])
    singles = whitened(z[:, :, np.newaxis] * z[:, np.newaxis, :], np.ones(len(z), int))
    fitted = OLS(rows.y, rows.x).fit()
    for kind, name in [("CR0", "HC0"), ("CR1S", "HC1"), ("CR2", "HC2"), ("CR3", "HC3")]:
        close(cluster_robust(singles, kind=kind).vcov, getattr(fitted, f"cov_{name}"), DENSE)


def test_a_site_of_its_own_level_is_known_from_that_site_alone(made):
    rows = made(3, design="sites")
    robust = cluster_robust(white(rows))
    # Terms: intercept, arm, covariate, then sites 1 to 6. In these centred columns the intercept
    # is the mean of all, which each site's level moves.
    assert not robust.alone[[1, 2]].any()
    assert np.isfinite(robust.se[[1, 2]]).all()
    assert np.isnan(robust.se[3:]).all()
    np.testing.assert_array_equal(robust.alone[3:, 1:], np.eye(6, dtype=bool))
    assert np.isnan(robust.vcov[3]).all()
    assert np.isnan(joint_test(white(rows), np.eye(9)[[1, 4]]).p)


def test_one_cluster_has_no_robust_error(made):
    rows = made(1)
    alone = whitened(rows.blocks.sum(axis=0, keepdims=True), [rows.counts.sum()])
    for kind in KINDS:
        robust = cluster_robust(alone, kind=kind)
        assert np.isnan(robust.se).all()
        assert np.isfinite(robust.estimate).all()
        assert robust.alone.all()
    assert np.isfinite(classical(alone).se).all()


def test_dropped_terms_have_no_estimate_and_the_others_keep_theirs(made):
    rows = made(5)
    doubled = np.column_stack([rows.x, rows.x[:, 1] - 2 * rows.x[:, 2], rows.y])
    inside = [rows.cluster == label for label in np.unique(rows.cluster)]
    both = whitened([doubled[own].T @ doubled[own] for own in inside], rows.counts)
    robust, plain = cluster_robust(both), cluster_robust(white(rows))
    assert both.fit.dropped.tolist() == [3]
    assert np.isnan(robust.estimate[3])
    assert np.isnan(robust.se[3])
    assert_allclose(robust.se[:3], plain.se, rtol=DENSE)
    assert_allclose(robust.df[:3], plain.df, rtol=DENSE)


def test_a_perfect_fit_has_estimates_and_no_errors(made):
    rows = made(2)
    perfect = np.column_stack([rows.x, rows.x @ [1.0, 2.0, -3.0]])
    inside = [rows.cluster == label for label in np.unique(rows.cluster)]
    fitted = whitened([perfect[own].T @ perfect[own] for own in inside], rows.counts)
    assert fitted.fit.perfect
    for robust in (cluster_robust(fitted), classical(fitted)):
        assert_allclose(robust.estimate, [1, 2, -3], rtol=DENSE)
        assert np.isnan(robust.se).all()


def test_more_hypotheses_than_clusters_allow_have_no_p(made):
    rows = made(4, clusters=3)
    assert np.isnan(joint_test(white(rows), np.eye(3)).p)


def test_a_contrast_said_twice_is_named(made):
    with pytest.raises(OptionError, match="Contrasts 2, 4 of 4 follow from those before"):
        joint_test(white(made(1)), [[0, 1, 0], [0, 2, 0], [0, 0, 1], [0, 3, -1]])


def test_contrasts_of_the_wrong_length_and_unknown_kinds_are_refused(made):
    with pytest.raises(OptionError, match=r"each of the 3 terms: shape \(m, 3\)"):
        cluster_robust(white(made(1)), contrasts=[0, 1])
    with pytest.raises(OptionError, match="did you mean 'CR2'"):
        cluster_robust(white(made(1)), kind="cr2")
