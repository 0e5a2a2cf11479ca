"""What lesson 7 says of its figures, which its cells compute, holds."""

import matplotlib.pyplot as plt
import nbformat
import pytest

from cpeval.shipped import shipped_folder

LESSON = shipped_folder("tutorials") / "7_change_and_loss.ipynb"


@pytest.fixture(scope="module")
def shown():
    """The names that a student has after running the lesson from top to bottom."""
    names = {}
    for cell in nbformat.read(LESSON, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    plt.close("all")
    return names


def test_both_arms_went_up_and_most_of_it_is_no_effect(shown):
    table = shown["change"].table.set_index("group")
    assert (table["ci_low"] > 0).all()
    assert (table.loc["CP", "estimate"] - table.loc["usual", "estimate"]) * 2 < table.loc[
        "CP", "estimate"
    ]


def test_a_lost_person_is_among_the_rows_shown(shown):
    assert shown["wide"].head(8)["t1"].isna().any()


def test_most_changes_are_within_the_error(shown):
    wide, limit = shown["wide"], shown["limit"]
    programme = wide.loc[wide["arm"] == "CP", "change"].dropna()
    usual = wide.loc[wide["arm"] == "usual", "change"].dropna()
    assert (programme.abs() <= limit).mean() > 0.5
    assert (usual > limit).any()
    # "more than 5 in 100 pass the limit without a lasting change"
    assert (usual.abs() > limit).mean() > 0.05


def test_more_were_lost_with_the_programme_and_they_started_low(shown):
    at_end = shown["participants"].table.query("wave == 't1'").set_index("group")
    assert at_end.loc["CP", "lost"] > at_end.loc["usual", "lost"]
    start = shown["wide"].groupby(["arm", "lost"])["t0"].mean()
    assert start["CP", True] < start["CP", False]
    assert start["usual", True] < start["usual", False]


def test_with_nobody_lost_the_same_people_give_the_same_answers(shown):
    both = shown["data"].merge(shown["everyone"], on=["person", "wave"], suffixes=("", "_all"))
    assert len(both) == len(shown["data"])
    assert (both["swemwbs"] == both["swemwbs_all"]).all()


def test_those_who_stayed_changed_less_than_everyone(shown):
    stayed = shown["change"].table.set_index("group")["estimate"]
    more = shown["truth"].table.set_index("group")["estimate"] - stayed
    assert more["CP"] > more["usual"] > 0


def test_what_each_rule_does(shown):
    """The differences are in points; the arms' true difference is about two."""
    rules = shown["rules"]
    assert [len(people) for people in shown["gone"].values()] == [0, 45, 45, 45]
    off = (rules - rules.loc["nobody"]).abs()
    assert (off.loc["by chance"] < 0.4).all()
    assert off.loc["low at the start", "compare"] < 0.4
    assert off.loc["low at the start", "means"] > 1
    assert (off.loc["doing badly now"] > 1).all()


def test_worse_guesses_make_the_difference_smaller(shown):
    found = [shown["what_if"](points) for points in (0, -2, -4)]
    assert sorted(found, reverse=True) == found
    assert found[0] < shown["rules"].loc["doing badly now", "compare"]
