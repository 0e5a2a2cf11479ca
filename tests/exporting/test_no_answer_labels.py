"""Which labels mean no answer, and which only sound like it."""

import pytest
from hypothesis import given, strategies as st

from cpeval.exporting.no_answer_labels import no_answers


@pytest.mark.parametrize(
    "label",
    [
        *("Prefer not to say", "PREFER NOT TO ANSWER.", "I prefer not to say", "I'd rather not say"),
        *("Don't know", "Don\u2019t know", "dont know", "Do not know", "I don't know", "DK", "Unknown"),
        *("Refused", "(Refused)", "*refused to answer*", "Declined", "decline to answer"),
        *("Not applicable", "N/A", "n.a.", "NA", "Not applicable (N/A)", "N/A - not applicable"),
        *("Missing", "[missing]", "No answer", "no answer (missing)", "Not answered", "No response"),
        *("Don't know / refused", "Refused or don't know", "Don't know, refused", "not\u00a0stated"),
    ],
)  # fmt: skip
def test_labels_that_mean_no_answer(label):
    assert no_answers({0: "No", 1: "Yes", 9: label}) == ({9: label}, {})
    assert no_answers({-9: label, 0: "No", 1: "Yes"}) == ({-9: label}, {})


@pytest.mark.parametrize(
    "label",
    [
        *("Not at all", "Never", "None", "No", "Not sure", "Unsure", "Does not apply", "Neither", ""),
        *("I was refused help", "Missing my family", "Knows nobody", "Not known to the police", "/"),
        *("Nationality", "Nah", "Refused entry or asked to leave", "Don't know many people", "()"),
        "Yes / no answer",
    ],
)  # fmt: skip
def test_labels_that_only_sound_like_it(label):
    assert no_answers({0: "No", 1: "Yes", 9: label}) == ({}, {})


def test_the_middle_of_a_scale_is_an_answer():
    truth = {1: "definitely true", 2: "true", 3: "don't know", 4: "false", 5: "definitely false"}
    assert no_answers(truth) == ({}, {3: "don't know"})
    # Several that are no answers don't make one another the middle.
    end = {0: "No", 1: "Yes", 7: "Don't know", 8: "Refused", 9: "N/A"}
    assert set(no_answers(end)[0]) == {7, 8, 9}
    # One that was refused is none wherever it stands.
    assert no_answers({0: "No", 1: "Refused", 2: "Yes"}) == ({1: "Refused"}, {})
    assert no_answers({0: "No", 1: "Don't know/refused", 2: "Yes"})[0] == {1: "Don't know/refused"}


def test_nothing_but_no_answers():
    assert no_answers({}) == ({}, {})
    assert no_answers({1: "Don't know", 2: "Refused", 3: "N/A"})[1] == {}


@given(st.dictionaries(st.integers(-9, 99), st.text(max_size=20), max_size=6))
def test_any_labels_are_parted(labels):
    gone, between = no_answers(labels)
    assert not gone.keys() & between.keys()
    assert gone | between == {c: t for c, t in labels.items() if c in gone or c in between}
