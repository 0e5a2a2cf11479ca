"""A row an ego, made networks: what goes in comes out, and what is wrong is named at once."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import ColumnError, NetworkError, OptionError

WIDE = pd.DataFrame(
    {
        "person id": ["Zoë", "Bo", "Cy"],
        "age": [30, 40, 50],
        "alter1_called": ["mum", "Łukasz", None],
        "alter2_called": ["dad", " ", None],
        "alter3_called": ["Eve", None, None],
        "alter1_close": [5.0, 3, np.nan],
        "alter2_close": [4.0, np.nan, np.nan],
        "alter3_close": [np.nan, np.nan, np.nan],
        "tie_1_2": ["yes", None, None],
        "tie_1_3": ["No", None, None],
        "tie_2_3": [None, None, None],
    }
)


def wide(data=WIDE, **how):
    return cp.social_capital.from_wide(data, **{"ego": "person id"} | how)


@pytest.mark.parametrize("make", [lambda frame: frame, pl.from_pandas])
def test_tables_are_what_the_form_says(make):
    egos, alters, ties = wide(make(WIDE), name="called").to_tables()
    assert egos.to_dict("list") == {"person id": ["Zoë", "Bo", "Cy"], "age": [30, 40, 50]}
    assert alters["person id"].tolist() == ["Zoë", "Zoë", "Zoë", "Bo"]
    assert alters["alter"].tolist() == [1, 2, 3, 1]
    assert alters["called"].tolist() == ["mum", "dad", "Eve", "Łukasz"]
    np.testing.assert_array_equal(alters["close"], [5, 4, np.nan, 3])
    assert ties.to_dict("list") == {
        "person id": ["Zoë"],
        "source": [1],
        "target": [2],
        "strength": [1.0],
    }


def test_pairs_without_an_answer_are_counted_and_every_result_warns():
    made = wide()
    assert made.metrics().table["size"].tolist() == [3, 1, 0]
    assert any("1 of 3 pairs of alters, in 1 networks" in said for said in made.metrics().warnings)
    # The warning goes along to what is made of them.
    for other in (
        made.select(alters={"close": 5}),
        made.pseudonymise(1, drop=["called"]),
        made + wide(WIDE.assign(**{"person id": ["D", "E", "F"]})),
        wide(WIDE.assign(tie_1_3=None, **{"person id": ["D", "E", "F"]})) + made,
    ):
        assert sum("1 of 3 pairs" in said for said in other.warnings) == 1
    # Where nobody says no, an empty cell is how a form says it.
    assert not wide(WIDE.assign(tie_1_3=None)).warnings


def test_all_that_is_wrong_is_named_with_its_rows():
    data = pd.DataFrame(
        {
            "ego": ["A", "A", None, "B"],
            "alter1_name": ["x", "x", "x", None],
            "alter2_name": ["y", None, "y", None],
            "alter1_age": [1, 2, 3, 4],
            "alter2_age": [0, 0, 0, 0],
            "tie_1_1": [1, 0, None, None],
            "tie_1_2": [1, 1, "often", -1],
            "tie_2_1": [0, None, None, None],
        }
    )
    with pytest.raises(NetworkError) as caught:
        cp.social_capital.from_wide(data, present="name")
    for said in (
        "'ego' is missing in row 3",
        "Rows with the same 'ego': rows 1, 2",
        "'alter1_age' is filled in row 4, and 'name' of alter 1 is not",
        "'tie_1_1' ties an alter with itself in row 1",
        "'tie_1_2' holds 'often', -1 in rows 3, 4",
        "alters 1 and 2 know each other in row 2, where the ego didn't name both",
        "'tie_1_2' and 'tie_2_1' differ in row 1",
    ):
        assert said in str(caught.value)
    assert "alter2_age" not in str(caught.value), "the 0 of an empty box is nobody"


def test_columns_that_cannot_be_told_apart():
    for data, how, said in (
        (WIDE.rename(columns={"tie_1_2": "x", "tie_1_3": "y", "tie_2_3": "z"}), {}, "ties=None"),
        (WIDE.drop(columns="alter2_close"), {}, "'close' is there for 1, 3, and not for 2"),
        (WIDE, {"attributes": ["called", "clsoe"]}, "no column has the attributes 'clsoe'"),
        (WIDE.assign(alter01_close=1), {}, "'alter1_close', 'alter01_close' are one and the same"),
        (WIDE.assign(tie_1_9=1), {}, "ties of alters that have no columns: 'tie_1_9'"),
        (WIDE, {"alters": "friend{n}_{attribute}"}, "no column is named like 'friend{n}"),
    ):
        with pytest.raises(ColumnError, match=r"can't be told apart") as caught:
            wide(data, **how)
        assert said in str(caught.value)
    for how in ({"alters": "alter_{n}"}, {"ties": "{n}"}, {"attributes": "called"}):
        with pytest.raises(OptionError):
            wide(**how)
    with pytest.raises(ColumnError, match="no column 'Zoe'"):
        wide(ego="Zoe")
    with pytest.raises(ColumnError, match=r"attributes of alters have no column 'nick'"):
        wide(name="nick")
    with pytest.raises(OptionError, match="names of columns that are needed"):
        wide(WIDE.assign(alter1_alter=1, alter2_alter=1, alter3_alter=1))


def test_listed_attributes_leave_the_rest_to_the_ego():
    data = pd.DataFrame({"ego": [1], "sex1": ["f"], "sex2": ["m"], "phq9": [3], "q1": [None]})
    made = cp.social_capital.from_wide(data, "{attribute}{n}", None, attributes=["sex"])
    assert list(made.to_tables().egos) == ["ego", "phq9", "q1"]
    assert made.to_tables().alters["sex"].tolist() == ["f", "m"]
    assert not made.has_ties


def test_names_as_other_programs_write_them():
    data = pd.DataFrame(
        {
            "egoID": [1, 2],
            "netsize": [2, 1],
            "alter.sex.1": ["w", "m"],
            "alter.sex.2": ["m", None],
            "X1.to.2": [2.0, np.nan],
        }
    )
    how = {"alters": "alter.{attribute}.{n}", "ties": "X{n}.to.{m}", "ego": "egoID"}
    made = cp.social_capital.from_wide(data, **how)
    assert made.metrics().table[["size", "ties"]].to_numpy().tolist() == [[2, 1], [1, 0]]
    assert list(made.to_tables().egos) == ["egoID", "netsize"]


def test_either_half_of_a_table_of_ties_will_do():
    data = pd.DataFrame(
        {
            "ego": [1, 2, 3],
            "alter1_sex": "w",
            "alter2_sex": "m",
            "tie_1_2": [None, "1", "1"],
            "tie_2_1": [1.0, np.nan, 1],
            "tie_1_1": 0,
        }
    )
    assert cp.social_capital.from_wide(data).metrics().table["ties"].tolist() == [1, 1, 1]


def test_empty_tables_and_one_row():
    assert len(wide(WIDE.iloc[:0])) == 0
    assert wide(WIDE.iloc[[2]]).metrics().table["size"].tolist() == [0]


def test_strengths_are_weights():
    data = pd.DataFrame(
        {"ego": [1], "wave": [0], "alter1_w": [2.0], "alter2_w": [1.0], "tie_2_1": ["3"]}
    )
    made = cp.social_capital.from_wide(data, weight="w", wave="wave")
    assert made.to_tables().ties["w"].tolist() == [3.0]
    assert made.metrics(weighted=True).table["constraint"].notna().all()


@st.composite
def networks(draw):
    """Three tables of networks whose alters are numbered."""
    sizes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    alters, ties = [], []
    for ego, size in enumerate(sizes):
        alters += [(ego, n, draw(st.sampled_from("abc"))) for n in range(1, size + 1)]
        ties += [
            (ego, n, m, float(draw(st.integers(1, 3))))
            for n in range(1, size + 1)
            for m in range(n + 1, size + 1)
            if draw(st.booleans())
        ]
    return (
        pd.DataFrame({"ego": range(len(sizes))}),
        pd.DataFrame(alters, columns=["ego", "alter", "kind"]),
        pd.DataFrame(ties, columns=["ego", "source", "target", "strength"]),
    )


@settings(max_examples=40, deadline=None)
@given(networks(), st.booleans())
def test_wide_and_back(tables, turned):
    egos, alters, ties = tables
    data = egos.copy()
    for n in range(1, 5):
        data[f"alter{n}_kind"] = data["ego"].map(
            alters.loc[alters["alter"] == n].set_index("ego")["kind"]
        )
        for m in range(n + 1, 5):
            pair = ties.loc[(ties["source"] == n) & (ties["target"] == m)]
            name = f"tie_{m}_{n}" if turned else f"tie_{n}_{m}"
            data[name] = data["ego"].map(pair.set_index("ego")["strength"])
    made = cp.social_capital.from_wide(data).to_tables()
    for one, other in zip(made, tables, strict=True):
        pd.testing.assert_frame_equal(one, other[list(one)], check_dtype=False)


def test_many_rows():
    n = 200_000
    data = pd.DataFrame({"ego": np.arange(n)})
    for k in range(1, 6):
        data[f"alter{k}_close"] = np.where(np.arange(n) % 6 >= k, 1.0, np.nan)
        for m in range(k + 1, 6):
            data[f"tie_{k}_{m}"] = np.where(np.arange(n) % 6 >= m, 1.0, np.nan)
    made = cp.social_capital.from_wide(data)
    assert made.links.net.size == sum(np.arange(n) % 6)
