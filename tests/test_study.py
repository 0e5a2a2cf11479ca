"""`Study`: every mistake at once, and what it derives."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import StudyError

FULL = {
    "person": "id", "site": "trust", "team": "team", "worker": "worker", "arm": "arm",
    "intervention": "CP", "wave": "wave", "baseline": "t0", "follow_up": "t1", "randomised": False,
}  # fmt: skip


def test_only_person_is_needed():
    study = cp.Study(person="id")
    assert study.columns == {"person": "id"}
    assert study.waves == study.follow_ups == ()


def test_follow_ups_the_first_is_the_primary():
    study = cp.Study(**FULL | {"follow_up": ["t1", "t2", "t3"]})
    assert (study.follow_up, study.follow_ups) == ("t1", ("t1", "t2", "t3"))
    assert study.waves == ("t0", "t1", "t2", "t3")
    assert study.at("t3").waves == ("t0", "t3")
    assert dataclasses.replace(study, randomised=True).waves == study.waves
    with pytest.raises(StudyError, match=r"no follow-up 't 1' \(did you mean 't1'\?\)"):
        study.at("t 1")


def test_a_follow_up_without_baseline():
    assert cp.Study(person="id", wave="w", follow_up=[6, 12]).follow_ups == (6, 12)


def test_is_frozen_pickles_and_compares():
    study = cp.Study(**FULL)
    assert pickle.loads(pickle.dumps(study)) == study
    with pytest.raises(dataclasses.FrozenInstanceError):
        study.person = "other"


def test_every_mistake_at_once():
    with pytest.raises(StudyError) as caught:
        cp.Study(
            person="id",
            site="id",
            team="",
            intervention=1,
            baseline=0,
            follow_up=0,
            randomised="no",
        )
    text = str(caught.value)
    for said in (
        "site: column 'id' is the person already",
        "team: should be the name of a column, as text. Got ''",
        "intervention: needs arm",
        "baseline: needs wave",
        "follow_up: needs wave",
        "a wave is named twice: 0, 0",
        "randomised: should be true or false. Got 'no'",
    ):
        assert said in text


def test_an_arm_needs_its_intervention():
    with pytest.raises(StudyError, match="say which value of 'arm' is the intervention"):
        cp.Study(person="id", arm="arm")


def test_from_toml(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        '[study]\nperson = "id"\nwave = "w"\nbaseline = 0\nfollow_up = [6, 12]\n[data]\nx = 1\n'
    )
    assert cp.Study.from_toml(path) == cp.Study(
        person="id", wave="w", baseline=0, follow_up=[6, 12]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[study]\nperson = 'id'\nbasline = 0\nlater = [1]\n", "no key 'basline' (did you mean 'baseline'?)\n- there is no key 'later'"),
        ("[study]\nwave = 'w'\n", "person is needed"),
        ("[study]\nperson = 'id'\nsit = 's'\nbaseline = 0\n", "- baseline: needs wave"),
        ("x = 1\n", "there is no table [study]"),
        ("study = 3\n", "there is no table [study]"),
        ("[study\n", "this is not TOML"),
        ("[study]\nperson = id\n", "Text needs quotes"),
    ],
)  # fmt: skip
def test_mistakes_in_the_file(tmp_path, text, said):
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(StudyError) as caught:
        cp.Study.from_toml(path)
    assert said in str(caught.value)


def test_files_that_can_not_be_read(tmp_path):
    with pytest.raises(StudyError, match=r"There is no file '.*nowhere.toml'"):
        cp.Study.from_toml(tmp_path / "nowhere.toml")
    with pytest.raises(StudyError, match="is a folder; name the file in it"):
        cp.Study.from_toml(tmp_path)
    (tmp_path / "latin.toml").write_bytes("titel = 'Köln'".encode("latin-1"))
    with pytest.raises(StudyError, match="save the file as UTF-8"):
        cp.Study.from_toml(tmp_path / "latin.toml")
    (tmp_path / "bomb.toml").write_text("# " + "x" * 2_000_001)
    with pytest.raises(StudyError, match="more than 2 MB; is this the right file"):
        cp.Study.from_toml(tmp_path / "bomb.toml")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 50_000)
    with pytest.raises(StudyError, match=r"nested too deeply|not TOML"):
        cp.Study.from_toml(tmp_path / "deep.toml")


def test_numpy_values_are_plain_values():
    study = cp.Study(
        person="id", arm="a", intervention=np.int64(1), wave="w", baseline=np.float64(0.0),
        follow_up=np.array([6, 12]),
    )  # fmt: skip
    assert (study.intervention, study.baseline, study.waves) == (1, 0.0, (0.0, 6, 12))
    assert [type(v) for v in (study.intervention, *study.waves)] == [int, float, int, int]


def test_replacing_the_follow_ups_replaces_all():
    study = cp.Study(person="id", wave="w", baseline="a", follow_up=["b", "c"])
    assert dataclasses.replace(study, follow_up=["d", "e"]).waves == ("a", "d", "e")


@pytest.mark.parametrize("odd", [pd.Timestamp("2026-01-31"), float("nan")])
def test_waves_that_can_not_stand_in_a_file(odd):
    with pytest.raises(
        StudyError, match=r"follow_up: values should be text or numbers.*Dates: make"
    ):
        cp.Study(person="id", wave="w", baseline=0, follow_up=odd)
