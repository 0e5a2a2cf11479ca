import numpy as np
import pandas as pd
import pytest

from cpeval.errors import OptionError, StudyError, TooFewError, WaveError
from cpeval.outcomes import change
from cpeval.study import Study

RTOL = 1e-10  # closed forms; R printed 17 digits
# The root search on the noncentral t stops at 1e-12; R's own goes on to about 1e-10.
RTOL_NONCENTRAL = 1e-8

NAMES = {
    "n": "n",
    "before": "mean_pre",
    "sd_before": "sd_pre",
    "after": "mean_post",
    "sd_after": "sd_post",
    "estimate": "mean_change",
    "statistic": "t",
    "df": "df",
    "p": "p",
    "d_z": "d_z",
    "d_av": "d_av",
    "hedges_g": "g_av_df_n_minus_1",
}


@pytest.mark.parametrize("arm", ["CBT", "Cont", "FT", "all"])
def test_equals_r_on_anorexia(anorexia, weights, reference, arm):
    expected = reference("change_anorexia.json")["entries"][f"anorexia_{arm}/paired"]["value"]
    data = anorexia if arm == "all" else anorexia[anorexia["arm"] == arm]
    row = change(data, "weight", weights).table.iloc[0]
    assert row["group"] == "all"
    assert row["wave"] == "Postwt"
    for ours, theirs in NAMES.items():
        np.testing.assert_allclose(row[ours], expected[theirs], rtol=RTOL, err_msg=ours)
    np.testing.assert_allclose(row[["ci_low", "ci_high"]].astype(float), expected["ci"], rtol=RTOL)
    np.testing.assert_allclose(row["se"] * row["statistic"], row["estimate"], rtol=RTOL)
    np.testing.assert_allclose(
        row[["d_z_low", "d_z_high"]].astype(float),
        expected["d_z_ci_noncentral_t"],
        rtol=RTOL_NONCENTRAL,
    )
    # Algina & Keselman (2003): the limits of d_z times s_d / s_av, times J.
    factor = expected["g_av_df_n_minus_1"] / expected["d_z"]
    np.testing.assert_allclose(
        row[["hedges_g_low", "hedges_g_high"]].astype(float),
        np.multiply(expected["d_z_ci_noncentral_t"], factor),
        rtol=RTOL_NONCENTRAL,
    )


def test_arms_stand_comparison_first_and_equal_each_alone(anorexia, weights, reference):
    study = Study(
        **weights.columns, arm="arm", intervention="CBT", baseline="Prewt", follow_up="Postwt"
    )
    table = change(anorexia, "weight", study).table
    assert table["group"].tolist() == ["Cont", "FT", "CBT"]
    entries = reference("change_anorexia.json")["entries"]
    expected = [entries[f"anorexia_{arm}/paired"]["value"]["t"] for arm in table["group"]]
    np.testing.assert_allclose(table["statistic"], expected, rtol=RTOL)


def test_equals_pingouin_called_by_hand_on_help(help_trial, help_study):
    import pingouin as pg

    table = change(help_trial, "CES_D", help_study.at(24)).table
    wide = help_trial.pivot_table("CES_D", "ID", "TIME")
    arm = help_trial[help_trial["TIME"] == 0].set_index("ID")["GROUP"]
    for group, row in zip((0, 1), table.itertuples(), strict=True):
        pairs = wide[arm == group][[0, 24]].dropna()
        by_hand = pg.ttest(pairs[24], pairs[0], paired=True).iloc[0]
        p, interval = (
            by_hand[next(name for name in by_hand.index if name.startswith(start))]
            for start in ("p", "CI")
        )
        np.testing.assert_allclose(row.statistic, by_hand["T"], rtol=RTOL)
        np.testing.assert_allclose(row.p, p, rtol=RTOL)
        # pingouin rounds the interval to two decimals.
        np.testing.assert_allclose((row.ci_low, row.ci_high), interval, atol=0.005)
        assert (row.n, row.wave, row.group) == (len(pairs), 24, group)


def test_people_without_both_scores_are_counted(help_trial, help_study):
    result = change(help_trial, "CES_D", help_study.at(12))
    wide = help_trial.pivot_table("CES_D", "ID", "TIME")
    assert result.n_excluded == 470 - wide[[0, 12]].dropna().shape[0]
    assert result.table["excluded"].sum() == result.n_excluded
    assert result.warnings == (
        "Left out: 131 of 235 people in arm 0, 125 of 235 people in arm 1; "
        "256 without a score at follow-up.",
    )


def people(before, after):
    """A frame of one group, by person."""
    n = len(before)
    ids = [*range(n)] * 2
    return pd.DataFrame({"id": ids, "wave": [0] * n + [1] * n, "y": [*before, *after]})


ONE_GROUP = Study(person="id", wave="wave", baseline=0, follow_up=1)


def test_change_that_is_the_same_for_all_is_undefined_not_an_error():
    result = change(people([1.1, 2.2, 3.3], [2.1, 3.2, 4.3]), "y", ONE_GROUP)
    row = result.table.iloc[0]
    assert row["estimate"] == pytest.approx(1)
    assert row["se"] == 0
    assert row["d_av"] == pytest.approx(1 / 1.1)
    undefined = ["statistic", "p", "ci_low", "ci_high", "d_z", "d_z_low", "hedges_g_low"]
    assert row[undefined].isna().all()
    assert result.warnings == (
        "All people: everyone changed by the same, so the test and d_z are undefined.",
    )


def test_a_spread_that_is_rounding_is_none():
    before = [0.1, 2.3, 7.7, 5.1]
    after = [score + 0.1 for score in before]
    assert np.std(np.subtract(after, before)) > 0
    row = change(people(before, after), "y", ONE_GROUP).table.iloc[0]
    assert row["se"] == 0
    assert np.isnan(row["statistic"])


def test_people_seen_at_other_waves_only_are_not_counted():
    data = people([1, 2, 3], [2, 4, 5])
    data = pd.concat([data, pd.DataFrame({"id": [77], "wave": [2], "y": [3]})])
    result = change(data, "y", ONE_GROUP)
    assert result.table["excluded"].item() == 0
    assert (result.n_excluded, result.warnings) == (0, ())


def test_scores_that_are_all_equal_have_no_d_av():
    result = change(people([5, 5, 5], [5, 5, 5]), "y", ONE_GROUP)
    assert result.table[["d_av", "hedges_g"]].isna().all(axis=None)
    assert "all scores are equal at each wave, so d_av is undefined" in result.warnings[1]


def test_no_mean_change_has_an_interval_around_zero():
    row = change(people([1, 2, 3, 4], [2, 1, 4, 3]), "y", ONE_GROUP).table.iloc[0]
    assert row["hedges_g"] == 0
    assert row["hedges_g_low"] == pytest.approx(-row["hedges_g_high"], rel=1e-9)
    assert row["hedges_g_high"] > 0.1


def test_few_people_give_a_warning_that_names_the_arm():
    data = people([1, 2, 3, 4, 5, 6], [2, 4, 5, None, 4, None]).assign(
        arm=["b", "b", "a", "a", "c", "d"] * 2
    )
    study = Study(person="id", arm="arm", intervention="b", wave="wave", baseline=0, follow_up=1)
    result = change(data, "y", study)
    table = result.table.set_index("group")
    assert table["n"].to_dict() == {"a": 1, "c": 1, "d": 0, "b": 2}
    assert table["excluded"].to_dict() == {"a": 1, "c": 0, "d": 1, "b": 0}
    assert table.loc["a", "estimate"] == 2
    assert table.loc["b", "statistic"] == pytest.approx(3)  # changes 1 and 2
    assert np.isnan(table.loc["b", "hedges_g"])
    assert (
        "Arm 'a': one person has both scores; a test and an interval need two." in result.warnings
    )
    assert "Arm 'd': nobody has both scores, so there is no change to report." in result.warnings
    assert "Arm 'b': Hedges' g needs three people with both scores." in result.warnings


def test_nobody_with_both_scores_is_an_error():
    with pytest.raises(TooFewError, match=r"Nobody has 'y' at both 0 and 1: 2 people with a row"):
        change(people([1, None], [None, 2]), "y", ONE_GROUP)


def test_people_without_an_arm_are_counted():
    data = people([1, 2, 3, 4, 9], [2, 4, 5, 7, 9]).assign(arm=["a", "a", "b", "b", None] * 2)
    study = Study(person="id", arm="arm", intervention="b", wave="wave", baseline=0, follow_up=1)
    result = change(data, "y", study)
    assert result.table["n"].tolist() == [2, 2]
    assert result.n_excluded == 1
    assert "1 of 5 people have no value in 'arm' and were left out." in result.warnings


def test_arm_may_be_given_at_one_wave_only():
    data = people([1, 2, 3, 4], [2, 4, 5, 7]).assign(arm=["a", "a", "b", "b", *[None] * 4])
    study = Study(person="id", arm="arm", intervention="b", wave="wave", baseline=0, follow_up=1)
    assert change(data, "y", study).table["n"].tolist() == [2, 2]


def test_level_sets_the_intervals():
    data = people([1, 2, 3, 4], [2, 4, 5, 7])
    wide, narrow = (
        change(data, "y", ONE_GROUP, level=level).table.iloc[0] for level in (0.99, 0.5)
    )
    for name in ("ci", "d_z", "hedges_g"):
        assert wide[f"{name}_low"] < narrow[f"{name}_low"] < narrow[f"{name}_high"]
        assert narrow[f"{name}_high"] < wide[f"{name}_high"]


def test_a_study_without_two_waves_is_refused():
    with pytest.raises(StudyError, match=r"change needs two waves.*'baseline', 'follow_up'"):
        change(people([1], [2]), "y", Study(person="id", wave="wave"))


@pytest.mark.parametrize(
    ("follow_up", "says"),
    [
        (9, r"never holds 9 \(follow_up\), as the study names it\. It holds 0, 1\."),
        ("1", r"the study says '1', text; the data hold 1, a number"),
    ],
)
def test_a_wave_that_is_not_there_is_named(follow_up, says):
    study = Study(person="id", wave="wave", baseline=0, follow_up=follow_up)
    with pytest.raises(WaveError, match=says):
        change(people([1], [2]), "y", study)


def test_a_misspelt_wave_gets_a_suggestion():
    data = people([1], [2]).replace({"wave": {0: "t0", 1: "followup"}})
    study = Study(person="id", wave="wave", baseline="t0", follow_up="follow-up")
    with pytest.raises(WaveError, match=r"'follow-up' \(follow_up\) \(did you mean 'followup'\?\)"):
        change(data, "y", study)


def test_the_outcome_is_not_a_column_of_the_study():
    with pytest.raises(OptionError, match="'outcome' is 'wave', which the study names as its wave"):
        change(people([1], [2]), "wave", ONE_GROUP)


def test_note_says_which_convention():
    note = change(people([1, 2, 3], [2, 4, 5]), "y", ONE_GROUP, level=0.9).note
    assert "90 % t interval" in note
    assert "exact small-sample factor with n - 1 degrees of freedom" in note


@pytest.mark.parametrize("shift", [1e8, 2.0**48])
def test_scores_far_from_zero_change_as_near(anorexia, weights, shift):
    near = anorexia.assign(weight=(8 * anorexia["weight"]).round() / 8)
    far = near.assign(weight=near["weight"] + shift)
    columns = ["estimate", "se", "statistic", "p", "ci_low", "d_z_low", "d_av", "hedges_g"]
    np.testing.assert_allclose(
        change(far, "weight", weights).table[columns],
        change(near, "weight", weights).table[columns],
        rtol=RTOL_NONCENTRAL,
    )


def test_one_person_is_a_person():
    with pytest.raises(TooFewError, match=r"1 person with a row at one of them"):
        change(people([1], [None]), "y", ONE_GROUP)
