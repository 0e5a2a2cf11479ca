"""Scoring: rules by hand, all engines alike, every bad answer named."""

import math

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, DefinitionError, OptionError
from cpeval.scoring.score import item_points

ENGINES = {
    "pandas": pd.DataFrame,
    "pandas-nullable": lambda d: pd.DataFrame(d).convert_dtypes(),
    "polars": pl.DataFrame,
    "polars-lazy": pl.LazyFrame,
    "pyarrow": lambda d: pa.table({k: pa.array(v, from_pandas=True) for k, v in d.items()}),
}


pytestmark = pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")


def collected(frame):
    """The values of a frame of any engine as a dict of lists, missing as None."""
    native = nw.from_native(frame)
    eager = native.collect() if isinstance(native, nw.LazyFrame) else native
    plain = {c: eager[c].to_list() for c in eager.columns}
    return {
        c: [None if v is None or v is pd.NA or v != v else v for v in vs] for c, vs in plain.items()
    }


@pytest.fixture(params=ENGINES, ids=str)
def make(request):
    return ENGINES[request.param]


def sheet(name, answers):
    """One column an item, from answer sheets in the items' order."""
    codes = [i.code for i in cp.instrument(name).items]
    return {f"{name}_{c}": [row[k] for row in answers] for k, c in enumerate(codes)}


# ---- rules, by hand


def test_ces_d_reverses_4_8_12_16_prorates_and_needs_16(make):
    whole = [1] * 20  # 16 ones and four reversed ones, 3 - 1 = 2 each: 16 + 8
    four_gone = [None] * 3 + [1] * 13 + [1, 1, 1, None]
    # answered: 16 items, reversed 4, 8, 12, 16 all among them: 12 + 8 = 20, times 20 / 16
    five_gone = [None] * 5 + [1] * 15
    out = collected(
        cp.score(make(sheet("ces_d", [whole, four_gone, five_gone])), "ces_d", answered=True)
    )
    assert out["ces_d"] == [24, 25, None]
    assert out["ces_d_answered"] == [20, 16, 15]


def test_swemwbs_raw_and_metric_at_the_ends_and_between(make):
    rows = [[1] * 7, [5] * 7, [3] * 7, [3] * 6 + [None], [2, 3, 3, 3, 3, 3, 3]]
    out = collected(cp.score(make(sheet("swemwbs", rows)), "swemwbs"))
    assert out["swemwbs"] == [7, 35, 21, None, 20]
    assert out["swemwbs_metric"] == [7.00, 35.00, 19.25, None, 18.59]


def test_support_counts_keyed_answers_and_does_not_know_as_none(make):
    keyed = [0 if n in (2, 10, 12, 14) else 1 for n in range(1, 15)]
    opposite = [1 - k for k in keyed]
    rows = [keyed, opposite, [7] * 14, [7, *keyed[1:]], [None, *keyed[1:]]]
    out = collected(cp.score(make(sheet("pss_fr", rows)), "pss_fr"))
    assert out["pss_fr"] == [14, 0, 0, 13, None]


@pytest.mark.parametrize(
    ("pain", "work", "expected"),
    [
        (1, 1, 100.0),  # 6 + 6
        (2, 1, 84.0),  # 5.4 + 5
        (1, 2, 80.0),  # 6 + 4
        (6, 5, 0.0),  # 1 + 1
        (None, 2, 75.0),  # 4.75 twice
        (4, None, 42.0),  # 3.1 twice
        (None, None, None),
    ],
)
def test_sf_36_pain_depends_on_the_other_item(make, pain, work, expected):
    row = [None] * 36
    row[20], row[21] = pain, work
    data = sheet("sf_36", [row, [1] * 36])  # a second row gives the columns a type
    value = collected(cp.score(make(data), "sf_36"))["sf_36_bp"][0]
    assert value == (expected if expected is None else pytest.approx(expected, abs=1e-12))


def test_sf_36_role_items_may_be_coded_yes_1_no_0(make):
    one_two, zero_one = [1] * 36, [1] * 36
    one_two[12:19], zero_one[12:19] = [2] * 7, [0] * 7
    # One data set a coding: a column keeps to one.
    first = collected(cp.score(make(sheet("sf_36", [one_two])), "sf_36"))
    second = collected(cp.score(make(sheet("sf_36", [zero_one])), "sf_36"))
    assert first["sf_36_rp"] == second["sf_36_rp"] == [100]
    assert first["sf_36_mcs"] == second["sf_36_mcs"]


def test_two_codings_in_one_column_are_refused(make):
    rows = [[1] * 36, [1] * 36]
    rows[0][12], rows[1][12] = 2, 0
    with pytest.raises(CodeError, match="'sf_36_13' mixes two codings of the same answers"):
        cp.score(make(sheet("sf_36", rows)), "sf_36")


def test_a_code_that_means_missing_is_missing(make):
    rows = [[8, 4, 4, 4, *[3] * 14]]  # 8 is "not applicable"
    out = collected(
        cp.score(make(sheet("connecting_people", rows)), "connecting_people", answered=True)
    )
    assert out["connecting_people_partnership"] == [4]
    assert out["connecting_people_partnership_answered"] == [3]


def test_booleans_are_codes(make):
    data = {f"rg_uk_{n}": [True, False] for n in range(1, 28)}
    assert collected(cp.score(make(data), "rg_uk"))["rg_uk"] == [27, 0]


def test_nan_is_missing_in_every_engine(make):
    data = sheet("swemwbs", [[3.0] * 7, [3.0] * 6 + [math.nan]])
    assert collected(cp.score(make(data), "swemwbs"))["swemwbs"] == [21, None]


def test_item_points_are_what_answers_are_worth(make):
    points = collected(item_points(make(sheet("ces_d", [[0] * 20])), "ces_d"))
    assert [c for c, v in points.items() if v == [3]] == ["4", "8", "12", "16"]


# ---- the frame


def test_returns_the_type_given_and_leaves_the_input(make):
    data = make(sheet("swemwbs", [[3] * 7]))
    before = collected(data)
    out = cp.score(data, "swemwbs", prefix="t0_")
    assert type(out) is type(data)
    assert collected(data) == before
    assert list(collected(out))[-2:] == ["t0_swemwbs", "t0_swemwbs_metric"]


def test_no_rows_give_no_rows(make):
    data = {c: np.array([], dtype=float) for c in sheet("swemwbs", [[3] * 7])}
    assert collected(cp.score(make(data), "swemwbs"))["swemwbs_metric"] == []


@pytest.mark.parametrize("items", ["q{n}", "Q {letter}", [f"x{k}" for k in range(7)], "m{code}"])
def test_items_by_pattern_list_and_mapping(items):
    columns = {
        "q{n}": [f"q{k}" for k in range(1, 8)],
        "Q {letter}": [f"Q {c}" for c in "ABCDEFG"],
        "m{code}": [f"m{k}" for k in range(1, 8)],
    }.get(str(items), items)
    data = pd.DataFrame([[1, 2, 3, 4, 5, 4, 3]], columns=columns)
    assert cp.score(data, "swemwbs", items=items).swemwbs.item() == 22
    mapping = {k + 1: c for k, c in enumerate(columns)}
    assert cp.score(data, "swemwbs", items=mapping).swemwbs.item() == 22


# ---- properties


SEEDS = st.integers(0, 2**32 - 1)
#: Each example is many answer sheets, so that few examples cover much.
FEW = settings(max_examples=3, deadline=None)


def answer_sheets(definition, seed):
    """Random answer sheets, from none to forty, with gaps in them."""
    rng = np.random.default_rng(seed)
    rows, gaps = rng.integers(0, 41), rng.uniform(0, 0.6)
    data = {}
    for item in definition.items:
        # Of several codings, one a data set.
        codes = np.array(sorted(rng.choice(definition.answers(item).code_sets)))
        answers = rng.choice(codes, rows)
        data[item.code] = np.where(rng.random(rows) < gaps, math.nan, answers)
    return data


def scored(data, definition, **options):
    return cp.score(data, definition, items="{code}", **options)


@FEW
@given(seed=SEEDS)
def test_engines_agree_and_row_order_does_not_matter(ready, seed):
    answers = answer_sheets(ready, seed)
    size = len(next(iter(answers.values())))
    order = np.random.default_rng(seed).permutation(size)
    outs = [collected(scored(make(answers), ready)) for make in ENGINES.values()]
    shuffled = {c: v[order] for c, v in answers.items()}
    moved = collected(scored(pd.DataFrame(shuffled), ready))
    for column in ready.columns:
        first = np.array(outs[0][column], dtype=float)
        for other in outs[1:]:
            np.testing.assert_allclose(np.array(other[column], dtype=float), first, rtol=1e-13)
        np.testing.assert_array_equal(np.array(moved[column], dtype=float), first[order])


@FEW
@given(seed=SEEDS)
def test_a_score_stays_in_its_range_and_gaps_only_where_the_rule_says(ready, seed):
    out = scored(pd.DataFrame(answer_sheets(ready, seed)), ready, answered=True)
    for scale in ready.scored:
        column = ready.column(scale)
        if scale.range is not None:
            low, high = scale.range
            assert out[column].dropna().between(low - 1e-9, high + 1e-9).all()
        if scale.items is not None:
            every = 1 if ready.goals is not None else len(ready.items_of(scale))
            needed = scale.answered or every
            assert (out[column].notna() == (out[f"{column}_answered"] >= needed)).all()


@FEW
@given(seed=SEEDS, odd=st.sampled_from([-9.0, 990.0, 1.5, math.inf]))
def test_invalid_answers_count_as_missing_when_asked(ready, seed, odd):
    answers = answer_sheets(ready, seed)
    spoilt = {c: np.where(np.isnan(v), odd, v) for c, v in answers.items()}
    expected = scored(pd.DataFrame(answers), ready)
    for make in (pd.DataFrame, pl.DataFrame, pl.LazyFrame):
        out = collected(scored(make(spoilt), ready, on_invalid="missing"))
        for column in ready.columns:
            # Engines add in another order.
            values = np.array(out[column], dtype=float)
            np.testing.assert_allclose(values, expected[column], rtol=1e-12)


# ---- what bad input gets


def test_every_invalid_answer_is_named_with_count_and_rows():
    data = pd.DataFrame(sheet("swemwbs", [[3] * 7] * 4))
    data.loc[1, "swemwbs_2"] = 99
    data.loc[[0, 3], "swemwbs_5"] = -9
    with pytest.raises(CodeError) as caught:
        cp.score(data, "swemwbs")
    text = str(caught.value)
    assert "'swemwbs_2': 1 answer not among 1, 2, 3, 4, 5: 99 (1×), in rows 2" in text
    assert "'swemwbs_5': 2 answers not among 1, 2, 3, 4, 5: -9 (2×), in rows 1, 4" in text
    assert "missing={'*': [-9, 99]}" in text


def test_a_lazy_frame_runs_one_query_of_one_row_and_is_not_collected(monkeypatch):
    seen = []
    collect = pl.LazyFrame.collect

    def spy(self, *args, **kwargs):
        frame = collect(self, *args, **kwargs)
        seen.append(frame.shape)
        return frame

    monkeypatch.setattr(pl.LazyFrame, "collect", spy)
    lazy = pl.LazyFrame(sheet("swemwbs", [[3] * 7] * 50))
    cp.score(lazy, "swemwbs", on_invalid="missing")
    assert seen == []
    cp.score(lazy, "swemwbs")
    assert seen == [(1, 7)]
    with pytest.raises(CodeError, match="'swemwbs_1': 50 answers not among"):
        cp.score(lazy.with_columns(swemwbs_1=pl.lit(6)), "swemwbs")
    assert seen == [(1, 7)] * 2


def test_absent_items_are_named_with_near_misses():
    data = pd.DataFrame({f"sw_{k}": [3] for k in range(1, 7)} | {"sw7": [3]})
    with pytest.raises(ColumnError, match=r"no item columns 'sw_7' \(did you mean 'sw7'\?\)"):
        cp.score(data, "swemwbs", items="sw_{n}")
    with pytest.raises(
        ColumnError, match=r"'swemwbs_1' … 'swemwbs_7' \(all 7\).*Columns there: 'sw_1'"
    ):
        cp.score(data, "swemwbs")


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("q", "needs {n}, {letter} or {code}"),
        ("q{nn}", "needs {n}, {letter} or {code}"),
        ("q{n", "is no pattern"),
        ("q{n.real}", "needs {n}, {letter} or {code}"),
        ("q{n:zz}", "is no pattern"),
        (["a", "b"], "has 7 items and items= has 2 columns"),
        (["a"] * 7, "one column for several items: 'a' \\(items 1, 2, 3, 4, 5, 6, 7\\)"),
        ({1: "a", "eight": "b"}, "it has no items 'eight'.*items '2', '3'"),
        ([1, 2, 3, 4, 5, 6, 7], "should hold column names"),
    ],
)
def test_items_that_can_not_be_matched(items, message):
    with pytest.raises(OptionError, match=message):
        cp.score(pd.DataFrame({"q1": [1]}), "swemwbs", items=items)


def test_labels_in_place_of_codes_get_the_mapping():
    data = pd.DataFrame(sheet("swemwbs", [[3] * 7, [4] * 7]))
    data["swemwbs_1"] = ["Often", "seldom"]
    with pytest.raises(
        CodeError, match=r"'swemwbs_1': labels in place of codes; recode them: \{.*'Often': 4"
    ):
        cp.score(data, "swemwbs")


def test_text_in_item_columns_is_named():
    data = pd.DataFrame(sheet("swemwbs", [[3] * 7, [4] * 7]))
    data["swemwbs_1"] = ["3", "four"]
    with pytest.raises(CodeError, match="'swemwbs_1' holds text: 'four'"):
        cp.score(data, "swemwbs")


def test_scoring_twice_does_not_write_over():
    once = cp.score(pd.DataFrame(sheet("swemwbs", [[3] * 7])), "swemwbs")
    with pytest.raises(ColumnError, match="have columns 'swemwbs', 'swemwbs_metric' already"):
        cp.score(once, "swemwbs")


def test_two_columns_of_one_name_are_refused():
    data = pd.DataFrame([[3] * 8], columns=[*sheet("swemwbs", [[3] * 7]), "swemwbs_7"])
    with pytest.raises(ColumnError, match="more than one column named 'swemwbs_7'"):
        cp.score(data, "swemwbs")


def test_a_wide_frame_takes_its_scores_at_once():
    """One by one, pandas warns that the frame is fragmented; here a warning is an error."""
    wide = pd.DataFrame(sheet("swemwbs", [[3] * 7]))
    wide = pd.concat([wide, *(pd.DataFrame({f"x{n}": [n]}) for n in range(99))], axis=1)
    assert cp.score(wide, "swemwbs", answered=True).swemwbs.item() == 21


def test_unknown_instrument_and_option():
    with pytest.raises(DefinitionError, match=r"no instrument 'ces-d' \(did you mean 'ces_d'\?\)"):
        cp.score(pd.DataFrame(), "ces-d")
    with pytest.raises(
        OptionError, match=r"'on_invalid' must be one of 'raise', 'missing'\. Got 'drop'"
    ):
        cp.score(pd.DataFrame(), "ces_d", on_invalid="drop")
    with pytest.raises(ColumnError, match=r"should be a dataframe.*Got list"):
        cp.score([1], "ces_d")


def test_everything_wrong_is_said_in_one_error():
    data = pd.DataFrame(sheet("swemwbs", [[3] * 7, [4] * 7])).drop(columns="swemwbs_7")
    data["swemwbs_1"] = ["3", "four"]
    data.loc[0, "swemwbs_2"] = -9
    with pytest.raises(ColumnError) as caught:
        cp.score(data, "swemwbs")
    for said in (
        "'swemwbs_7'",
        "'swemwbs_1' holds text: 'four'",
        "'swemwbs_2': 1 answer not among",
    ):
        assert said in str(caught.value)


@pytest.mark.parametrize("kind", [object, "category"])
def test_objects_and_categories_that_are_numbers_are_codes(kind):
    data = pd.DataFrame(sheet("swemwbs", [[3] * 7, [4] * 7])).astype(kind)
    assert cp.score(data, "swemwbs").swemwbs.tolist() == [21, 28]
    with pytest.raises(CodeError, match="'swemwbs_1': 2 answers not among"):
        cp.score(data.assign(swemwbs_1=pd.Series([9, 9]).astype(kind)), "swemwbs")


def test_a_column_of_nothing_is_all_missing():
    data = pd.DataFrame(sheet("swemwbs", [[3] * 7])).astype(object)
    data["swemwbs_1"] = pd.Series([None], dtype=object)
    assert cp.score(data, "swemwbs").swemwbs.isna().all()


def test_what_pandas_knows_of_the_frame_stays():
    data = pd.DataFrame(sheet("swemwbs", [[3] * 7]))
    data.attrs["labels"] = {"swemwbs_1": "Optimistic"}
    assert cp.score(data, "swemwbs").attrs == data.attrs


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"items": 5}, "items= takes a pattern"),
        ({"items": {n: ["a"] for n in range(1, 8)}}, "should name one column an item"),
        ({"prefix": None}, "'prefix' should be text"),
    ],
)
def test_arguments_of_another_kind(wrong, said):
    with pytest.raises(OptionError, match=said):
        cp.score(pd.DataFrame(sheet("swemwbs", [[3] * 7])), "swemwbs", **wrong)
