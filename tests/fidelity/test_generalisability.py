"""A generalisability study: what must hold for any ratings, and what is refused."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from cpeval.errors import (
    ColumnError,
    DataError,
    DuplicateError,
    LevelError,
    OptionError,
    TooFewError,
)
from cpeval.fidelity import generalisability
from cpeval.fidelity.component_estimates import estimates
from cpeval.fidelity.count_components import components_from_counts
from cpeval.fidelity.facet_cells import facet_cells
from cpeval.fidelity.facet_design import facet_design
from cpeval.fidelity.measurement_error import planned_shares, study_shares
from cpeval.fidelity.restricted_likelihood import RestrictedLikelihood

CLOSED = 1e-9  # closed forms, over different orders of summing
SEARCHED = 1e-6  # REML, from other starting points


def cells_of(data, facets=("assessor", "item"), nested=None):
    return facet_cells(data, "rating", facet_design("unit", list(facets), nested or {}))


def nested_ratings(seed=0, *, uneven=False):
    """Units in sites, assessors in sites, items in components."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"S{site}", f"U{unit}", f"A{assessor}", f"C{part}", f"I{item}")
        for site in range(5)
        for unit in range(6)
        for assessor in range(3)
        for part in range(2)
        for item in range(4 if uneven and part else 3)
    ]
    data = pd.DataFrame(rows, columns=["site", "unit", "assessor", "component", "item"])
    effects = {
        "site": 0.4,
        "site unit": 0.5,
        "site assessor": 0.3,
        "component item": 0.4,
        "site unit assessor": 0.3,
    }
    y = 3 + 0.5 * rng.standard_normal(len(data))
    for names, sd in effects.items():
        code = data.groupby(names.split()).ngroup().to_numpy()
        y += sd * rng.standard_normal(code.max() + 1)[code]
    return data.assign(rating=y)


INSIDE = {"unit": "site", "assessor": "site", "item": "component"}
NESTED = {"facets": ["assessor", "component", "item"], "nested": INSIDE}


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    gaps=st.sampled_from([0.0, 0.2]),
    a=st.floats(0.01, 100),
    b=st.floats(-100, 100),
)
def test_row_order_and_unit_of_measurement(drawn, seed, gaps, a, b):
    data = drawn(8, 3, 4, seed=seed, gaps=gaps)
    one = generalisability(data)
    other = data.sample(frac=1, random_state=seed % 2**31).assign(
        rating=lambda d: a * (d["rating"] + b)
    )
    two = generalisability(other)
    rtol = SEARCHED if gaps else CLOSED
    scale = one.table["estimate"].sum()
    np.testing.assert_allclose(
        two.table["estimate"] / a**2, one.table["estimate"], rtol=rtol, atol=1e-7 * scale
    )
    np.testing.assert_allclose([two.g, two.phi], [one.g, one.phi], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(two.sem / a, one.sem, rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"assessors": 2}])
def test_counts_give_the_anova_where_balanced(drawn, options):
    data = drawn(**options)
    squares = generalisability(data).mean_squares["estimate"]
    np.testing.assert_allclose(components_from_counts(cells_of(data)), squares, rtol=CLOSED)
    nested = nested_ratings().drop(columns="site")
    design = {"facets": ["component", "item"], "nested": {"item": "component"}}
    one = nested[nested["assessor"] == "A0"].groupby(["unit", "component", "item"]).first()
    cells = cells_of(one.reset_index(), **design)
    expected = generalisability(one.reset_index(), **design).mean_squares["estimate"]
    np.testing.assert_allclose(components_from_counts(cells), expected, rtol=CLOSED)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_likelihood_is_that_of_the_whole_matrix(drawn, seed):
    """Value and slopes against the definition, with all ratings in one covariance matrix."""
    cells = cells_of(drawn(5, 3, 3, seed=seed, gaps=0.2))
    rng = np.random.default_rng(seed)
    variances = rng.uniform(0.05, 1, len(cells.design.effects))
    y = cells.y - cells.y.mean()
    patterns = [
        np.equal.outer(cells.codes[effect], cells.codes[effect]).astype(float)
        for effect in cells.design.effects
    ]
    v = np.einsum("k,kab->ab", variances, patterns)
    w = np.linalg.inv(v)
    one = np.ones((y.size, 1))
    p = w - w @ one @ one.T @ w / w.sum()
    value = np.linalg.slogdet(v)[1] + np.log(w.sum()) + y @ p @ y
    slopes = [np.trace(p @ k) - y @ p @ k @ p @ y for k in patterns]
    information = [[y @ p @ k @ p @ m @ p @ y for m in patterns] for k in patterns]
    for block in cells.design.factors:
        at = RestrictedLikelihood(cells, block, y).at(variances)
        np.testing.assert_allclose(at.value, value, rtol=CLOSED)
        np.testing.assert_allclose(at.gradient, slopes, rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(at.information, information, rtol=1e-7, atol=1e-8)


def test_reml_is_the_top_of_the_likelihood(drawn):
    cells = cells_of(drawn(10, 3, 4, seed=4, gaps=0.15))
    found = estimates(cells, "reml", 0.95)
    model = RestrictedLikelihood(cells, "unit", cells.y - cells.y.mean())
    top = model.at(found.components)
    inside = found.components > 0
    assert np.abs(top.gradient * found.components)[inside].max() < 1e-6
    assert (top.gradient[~inside] >= 0).all()  # would fall if it rose from 0


def test_shares_of_balanced_ratings_are_the_planned_ones(drawn):
    data = drawn(6, 3, 4)
    cells = cells_of(data)
    one, two = study_shares(cells), planned_shares(cells.design, {"assessor": 3, "item": 4})
    for name in ("unit", "relative", "absolute"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=CLOSED)


def test_shares_are_those_of_simulated_errors(drawn):
    """Error variances of unit means, with gaps, against draws of every effect."""
    cells = cells_of(drawn(6, 3, 4, seed=2, gaps=0.3))
    design, rng = cells.design, np.random.default_rng(3)
    of_unit = cells.codes[cells.unit_effect]
    shares = study_shares(cells)
    for k, effect in enumerate(design.effects):
        if effect == cells.unit_effect:
            continue
        drawn_values = rng.standard_normal((20_000, cells.sizes[effect]))
        y = drawn_values[:, cells.codes[effect]]
        means = np.stack([y[:, of_unit == j].mean(axis=1) for j in range(6)], axis=1)
        absolute = (means**2).mean()
        assert abs(absolute / shares.absolute[k] - 1) < 0.05, effect  # 4 Monte Carlo errors
        if "unit" not in effect:
            relative = means.var(axis=1, ddof=1).mean()
            assert abs(relative - shares.relative[k]) < 0.05 * shares.absolute[k], effect


def test_nesting_by_hand():
    """Units nested in sites, with assessors of their own: terms, degrees of freedom, roles."""
    found = generalisability(nested_ratings(), **NESTED)
    squares = found.mean_squares.set_index("term")
    assert squares["df"].to_dict() == {
        "site": 4,
        "unit(site)": 25,
        "assessor(site)": 10,
        "component": 1,
        "item(component)": 4,
        "unit(site):assessor(site)": 50,
        "site:component": 4,
        "unit(site):component": 25,
        "assessor(site):component": 10,
        "site:item(component)": 16,
        "unit(site):item(component)": 100,
        "assessor(site):item(component)": 40,
        "unit(site):assessor(site):component": 50,
        "residual": 200,
    }
    v = found.table.set_index("term")["estimate"]
    unit = v["site"] + v["unit(site)"]
    assessors = (v["assessor(site)"] + v["unit(site):assessor(site)"]) / 3
    by_component = (v["site:component"] + v["unit(site):component"]) / 2
    both = (v["assessor(site):component"] + v["unit(site):assessor(site):component"]) / 6
    by_item = (v["site:item(component)"] + v["unit(site):item(component)"]) / 6
    rest = (v["assessor(site):item(component)"] + v["residual"]) / 18
    relative = assessors + by_component + both + by_item + rest
    absolute = relative + v["component"] / 2 + v["item(component)"] / 6
    np.testing.assert_allclose(found.unit_variance, unit, rtol=CLOSED)
    np.testing.assert_allclose(found.g, unit / (unit + relative), rtol=CLOSED)
    np.testing.assert_allclose(found.phi, unit / (unit + absolute), rtol=CLOSED)
    np.testing.assert_allclose(found.sem, np.sqrt(absolute), rtol=CLOSED)
    assert "Labels of 'unit', 'assessor', 'item' occur" in " ".join(found.warnings)


def test_nested_and_uneven_runs_by_all_methods():
    data = nested_ratings(uneven=True)
    one = generalisability(data, **NESTED)
    two = generalisability(data, **NESTED, method="anova")
    assert (one.method, two.method) == ("REML", "Henderson")
    assert one.n_levels["item"] == pytest.approx(2 / (1 / 3 + 1 / 4))
    assert abs(one.g - two.g) < 0.1
    assert one.table[["ci_low", "ci_high"]].notna().all(axis=None)


def test_estimates_are_near_the_truth(drawn):
    truth = [0.49, 0.09, 0.16, 0.09, 0, 0, 0.36]
    table = generalisability(drawn(400, 12, 20, seed=1), level=0.999).table
    assert (table["ci_low"] <= truth).all()
    assert (table["ci_high"] >= truth).all()
    np.testing.assert_allclose(table["share"].sum(), 1, rtol=CLOSED)


def test_interval_of_a_single_mean_square_is_exact(drawn):
    """The residual's: df MS over chi-squared quantiles."""
    found = generalisability(drawn(), level=0.9)
    residual, df = found.mean_squares["mean_square"].iloc[-1], 11 * 2 * 3
    low = df * residual / stats.chi2.ppf(0.95, df)
    high = df * residual / stats.chi2.ppf(0.05, df)
    row = found.table.iloc[-1]
    np.testing.assert_allclose([row["ci_low"], row["ci_high"]], [low, high], rtol=CLOSED)
    assert row["df"] == pytest.approx(df)


def test_wider_level_is_wider(drawn):
    data = drawn(seed=5)
    one, two = generalisability(data, level=0.8), generalisability(data, level=0.99)
    assert (two.table["ci_low"] <= one.table["ci_low"]).all()
    assert (two.table["ci_high"] >= one.table["ci_high"]).all()
    assert two.coefficients["ci_low"][1] < one.coefficients["ci_low"][1] < one.phi


def test_negative_variance_is_set_to_zero_and_said():
    data = pd.DataFrame(
        {
            "unit": list("AAAABBBBCCCC"),
            "assessor": list("KKLL") * 3,
            "item": [1, 2] * 6,
            "rating": [2, 3, 2, 4, 3, 4, 4, 4, 4, 5, 5, 5],
        }
    )
    found = generalisability(data)
    # By hand: mean squares 4, 3/4, 25/12, 0, 1/3, 1/12, 1/3.
    raw = [1, 1 / 6, 1 / 3, -1 / 6, 0, -1 / 12, 1 / 3]
    np.testing.assert_allclose(found.mean_squares["estimate"], raw, atol=1e-12)
    np.testing.assert_allclose(found.table["estimate"], np.maximum(raw, 0), atol=1e-12)
    said = " ".join(found.warnings)
    assert "below 0 were set to 0: unit:assessor (-0.167), assessor:item (-0.0833)." in said
    assert "unit:item (" not in said


def test_engines_missing_ratings_and_input_left_alone(drawn):
    data = drawn()
    data.loc[3, "rating"] = np.nan
    before = data.copy()
    one, two = generalisability(data), generalisability(pl.from_pandas(data))
    pd.testing.assert_frame_equal(data, before)
    pd.testing.assert_frame_equal(one.table, two.table)
    assert (one.n_missing, one.balanced, one.method) == (1, False, "REML")
    assert "1 row without a rating was left out." in one.warnings


def test_names_with_spaces_and_accents(drawn):
    data = drawn().rename(columns={"unit": "équipe A", "assessor": "who rated", "rating": "Wert"})
    found = generalisability(data, rating="Wert", unit="équipe A", facets=["who rated", "item"])
    assert found.table["term"].tolist()[3] == "équipe A:who rated"


def test_shows_itself_plots_and_pickles(drawn):
    found = generalisability(drawn())
    assert "Generalisability study unit x assessor x item of 144 ratings of 12 units" in str(found)
    assert found.plot().get_xlabel() == "Variance (squared points)"
    again = pickle.loads(pickle.dumps(found))
    pd.testing.assert_frame_equal(again.table, found.table)


def test_one_assessor_only(drawn):
    with pytest.raises(TooFewError, match=r"'assessor' has one level \('O0'\).*rated under two"):
        generalisability(drawn(assessors=1))
    with pytest.raises(TooFewError, match=r"'unit' has one level.*two units"):
        generalisability(drawn(units=1))


def test_assessors_of_their_own_must_be_said_to_be_nested(drawn):
    data = drawn().assign(assessor=lambda d: d["unit"] + d["assessor"])
    with pytest.raises(TooFewError, match=r"nested=\{'assessor': 'unit'\}"):
        generalisability(data)
    found = generalisability(data, nested={"assessor": "unit"})
    assert found.table["term"].tolist() == [
        "unit", "assessor(unit)", "item", "unit:item", "residual",
    ]  # fmt: skip
    one = data[data["assessor"].str.endswith("O0")]
    with pytest.raises(TooFewError, match="Each 'unit' goes with one 'assessor' only"):
        generalisability(one)


def test_copies_are_named(drawn):
    data = drawn()
    data = pd.concat([data, data.iloc[[2, 5]]])
    with pytest.raises(DuplicateError, match=r"rows 3, 145; rows 6, 146\. Remove the copies"):
        generalisability(data)
    twice = pd.concat([drawn(seed=1), drawn(seed=2)]).assign(time=np.repeat([1, 2], 144))
    found = generalisability(twice, facets=["assessor", "item", "time"])
    assert len(found.table) == 15


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda d: d.iloc[:0], TooFewError, "There are no ratings"),
        (lambda d: d.assign(rating=np.nan), TooFewError, "There are no ratings"),
        (lambda d: d.iloc[:1], TooFewError, "one level"),
        (lambda d: d.assign(rating=3), TooFewError, "All ratings are equal \\(3\\)"),
        (lambda d: d.assign(rating="good"), ColumnError, "'rating' holds 'good' in rows 1"),
        (lambda d: d.drop(columns="item"), ColumnError, "no column 'item'"),
        (lambda d: d.assign(unit=d["unit"].where(d.index != 4)), DataError, "'unit' in row 5"),
        (lambda d: d.assign(rating=d["rating"].where(d.index != 4, np.inf)), DataError, "row 5"),
    ],
)
def test_bad_data(drawn, change, error, text):
    with pytest.raises(error, match=text):
        generalisability(change(drawn()))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"facets": "item"}, "must be a list"),
        ({"facets": []}, "one to 4 columns"),
        ({"facets": ["item", "item"]}, "'item' stand twice"),
        ({"facets": ["unit", "item"]}, "the unit 'unit' is no facet"),
        ({"nested": {"itm": "unit"}}, "'itm' \\(did you mean 'item'"),
        ({"nested": {"unit": "assessor"}}, "can't be nested in a facet"),
        ({"nested": {"item": "assessor", "assessor": "item"}}, "goes in a circle"),
        ({"nested": ["item"]}, "must say what is nested"),
        ({"method": "remll"}, "did you mean 'reml'"),
    ],
)
def test_bad_options(drawn, options, text):
    with pytest.raises(OptionError, match=text):
        generalisability(drawn(), **options)


def test_bad_level(drawn):
    with pytest.raises(LevelError):
        generalisability(drawn(), level=95)


def test_too_sparse_to_tell_apart():
    """Each unit rated by two assessors on one item each: a chain that leaves variances open."""
    data = pd.DataFrame(
        {
            "unit": [1, 1, 2, 2],
            "assessor": [1, 2, 2, 1],
            "item": [1, 2, 1, 2],
            "rating": [1, 3, 2, 5],
        }
    )
    with pytest.raises(TooFewError, match=r"can't be told apart\. Leave out"):
        generalisability(data)


def test_large_and_unbalanced_takes_henderson(drawn):
    data = drawn(3000, 4, 25, seed=3, gaps=0.1)
    found = generalisability(data)
    assert found.method == "Henderson"
    assert "REML would take very long" in found.note
    table = found.table.set_index("term")["estimate"]
    np.testing.assert_allclose(table["unit"], 0.49, rtol=0.1)
    np.testing.assert_allclose(table["residual"], 0.36, rtol=0.02)


def ting(plus, minus, alpha):
    """Ting et al. (1990) as printed: lists of (weighted mean square, df); F with upper points."""

    def f(a, one, other=np.inf):
        return stats.chi2.isf(a, one) / one if np.isinf(other) else stats.f.isf(a, one, other)

    def g(n):
        return 1 - 1 / f(alpha, n)

    def h(n):
        return 1 / f(1 - alpha, n) - 1

    def star(n, m, many):
        both = (1 - 1 / f(alpha, n + m)) ** 2 * (n + m) ** 2 / (n * m)
        return (both - g(n) ** 2 * n / m - g(m) ** 2 * m / n) / (many - 1)

    low = high = 0.0
    for s, n in plus:
        low += (g(n) * s) ** 2
        high += (h(n) * s) ** 2
        for t, m in minus:
            up, down = f(alpha, n, m), f(1 - alpha, n, m)
            low += ((up - 1) ** 2 - g(n) ** 2 * up**2 - h(m) ** 2) / up * s * t
            high += ((1 - down) ** 2 - h(n) ** 2 * down**2 - g(m) ** 2) / down * s * t
    for t, m in minus:
        low += (h(m) * t) ** 2
        high += (g(m) * t) ** 2
    for terms, is_low in ((plus, True), (minus, False)):
        for one in range(len(terms)):
            for other in range(one + 1, len(terms)):
                (s, n), (t, m) = terms[one], terms[other]
                extra = star(n, m, len(terms)) * s * t
                low, high = (low + extra, high) if is_low else (low, high + extra)
    estimate = sum(s for s, _ in plus) - sum(t for t, _ in minus)
    return estimate - np.sqrt(low), estimate + np.sqrt(high)


def test_intervals_are_those_of_ting_and_others(drawn):
    found = generalisability(drawn(seed=3), level=0.9)
    squares = found.mean_squares.set_index("term")
    ms, df = squares["mean_square"], squares["df"]
    table = found.table.set_index("term")
    for term, plus, minus, divisor in (
        ("unit", ["unit", "residual"], ["unit:assessor", "unit:item"], 12),
        ("item", ["item", "residual"], ["unit:item", "assessor:item"], 36),
        ("unit:assessor", ["unit:assessor"], ["residual"], 4),
    ):
        sides = [[(ms[x] / divisor, df[x]) for x in side] for side in (plus, minus)]
        expected = np.maximum(ting(*sides, 0.05), 0)
        np.testing.assert_allclose(table.loc[term, ["ci_low", "ci_high"]], expected, rtol=CLOSED)


def test_no_error_at_all(drawn):
    """Ratings that are unit plus item, with gaps: the residual is 0, and it is said."""
    data = drawn(8, 3, 4, gaps=0.2)
    code = data["unit"].str[-1].astype(int)
    found = generalisability(data.assign(rating=code + data["item"]))
    table = found.table.set_index("term")["estimate"]
    assert table["residual"] == 0
    np.testing.assert_allclose(table["unit"], np.var(range(8), ddof=1), rtol=1e-3)
    np.testing.assert_allclose(table["item"], np.var(range(4), ddof=1), rtol=1e-3)
    assert any("Nothing is left for the residual" in text for text in found.warnings)


@pytest.mark.parametrize("seed", range(12))
def test_sparse_ratings_give_an_answer_or_say_why_not(drawn, seed):
    """Half the combinations missing: no warning of numpy's, no bare error."""
    data = drawn(4 + seed % 5, 2 + seed % 3, 2 + seed % 4, seed=seed, gaps=0.5)
    for method in ("reml", "anova"):
        try:
            found = generalisability(data, method=method)
        except TooFewError:
            continue
        assert (found.table["estimate"] >= 0).all()
        assert np.isfinite(found.table["estimate"]).all()


def test_what_tells_copies_apart_is_named(drawn):
    """Two observers of one informant: the column that was forgotten is named, and how it nests."""
    data = drawn().rename(columns={"assessor": "informant"})
    both = pd.concat([data.assign(assessor=data["informant"] + k) for k in (" 1", " 2")])
    both = both.assign(rating=both["rating"] + np.arange(len(both)) % 2, row=np.arange(len(both)))
    says = r"apart: 'assessor', nested=\{'assessor': 'informant'\}\. \("
    with pytest.raises(DuplicateError, match=says):
        generalisability(both, facets=["informant", "item"])
    alike = both.assign(assessor=both["assessor"].str[-1])
    with pytest.raises(DuplicateError, match=r"tells all of them apart: 'assessor'\. \("):
        generalisability(alike, facets=["informant", "item"])
    third = pd.concat([alike, alike.assign(assessor="1")])
    with pytest.raises(DuplicateError, match=r"'assessor' differs between some of them"):
        generalisability(third.drop(columns="row"), facets=["informant", "item"])
    with pytest.raises(DuplicateError, match="no other column tells them apart"):
        generalisability(alike.drop(columns="assessor"), facets=["informant", "item"])
