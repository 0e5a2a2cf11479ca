"""Classification: by hand, against scipy and simulation, and bad input."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

import cpeval as cp
from cpeval.errors import ColumnError, DataError, DuplicateError, OptionError, TooFewError
from cpeval.fidelity import classify, decision_study, generalisability
from cpeval.fidelity.category_chances import (
    ScoreModel,
    category_chances,
    joint_chances,
    place,
    true_scores,
)

from .rated import FID, STUDY, ratings

CUTS = {"low": 1, "moderate": 2.5, "high": 3.5}
SCORES = pd.DataFrame({"team": ["A", "B", "C", "D"], "estimate": [2.1, 2.9, 3.4, 4.4]})
QUADRATURE = 1e-9  # scipy's bivariate normal distribution is good to about 1e-10
CLOSED = 1e-12


def test_chances_by_hand():
    """Mean 3.2, variance of scores 0.92667, of true scores 0.83667, g = 0.90288."""
    found = classify(SCORES, cuts=CUTS, error=0.3)
    total = np.var([2.1, 2.9, 3.4, 4.4], ddof=1)
    g = (total - 0.09) / total
    centre = 3.2 + g * (SCORES["estimate"] - 3.2)
    sd = np.sqrt(g * 0.09 + (1 - g) ** 2 * total / 4)
    table = found.table
    np.testing.assert_allclose(table["true_score"], centre, rtol=CLOSED)
    np.testing.assert_allclose(table["se"], sd, rtol=CLOSED)
    low, high = stats.norm.cdf(2.5, centre, sd), stats.norm.sf(3.5, centre, sd)
    np.testing.assert_allclose(table["p_low"], low, atol=CLOSED)
    np.testing.assert_allclose(table["p_high"], high, atol=CLOSED)
    np.testing.assert_allclose(table["p_moderate"], 1 - low - high, atol=CLOSED)
    assert table["category"].tolist() == ["low", "moderate", "moderate", "high"]
    assert table["probability"].iloc[2] == table["p_moderate"].iloc[2]
    assert found.summary["n"].tolist() == [1, 2, 1]
    np.testing.assert_allclose(found.summary["expected"].sum(), 4, rtol=CLOSED)


def test_flat_prior_is_the_score_and_its_error():
    table = classify(SCORES, cuts=CUTS, error=0.3, prior="flat").table
    expected = stats.norm.cdf((2.5 - SCORES["estimate"]) / 0.3)
    np.testing.assert_allclose(table["p_low"], expected, atol=CLOSED)
    assert (table["true_score"] == table["estimate"]).all()


def test_shared_error_widens_but_does_not_pull(drawn):
    """The part of absolute error that units share says nothing on who stands above whom."""
    g = generalisability(drawn(30, seed=1))
    scores = drawn(30, seed=1).groupby("unit")["rating"].mean().rename("estimate").reset_index()
    found = classify(scores, cuts={"low": -9, "high": 3}, error=g)
    slope = np.polyfit(scores["estimate"], found.table["true_score"], 1)[0]
    np.testing.assert_allclose(slope, g.g, rtol=1e-9)
    shared = g.sem**2 - g.sem_relative**2
    own = g.g * g.sem_relative**2
    spread = (1 - g.g) ** 2 * (g.unit_variance + g.sem_relative**2) / 30
    np.testing.assert_allclose(found.table["se"] ** 2, own + shared + spread, rtol=1e-9)


@settings(deadline=None, max_examples=50)
@given(
    rho=st.floats(0, 0.999),
    first=st.lists(st.floats(-4, 4), min_size=1, max_size=3, unique=True),
    second=st.lists(st.sampled_from([-1.5, -0.5, 0.0, 0.25, 1.0]), min_size=1, unique=True),
)
def test_joint_chances_equal_scipy(rho, first, second):
    first, second = np.sort(first), np.sort(second)
    found = joint_chances(first, second, rho)
    np.testing.assert_allclose(found.sum(), 1, rtol=1e-12)
    edges = [np.concatenate([[-40], x, [40]]) for x in (first, second)]
    normal = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]], allow_singular=True)
    below = np.array([[normal.cdf([a, b]) for b in edges[1]] for a in edges[0]])
    np.testing.assert_allclose(found, np.diff(np.diff(below, axis=0), axis=1), atol=QUADRATURE)


def test_joint_chances_at_the_ends():
    np.testing.assert_allclose(
        joint_chances(np.zeros(1), np.zeros(1), 0.5), [[1 / 3, 1 / 6], [1 / 6, 1 / 3]], rtol=1e-12
    )
    np.testing.assert_allclose(joint_chances(np.zeros(1), np.zeros(1), 1.0), [[0.5, 0], [0, 0.5]])


def test_accuracy_and_consistency_are_those_of_draws():
    found = classify(SCORES, cuts=CUTS, error=0.3)
    rng, n = np.random.default_rng(1), 1_000_000
    true = 3.2 + np.sqrt(found.unit_variance) * rng.standard_normal(n)
    once, again = (true + 0.3 * rng.standard_normal(n) for _ in range(2))
    starts = np.array([2.5, 3.5])
    t, x, y = place(true, starts), place(once, starts), place(again, starts)
    error = 4 * 0.5 / np.sqrt(n)  # four Monte Carlo errors at most
    assert abs((t == x).mean() - found.accuracy) < error
    assert abs((x == y).mean() - found.consistency) < error
    joint = np.histogram2d(t, x, bins=3)[0].ravel() / n
    np.testing.assert_allclose(found.confusion["estimate"], joint, atol=error)
    chance = (np.bincount(x) ** 2).sum() / n**2
    kappa = (found.consistency - chance) / (1 - chance)
    assert abs(found.kappa - kappa) < 4 * error


def test_a_chance_comes_true_as_often_as_it_says():
    """Programmes whose means differ, each with 20 units and an error that its units share."""
    model = ScoreModel(unit_variance=0.25, relative=0.06, absolute=0.09)
    rng, samples, units = np.random.default_rng(2), 4000, 20
    true = rng.uniform(0, 6, (samples, 1)) + 0.5 * rng.standard_normal((samples, units))
    shared = np.sqrt(0.03) * rng.standard_normal((samples, 1))
    observed = true + shared + np.sqrt(0.06) * rng.standard_normal((samples, units))
    starts = np.array([2.6, 3.3])
    means = observed.mean(axis=1, keepdims=True)
    centre, sd = true_scores((observed - means).ravel(), model, 0.0, units)
    chances = category_chances(centre + np.repeat(means, units), sd, starts)
    hits = place(true.ravel(), starts)[:, None] == np.arange(3)
    for low in np.arange(0, 1, 0.1):
        here = (chances >= low) & (chances < low + 0.1)
        by_sample = (np.where(here, hits - chances, 0)).reshape(samples, -1).sum(axis=1)
        off, error = by_sample.mean(), by_sample.std() / np.sqrt(samples)
        assert abs(off) < 4 * error, low


def test_a_score_at_a_cut_but_for_rounding_reaches_it():
    scores = pd.DataFrame({"estimate": [np.mean([3.4, 3.6, 3.5]), 0.1 * 35, 3.5 - 1e-6, 1.0]})
    table = classify(scores, cuts=CUTS, error=0.2).table
    assert table["category"].tolist() == ["high", "high", "moderate", "low"]


def test_error_of_a_decision_study(drawn):
    g = generalisability(drawn(30, seed=1))
    plan = decision_study(g, assessor=1, fixed=["item"])
    scores = drawn(30, seed=1).groupby("unit")["rating"].mean().rename("estimate").reset_index()
    found = classify(scores, cuts={"low": -9, "high": 3}, error=plan)
    np.testing.assert_allclose(found.sem, plan.table["sem"].item(), rtol=CLOSED)
    np.testing.assert_allclose(found.unit_variance, plan.unit_variance, rtol=CLOSED)
    with pytest.raises(OptionError, match="decision study of 2 rows"):
        classify(scores, cuts=CUTS, error=decision_study(g, assessor=[1, 2]))


def test_results_scales_engines_and_gaps():
    table = pd.concat([SCORES.assign(scale="total"), SCORES.assign(scale="skills")])
    table.iloc[1, 1] = np.nan
    result = cp.Result(table=table, note="Agreed.")
    with pytest.raises(OptionError, match="say scale=, one of 'total', 'skills'"):
        classify(result, cuts=CUTS, error=0.3)
    one = classify(result, cuts=CUTS, error=0.3, scale="total")
    two = classify(pl.from_pandas(table), cuts=CUTS, error=0.3, scale="total")
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.n_missing == 1
    assert one.table["category"].dropna().tolist() == ["low", "moderate", "high"]
    blank = ["category", "likeliest", "probability", "se", "p_low"]
    assert one.table.loc[1, blank].isna().all()
    assert one.summary["n"].sum() == 3
    assert "1 row without a score has no category." in one.warnings
    assert list(table.columns) == ["team", "estimate", "scale"]


def test_another_scale_is_noticed(drawn):
    g = generalisability(drawn(30, seed=1))
    sums = drawn(30, seed=1).groupby("unit")["rating"].sum().rename("estimate").reset_index()
    found = classify(sums, cuts={"low": -99, "high": 36}, error=g)
    assert any("mean of items, not their sum" in text for text in found.warnings)


def test_units_that_do_not_differ():
    scores = pd.DataFrame({"estimate": [3.0, 3.1, 2.9, 3.0]})
    found = classify(scores, cuts=CUTS, error=0.5)
    assert found.unit_variance == 0
    assert np.ptp(found.table["true_score"]) < 1e-12
    assert any("don't differ beyond error" in text for text in found.warnings)


def test_shows_plots_and_pickles():
    found = classify(SCORES, cuts={"low & slow": 1, "høy": 3}, error=0.3)
    axes = found.plot()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["low & slow", "høy"]
    assert found.note.endswith(".")
    assert "absolute standard error of 0.3 points" in str(found)
    assert pickle.loads(pickle.dumps(found)).accuracy == found.accuracy


@pytest.mark.parametrize(
    ("data", "options", "error", "text"),
    [
        (SCORES, {"cuts": {"low": 1}}, OptionError, "'cuts' must say"),
        (SCORES, {"cuts": {"low": 1, "high": 1}}, OptionError, "from the lowest up"),
        (SCORES, {"cuts": {"low": 1, "high": "3"}}, OptionError, "'cuts' must say"),
        (SCORES, {"cuts": [1, 2]}, OptionError, "'cuts' must say"),
        (SCORES, {"error": 0}, OptionError, "'error' must be"),
        (SCORES, {"error": "small"}, OptionError, "'error' must be"),
        (SCORES, {"prior": "flt"}, OptionError, "did you mean 'flat'"),
        (SCORES, {"scale": "total"}, ColumnError, "no column 'scale'"),
        (SCORES.drop(columns="estimate"), {}, ColumnError, "no column 'estimate'"),
        (SCORES.assign(estimate="x"), {}, ColumnError, "'x' in rows 1"),
        (SCORES.assign(se=1, p_low=2), {}, ColumnError, "'se', 'p_low' are there already"),
        (SCORES.iloc[:0], {}, TooFewError, "no scores to classify"),
        (SCORES.assign(estimate=np.nan), {}, TooFewError, "4 rows, none with one"),
        (SCORES.iloc[:1], {}, TooFewError, "One score"),
        (SCORES.assign(estimate=[0.5, 2, 3, 0.2]), {}, DataError, "0.5, 0.2 in rows 1, 4"),
        ([1, 2], {}, OptionError, "must be a dataframe"),
    ],
)
def test_bad_input(data, options, error, text):
    with pytest.raises(error, match=text):
        classify(data, **{"cuts": CUTS, "error": 0.3, **options})


def test_agreed_ratings_are_classified_at_one_occasion_on_one_scale():
    how = {"informant": "informant", "assessor": "assessor"}
    agreed = cp.fidelity.triangulate(ratings(), FID, STUDY, **how)
    found = classify(agreed, cuts=CUTS, error=0.3)
    total, last = agreed.table["scale"] == FID.columns[0], agreed.table["wave"] == "t1"
    wanted = agreed.table.loc[total & last, "estimate"].reset_index(drop=True)
    pd.testing.assert_series_equal(found.table["estimate"], wanted)
    assert found.note.endswith(
        f"the scale is {FID.columns[0]}, that of most items and the occasion is t1."
    )
    first = classify(agreed, cuts=CUTS, error=0.3, occasion="t0").table
    assert set(first["wave"]) == {"t0"}
    assert not first["id"].duplicated().any()
    with pytest.raises(OptionError, match="'t0', 't1'"):
        classify(agreed, cuts=CUTS, error=0.3, occasion="t9")
    with pytest.raises(OptionError, match="no occasion="):
        classify(SCORES, cuts=CUTS, error=0.3, occasion="t1")
    for other in (cp.fidelity.profile(agreed), cp.fidelity.score(ratings(), FID, STUDY, **how)):
        with pytest.raises(OptionError, match="holds no agreed ratings"):
            classify(other, cuts=CUTS, error=0.3)


def test_a_unit_with_several_rows_is_refused_and_named():
    data = pd.DataFrame(
        {"team": ["A", "B", "A", "C"], "wave": [1, 1, 2, 1], "estimate": [2.0, 3.0, 4.0, 3.5]}
    )
    with pytest.raises(DuplicateError, match=r"\('team'\):\n- 'A' in rows 1, 3\nPass the rows"):
        classify(data, cuts=CUTS, error=0.3, unit="team")
    with pytest.raises(DuplicateError, match=r"'team'\):\n- 'A' in rows 1, 3\n.* add a column"):
        classify(data.drop(columns="wave"), cuts=CUTS, error=0.3)
    with pytest.raises(OptionError, match="know their units"):
        classify(
            cp.fidelity.triangulate(
                ratings(), FID, STUDY, informant="informant", assessor="assessor"
            ),
            cuts=CUTS,
            error=0.3,
            unit="team",
        )
    found = classify(data, cuts=CUTS, error=0.3)
    assert len(found.table) == 4
    assert found.note.endswith("Each row counts as a unit of its own.")
    last = classify(data[data["wave"] == 1], cuts=CUTS, error=0.3, unit=["team"])
    assert last.table["team"].tolist() == ["A", "B", "C"]
    assert "Each row" not in last.note
    scales = pd.concat([data.assign(scale="x"), data.assign(scale="y")])
    with pytest.raises(DuplicateError, match="'A' in rows 5, 7"):
        classify(scales, cuts=CUTS, error=0.3, scale="y", unit="team")
