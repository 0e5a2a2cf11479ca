"""`cp.join`: partners found, rows never multiplied in silence."""

import warnings

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval.errors import ColumnError, CpevalWarning, JoinError, OptionError

PEOPLE = {"id": [1, 2, 3], "arm": ["a", "b", "a"]}
RESPONSES = {"id": [3, 1, 1, 2], "wave": [0, 0, 1, 0], "mood": [1.5, 2.5, None, 4.0]}
MAKERS = [pd.DataFrame, pl.DataFrame, pa.table]


def refused(left, right, *parts, error=JoinError, **options):
    with pytest.raises(error) as raised:
        cp.join(left, right, **{"on": "id", **options})
    text = str(raised.value)
    assert all(part in text for part in parts), text
    return text


def rows(table):
    frame = table if isinstance(table, pd.DataFrame) else pl.DataFrame(table).to_pandas()
    return frame.astype(object).where(frame.notna(), None).to_dict("list")


@pytest.mark.parametrize("make", MAKERS)
def test_people_and_responses(make):
    made = cp.join(make(PEOPLE), make(RESPONSES), on="id")
    assert isinstance(made, type(make(PEOPLE)))
    assert rows(made) == {
        "id": [3, 1, 1, 2],
        "arm": ["a", "a", "a", "b"],
        "wave": [0, 0, 1, 0],
        "mood": [1.5, 2.5, None, 4.0],
    }


@pytest.mark.parametrize("make", MAKERS)
def test_many_to_one_keeps_the_order_of_the_many(make):
    made = cp.join(make(RESPONSES), make(PEOPLE), on="id", expect="many-to-one")
    assert rows(made)["id"] == [3, 1, 1, 2]
    assert list(rows(made)) == ["id", "wave", "mood", "arm"]


def test_what_was_done_is_said():
    left, right = pd.DataFrame(PEOPLE), pd.DataFrame(RESPONSES)
    left.attrs = {"labels": {"arm": "Arm"}, "read": {"file": "people.csv"}}
    right.attrs = {"labels": {"mood": "Mood"}, "read": {"file": "responses.csv"}}
    attrs = cp.join(left, right, on="id").attrs
    assert attrs["labels"] == {"arm": "Arm", "mood": "Mood"}
    assert attrs["read"] == {"file": "people.csv"}
    assert attrs["joined"] == [
        {
            "on": {"id": "id"},
            "expect": "one-to-many",
            "unmatched": "raise",
            "n_left": 3,
            "n_right": 4,
            "n_rows": 4,
            "left_only": 0,
            "right_only": 0,
            "left_ids": 0,
            "right_ids": 0,
            "shared": [],
            "read": {"file": "responses.csv"},
        }
    ]
    teams = pd.DataFrame({"arm": ["a", "b"], "team": ["x", "y"]})
    twice = cp.join(cp.join(left, right, on="id"), teams, on="arm", expect="many-to-one")
    assert [one["on"] for one in twice.attrs["joined"]] == [{"id": "id"}, {"arm": "arm"}]


def test_keys_of_several_columns_and_other_names():
    left = pd.DataFrame({"site": ["x", "x", "y"], "id": [1, 2, 1], "arm": [0, 1, 1]})
    right = pd.DataFrame({"pid": [1, 1, 2], "site": ["y", "x", "x"], "q": [7, 8, 9]})
    made = cp.join(left, right, on={"site": "site", "id": "pid"})
    assert made.to_dict("list") == {
        "site": ["y", "x", "x"],
        "id": [1, 1, 2],
        "arm": [1, 0, 1],
        "q": [7, 8, 9],
    }
    swapped = left.assign(id=[1, 2, 5])
    refused(
        swapped, right.rename(columns={"pid": "id"}), "'site', 'id' only in the left table (1): ('y', 5)",
        "('y', 1)", on=["site", "id"],
    )  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_ids_without_a_partner_are_all_named(make):
    left = make({"id": [1, 2, 3, 9], "arm": list("abab")})
    right = make({"id": [3, 1, 7, 7, 8], "q": [1, 2, 3, 4, 5]})
    refused(
        left, right,
        "- 'id' only in the left table (2): 2, 9.",
        "- 'id' only in the right table (2): 7, 8.",
        'unmatched="drop"',
    )  # fmt: skip


def test_many_ids_are_listed_up_to_a_limit():
    left = pd.DataFrame({"id": range(100)})
    refused(left, left.head(50), "left table (50): 50, 51", "and 30 more", expect="one-to-one")


def test_unmatched_rows_kept():
    left = pd.DataFrame({"id": [1, 2, 9], "arm": ["a", "b", "c"], "site": ["s", "t", "u"]})
    right = pd.DataFrame({"id": [7, 2, 1], "q": [1, 2, 3], "site": ["v", "t", "s"]})
    made = cp.join(left, right, on="id", unmatched="keep")
    assert rows(made) == {
        "id": [7, 2, 1, 9],
        "arm": [None, "b", "a", "c"],
        "site": ["v", "t", "s", "u"],
        "q": [1, 2, 3, None],
    }
    assert made.attrs["joined"][0]["left_only"] == 1
    assert made.attrs["joined"][0]["right_only"] == 1


def test_unmatched_rows_dropped_and_counted():
    left = pd.DataFrame({"id": [1, 2], "arm": ["a", "b"]})
    right = pd.DataFrame({"id": [7, 2, 2], "q": [1, 2, 3]})
    made = cp.join(left, right, on="id", unmatched="drop")
    assert "labels" not in made.attrs
    assert made["id"].tolist() == [2, 2]
    assert made["q"].tolist() == [2, 3]
    assert (made.attrs["joined"][0]["left_only"], made.attrs["joined"][0]["right_only"]) == (1, 1)


@pytest.mark.parametrize("unmatched", ["keep", "drop"])
def test_tables_without_attrs_warn_of_what_was_kept_or_dropped(unmatched):
    left = pl.DataFrame({"id": [1, 2]})
    right = pl.DataFrame({"id": [2, 3], "q": [1, 2]})
    verb = "kept" if unmatched == "keep" else "left out"
    with pytest.warns(CpevalWarning, match=f"join {verb} 1 rows of the left and 1 of the right"):
        made = cp.join(left, right, on="id", unmatched=unmatched)
    assert made["id"].to_list() == ([2, 3, 1] if unmatched == "keep" else [2])
    with pytest.warns(CpevalWarning, match="1 rows of the left and 0 of the right"):
        cp.join(left, right.head(1), on="id", unmatched=unmatched)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cp.join(left, left.with_columns(q=1), on="id", unmatched=unmatched)


@pytest.mark.parametrize(
    ("expect", "side", "left", "right"),
    [
        ("one-to-many", "left", [1, 1, 2], [1, 2]),
        ("many-to-one", "right", [1, 2], [1, 1, 2]),
        ("one-to-one", "left", [1, 1, 2], [1, 2]),
        ("one-to-one", "right", [1, 2], [1, 1, 2]),
    ],
)
def test_ids_that_should_stand_once(expect, side, left, right):
    refused(
        pd.DataFrame({"id": left, "a": 0}),
        pd.DataFrame({"id": right, "b": 0}),
        f"expect='{expect}' means that each 'id' stands once in the {side} table",
        "several times: 1.",
        expect=expect,
    )


def test_missing_ids_are_named_by_row():
    left = pd.DataFrame({"id": ["a", None, "b", None]})
    refused(left, pd.DataFrame({"id": ["a"]}), "left table lacks ids: 'id' in rows 2, 4")
    right = pl.DataFrame({"id": [1.0, float("nan")]})
    refused(pl.DataFrame({"id": [1.0]}), right, "right table lacks ids: 'id' in rows 2")


def test_ids_of_different_kinds():
    refused(
        pd.DataFrame({"id": ["7", "8"]}), pd.DataFrame({"id": [7, 8]}),
        "'id' holds text (such as '7') in the left table, 'id' numbers (such as 7) in the right",
        "007 as a number is 7",
    )  # fmt: skip
    mixed = pd.DataFrame({"id": pd.Series([7, "8"], dtype=object)})
    refused(mixed, pd.DataFrame({"id": [7, 8]}), "both text and numbers")
    refused(pd.DataFrame({"id": [True]}), pd.DataFrame({"id": [1]}), "true or false")


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_whole_numbers_match_however_stored(make):
    made = cp.join(
        make({"id": [1.0, 2.0], "a": [5, 6]}), make({"id": [2, 1], "b": [7, 8]}), on="id"
    )
    assert rows(made)["a"] == [6, 5]


def test_long_numbers_match_exactly():
    left = pd.DataFrame({"id": [2**53, 2**53 + 1], "x": [1, 2]})
    made = cp.join(left, left[["id"]].iloc[::-1], on="id", expect="one-to-one")
    assert made["x"].tolist() == [1, 2]


def test_categories_match_text():
    left = pd.DataFrame({"id": pd.Categorical(["a", "b"]), "x": [1, 2]})
    assert cp.join(left, pd.DataFrame({"id": ["b", "a"], "y": [3, 4]}), on="id")["x"].tolist() == [
        2,
        1,
    ]


def test_empty_tables():
    left, right = pd.DataFrame({"id": []}), pd.DataFrame({"id": [1, 2], "q": [3, 4]})
    refused(left, right, "right table (2): 1, 2")
    assert len(cp.join(left, right, on="id", unmatched="keep")) == 2
    assert len(cp.join(left, right, on="id", unmatched="drop")) == 0


def test_near_misses_among_ids_are_shown():
    refused(
        pd.DataFrame({"id": ["P1 ", "p2", "007", "x"]}), pd.DataFrame({"id": ["P1", "P2", "7", "y"]}),
        "differ only in blanks, capitals or leading zeros: 'P1 ' and 'P1'; 'p2' and 'P2'; '007' and '7'.",
        expect="one-to-one",
    )  # fmt: skip


def test_columns_that_both_have():
    left = pd.DataFrame({"id": [1, 2], "site": ["x", None], "n": [1, 2], "m": [0, 0]})
    right = pd.DataFrame({"id": [2, 1], "site": [None, "x"], "n": [2, 5], "m": [1, 0]})
    text = refused(left, right, "columns named 'n', 'm', and they differ")
    assert "site" not in text
    made = cp.join(left, right[["id", "site"]], on="id")
    assert made.columns.tolist() == ["id", "site", "n", "m"]
    assert made.attrs["joined"][0]["shared"] == ["site"]
    refused(
        pd.DataFrame({"id": [1], "x": [1]}), pd.DataFrame({"pid": [1], "id": [5]}),
        "columns named 'id'", on={"id": "pid"},
    )  # fmt: skip


def test_columns_and_options():
    left, right = pd.DataFrame(PEOPLE), pd.DataFrame(RESPONSES)
    refused(
        left, right, "The rows of the left table have no column 'idd'", error=ColumnError, on="idd"
    )
    refused(
        left,
        right,
        "The rows of the right table have no column 'pid'",
        error=ColumnError,
        on={"id": "pid"},
    )
    refused(left, right, "'expect' must be one of", error=OptionError, expect="many-to-many")
    refused(left, right, "'unmatched' must be one of", error=OptionError, unmatched="ignore")
    refused(left, right, "'on' should name the columns", error=OptionError, on=5)
    refused(left, right, "'on' should name the columns", error=OptionError, on=[])
    refused(left, pl.DataFrame(RESPONSES), "of two kinds: pandas and polars", error=OptionError)
    refused(left, pl.LazyFrame(RESPONSES), "collect a lazy table", error=OptionError)
    refused([1], right, "The left table should be a table in memory", error=OptionError)


def test_inputs_are_left_alone_and_indexes_do_not_matter():
    left = pd.DataFrame(PEOPLE, index=[5, 5, 7])
    right = pd.DataFrame(RESPONSES, index=list("abcd"))
    before = left.copy(), right.copy()
    made = cp.join(left, right, on="id")
    assert made.index.tolist() == [0, 1, 2, 3]
    assert made["arm"].tolist() == ["a", "a", "a", "b"]
    pd.testing.assert_frame_equal(left, before[0])
    pd.testing.assert_frame_equal(right, before[1])


IDS = st.lists(st.integers(0, 20), min_size=1, max_size=12)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@given(many=IDS, random=st.randoms(use_true_random=False))
def test_a_join_never_changes_the_rows_of_the_many_side(make, many, random):
    one = list(dict.fromkeys(many))
    random.shuffle(one)
    right = make({"id": many, "row": list(range(len(many)))})
    left = make({"id": one, "twice": [2 * i for i in one]})
    made = cp.join(left, right, on="id")
    assert rows(made)["row"] == list(range(len(many)))
    assert rows(made)["id"] == many
    assert rows(made)["twice"] == [2 * i for i in many]


@given(left=IDS.map(set), right=IDS)
def test_rows_kept_and_dropped_add_up(left, right):
    one, many = pd.DataFrame({"id": sorted(left)}), pd.DataFrame({"id": right, "q": 1})
    kept = cp.join(one, many, on="id", unmatched="keep")
    dropped = cp.join(one, many, on="id", unmatched="drop")
    counts = kept.attrs["joined"][0]
    assert counts["left_only"] == len(left - set(right))
    assert counts["right_only"] == sum(i not in left for i in right)
    assert len(kept) == len(many) + counts["left_only"]
    assert len(dropped) == len(many) - counts["right_only"]
    assert sorted(kept["id"]) == sorted([*right, *(left - set(right))])
