"""`check` takes any answer, and says what kind of mistake it was."""

import math
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval.errors import OptionError
from cpeval.tutorials import check
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Column, Names, NotAnAnswer, Number

MADE_UP = {
    1: Exercise(
        kind=Number(decimals=2),
        right=lambda: 0.4567,
        because="Because.",
        mistakes=(
            Mistake(answer=lambda: 0.8, hint="You forgot the reversed item."),
            Mistake(answer=lambda: 3, hint="You took the sum."),
        ),
        otherwise="Look again.",
    ),
    2: Exercise(
        kind=Choice(("yes", "no")),
        right=lambda: "no",
        because="Few sites.",
        mistakes=(Mistake(answer=lambda: "yes", hint="Count the sites."),),
        otherwise="",
    ),
    3: Exercise(
        kind=Names(of="sites"),
        right=lambda: ["A", "B", "C"],
        because="All three.",
        mistakes=(Mistake(answer=lambda: ["D"], hint="D is the comparison."),),
        otherwise="Look at the table.",
    ),
    4: Exercise(
        kind=Column(),
        right=lambda: [1.0, math.nan, 3.0],
        because="Yes.",
        mistakes=(Mistake(answer=lambda: [1, 0, 3], hint="A gap is no 0."),),
        otherwise="Look again.",
    ),
}


@pytest.fixture(autouse=True)
def _lesson(monkeypatch):
    monkeypatch.setattr(
        sys.modules["cpeval.tutorials.check"], "exercises_of", lambda lesson: {77: MADE_UP}[lesson]
    )


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("77.1", 0.4567),
        ("77.1", 0.46),
        ("77.1", np.float32(0.457)),
        ("77.1", pd.Series([0.46])),
        ("77.1", pd.DataFrame({"estimate": [0.46]})),
        ("77.1", [0.46]),
        (" 77.1 ", 0.46),
        ("77.2", "No"),
        ("77.2", " no "),
        ("77.2", False),
        ("77.2", np.bool_(False)),
        ("77.3", ["C", "B", "A", "A"]),
        ("77.3", {"A", "B", "C"}),
        ("77.3", pd.Series(["A", "B ", "C"])),
        ("77.3", (name for name in "ABC")),
        ("77.4", pd.Series([1, None, 3])),
        ("77.4", pd.DataFrame({"score": [1, None, 3]}, index=[5, 6, 7])),
        ("77.4", np.array([1, np.nan, 3])),
    ],
)
def test_right_answers_in_many_forms(exercise, answer):
    verdict = check(exercise, answer)
    assert verdict.right is True, verdict
    assert verdict.message.startswith("Right. ")


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        ("77.1", 0.8, "You forgot the reversed item."),
        ("77.1", 3.0, "You took the sum."),
        ("77.1", -0.46, "the sign is not"),
        ("77.1", 45.67, "percentage"),
        ("77.1", 0.5, "rounded too roughly: give 2 decimals"),
        ("77.1", 17, "Look again."),
        ("77.2", True, "Count the sites."),
        ("77.3", ["D"], "D is the comparison."),
        ("77.3", ["A", "D"], "1 of yours is right, 1 does not belong and 2 are absent."),
        ("77.4", [1, 0, 3], "A gap is no 0."),
        ("77.4", [1, None, 4], "1 of 3 rows differs. The first is row 2"),
        ("77.4", [1, None], "The right column has 3 rows, yours 2."),
    ],
)
def test_wrong_answers_get_their_hint(exercise, answer, says):
    verdict = check(exercise, answer)
    assert verdict.right is False
    assert verdict.message.startswith("Not yet. ")
    assert says in verdict.message


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        ("77.1", "0.46", "leave out the quotation marks"),
        ("77.1", None, "nothing (None)"),
        ("77.1", True, "one number. You gave True"),
        ("77.1", math.nan, "missing or infinite"),
        ("77.1", math.inf, "missing or infinite"),
        ("77.1", [1, 2], "a list of 2"),
        ("77.1", max, "was it called"),
        ("77.1", pd.DataFrame({"a": [1, 2]}), "a table of 2 rows and 1 column."),
        ("77.2", "maybe", '"yes", "no"'),
        ("77.2", 3, "the number 3"),
        ("77.3", pd.DataFrame({"a": ["A"]}), "take the column"),
        ("77.3", 3, "as in"),
        ("77.3", [["A"]], "a list of 1"),
        ("77.4", "abc", "a column of numbers"),
        ("77.4", ["a", "b", "c"], "values that are none"),
        ("77.4", pd.DataFrame({"a": [1], "b": [2]}), "2 columns"),
    ],
)
def test_nonsense_is_refused_politely(exercise, answer, says):
    verdict = check(exercise, answer)
    assert verdict.right is None
    assert says in verdict.message


@pytest.mark.parametrize("exercise", ["77.1", "77.2", "77.3", "77.4"])
def test_no_answer_yet(exercise):
    verdict = check(exercise, ...)
    assert verdict.right is None
    assert "no answer yet" in verdict.message
    assert check(exercise).message == verdict.message


@given(
    answer=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.binary()
        | st.complex_numbers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=2), inner, max_size=2)
            | st.tuples(inner)
        ),
        max_leaves=5,
    )
)
def test_any_value_gets_a_verdict(answer):
    for kind in (Number(), Choice(("a", "b")), Names(), Column()):
        try:
            read = kind.read(answer)
        except NotAnAnswer as error:
            said = str(error)
        else:
            said = "The answer is read."
            assert kind.same(read, read)
            assert isinstance(kind.near(read, read), str)
        assert said.startswith("The answer is ")


def test_what_is_typed_is_escaped():
    shown = check("77.2", "<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize("number", [3, None, "three", "1", "", "1.2.3"])
def test_a_number_that_is_none(number):
    with pytest.raises(OptionError, match=r"check\(\"3\.2\", answer\)"):
        check(number, 1)


def test_an_exercise_that_is_not_there():
    with pytest.raises(OptionError, match=r"no exercise 77\.9.* 77\.1, 77\.2, 77\.3, 77\.4"):
        check("77.9", 1)


def test_check_is_public():
    assert cp.tutorials.check is check
