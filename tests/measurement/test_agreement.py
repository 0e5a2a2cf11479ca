import json
import pickle
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings, strategies as st

from cpeval.errors import (
    CodeError,
    ColumnError,
    DataError,
    DuplicateError,
    LevelError,
    OptionError,
    TooFewError,
)
from cpeval.measurement import agreement
from cpeval.measurement.raters.chance_corrected import category_counts
from cpeval.measurement.raters.krippendorff import alpha

REFERENCE = Path(__file__).parents[1] / "reference"
RTOL = 1e-10  # closed forms; R printed 17 digits
NAN = float("nan")

OF_CAC = {
    "percent": "percent",
    "gwet": "gwet_ac",
    "fleiss": "fleiss_kappa",
    "conger": "conger_kappa",
    "brennan_prediger": "brennan_prediger",
    "krippendorff_gwet": "krippendorff_alpha",
}
WEIGHTS = ["identity", "linear", "quadratic", "ordinal"]
METRICS = {"nominal": "identity", "interval": "quadratic", "ordinal": "ordinal"}


def data(name):
    table = pd.read_csv(REFERENCE / "data" / f"{name}.csv")
    return table.iloc[:, 1:] if name.startswith("raw") else table


@pytest.fixture(scope="module")
def entries():
    return json.loads((REFERENCE / "agreement.json").read_text(encoding="utf-8"))["entries"]


def by_name(ratings, **how):
    return agreement(ratings, **how).table.set_index("coefficient")


@pytest.mark.parametrize(
    ("name", "weights"), [*(("anxiety", w) for w in WEIGHTS), ("diagnoses", "identity")]
)
def test_equals_irrcac(name, weights, entries):
    cac = "unweighted" if weights == "identity" else weights
    table = by_name(data(name), weights=weights)
    seen = 0
    for theirs, ours in OF_CAC.items():
        expected = entries.get(f"{name}/cac_{theirs}_{cac}")
        if expected is None:  # only his own metric, which irrCAC doesn't have
            assert (theirs, weights) == ("krippendorff_gwet", "ordinal")
            continue
        row, value = table.loc[ours], expected["value"]
        for column, key in (
            ("observed", "pa"),
            ("expected", "pe"),
            ("estimate", "coefficient"),
            ("se", "se"),
            ("ci_low", "lower"),
            ("ci_high", "upper"),
        ):
            # irrCAC's interval was put together from rounded text: 15 digits.
            np.testing.assert_allclose(row[column], value[key], rtol=1e-10, atol=1e-13)
        if ours == "percent":
            assert np.isnan(row["p"])  # that agreement is 0 is nobody's hypothesis
        else:
            # irrCAC's is 1 - P, which leaves 16 decimals.
            np.testing.assert_allclose(row["p"], value["p"], rtol=1e-10, atol=1e-15)
        seen += 1
    assert seen >= 5


@pytest.mark.parametrize("name", ["raw4raters", "raw5obser"])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_equals_irrcac_with_gaps(name, weights, entries):
    table = by_name(data(name), weights=weights)
    expected = {
        key.split("/")[2]: e["value"]
        for key, e in entries.items()
        if key.startswith(f"{name}/{weights}/")
    }
    assert len(expected) == 4 if weights == "ordinal" else 5
    for coefficient, value in expected.items():
        for column, theirs in value.items():
            ours = table.loc[coefficient, column]
            np.testing.assert_allclose(ours, theirs, rtol=RTOL, atol=1e-14, err_msg=column)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        *((n, m) for n in ("anxiety", "raw4raters", "raw5obser") for m in METRICS),
        ("diagnoses", "nominal"),
    ],
)
def test_krippendorffs_alpha_equals_his_coincidences(name, metric, entries):
    value = entries[f"{name}/krippendorff_{metric}"]["value"]
    table = by_name(data(name), weights=METRICS[metric])
    expected = value["alpha"] if isinstance(value, dict) else value
    np.testing.assert_allclose(table.loc["krippendorff_alpha", "estimate"], expected, rtol=RTOL)


def test_krippendorffs_own_example():
    # Krippendorff (2011), "Computing Krippendorff's alpha-reliability", data C: 12 units, 4
    # observers, gaps. Nominal 0.743, ordinal 0.815, interval 0.849 as printed there.
    units = data("raw4raters")
    for weights, printed in (("identity", 0.743), ("ordinal", 0.815), ("quadratic", 0.849)):
        found = by_name(units, weights=weights).loc["krippendorff_alpha", "estimate"]
        assert round(found, 3) == printed


@pytest.mark.parametrize("name", ["anxiety", "diagnoses"])
def test_cohens_kappa_and_its_errors_equal_fleiss_cohen_everitt(name, entries):
    ratings, used = data(name), 0
    for key, entry in entries.items():
        dataset, _, rest = key.partition("/")
        if dataset != name or not rest.startswith("cohen_"):
            continue
        _, weights, one, two = rest.split("_")
        pair = ratings.iloc[:, [int(one) - 1, int(two) - 1]]
        row = by_name(pair, weights=weights, categories=entries[f"{name}/categories"]["value"])
        row, value = row.loc["cohen_kappa"], entry["value"]
        for column, theirs in (
            ("estimate", "kappa"),
            ("se", "se"),
            ("p", "p"),
            ("ci_low", "lower"),
            ("ci_high", "upper"),
            ("observed", "po"),
            ("expected", "pe"),
            ("n", "n"),
        ):
            expected = min(value[theirs], 1) if theirs == "upper" else value[theirs]
            np.testing.assert_allclose(row[column], expected, rtol=1e-9, err_msg=column)
        used += 1
    assert used == {"anxiety": 9, "diagnoses": 15}[name]


@pytest.mark.parametrize("name", ["anxiety", "diagnoses"])
def test_lights_kappa_is_the_mean_of_pairs_and_named_so(name, entries):
    result = agreement(data(name))
    table = result.table.set_index("coefficient")
    np.testing.assert_allclose(
        table.loc["light_kappa", "estimate"], entries[f"{name}/light_irr"]["value"], rtol=RTOL
    )
    np.testing.assert_allclose(result.pairs["estimate"].mean(), table.loc["light_kappa"].estimate)
    assert not {"cohen_kappa", "scott_pi"} & set(table.index)
    r = len(data(name).columns)
    assert len(result.pairs) == r * (r - 1) / 2
    for kind, ours in (("fleiss_kappa", "fleiss_kappa"), ("conger_exact_irr", "conger_kappa")):
        value = entries[f"{name}/{kind}"]["value"]
        expected = value["kappa"] if isinstance(value, dict) else value
        np.testing.assert_allclose(table.loc[ours, "estimate"], expected, rtol=RTOL)


def test_lights_error_by_jackknife():
    # For a mean of smooth statistics, leaving subjects out one at a time gives the same error
    # but for terms of order 1/n: at n = 600 within a percent.
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 600)
    x = np.column_stack(
        [np.where(rng.random(600) < 0.7, truth, rng.integers(0, 3, 600)) for _ in range(3)]
    )
    ratings = pd.DataFrame(x, columns=list("abc"))

    def mean_kappa(counts):
        found = []
        for a, b in ((0, 1), (0, 2), (1, 2)):
            table = np.zeros((3, 3))
            np.add.at(table, (x[:, a], x[:, b]), counts)
            table /= table.sum()
            expected = table.sum(0) @ table.sum(1)
            found.append((np.trace(table) - expected) / (1 - expected))
        return np.mean(found)

    left_out = np.array([mean_kappa(1 - e) for e in np.eye(600)])
    se = np.sqrt(599 / 600 * ((left_out - left_out.mean()) ** 2).sum())
    np.testing.assert_allclose(by_name(ratings).loc["light_kappa", "se"], se, rtol=0.01)


@pytest.mark.parametrize("metric", ["ordinal", "interval"])
@pytest.mark.parametrize("name", ["anxiety", "raw5obser"])
def test_alphas_error_is_that_of_small_changes_in_each_subjects_weight(name, metric):
    # The derivative of alpha (without the factor for small samples) in a subject's weight, by
    # central differences from the definition, is the subject's influence over n. With gaps,
    # Gwet's linearisation keeps the observed agreement with that factor in one term, which
    # differs by order 1/N; without gaps the term is 0.
    ratings = data(name).to_numpy(dtype=float)
    seen = np.unique(ratings[~np.isnan(ratings)])
    codes = np.where(np.isnan(ratings), -1, np.searchsorted(seen, ratings))
    counts = category_counts(codes, len(seen))
    counts = counts[counts.sum(axis=1) >= 2]
    n = len(counts)

    def plain(weights):
        together = np.zeros((len(seen), len(seen)))
        for row, weight in zip(counts, weights, strict=True):
            together += weight * (np.outer(row, row) - np.diag(row)) / (row.sum() - 1)
        total = together.sum(axis=0)
        at = seen if metric == "interval" else np.cumsum(total) - total / 2
        apart = (at[:, None] - at) ** 2
        return 1 - total.sum() * (together * apart).sum() / (total @ apart @ total)

    step = 1e-5
    by_hand = np.array(
        [(plain(1 + step * e) - plain(1 - step * e)) / (2 * step) for e in np.eye(n)]
    )
    distances = None if metric == "ordinal" else (seen[:, None] - seen) ** 2
    _, _, _, influence = alpha(counts, distances)
    atol = 1e-9 if name == "anxiety" else 0.03 / n
    np.testing.assert_allclose(influence / n, by_hand, atol=atol)


def test_two_raters_by_hand():
    # 10 subjects: both yes 4, both no 3, yes/no 2, no/yes 1. Margins .6 and .5.
    pair = pd.DataFrame({"a": ["y"] * 6 + ["n"] * 4, "b": [*"yyyynn", *"ynnn"]})
    table = by_name(pair)["estimate"]
    assert table["percent"] == pytest.approx(0.7)
    assert table["cohen_kappa"] == pytest.approx((0.7 - 0.5) / 0.5)
    assert table["conger_kappa"] == pytest.approx((0.7 - 0.5) / 0.5)
    scott = 0.55**2 + 0.45**2
    assert table["scott_pi"] == pytest.approx((0.7 - scott) / (1 - scott))
    assert table["fleiss_kappa"] == table["scott_pi"]
    assert table["brennan_prediger"] == pytest.approx(0.4)
    gwet = 2 * 0.55 * 0.45
    assert table["gwet_ac"] == pytest.approx((0.7 - gwet) / (1 - gwet))
    # Krippendorff: 20 ratings, 11 yes; 6 of 20 coincidences differ.
    assert table["krippendorff_alpha"] == pytest.approx(1 - 19 * 6 / (2 * 11 * 9))


def test_weights_as_an_array_equal_the_named_ones():
    x = data("anxiety")
    apart = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    for name, matrix in (
        ("identity", np.eye(6)),
        ("linear", 1 - apart / 5),
        ("quadratic", 1 - apart**2 / 25),
    ):
        ours = agreement(x, weights=matrix)
        pd.testing.assert_frame_equal(ours.table, agreement(x, weights=name).table)
        assert "weights as given" in ours.note


def test_text_with_an_order_is_as_numbers():
    x = data("anxiety")
    words = ["none", "little", "some", "much", "more", "most"]
    labelled = x.apply(lambda column: column.map(dict(zip(range(1, 7), words, strict=True))))
    for weights in WEIGHTS:
        one = agreement(labelled, weights=weights, categories=words)
        pd.testing.assert_frame_equal(one.table, agreement(x, weights=weights).table)
    declared = labelled.astype(pd.CategoricalDtype(words, ordered=True))
    pd.testing.assert_frame_equal(
        agreement(declared, weights="linear").table, agreement(x, weights="linear").table
    )


def test_ordered_weights_need_an_order():
    for weights in ("linear", "quadratic", "ordinal"):
        with pytest.raises(
            OptionError, match=r"needs categories in an order.*categories=.*'5. Other'"
        ):
            agreement(data("diagnoses"), weights=weights)


def test_categories_nobody_used_count():
    x = data("anxiety")
    wider = by_name(x, categories=range(1, 9))
    # Brennan & Prediger by hand: 1/8 instead of 1/6.
    observed = wider.loc["percent", "estimate"]
    assert wider.loc["brennan_prediger", "estimate"] == pytest.approx((observed - 1 / 8) / (7 / 8))
    same = by_name(x)
    for name in ("fleiss_kappa", "krippendorff_alpha", "conger_kappa", "light_kappa"):
        np.testing.assert_allclose(wider.loc[name, "estimate"], same.loc[name, "estimate"])


def long_of(x):
    frame = x.reset_index(names="who").melt("who", var_name="judge", value_name="said")
    return frame.sample(frac=1, random_state=1)


@pytest.mark.parametrize("make", [lambda d: d, pl.from_pandas])
def test_long_data_give_the_same(make):
    for name in ("raw5obser", "diagnoses"):
        wide = agreement(data(name))
        for frame in (long_of(data(name)), long_of(data(name)).dropna()):
            result = agreement(make(frame), subject="who", rater="judge", rating="said")
            pd.testing.assert_frame_equal(result.table, wide.table)
            pd.testing.assert_frame_equal(result.pairs, wide.pairs)


def test_long_data_that_can_not_be():
    frame = pd.DataFrame({"s": [1, 1, 1, 2], "r": ["a", "b", "b", "a"], "x": [1, 2, 2, 1]})
    how = {"subject": "s", "rater": "r", "rating": "x"}
    with pytest.raises(DuplicateError, match=r"'b' on 1 \(rows 2, 3\)"):
        agreement(frame, **how)
    with pytest.raises(DataError, match=r"without 's' or 'r': row 4"):
        agreement(frame.assign(r=["a", "b", "c", None]), **how)
    with pytest.raises(OptionError, match=r"Not given: 'subject'"):
        agreement(frame, rater="r", rating="x")
    with pytest.raises(ColumnError, match="no column 'z'"):
        agreement(frame, **(how | {"rating": "z"}))
    with pytest.raises(CodeError, match=r"'x' has 2 in rows 2, 3"):
        agreement(frame.assign(r=list("abca")), **how, categories=[1, 3])
    with pytest.raises(TooFewError, match=r"There is 1: 'a', in 4 rows"):
        agreement(frame.assign(s=range(4), r="a"), **how)


def test_gaps_are_counted():
    ratings = pd.DataFrame(
        {"a": [1, 2, 1, NAN, NAN, 2], "b": [1, 2, 2, NAN, 1, 2], "c": [1, NAN, 2, NAN, NAN, 1]}
    )
    result = agreement(ratings)
    assert (result.n_unrated, result.n_rated_once) == (1, 1)
    assert result.table["n"].tolist() == [5, 3, 5, 5, 4, 5, 5]
    assert result.warnings[0] == "1 subjects that nobody rated were left out."
    assert result.warnings[1].startswith("1 subjects were rated once")
    # By hand: pairs that agree 3/3, 1/1, 1/3, 1/3 of 4 subjects.
    np.testing.assert_allclose(result.table["observed"][0], (1 + 1 + 1 / 3 + 1 / 3) / 4)
    # pi: mean over 5 of shares of 1: 1, 0, 1/3, 1, 1/3.
    share = (1 + 0 + 1 / 3 + 1 + 1 / 3) / 5
    fleiss = result.table.set_index("coefficient").loc["fleiss_kappa", "expected"]
    np.testing.assert_allclose(fleiss, share**2 + (1 - share) ** 2)
    assert result.counts.loc[1].tolist() == [2, 2, 2]


def test_a_subject_rated_once_does_not_change_observed_agreement():
    more = pd.concat([data("anxiety"), pd.DataFrame({"rater1": [6.0]})], ignore_index=True)
    one, two = by_name(data("anxiety")), by_name(more)
    assert two.loc["percent", "observed"] == pytest.approx(one.loc["percent", "observed"])
    assert two.loc["gwet_ac", "expected"] != one.loc["gwet_ac", "expected"]


def test_raters_who_share_no_subject_are_named():
    ratings = pd.DataFrame(
        {"a": [1, 2, 1, NAN, NAN], "b": [1, 2, 2, 1, 2], "c": [NAN, NAN, NAN, 1, 2]}
    )
    result = agreement(ratings)
    said = "Raters who share no subject: a and c. Their kappa and Light's mean are undefined."
    assert result.warnings[0] == said
    assert np.isnan(result.table.set_index("coefficient").loc["light_kappa", "estimate"])
    assert result.pairs["n"].tolist() == [3, 0, 2]


def test_warnings_name_what_to_worry_about():
    ratings = pd.DataFrame({"Ann": [1, 1, 1, 1], "Ben": [1, 2, 1, 5], "Cy": [1, 2, 1, 1]})
    said = " ".join(agreement(ratings).warnings)
    assert "Raters who gave one rating throughout: 'Ann'." in said
    assert "Categories that only one rater used: 5 (Ben)." in said
    assert "No rating is 3, 4." in said
    assert "Only 4 subjects: the 95 % intervals (that of fleiss_kappa runs from " in said
    assert "No rating is" not in " ".join(agreement(ratings, categories=range(1, 6)).warnings)
    fifty = pd.concat([data("anxiety")] * 3).head(50)
    assert "Only" not in " ".join(agreement(fifty).warnings)
    assert "Only 49" in " ".join(agreement(fifty.head(49)).warnings)


@pytest.mark.parametrize("value", [3, "yes", True])
def test_a_constant_has_only_percent(value):
    result = agreement(pd.DataFrame({"a": [value] * 60, "b": [value] * 60}))
    table = result.table.set_index("coefficient")["estimate"]
    assert table["percent"] == 1
    assert table.drop("percent").isna().all()
    assert "All ratings are" in result.warnings[0]
    # With two categories that could have been, chance is not complete for two of them.
    if value == 3:
        known = by_name(pd.DataFrame({"a": [3] * 60, "b": [3] * 60}), categories=[1, 2, 3])
        assert known.loc[["brennan_prediger", "gwet_ac"], "estimate"].tolist() == [1, 1]
        assert known.loc[["fleiss_kappa", "krippendorff_alpha"], "estimate"].isna().all()


def test_perfect_agreement_is_one():
    x = data("anxiety")["rater1"]
    for weights in WEIGHTS:
        result = agreement(pd.DataFrame({"a": x, "b": x}), weights=weights)
        np.testing.assert_allclose(result.table["estimate"], 1, rtol=1e-14)
        np.testing.assert_allclose(result.table["se"], 0, atol=1e-14)
        assert (result.table["ci_high"] <= 1).all()


GOOD = pd.DataFrame({"a": [1, 2, 3, 1], "b": [1, 2, 2, 1]})


@pytest.mark.parametrize(
    ("ratings", "says"),
    [
        (GOOD[["a"]], r"needs two raters.*There is 1: 'a', in 4 rows"),
        (pd.DataFrame(index=[0, 1]), "There are 0, in 2 rows"),
        (GOOD.head(0), "There are 0 rows"),
        (GOOD.head(1), "There are 1, among 1 subjects by 'a', 'b'"),
        (pd.DataFrame({"a": [1, NAN], "b": [NAN, 2]}), "There are 0, among 2 subjects"),
        (GOOD.assign(b=NAN, c=None), "'b', 'c' rated nobody"),
    ],
)
def test_too_little_is_refused(ratings, says):
    with pytest.raises(TooFewError, match=says):
        agreement(ratings)


@pytest.mark.parametrize(
    ("ratings", "kind", "says"),
    [
        (GOOD.assign(a=["1", "x", "2", "3"]), ColumnError, r"numbers \('b'\).*did not \('a'\)"),
        (GOOD.assign(a=[1, "x", 2, 3], b=[1, "x", 2, 3]), ColumnError, r"'a' holds 'x' in row 2"),
        (GOOD.assign(a=[1.5, 2, 3, 1]), DataError, r"not whole.*1\.5: 'a' in row 1.*icc"),
        (GOOD.assign(a=[np.inf, 2, 3, 1]), DataError, "Infinite values: 'a' in row 1"),
        (pd.DataFrame({"a": ["y", " "], "b": ["y", "n"]}), ColumnError, "empty text: 'a' in row 2"),
        (
            pd.DataFrame({"a": pd.to_datetime(["2020-01-01"] * 2)}).assign(b=lambda d: d.a),
            ColumnError,
            "'a' holds dates",
        ),
        (pd.DataFrame({"a": range(501), "b": range(501)}), DataError, "501 different ratings"),
        (GOOD[["a", "a"]], ColumnError, "more than one column named 'a'"),
        ([[1, 2]], OptionError, "must be a dataframe"),
        (pl.from_pandas(GOOD).lazy(), OptionError, "must be a dataframe that is in memory"),
    ],
)
def test_bad_ratings_are_refused(ratings, kind, says):
    with pytest.raises(kind, match=says):
        agreement(ratings)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"weights": "quadrati"}, "did you mean 'quadratic'"),
        ({"weights": np.eye(2)}, r"each of the 3 categories \(1, 2, 3\).*\(2, 2\)"),
        ({"weights": [[1, 0.5, 0], [0.2, 1, 0], [0, 0, 1]]}, "symmetric. They differ for 1, 2"),
        ({"weights": 1 - np.eye(3)}, "must be 1 on the diagonal"),
        ({"weights": [[1, 2, 0], [2, 1, 0], [0, 0, 1]]}, "between 0"),
        ({"weights": np.ones((3, 3))}, "all 1"),
        ({"weights": [["a"]]}, "an array of numbers"),
        ({"categories": [3, 1, 2], "weights": "linear"}, "from the lowest to the highest"),
        ({"categories": [1]}, "two or more"),
        ({"categories": [1, 1, 2]}, "all different"),
        ({"categories": "123"}, "must be a list"),
        ({"categories": 3}, "must be a list"),
    ],
)
def test_bad_options_are_refused(how, says):
    with pytest.raises(OptionError, match=says):
        agreement(GOOD, **how)


def test_ratings_outside_the_categories_are_all_named():
    with pytest.raises(CodeError, match=r"\(1, 2\): 'a' has 3 in row 3\. Correct") as error:
        agreement(GOOD, categories=[1, 2])
    assert error.value.exit_code == 1
    with pytest.raises(
        CodeError, match=r"'a' has 2 in row 2, 3 in row 3|'a' has 2 in row 2; 'a' has 3"
    ):
        agreement(GOOD, categories=[1, 9])
    with pytest.raises(LevelError):
        agreement(GOOD, level=95)


def test_halves_are_categories_when_declared():
    half = GOOD / 2
    table = by_name(half, categories=[0.5, 1, 1.5], weights="quadratic")
    pd.testing.assert_frame_equal(table, by_name(GOOD, weights="quadratic"))


def test_shows_pickles_and_draws():
    result = agreement(data("anxiety"), weights="linear", level=0.9)
    assert "linear weights, with 90 % intervals" in result.note
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.pairs, result.pairs)
    assert "light_kappa" in str(result)
    assert result.plot(labels={"percent": "Percent"}).get_yticklabels()[0].get_text() == "Percent"


def test_numbers_far_apart_are_names():
    result = agreement(pd.DataFrame({"a": [1, 10**15, 1], "b": [1, 10**15, 10**15]}))
    assert "No rating is" not in " ".join(result.warnings)
    pd.testing.assert_frame_equal(
        result.table, by_name(pd.DataFrame({"a": [1, 2, 1], "b": [1, 2, 2]})).reset_index()
    )


def test_a_million_ratings():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, (200_000, 5))
    table = by_name(pd.DataFrame(x, columns=list("abcde")))
    assert (table["estimate"].drop("percent").abs() < 0.01).all()


RATINGS = st.integers(2, 4).flatmap(
    lambda r: st.lists(
        st.lists(st.sampled_from([None, 1, 2, 3, 4]), min_size=r, max_size=r),
        min_size=4,
        max_size=15,
    )
)


def usable(rows):
    x = np.array([[NAN if v is None else v for v in row] for row in rows])
    there = ~np.isnan(x)
    assume(there.any(axis=0).all())
    assume((there.sum(axis=1) >= 2).sum() >= 2)
    return pd.DataFrame(x, columns=[f"r{k}" for k in range(x.shape[1])])


def close(one, other):
    columns = ["estimate", "se", "ci_low", "ci_high", "observed", "expected"]
    # Roots of rounding where subjects don't differ.
    np.testing.assert_allclose(one[columns], other[columns], rtol=1e-8, atol=1e-7)


@settings(deadline=None)
@given(RATINGS, st.sampled_from(WEIGHTS), st.randoms(use_true_random=False))
def test_order_of_subjects_and_raters_does_not_matter(rows, weights, random):
    ratings = usable(rows)
    one = agreement(ratings, weights=weights).table
    seed = random.randrange(2**31)
    moved = ratings.sample(frac=1, random_state=seed).sample(frac=1, axis=1, random_state=seed)
    close(agreement(moved, weights=weights).table, one)
    assert (one["ci_high"].dropna() <= 1).all()
    assert (one["estimate"].dropna() <= 1 + 1e-12).all()


@settings(deadline=None)
@given(RATINGS, st.permutations(["b c", "é", "a", "=1+1"]))
def test_names_of_nominal_categories_do_not_matter(rows, names):
    ratings = usable(rows)
    named = ratings.apply(
        lambda c: c.map(dict(zip([1, 2, 3, 4], names, strict=True))).astype(object)
    )
    close(agreement(named).table, agreement(ratings).table)


@settings(deadline=None)
@given(RATINGS, st.sampled_from(WEIGHTS))
def test_turning_the_scale_round_does_not_matter(rows, weights):
    ratings = usable(rows)
    close(agreement(5 - ratings, weights=weights).table, agreement(ratings, weights=weights).table)


@settings(deadline=None)
@given(st.lists(st.integers(1, 4), min_size=4, max_size=12), st.sampled_from(WEIGHTS))
def test_a_rater_twice_agrees_fully(ratings, weights):
    assume(len(set(ratings)) > 1)
    table = agreement(pd.DataFrame({"a": ratings, "b": ratings}), weights=weights).table
    np.testing.assert_allclose(table["estimate"], 1, rtol=1e-12)


def test_raters_in_any_order_give_the_same_pairs():
    x = data("raw5obser")
    expected = None
    for order in list(permutations(x.columns))[::17]:
        pairs = agreement(x[list(order)]).pairs
        key = pairs.apply(lambda row: "+".join(sorted([row.rater, row.rater_2])), axis=1)
        found = pairs.set_index(key)["estimate"].sort_index()
        expected = found if expected is None else expected
        pd.testing.assert_series_equal(found, expected)


def test_weights_with_labels_go_by_them():
    labels = ["hi", "lo", "mid"]
    weights = pd.DataFrame([[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]], index=labels, columns=labels)
    ratings = pd.DataFrame(
        {"a": ["lo", "mid", "hi", "lo"] * 20, "b": ["lo", "hi", "hi", "mid"] * 20}
    )
    found = agreement(ratings, weights=weights, categories=["lo", "mid", "hi"])
    # lo-lo 1, mid-hi 0, hi-hi 1, lo-mid 0.5, each in a quarter of subjects.
    assert found.table.estimate[0] == 0.625
    pd.testing.assert_frame_equal(
        agreement(ratings, weights=weights.loc[["mid", "lo", "hi"]]).table,
        agreement(ratings, weights=weights).table,
    )
    for wrong in (
        weights.rename(columns={"lo": "low"}),
        weights.reset_index(drop=True),
        weights.rename(index={"lo": "hi"}),
    ):
        with pytest.raises(OptionError, match=r"labelled by the categories, 'hi', 'lo', 'mid'"):
            agreement(ratings, weights=wrong)


def test_gaps_are_counted_and_an_undefined_mean_of_kappas_has_no_error():
    nan = float("nan")
    ratings = pd.DataFrame({"a": [1, 2, nan, nan], "b": [nan, nan, 1, 2], "c": [1, 2, 1, 1]})
    found = agreement(ratings)
    light = found.table.set_index("coefficient").loc["light_kappa"]
    assert light[["estimate", "se", "ci_low", "ci_high", "p"]].isna().all()
    said = "\n".join(found.warnings)
    assert "4 of 12 ratings are missing." in said
    assert "standard error is 0" not in said
