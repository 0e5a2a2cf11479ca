"""What a difference means, said case by case."""

from dataclasses import replace

import pytest

from cpeval.report.naming import Names
from cpeval.report.release import release
from cpeval.report.wording import both_changes, change, difference, given, lowered
from cpeval.study import Study

DESIGN = {
    "person": "id", "arm": "arm", "intervention": 1, "wave": "wave", "baseline": 0,
    "follow_up": [6, 12],
}  # fmt: skip
FOUND = "At 6 months, people in the clinic arm scored "
OTHERS = " on low mood than people in the usual care arm "
BY_CHANCE = (
    " People were randomised to the arms, so this is evidence that what the clinic arm was offered made the "
    "difference, as far as those who answered stand for all."
)


def said(evaluation) -> str:
    """The sentence on the primary follow-up of the primary outcome."""
    outcome = next(o for o in evaluation.outcomes if o.primary)
    row = release(evaluation).results["mood/compare"].table.iloc[0].to_dict()
    return str(difference(row, outcome, Names(evaluation)))


@pytest.mark.parametrize(
    ("estimate", "half", "better", "expected"),
    [
        (
            -3.4, 3.0, "lower",
            f"{FOUND}3.4 points lower{OTHERS}(95 % interval from 0.4 to 6.4 lower); lower scores "
            "are better. The interval leaves out no difference: the data favour the clinic arm."
            + BY_CHANCE,
        ),
        (
            3.4, 3.0, "lower",
            f"{FOUND}3.4 points higher{OTHERS}(95 % interval from 0.4 to 6.4 higher); lower "
            "scores are better. The interval leaves out no difference: the data favour the usual "
            "care arm." + BY_CHANCE,
        ),
        (
            3.4, 3.0, "higher",
            f"{FOUND}3.4 points higher{OTHERS}(95 % interval from 0.4 to 6.4 higher); higher "
            "scores are better. The interval leaves out no difference: the data favour the clinic "
            "arm." + BY_CHANCE,
        ),
        (
            -1.9, 2.1, "lower",
            f"{FOUND}1.9 points lower{OTHERS}(95 % interval from 4.0 lower to 0.2 higher); lower "
            "scores are better. The interval includes no difference, so these data do not show "
            "which arm did better.",
        ),
        (
            -1.9, 2.1, None,
            f"{FOUND}1.9 points lower{OTHERS}(95 % interval from 4.0 lower to 0.2 higher). The "
            "interval includes no difference, so these data do not show which arm scored higher.",
        ),
        (
            3.4, 3.0, None,
            f"{FOUND}3.4 points higher{OTHERS}(95 % interval from 0.4 to 6.4 higher). The "
            "interval leaves out no difference: scores were higher in the clinic arm. The study "
            "does not say whether higher or lower is better." + BY_CHANCE,
        ),
        (
            # A bound of exactly zero is within the interval.
            -2.0, 2.0, "lower",
            f"{FOUND}2.0 points lower{OTHERS}(95 % interval from 4.0 lower to no difference); "
            "lower scores are better. The interval includes no difference, so these data do not "
            "show which arm did better.",
        ),
        (
            0.0, 12.0, "lower",
            "At 6 months, people in the clinic arm scored about the same on low mood as people in "
            "the usual care arm (95 % interval from 12 lower to 12 higher); lower scores are "
            "better. The interval includes no difference, so these data do not show which arm did "
            "better.",
        ),
        (
            # A bound near zero gets the decimals that tell on which side it is.
            2.004, 2.0, "lower",
            f"{FOUND}2.004 points higher{OTHERS}(95 % interval from 0.004 to 4.004 higher); lower "
            "scores are better. The interval leaves out no difference: the data favour the usual "
            "care arm." + BY_CHANCE,
        ),
    ],
)  # fmt: skip
def test_difference(with_comparison, estimate, half, better, expected):
    assert said(with_comparison(estimate, half, better=better)) == expected


@pytest.mark.parametrize(
    ("randomised", "expected"),
    [
        (
            False,
            "the data favour the clinic arm. People were not randomised to the arms, so "
            "something else in which they differ may explain it.",
        ),
        (
            None,
            "the data favour the clinic arm. It is not known whether people were randomised to "
            "the arms, so something else in which they differ may explain it.",
        ),
    ],
)
def test_without_randomisation_another_explanation_is_named(with_comparison, randomised, expected):
    study = Study(**DESIGN, randomised=randomised)
    text = said(with_comparison(-3.4, 3.0, study=study))
    assert text.endswith(expected)
    assert not {"effect", "evidence", "made", "caused", "because", "led"} & set(text.split())


@pytest.mark.parametrize("half", [0.5, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("estimate", [-3.4, 0.0, 0.2])
@pytest.mark.parametrize("better", ["higher", "lower", None])
def test_no_sentence_says_that_there_is_no_effect(with_comparison, estimate, half, better):
    text = said(with_comparison(estimate, half, better=better)).lower()
    for claim in (
        "no effect",
        "not significant",
        "insignificant",
        "proves",
        "no difference between",
    ):
        assert claim not in text


def test_missing_estimate(with_comparison):
    nan = float("nan")
    text = said(with_comparison(estimate=nan, ci_low=nan, ci_high=nan))
    assert text == (
        "At 6 months, the difference between the arms on low mood could not be computed."
    )


def test_missing_interval(with_comparison):
    nan = float("nan")
    text = said(with_comparison(-1.0, 1.0, ci_low=nan, ci_high=nan))
    assert text == (
        f"{FOUND}1.00 points lower on low mood than people in the usual care arm; lower scores "
        "are better. No interval could be computed, so how sure this is can't be said."
    )


def test_few_people(with_comparison):
    text = said(with_comparison(-3.4, 3.0, n_intervention=3))
    assert text == (
        "At 6 months, too few people in the clinic arm or in the usual care arm answered on low "
        "mood (fewer than 5): the difference between the arms is withheld."
    )


def test_without_labels_arms_and_waves_are_named_by_their_values(with_comparison):
    evaluation = replace(with_comparison(-1.9, 2.1), value_labels={})
    assert said(evaluation).startswith(
        "At wave 6, people in arm 1 scored 1.9 points lower on low mood than people in arm 0 "
    )


def test_study_of_one_wave(with_comparison):
    evaluation = with_comparison(-1.9, 2.1, wave=None)
    assert said(evaluation).startswith("People in the clinic arm scored 1.9 points lower")


def test_change_without_comparison_arm(one_arm):
    outcome = one_arm.outcomes[1]
    row = one_arm.results["mood/change"].table.iloc[0].to_dict()
    assert str(change(row, outcome, Names(one_arm))) == (
        "Between start and 6 months, the mean score on low mood fell by 7.2 points (95 % interval "
        "from a fall of 4.8 to 9.6); lower scores are better. The interval leaves out no change: "
        "scores moved in the better direction. There is no comparison arm, so what would have "
        "happened anyway is not known."
    )


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            {"estimate": 0.5, "ci_low": -1.0, "ci_high": 2.0},
            "rose by 0.5 points (95 % interval from a fall of 1.0 to a rise of 2.0); lower scores "
            "are better. The interval includes no change, so these data do not show which way "
            "scores went.",
        ),
        (
            {"estimate": 3.0, "ci_low": 1.0, "ci_high": 5.0},
            "rose by 3.0 points (95 % interval from a rise of 1.0 to 5.0); lower scores are "
            "better. The interval leaves out no change: scores moved in the worse direction.",
        ),
        ({"estimate": float("nan")}, "the change in low mood could not be computed."),
        (
            {"n": 4},
            "the change in low mood is withheld: fewer than 5 people answered both times.",
        ),
        (
            {"ci_low": float("nan")},
            "fell by 7.20 points; lower scores are better. No interval could be computed, so how "
            "sure this is can't be said.",
        ),
    ],
)
def test_change(one_arm, cells, expected):
    found = one_arm.results["mood/change"]
    results = one_arm.results | {
        "mood/change": replace(found, table=found.table.assign(**cells)),
    }
    evaluation = replace(one_arm, results=results)
    row = release(evaluation).results["mood/change"].table.iloc[0].to_dict()
    assert expected in str(change(row, evaluation.outcomes[1], Names(evaluation)))


def test_how_each_arm_moved(evaluation):
    rows = evaluation.results["mood/change"].table.to_dict("records")
    names = Names(evaluation)
    assert both_changes(rows, names) == (
        "The mean went from 30.2 to 26.0 in the usual care arm and from 29.5 to 22.3 in the "
        "clinic arm."
    )
    assert both_changes([rows[0], rows[1] | {"after": None}], names) == ""


def test_what_differences_allow_for(evaluation):
    assert given(Names(evaluation)) == "the score at baseline and age"
    assert given(Names(replace(evaluation, covariates=()))) == "the score at baseline"


@pytest.mark.parametrize(
    ("label", "expected"),
    [("Low mood", "low mood"), ("SF-36 energy", "SF-36 energy"), ("A score", "a score"), ("", "")],
)
def test_label_within_a_sentence(label, expected):
    assert lowered(label) == expected
