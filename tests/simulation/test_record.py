"""The object: what it holds, how it shows, what it writes."""

import doctest
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import cpeval as cp
from cpeval.errors import OptionError, OutputError
from cpeval.simulation.record import TABLES


def same_cells(one, two):
    """Equal cells, whatever stands for a missing one."""
    assert_frame_equal(*(t.astype(object).where(t.notna(), None) for t in (one, two)))


def equal(one, two, tables=TABLES):
    for name in tables:
        assert_frame_equal(getattr(one, name), getattr(two, name))


def test_the_example_is_one_fixed_draw():
    one = cp.example("connecting_people")
    equal(one, cp.example())
    assert one.truth["seed"] == 2021
    assert one.people.groupby(["trust", "arm"]).size().tolist() == [15] * 10
    assert list(one.study.waves) == ["t0", "t1"]
    assert len(one.responses) == 276  # what tutorials may quote


def test_another_example_is_refused_with_those_there():
    with pytest.raises(
        OptionError, match=r"'conecting_people' \(did you mean 'connecting_people'\?\). Ex"
    ):
        cp.example("conecting_people")
    with pytest.raises(OptionError, match=r"There is no example 3\. Examples: 'connecting_people'"):
        cp.example(3)


def test_it_says_simulated_wherever_it_shows():
    study = cp.simulate(seed=1, arms=("<CP>"[1:3], "usual"))
    for name in TABLES:
        assert getattr(study, name).attrs == {"simulated": True}
        if name != "people":
            assert study.joined(name).attrs == {"simulated": True}
    assert study.data.attrs == {"simulated": True}
    assert study.truth["simulated"] is True
    assert repr(study).startswith("Study of 5 Trusts, 10 teams and 150 people at t0, t1, simulated")
    page = study._repr_html_()
    assert "simulated: nobody in it is real" in page
    assert page.count("<tr>") == 9


def test_labels_are_escaped_on_a_page():
    page = cp.simulate(seed=1, waves=["a<b>", "c&d"])._repr_html_()
    assert "a&lt;b&gt;, c&amp;d" in page
    assert "<b>" not in page


def test_joined_puts_people_in_front_of_each_table():
    study = cp.simulate(seed=1)
    expected = study.people.merge(study.responses, on="person", how="right", validate="1:m")
    assert_frame_equal(study.data, expected)
    alters = study.joined("alters")
    assert (alters["ego"] == alters["person"]).all()
    assert len(alters) == len(study.alters)
    assert alters.columns.is_unique
    genders = study.people.set_index("person")["gender"]
    assert (alters["ego_gender"] == alters["ego"].map(genders)).all()
    assert_frame_equal(alters[study.alters.columns], study.alters)
    with pytest.raises(
        OptionError, match=r"'table' must be one of 'responses', .*Got 'goal' .*'goals'"
    ):
        study.joined("goal")


def test_the_tables_work_with_join_check_and_score(scored):
    study = cp.example()
    data = cp.join(study.people, study.responses, on="person")
    same_cells(data, study.data)
    assert cp.check(study.data, study.study, instruments=["swemwbs", "rg_uk"]).ok
    table = cp.score(study.data, "swemwbs")
    by_hand = scored(study)
    np.testing.assert_array_equal(table["swemwbs"], by_hand["raw"])
    np.testing.assert_array_equal(table["swemwbs_metric"], by_hand["metric"])
    workers = study.joined("fidelity").query("informant == 'worker'")
    assert cp.check(workers, study.study, instruments=["connecting_people"]).ok


def test_truth_has_every_argument_as_used():
    truth = cp.simulate(
        seed=np.int64(4),
        people=np.array([5] * 10),
        waves=range(3),
        effect=(1, 2),
        fidelity_sd={"team": 0},
    ).truth
    assert truth["people"] == [5] * 10
    assert truth["waves"] == [0, 1, 2]
    assert truth["effect"] == [1, 2]
    assert truth["fidelity_sd"]["team"] == 0
    assert truth["fidelity_sd"]["error"] == 0.6
    assert type(truth["seed"]) is int


def test_the_page_in_the_docs_shows_what_happens():
    page = Path(__file__).parents[2] / "docs" / "simulated-study.md"
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    found = doctest.testfile(str(page), module_relative=False, optionflags=flags, encoding="utf-8")
    assert found.attempted >= 6
    assert found.failed == 0


# Files


# The example asks RG-UK, which is provisional and says so.
@pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
def test_written_files_evaluate_and_hold_what_the_frames_hold(tmp_path):
    study = cp.example()
    path = study.write(tmp_path / "new" / "study")
    assert path == tmp_path / "new" / "study" / "study.toml"
    folder = path.parent
    names = {p.name for p in folder.iterdir()}
    assert names == {f"{t}.csv" for t in TABLES} | {
        "study.toml",
        "truth.json",
        "truth_means.csv",
        "truth_site_effects.csv",
        "truth_team_effects.csv",
        "truth_person_values.csv",
    }
    for name in TABLES:
        again = pd.read_csv(folder / f"{name}.csv")
        same_cells(again, getattr(study, name))
        assert b".0," not in (folder / f"{name}.csv").read_bytes()
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    assert truth["effect_swemwbs_raw"] == study.truth["effect_swemwbs_raw"]
    evaluation = cp.evaluate(path)
    assert evaluation.simulated
    assert evaluation.study.columns == study.study.columns
    assert "swemwbs_metric/compare" in evaluation.results


def test_writing_again_replaces_and_labels_survive(tmp_path):
    cp.simulate(seed=1).write(tmp_path)
    (tmp_path / "mine.txt").write_text("kept")
    study = cp.simulate(seed=2, waves=['t"0', "t\\1", "été"], arms=("a b", "c'd"), attrition=0)
    again = cp.Study.from_toml(study.write(tmp_path))
    assert again == study.study
    assert (tmp_path / "mine.txt").read_text() == "kept"
    assert json.loads((tmp_path / "truth.json").read_text("utf-8"))["attrition_intercept"] == {
        "intervention": None,
        "comparison": None,
    }
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_folder_that_cannot_be_written_is_said_and_left(tmp_path):
    study = cp.simulate(seed=1)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=r"can't be written to '.*file'"):
        study.write(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "out" / "goals.csv").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"a folder stands where a file should go: goals\.csv"):
        study.write(tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["goals.csv"]
