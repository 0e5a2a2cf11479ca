"""Matrices made networks."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import ColumnError, NetworkError, OptionError

MATRIX = pd.DataFrame([[0, 2, 0], [2, 0, 1], [0, 1, 0]], index=list("abc"), columns=list("abc"))


def test_labels_and_strengths():
    made = cp.social_capital.from_adjacency(
        {"Ann": MATRIX.loc[list("cab")], "Ben": [[0, 1], [1, 0]], "Cy": np.zeros((0, 0))},
        alters=pd.DataFrame({"ego": ["Ann"], "alter": ["b"], "kin": ["yes"]}),
    )
    _, alters, ties = made.to_tables()
    assert alters["alter"].tolist() == ["a", "b", "c", 1, 2]
    assert alters["kin"].fillna("").tolist() == ["", "yes", "", "", ""]
    assert ties[["source", "target", "strength"]].to_numpy().tolist() == [
        ["a", "b", 2.0],
        ["b", "c", 1.0],
        [1, 2, 1.0],
    ]
    assert made.metrics().table["size"].tolist() == [3, 2, 0]


def test_waves_and_more_egos():
    made = cp.social_capital.from_adjacency(
        {("A", 0): MATRIX, ("A", 1): MATRIX},
        wave="when",
        egos=pd.DataFrame({"ego": ["A", "A", "B"], "when": [0, 1, 0], "age": [1, 1, 2]}),
    )
    assert made.metrics().table["size"].tolist() == [3, 3, 0]
    assert made.change(0, 1).table["kept"].tolist() == [3]


def test_all_mistakes_at_once():
    with pytest.raises(NetworkError) as caught:
        cp.social_capital.from_adjacency(
            {
                1: [[0, 1]],
                2: [[1, 0], [0, 0]],
                3: [[0, 1], [0, 0]],
                4: pd.DataFrame([[0, "x"], ["x", -1]], dtype=object),
                5: MATRIX.set_axis(["a", "b", "d"], axis=1),
                6: MATRIX.set_axis(["a", "b", "b"], axis=1),
            }
        )
    for said in (
        "1: the matrix has 1 rows and 2 columns",
        "2: ties of an alter with itself, on the diagonal: 1",
        "3: ties that differ by direction, and a tie has none: 1 and 2",
        "4: values that are not numbers from 0: 'x', -1",
        "5: rows and columns name other alters: 'd', 'c'",
        "6: alters stand twice: 'b'",
    ):
        assert said in str(caught.value)
    for wrong in ({}, [[0]]):
        with pytest.raises(OptionError):
            cp.social_capital.from_adjacency(wrong)
    with pytest.raises(OptionError, match=r"are of \(ego, wave\)"):
        cp.social_capital.from_adjacency({"A": MATRIX}, wave="wave")
    alters = pd.DataFrame({"ego": ["A", "A", "A"], "alter": ["z", "a", "a"]})
    with pytest.raises(NetworkError, match=r"in no matrix: \('A', 'z'\); more than once"):
        cp.social_capital.from_adjacency({"A": MATRIX}, alters=alters)
    with pytest.raises(ColumnError):
        cp.social_capital.from_adjacency({"A": MATRIX}, alters=alters[["ego"]])
