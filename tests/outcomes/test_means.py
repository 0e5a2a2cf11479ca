import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cpeval.errors import TooFewError, WaveError
from cpeval.outcomes import means
from cpeval.study import Study

RTOL = 1e-10


def test_equal_scipy_by_hand_on_help(help_trial, help_study):
    table = means(help_trial, "CES_D", help_study, level=0.9).table
    assert list(zip(table["group"], table["wave"], strict=True)) == [
        (arm, wave) for arm in (0, 1) for wave in (0, 6, 12, 18, 24)
    ]
    for row in table.itertuples():
        there = (help_trial["GROUP"] == row.group) & (help_trial["TIME"] == row.wave)
        scores = help_trial.loc[there, "CES_D"]
        known = scores.dropna()
        interval = stats.t.interval(0.9, len(known) - 1, known.mean(), stats.sem(known))
        np.testing.assert_allclose((row.ci_low, row.ci_high), interval, rtol=RTOL)
        np.testing.assert_allclose((row.estimate, row.sd), (known.mean(), known.std()), rtol=RTOL)
        assert (row.n, row.missing, row.df) == (
            len(known),
            len(scores) - len(known),
            len(known) - 1,
        )


def test_waves_stand_in_the_order_of_the_study():
    data = pd.DataFrame({"id": [1, 1, 2, 2], "w": ["start", "end"] * 2, "y": [1, 2, 3, 5]})
    study = Study(person="id", wave="w", baseline="start", follow_up="end")
    assert means(data, "y", study).table["wave"].tolist() == ["start", "end"]
    bare = means(data, "y", Study(person="id", wave="w"))
    assert bare.table["wave"].tolist() == ["end", "start"]
    assert bare.wave == "w"


def test_cells_with_too_few_scores_stay_and_are_named():
    data = pd.DataFrame(
        {
            "id": [1, 2, 3, 1, 2],
            "arm": ["a", "b", "b", "a", "b"],
            "w": [0, 0, 0, 1, 1],
            "y": [1, 2, 4, None, 5],
        }
    )
    study = Study(person="id", arm="arm", intervention="b", wave="w", baseline=0, follow_up=1)
    result = means(data, "y", study)
    table = result.table
    assert table["n"].tolist() == [1, 0, 2, 1]
    assert table["missing"].tolist() == [0, 1, 0, 0]
    assert table["df"].tolist() == [0, 0, 1, 0]
    np.testing.assert_allclose(table["estimate"], [1, np.nan, 3, 5])
    assert table["ci_low"].isna().tolist() == [True, True, False, True]
    assert result.warnings == (
        "Fewer than two scores, so no standard deviation or interval: "
        "'a' at 0, 'a' at 1, 'b' at 1.",
    )


def test_an_arm_absent_at_a_wave_keeps_its_row():
    data = pd.DataFrame(
        {"id": [1, 2, 3, 4, 3], "arm": list("aabbb"), "w": [0, 0, 0, 0, 1], "y": [1, 2, 4, 4, 5]}
    )
    study = Study(person="id", arm="arm", intervention="b", wave="w", baseline=0, follow_up=1)
    table = means(data, "y", study).table
    assert table[["group", "wave", "n", "missing"]].to_numpy().tolist() == [
        ["a", 0, 2, 0],
        ["a", 1, 0, 0],
        ["b", 0, 2, 0],
        ["b", 1, 1, 0],
    ]


def test_a_later_wave_that_is_not_there_is_an_error(help_trial, help_study):
    from dataclasses import replace

    with pytest.raises(WaveError, match=r"never holds 36 \(follow_up\).*It holds 0, 6, 12, 18, 24"):
        means(help_trial, "CES_D", replace(help_study, follow_up=(6, 36), later=()))


def test_no_scores_is_an_error():
    data = pd.DataFrame({"id": [1, 2], "y": [None, None]})
    with pytest.raises(TooFewError, match="'y' holds no score at any wave"):
        means(data, "y", Study(person="id"))


@pytest.mark.parametrize("score", [1.0, 0.1])
def test_scores_that_are_all_equal_have_no_interval(score):
    data = pd.DataFrame({"id": range(6), "arm": list("aaabbb"), "y": [score] * 3 + [1.0, 2, 4]})
    result = means(data, "y", Study(person="id", arm="arm", intervention="b"))
    row = result.table.iloc[0]
    assert (row["estimate"], row["sd"], row["se"]) == (score, 0, 0)
    assert row[["ci_low", "ci_high"]].isna().all()
    assert result.table[["ci_low", "ci_high"]].iloc[1].notna().all()
    assert result.warnings == ("All scores are equal, so the interval is undefined: 'a'.",)


def test_without_waves_the_note_has_none(help_trial, help_study):
    data = pd.DataFrame({"id": range(3), "y": [1.0, 2, 4]})
    assert "wave" not in means(data, "y", Study(person="id")).note
    assert "The people differ from wave to wave." in means(help_trial, "CES_D", help_study).note
