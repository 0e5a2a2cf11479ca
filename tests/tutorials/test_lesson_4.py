"""The file of lesson 4, and what the lesson says in words of its figures."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import cpeval as cp
from cpeval.shipped import shipped_folder
from cpeval.tutorials import lesson_4

OFFICE = shipped_folder("tutorials") / "data" / "second_office.csv"


def alpha(answers, **options):
    found = cp.measurement.reliability(answers, coefficients=["alpha"], **options)
    return found.table["estimate"].item()


@pytest.fixture
def made():
    return runpy.run_path(str(Path(__file__).with_name("make_second_office.py")))


def test_its_script_makes_it(made, tmp_path):
    made["second_office"]().to_csv(tmp_path / "office.csv", index=False)
    assert (tmp_path / "office.csv").read_text() == OFFICE.read_text()


def test_nothing_but_the_item_analysis_finds_the_item(made):
    office = cp.read(OFFICE)
    assert len(cp.check(office, instruments=["swemwbs"]).table) == 0
    analysis = cp.measurement.items(office, instrument="swemwbs").table.set_index("item")
    against = analysis.index[analysis["discrimination"] < 0]
    assert list(against) == [made["WRONG"]]
    # By hand: the correlation with the sum of the others.
    others = office.drop(columns=made["WRONG"]).sum(axis=1)
    by_hand = np.corrcoef(others, office[made["WRONG"]])[0, 1]
    assert analysis["discrimination"][made["WRONG"]] == pytest.approx(by_hand, rel=1e-12)
    mended = office.assign(**{made["WRONG"]: 6 - office[made["WRONG"]]})
    assert alpha(office) < 0.6 < 0.8 < alpha(mended)


def test_two_topics_look_like_a_good_scale_by_alpha_alone():
    both = lesson_4._two_topics()
    assert alpha(both) > 0.7
    sorted_out = cp.measurement.select_scales(both).table.groupby("scale")["item"].apply(set)
    assert [{name.split("_")[0] for name in items} for items in sorted_out] == [
        {"sleep"},
        {"garden"},
    ]
    assert sorted_out.map(len).tolist() == [8, 8]


def test_two_or_three_points_are_within_chance_for_one_person():
    found = cp.measurement.reliability(lesson_4._sheets(), instrument="swemwbs")
    assert 1.96 * found.sem > 3
    table = found.table.set_index("coefficient")["estimate"]
    assert table["omega_total"] == pytest.approx(table["alpha"], abs=0.005)
