"""Funnel limits against R's quantiles, overdispersion against metafor, and bad input."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import ColumnError, DataError, DuplicateError, OptionError, TooFewError
from cpeval.sites import funnel
from cpeval.sites.funnel_limits import binomial_limits, poisson_limits

RTOL = 1e-8  # closed forms
#: Interpolation divides by the probability of one count: digits of the distribution functions,
#: which differ between libraries in the 12th, are lost where that is small.
RTOL_EXACT = 1e-8
LIMITS = ["low_99.8", "low_95", "high_95", "high_99.8"]


@pytest.fixture(scope="module")
def r(reference):
    return reference("funnel.json")["entries"]


def close(one, other, rtol=RTOL, atol=0.0):
    np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)


def against_metafor(found, of):
    """Without winsorising, tau2 and the sum of squares are DerSimonian & Laird's."""
    close(found.tau2, of["metafor"]["tau2"])
    close(found.phi * len(found.table), of["metafor"]["Q"])


def test_proportions_equal_r(stays, r):
    found = funnel(stays, site="provnum", outcome="died")
    close(found.target, r["proportion"]["target"])
    close(found.table[LIMITS], r["proportion"]["limits"], RTOL_EXACT, 1e-12)
    close(found.table["statistic"], r["proportion"]["z"])
    close([found.phi, found.tau2], [r["proportion"]["winsorised"][k] for k in ("phi", "tau2")])
    assert found.table["n"].sum() == len(stays)
    raw = funnel(stays, site="provnum", outcome="died", winsorise=0, overdispersion="additive")
    against_metafor(raw, r["proportion"])


def test_rates_equal_r(stays, r):
    found = funnel(stays, "rate", site="provnum", outcome="died", exposure="los")
    close(found.table[LIMITS], r["rate"]["limits"], RTOL_EXACT, 1e-12)
    close([found.phi, found.tau2], [r["rate"]["winsorised"][k] for k in ("phi", "tau2")])
    raw = funnel(stays, "rate", site="provnum", outcome="died", exposure="los", winsorise=0)
    against_metafor(raw, r["rate"])


def test_standardised_ratios_equal_r(stays, r):
    of = r["ratio"]
    table = stays.groupby("provnum")["died"].sum().reset_index().assign(e=of["expected"])
    call = {"site": "provnum", "events": "died", "expected": "e", "target": 1}
    found = funnel(table, "standardised_ratio", **call)
    close(found.table[LIMITS], of["limits"], RTOL_EXACT, 1e-12)
    close([found.phi, found.tau2], [of["winsorised"][k] for k in ("phi", "tau2")])


def test_means_equal_r(stays, r):
    found = funnel(stays, "mean", site="provnum", outcome="los")
    close(found.target, r["mean"]["target"])
    close(found.table[LIMITS], r["mean"]["limits"])
    close([found.phi, found.tau2], [r["mean"]["winsorised"][k] for k in ("phi", "tau2")])
    raw = funnel(stays, "mean", site="provnum", outcome="los", winsorise=0)
    against_metafor(raw, r["mean"])
    assert found.table["events"].isna().all()


def test_a_row_a_site_says_the_same_as_a_row_a_person(stays):
    by = stays.groupby("provnum")
    one = by["died"].agg(events="sum", n="size").reset_index()
    same = funnel(one, site="provnum", events="events", n="n")
    pd.testing.assert_frame_equal(same.table, funnel(stays, site="provnum", outcome="died").table)
    two = by["los"].agg(mean="mean", sd="std", n="size").reset_index().fillna({"sd": 0})
    same = funnel(two, "mean", site="provnum", mean="mean", sd="sd", n="n")
    other = funnel(stays, "mean", site="provnum", outcome="los")
    pd.testing.assert_frame_equal(same.table, other.table, rtol=1e-10)


def test_limits_by_hand():
    # Binomial, n = 2, target 1/2: P(R <= 0, 1, 2) = 1/4, 3/4, 1. For p = 1/2 the count is 1 and
    # a = (3/4 - 1/2) / (1/2) = 1/2: the limit is (1 - 1/2) / 2. For p = 3/4, a = 0.
    close(binomial_limits(np.array([2.0]), 0.5, 0.5), 0.25)
    close(binomial_limits(np.array([2.0]), 0.5, 0.75), 0.5)
    # Poisson of mean 1: P(0) = P(1) = exp(-1). For p = 1/2: a = (2 exp(-1) - 1/2) / exp(-1).
    close(poisson_limits(np.array([1.0]), 1.0, 0.5), 1 - (2 - np.e / 2))


def test_overdispersion_widens_as_the_formulas_say(stays):
    call = {"kind": "rate", "site": "provnum", "outcome": "died", "exposure": "los"}
    plain = funnel(stays, **call)
    multiplied = funnel(stays, overdispersion="multiplicative", **call)
    added = funnel(stays, overdispersion="additive", **call)
    theta, se = plain.target, plain.table["se"]
    half = 1.959963984540054
    close(multiplied.table["high_95"], theta + half * np.sqrt(plain.phi) * se)
    low = np.maximum(theta - half * np.hypot(se, added.tau2**0.5), 0)
    close(added.table["low_95"], low)
    close(multiplied.table["statistic"] * plain.phi**0.5, plain.table["statistic"])
    assert multiplied.overdispersion == "multiplicative"
    assert any("30044" in text and "normal ones" in text for text in multiplied.warnings)


def test_warns_where_sites_differ_more_than_chance_explains():
    data = pd.DataFrame({"s": range(12), "e": [20, 80] * 6, "n": 100})
    found = funnel(data, site="s", events="e", n="n")
    assert any("Sites differ more than chance explains" in text for text in found.warnings)
    few = funnel(data.head(4), site="s", events="e", n="n", overdispersion="additive")
    assert any("estimated from 4 sites only" in text for text in few.warnings)


def test_without_overdispersion_limits_are_not_narrowed():
    data = pd.DataFrame({"s": list("abcd"), "e": [10, 10, 10, 11], "n": [50, 50, 50, 50]})
    plain = funnel(data, site="s", events="e", n="n")
    for kind in ("additive", "multiplicative"):
        found = funnel(data, site="s", events="e", n="n", overdispersion=kind)
        pd.testing.assert_frame_equal(found.table, plain.table)
        assert found.overdispersion == "none"
        assert any("not widened" in text for text in found.warnings)


def test_says_which_limit_a_site_lies_beyond():
    data = pd.DataFrame({"s": list("abcd"), "e": [50, 38, 61, 82], "n": 100})
    found = funnel(data, site="s", events="e", n="n", target=0.5)
    assert found.table["side"].tolist() == ["within", "below", "above", "above"]
    np.testing.assert_array_equal(found.table["beyond"], [np.nan, 0.95, 0.95, 0.998])
    assert "3 beyond 95 %" in found.note
    assert "1 beyond 99.8 %" in found.note


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**31), kind=st.sampled_from(["none", "additive", "multiplicative"]))
def test_order_of_rows_and_names_of_sites_do_not_matter(seed, kind):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"s": rng.integers(0, 12, 300), "y": rng.integers(0, 2, 300)})
    data.loc[:11, "s"] = range(12)
    one = funnel(data, site="s", outcome="y", overdispersion=kind)
    shuffled = data.sample(frac=1, random_state=seed % 1000)
    two = funnel(shuffled, site="s", outcome="y", overdispersion=kind)
    pd.testing.assert_frame_equal(one.table, two.table)
    names = data["s"].map(lambda k: f"site {99 - k} ä")
    three = funnel(data.assign(s=names), site="s", outcome="y", overdispersion=kind).table
    flipped = three.iloc[::-1].drop(columns="site").reset_index(drop=True)
    pd.testing.assert_frame_equal(flipped, one.table.drop(columns="site"), rtol=1e-9)


@settings(deadline=None, max_examples=50)
@given(
    n=st.integers(1, 500),
    target=st.floats(0.01, 0.99),
    p=st.floats(0.0005, 0.9995),
)
def test_exact_limits_bracket_the_quantile(n, target, p):
    from scipy import stats

    limit = binomial_limits(np.array([float(n)]), target, p)[0] * n
    count = stats.binom.ppf(p, n, target)
    assert max(count - 1, 0) - 1e-9 <= limit <= count + 1e-9


def test_what_is_left_out_is_counted_and_named():
    data = pd.DataFrame(
        {"s": ["a", "b", "c", "d", None], "e": [3, 4, 0, np.nan, 1], "n": [10, 20, 0, 10, 10]}
    )
    found = funnel(data, site="s", events="e", n="n")
    assert found.table["site"].tolist() == ["a", "b"]
    assert found.n_excluded == 2
    assert "Left out for a missing value: 2 rows." in found.warnings
    assert "Left out, with nothing to compare: 2 sites ('c', 'd')." in found.warnings


def test_small_sites_are_flagged():
    data = pd.DataFrame({"s": ["a", "b"], "e": [1, 20], "n": [4, 50]})
    found = funnel(data, site="s", events="e", n="n")
    assert found.table["small"].tolist() == [True, False]
    assert any("Fewer than 5 people: 1 site ('a')" in text for text in found.warnings)


COUNTS = pd.DataFrame({"s": ["a", "b", "c"], "e": [3, 4, 6], "n": [10, 20, 30], "y": [1.0, 0, 1]})


def call(data=COUNTS, **changed):
    return funnel(data, **{"site": "s", "events": "e", "n": "n", **changed})


@pytest.mark.parametrize(
    ("changed", "kind", "says"),
    [
        ({"kind": "ratio"}, OptionError, "'kind' must be one of"),
        ({"n": None}, OptionError, r"takes outcome= .a row a person. or events=, n="),
        ({"exposure": "y"}, OptionError, "Got events=, exposure=, n="),
        ({"target": 1.0}, OptionError, "'target' of kind 'proportion' must be between 0 and 1"),
        ({"target": "0.5"}, OptionError, "Got '0.5'"),
        ({"limits": (95,)}, OptionError, "'limits' must hold shares between 0 and 1"),
        ({"limits": ()}, OptionError, "'limits'"),
        ({"winsorise": 0.5}, OptionError, "'winsorise' must be from 0 to below 0.5"),
        ({"overdispersion": "phi"}, OptionError, "'overdispersion' must be one of"),
        ({"site": 3}, OptionError, "'site' must be the name of a column"),
        ({"events": 3}, OptionError, "events=3 is none"),
        ({"n": "e"}, OptionError, "One column has two roles"),
        ({"site": "hospital"}, ColumnError, "no column 'hospital'"),
    ],
)
def test_refuses_options_that_do_not_fit(changed, kind, says):
    with pytest.raises(kind, match=says):
        call(**changed)


def put(column, values):
    return COUNTS.assign(**{column: values})


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (COUNTS.head(0), TooFewError, "no rows"),
        (COUNTS.head(1), TooFewError, "one site .'a'., which can't be compared with itself"),
        (put("e", 0), TooFewError, "no events in any site"),
        (put("e", COUNTS["n"]), TooFewError, "Everybody in every site"),
        (put("n", np.nan), TooFewError, "nobody answered 'n'"),
        (put("s", None), TooFewError, "3 rows were left out"),
        (put("e", [3, 40, 6]), DataError, "'e' should not be above 'n': row 2"),
        (put("e", [3, -1, 2.5]), DataError, r"'e' should be a whole number.*rows 2, 3"),
        (put("e", [3, np.inf, 2]), DataError, "Infinite values: 'e' in row 2"),
        (put("e", ["3", "x", 2]), ColumnError, "'e' holds 'x' in row 2"),
        (put("s", ["a", "b", "a"]), DuplicateError, r"'a' \(rows 1, 3\)"),
    ],
)
def test_refuses_impossible_counts(data, kind, says):
    with pytest.raises(kind, match=says):
        call(data)


def test_refuses_outcomes_that_are_not_of_the_kind(stays):
    with pytest.raises(DataError, match=r"'los' should be 0 or 1"):
        funnel(stays, site="provnum", outcome="los")
    flat = pd.DataFrame({"s": list("aabb"), "y": [1.1, 1.1, 2.1, 2.1]})
    with pytest.raises(TooFewError, match="doesn't vary within any site"):
        funnel(flat, "mean", site="s", outcome="y")
    with pytest.raises(TooFewError, match="No site has two people"):
        funnel(COUNTS, "mean", site="s", outcome="y")
    with pytest.raises(DataError, match="events with 0 in 'n'"):
        funnel(put("n", [0, 1, 2]), "rate", site="s", events="e", exposure="n")


def test_one_site_with_a_target_is_fine():
    found = call(COUNTS.head(1), target=0.2)
    assert np.isnan(found.phi)
    assert len(found.table) == 1


def test_means_far_from_zero_keep_their_digits():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"s": np.repeat(range(6), 20), "y": rng.normal(size=120).round(3)})
    near = funnel(data, "mean", site="s", outcome="y").table
    far = funnel(data.assign(y=data["y"] + 1e8), "mean", site="s", outcome="y").table
    close(far["se"], near["se"], 1e-7)
    close(far["statistic"], near["statistic"], 1e-6, 1e-6)


def test_plot_names_the_sites_outside():
    mpl.use("Agg")
    from matplotlib.figure import Figure

    data = pd.DataFrame({"s": ["$a$", "b", "_c"], "e": [50, 38, 82], "n": 100})
    found = funnel(data, site="s", events="e", n="n", target=0.5)
    ax = found.plot(ax=Figure().subplots(), labels={"b": "Bury"})
    assert [text.get_text() for text in ax.texts] == [" _c", "Bury"]
    ax.figure.canvas.draw()
    close(found.curve["n"].iloc[[0, -1]], [80, 105])


def test_a_million_people_in_seconds():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"s": rng.integers(0, 500, 10**6), "y": rng.integers(0, 2, 10**6)})
    assert len(cp.sites.funnel(data, site="s", outcome="y").table) == 500
