import numpy as np
import pandas as pd
import pytest

from cpeval.errors import StudyError
from cpeval.outcomes import participants
from cpeval.study import Study


def test_counts_of_help(help_trial, help_study):
    result = participants(help_trial, help_study)
    counts = help_trial.groupby(["GROUP", "TIME"])["ID"].nunique()
    assert result.table["n"].tolist() == counts.tolist()
    assert result.n_people == 470
    # Everybody was seen at baseline, so nobody joined and who is not there was lost.
    assert (result.table["joined"] == 0).all()
    assert (result.table["n"] + result.table["lost"] == 235).all()
    np.testing.assert_allclose(result.table["percent"], result.table["n"] / 2.35)


LONG = pd.DataFrame(
    {
        "id": ["a", "b", "c", "a", "d", "e", "d", "f", "x"],
        "arm": [0, 0, 0, 0, 0, 1, 0, 1, None],
        "w": [0, 0, 0, 1, 1, 1, 2, 2, 0],
    }
)
STUDY = Study(person="id", arm="arm", intervention=1, wave="w", baseline=0, follow_up=[1])


def test_lost_and_joined_by_hand():
    result = participants(LONG, STUDY)
    assert result.table.drop(columns="percent").to_numpy().tolist() == [
        [0, 0, 3, 0, 0],
        [0, 1, 2, 2, 1],  # b and c lost, d joined
        [1, 0, 0, 0, 0],
        [1, 1, 1, 0, 1],
    ]
    np.testing.assert_allclose(result.table["percent"], [100, 200 / 3, np.nan, np.nan])
    assert result.n_people == 6
    assert result.warnings == (
        "1 of 7 people have no value in 'arm' and were left out.",
        "2 rows at waves that the study doesn't name were not counted (2).",
    )


def test_per_cent_is_of_the_people_at_baseline():
    data = pd.DataFrame({"id": list("aabcd"), "w": [0, 1, 1, 1, 1]})
    study = Study(person="id", wave="w", baseline=0, follow_up=1)
    assert participants(data, study).table["percent"].tolist() == [100, 400]


def test_without_waves_there_is_a_row_an_arm():
    result = participants(LONG.drop_duplicates("id"), Study(person="id"))
    assert result.table.to_numpy().tolist() == [["all", None, 7, 0, 0, 100.0]]


def test_losses_need_a_baseline():
    with pytest.raises(StudyError, match="counts losses from the baseline"):
        participants(LONG, Study(person="id", wave="w", follow_up=1))
