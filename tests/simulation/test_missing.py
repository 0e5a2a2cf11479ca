"""People leave and answers are missing as often as was asked for."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import cpeval as cp

# A share or mean of a draw is compared with the truth within four Monte Carlo standard errors.
# Seeds are fixed; a right generator would fail one such comparison in some 16,000.
MC = 4.0


@pytest.mark.parametrize("slope", [0.0, -1.0])
@pytest.mark.parametrize("attrition", [0.1, (0.1, 0.35)])
def test_people_leave_at_the_rate_of_their_arm(slope, attrition, scored):
    study = cp.simulate(
        seed=9,
        sites=200,
        people=25,
        attrition=attrition,
        attrition_slope=slope,
        icc_site=0,
        icc_team=0,
        missing=0,
        goals=0,
        alters=0,
        baseline_difference=2.0,
    )
    table = scored(study)
    stayed = set(table.loc[table["wave"] == "t1", "person"])
    start = table[table["wave"] == "t0"].assign(left=lambda x: ~x["person"].isin(stayed))
    rates = (attrition, attrition) if isinstance(attrition, float) else attrition
    for arm, rate in zip(("CP", "usual"), rates, strict=True):
        left = start.loc[start["arm"] == arm, "left"]
        assert abs(left.mean() - rate) < MC * np.sqrt(rate * (1 - rate) / len(left))
        # Log odds by raw score: one step of Newton's method from the truth should not move.
        mine = start[start["arm"] == arm]
        z = (mine["raw"] - study.truth["swemwbs_raw_mean"]) / study.truth["swemwbs_raw_sd"]
        which = "intervention" if arm == "CP" else "comparison"
        odds = study.truth["attrition_intercept"][which] + slope * z
        p = 1 / (1 + np.exp(-odds))
        score, information = (z * (mine["left"] - p)).sum(), (z**2 * p * (1 - p)).sum()
        assert abs(score) < MC * np.sqrt(information)


def test_those_who_leave_have_no_row_anywhere_after():
    study = cp.simulate(seed=1, waves=["a", "b", "c"], attrition=0.4)
    present = study.truth["person_values"].query("present")[["person", "wave"]]
    assert_frame_equal(
        study.responses[["person", "wave"]], present.reset_index(drop=True), check_dtype=False
    )
    left = 1 - (study.responses["wave"] == "c").sum() / len(study.people)
    assert study.truth["realised_attrition"] == pytest.approx(left)


@pytest.mark.parametrize("share", [0.03, 0.5])
def test_answers_are_missing_at_the_rate_asked_for_and_come_together(share):
    study = cp.simulate(seed=6, sites=60, people=20, missing=share, attrition=0, alters=0)
    for table, pattern in (
        (study.responses, "^(swemwbs|rg_uk)_[0-9]+$"),
        (study.fidelity, "connecting_people_"),
    ):
        gaps = table.filter(regex=pattern).isna()
        per_row = gaps.mean(axis=1)
        assert abs(per_row.mean() - share) < MC * per_row.std() / np.sqrt(len(per_row))
        complete = (per_row == 0).mean()
        assert complete > (1 - share) ** gaps.shape[1] + 0.1


def test_informants_ratings_are_missing_at_the_rate_asked_for():
    study = cp.simulate(seed=6, sites=50, missing_ratings=0.1, attrition=0)
    n = 3 * len(study.responses)
    assert abs(1 - len(study.fidelity) / n - 0.1) < MC * np.sqrt(0.09 / n)
