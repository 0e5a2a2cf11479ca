"""Every score that the HELP data set derives comes out of our scoring, from the items."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.study_file import StudyFile

FOLDER = Path(__file__).parents[1] / "examples" / "help"
WAVES = [0, 6, 12, 18, 24]
SF36 = ["pf", "rp", "bp", "gh", "vt", "sf", "re", "mh", "pcs", "mcs"]
#: Both sides are sums and products of the same numbers in another order.
RTOL = 1e-12


@pytest.fixture(scope="module")
def scored():
    plan = StudyFile.from_toml(FOLDER / "study.toml")
    data = pd.read_csv(FOLDER / "help.csv")
    for name, use in plan.instruments.items():
        data = cp.score(data, name, items=use.items, answered=True)
    return data


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("scale", SF36)
def test_sf_36_equals_the_trial_at_every_wave(scored, scale, wave):
    rows = scored[wave == scored.TIME]
    ours, theirs = rows[f"sf_36_{scale}"], rows[scale.upper()]
    np.testing.assert_allclose(ours, theirs, rtol=RTOL, atol=RTOL)  # NaN where NaN
    assert theirs.notna().sum() > 200


@pytest.mark.parametrize("wave", WAVES)
def test_ces_d_equals_the_trial_where_all_items_are_answered(scored, wave):
    rows = scored[(wave == scored.TIME) & (scored.ces_d_answered == 20)]
    assert (rows.ces_d == rows.CES_D).all()
    assert len(rows) > 200


def test_ces_d_of_the_trial_sums_what_was_answered_where_we_prorate(scored):
    partial = scored[scored.ces_d_answered.between(1, 19)]
    assert len(partial) == 24
    assert partial.ces_d_answered.min() == 18
    np.testing.assert_allclose(
        partial.ces_d * partial.ces_d_answered / 20, partial.CES_D, rtol=RTOL
    )
    assert (scored.ces_d.isna() == scored.CES_D.isna()).all()


@pytest.mark.parametrize("wave", WAVES)
def test_support_from_friends_equals_the_trial(scored, wave):
    rows = scored[wave == scored.TIME]
    assert (rows.pss_fr == rows.PSS_FR).all()


@pytest.mark.parametrize("wave", WAVES)
def test_support_from_family_equals_the_trial_where_it_has_a_score(scored, wave):
    rows = scored[(wave == scored.TIME) & scored.PSS_FA.notna()]
    assert (rows.pss_fa == rows.PSS_FA).all()
    assert len(rows) > 200


def test_the_trial_leaves_two_complete_answer_sheets_on_family_without_a_score(scored):
    ours_alone = scored[scored.pss_fa.notna() & scored.PSS_FA.isna()]
    assert ours_alone[["ID", "TIME"]].to_numpy().tolist() == [[158, 0], [363, 0]]
    assert (ours_alone.pss_fa_answered == 14).all()


def test_does_not_know_is_an_answer_without_support(scored):
    """Code 7 is neither missing nor support: the trial's own scores agree."""
    unsure = scored[[f"N1{letter}" for letter in "ABCDEFGHIJKLMN"]].eq(7)
    assert unsure.any(axis=1).sum() == 564
    assert (scored.loc[unsure.all(axis=1), "pss_fr"] == 0).all()
