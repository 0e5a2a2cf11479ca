import json
import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings, strategies as st

from cpeval.errors import ColumnError, DataError, LevelError, OptionError, TooFewError
from cpeval.measurement import reliability

alpha_alone = partial(reliability, coefficients=["alpha"])

REFERENCE = Path(__file__).parents[1] / "reference"
RTOL = 1e-10  # closed forms; R printed 17 digits


@pytest.fixture(scope="module")
def entries():
    return json.loads((REFERENCE / "alpha.json").read_text(encoding="utf-8"))["entries"]


def test_equals_psych(data_set, real_items, entries):
    expected = {
        key.split("/")[1]: e["value"]
        for key, e in entries.items()
        if key.startswith(f"{data_set}/")
    }
    result = alpha_alone(real_items(data_set))
    row = result.table.iloc[0]
    interval = expected["alpha_ci_feldt_by_hand"]
    for ours, theirs in (
        (row["estimate"], expected["alpha_raw"]),
        (row["se"], expected["alpha_se_duhachek"]),
        (row["ci_low"], interval["lower"]),
        (row["ci_high"], interval["upper"]),
        (result.sem, expected["n"]["sd_total"] * np.sqrt(1 - expected["alpha_raw"])),
        (result.items["item_rest"], list(expected["item_rest_by_hand"].values())),
        (result.items["alpha_if_deleted"], list(expected["alpha_if_deleted"].values())),
        (result.items["mean"], list(expected["item_mean_sd"]["mean"].values())),
        (result.items["sd"], list(expected["item_mean_sd"]["sd"].values())),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=RTOL)
    assert (row["n"], row["n_items"]) == (expected["n"]["n"], expected["n"]["k"])
    assert result.items["item"].tolist() == list(expected["item_rest_by_hand"])


def test_rows_with_gaps_are_left_out_of_everything_and_counted(real_items):
    items = real_items("bfi_A")
    result = alpha_alone(items)
    assert result.n_excluded == items.isna().any(axis=1).sum() > 0
    assert f"{result.n_excluded} of {len(items)} rows lack an item" in result.warnings[0]
    complete = alpha_alone(items.dropna())
    pd.testing.assert_frame_equal(result.table, complete.table)
    pd.testing.assert_frame_equal(result.items, complete.items)


def test_two_items_by_hand():
    # Spearman-Brown with equal variances: r = 0.6, so 2 r / (1 + r).
    items = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [2, 1, 3, 5, 4.0]})
    r = items.corr().iloc[0, 1]
    result = alpha_alone(items)
    assert result.table["estimate"].item() == pytest.approx(2 * r / (1 + r))
    np.testing.assert_allclose(result.items["item_rest"], r)
    assert result.items["alpha_if_deleted"].isna().all()


GOOD = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 3, 5], "c": [1, 3, 2, 4]})


def test_a_constant_item_is_named_and_alpha_stands():
    result = alpha_alone(GOOD.assign(d=3))
    # By hand: variances 5/3, 2, 5/3, 0, of the sum 14.
    assert result.table["estimate"].item() == pytest.approx(4 / 3 * (1 - 16 / 3 / 14))
    assert "Items to which everyone gives the same answer: 'd'." in "\n".join(result.warnings)
    assert np.isnan(result.items["item_rest"].iloc[3])
    assert result.items["alpha_if_deleted"].iloc[3] == pytest.approx(3 / 2 * (1 - 16 / 3 / 14))


def test_few_people_and_backward_items_are_warned_of():
    result = alpha_alone(GOOD.assign(d=[9, 6, 5, 1]))
    assert result.warnings == (
        "Only 4 complete rows: alpha is imprecise below 50, its 95 % interval runs from "
        f"{result.table['ci_low'].item():.2f} to {result.table['ci_high'].item():.2f}.",
        "There are no more people (4) than items (4): coefficients tell of this sample only.",
        "Items that go against the others (should they be reversed?): 'a', 'b', 'c', 'd'.",
    )


def test_fifty_people_are_not_few(real_items):
    items = real_items("bfi_A").dropna()
    assert "imprecise below 50" in " ".join(alpha_alone(items.head(49)).warnings)
    assert "imprecise below 50" not in " ".join(alpha_alone(items.head(50)).warnings)


def test_items_that_cancel_out_have_no_alpha():
    result = alpha_alone(pd.DataFrame({"a": [1.1, 2.2, 3.3, 4.7], "b": [3.9, 2.8, 1.7, 0.3]}))
    assert result.table[["estimate", "se", "ci_low", "ci_high"]].isna().all(axis=None)
    assert "The items cancel out" in result.warnings[-1]
    assert np.isnan(result.sem)


@pytest.mark.parametrize(
    ("items", "says"),
    [
        (GOOD[["a"]], r"There are 1 items \('a'\), 4 rows, 4 of them complete"),
        (GOOD.head(0), r"3 items \('a', 'b', 'c'\), 0 rows, 0 of them complete"),
        (GOOD.where(GOOD > 3), r"4 rows, 1 of them complete"),
        (pd.DataFrame({"a": [1, 1], "b": [2, 2]}), r"All items are constant.*'a', 'b'"),
        (pd.DataFrame(index=[1, 2]), r"There are 0 items, "),
    ],
)
def test_too_little_is_refused(items, says):
    with pytest.raises(TooFewError, match=says):
        alpha_alone(items)


@pytest.mark.parametrize(
    "cast",
    [
        lambda item: item.astype("category"),
        lambda item: item.astype(pd.CategoricalDtype([1, 2, 3, 4, 5], ordered=True)),
        lambda item: pd.Series([int(x) for x in item], dtype=object),
    ],
)
def test_categories_and_objects_that_are_numbers_are_numbers(cast):
    pd.testing.assert_frame_equal(alpha_alone(GOOD.apply(cast)).table, alpha_alone(GOOD).table)


def test_categories_of_text_are_named():
    items = GOOD.assign(a=pd.Categorical(["1", "2", "3", "4"]))
    with pytest.raises(ColumnError, match="'a' holds numbers as text, such as '1'"):
        alpha_alone(items)
    labels = GOOD.assign(a=pd.Categorical(["never", "2", "3", "4"]))
    with pytest.raises(ColumnError, match="'a' holds 'never' in row 1"):
        alpha_alone(labels)


def test_bad_input_is_refused():
    with pytest.raises(ColumnError, match=r"'a' holds 'x' in row 2"):
        alpha_alone(GOOD.assign(a=["1", "x", "2", "3"]))
    with pytest.raises(ColumnError, match="more than one column named 'a'"):
        alpha_alone(GOOD[["a", "a", "b"]])
    with pytest.raises(DataError, match="Infinite values: 'b' in row 1"):
        alpha_alone(GOOD.assign(b=[np.inf, 1, 2, 3]))
    with pytest.raises(LevelError, match="between 0 and 1"):
        alpha_alone(GOOD, level=95)
    with pytest.raises(OptionError, match="must be a dataframe"):
        alpha_alone([[1, 2]])


def test_result_says_what_was_done():
    result = alpha_alone(GOOD, level=0.9)
    assert "Cronbach's alpha of 3 items among the 4 rows" in result.note
    assert "90 % interval of Feldt, Woodruff & Salih (1987)" in result.note
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.items, result.items)
    wider = alpha_alone(GOOD, level=0.99).table.iloc[0]
    assert wider["ci_low"] < result.table["ci_low"].item()


SCALES = st.integers(2, 5).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 6), min_size=k, max_size=k), min_size=4, max_size=12)
)


@settings(deadline=None, max_examples=50)
@given(SCALES, st.randoms(use_true_random=False))
def test_order_units_and_engine_do_not_matter(rows, random):
    rows = np.array(rows, dtype=float)
    assume(np.ptp(rows.sum(axis=1)) > 0)
    names = [f"i{k}" for k in range(rows.shape[1])]
    one = alpha_alone(pd.DataFrame(rows, columns=names))
    order = [*range(len(rows))]
    random.shuffle(order)
    two = alpha_alone(pl.DataFrame(7 - 2.5 * rows[order], schema=names))
    # Where items agree perfectly, errors are the root of rounding, 1e-16.
    for column in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_allclose(two.table[column], one.table[column], rtol=1e-8, atol=1e-6)
    np.testing.assert_allclose(two.sem, 2.5 * one.sem, rtol=1e-8, atol=1e-6)
    np.testing.assert_allclose(two.items["item_rest"], one.items["item_rest"], rtol=1e-7, atol=1e-7)
    backwards = alpha_alone(pd.DataFrame(rows[:, ::-1], columns=names[::-1]))
    np.testing.assert_allclose(backwards.table["estimate"], one.table["estimate"], rtol=1e-9)
    assert backwards.items["item"].tolist() == names[::-1]


def test_items_that_agree_perfectly_have_no_error():
    result = alpha_alone(pd.DataFrame({name: [0.1, 0.7, 0.9, 1.3] for name in "abc"}))
    assert result.table["estimate"].item() == pytest.approx(1)
    assert result.table["se"].item() == pytest.approx(0, abs=1e-7)
    assert result.sem == pytest.approx(0, abs=1e-7)
