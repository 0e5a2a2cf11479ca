"""The file of lesson 2 has the faults that the lesson speaks of, and a script beside this makes it."""

import runpy
from pathlib import Path

import cpeval as cp
from cpeval.shipped import shipped_folder

ANSWERS = shipped_folder("tutorials") / "data" / "answers.csv"
STUDY = cp.Study(
    person="person", site="trust", team="team", arm="arm", intervention="CP",
    wave="wave", baseline="t0", follow_up="t1",
)  # fmt: skip


def test_its_script_makes_it(tmp_path):
    made = runpy.run_path(str(Path(__file__).with_name("make_answers.py")))
    made["with_faults"]().to_csv(tmp_path / "answers.csv", index=False)
    assert (tmp_path / "answers.csv").read_text() == ANSWERS.read_text()


def test_it_has_the_faults_that_were_put_in():
    data = cp.read(ANSWERS, missing={"*": [-9]})
    found = cp.check(data, STUDY, instruments=["swemwbs"], outcomes=["age"])
    assert list(zip(found.summary["problem"], found.summary["values"], strict=True)) == [
        ("person twice at a wave", "P12 at t0"),
        ("arm changes within a person", "usual, CP"),
        ("label in place of a code", "often"),
        ("answer outside the codes", "44"),
        ("text in a number column", "57 years"),
        ("name spelt in two ways", "trust B "),
        ("person in several sites", "trust B , Trust B"),
        ("code made missing", "-9: 4 cells"),
    ]


def test_mended_as_the_lesson_says_it_is_as_before_the_faults():
    made = runpy.run_path(str(Path(__file__).with_name("make_answers.py")))
    data = cp.read(ANSWERS, missing={"*": [-9]})
    data["swemwbs_1"] = data["swemwbs_1"].replace({"often": "4"}).astype("int64")
    data["swemwbs_4"] = data["swemwbs_4"].replace({44: 4})
    data["age"] = data["age"].str.replace(" years", "").astype("int64")
    data.loc[data["team"] == "B2", "arm"] = "usual"
    data["trust"] = data["trust"].replace({"trust B ": "Trust B"})
    data = data.drop_duplicates(ignore_index=True)
    clean, mended = made["clean_answers"](), data.astype({"swemwbs_2": float})
    same = (clean == mended).where(mended.notna(), other=True)
    assert same.all(axis=None)
