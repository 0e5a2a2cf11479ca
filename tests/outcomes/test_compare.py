import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from cpeval.errors import ArmError, ColumnError, DataError, OptionError, StudyError, TooFewError
from cpeval.outcomes import compare
from cpeval.study import Study

RTOL = 1e-9  # closed forms; R printed 17 digits
KINDS = ["classical", "HC0", "HC1", "HC2", "HC3"]
INFERENCE = ["estimate", "se", "p", "ci_low", "ci_high"]
COVARIATES = ("drug", "length")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("model", "covariates"), [("adjusted", COVARIATES), ("baseline_only", ())])
def test_equals_r_on_beat_the_blues(btheb, blues, reference, model, covariates, kind):
    whole = reference("ancova_btheb.json")
    expected = whole[model]
    result = compare(btheb, "bdi", blues, covariates=covariates, vcov=kind)
    for name in INFERENCE:
        ours = result.coefficients[name]
        np.testing.assert_allclose(ours, expected[kind][name], rtol=RTOL, err_msg=name)
        assert result.table[name].iloc[0] == ours[1]
    row = result.table.iloc[0]
    assert (row["n"], row["df"]) == (expected["n"], expected[kind]["df"])
    assert (row["n_intervention"], row["n_comparison"]) == (52, 45)
    assert (row["group"], row["reference"], row["wave"]) == ("BtheB", "TAU", 2)
    assert (result.vcov_kind, result.n_clusters) == (kind, None)
    g = whole["j"] / whole["pooled_sd_before"]
    for ours, theirs in (("", "estimate"), ("_low", "ci_low"), ("_high", "ci_high")):
        np.testing.assert_allclose(row[f"hedges_g{ours}"], g * expected[kind][theirs][1], rtol=RTOL)


def test_terms_are_named(btheb, blues):
    terms = compare(btheb, "bdi", blues, covariates=COVARIATES).coefficients["term"]
    assert terms.tolist() == [
        *("intercept", "treatment", "bdi (baseline)", "drug=Yes", "length=>6m"),
    ]


def by_hand(data, wave, formula):
    """Statsmodels on a frame that is made wide by pandas."""
    wide = data[data["TIME"] == 0].merge(
        data.loc[data["TIME"] == wave, ["ID", "CES_D"]], on="ID", suffixes=("", "_after")
    )
    return smf.ols(formula, wide).fit(cov_type="HC3", use_t=True)


@pytest.mark.parametrize("wave", [6, 24])
def test_equals_statsmodels_called_by_hand_on_help(help_trial, help_study, wave):
    expected = by_hand(help_trial, wave, "CES_D_after ~ GROUP + CES_D + AGE + C(RACE)")
    covariates = {"AGE": "number", "RACE": "category"}
    result = compare(help_trial, "CES_D", help_study.at(wave), covariates=covariates)
    row = result.table.iloc[0]
    np.testing.assert_allclose(row["estimate"], expected.params["GROUP"], rtol=RTOL)
    np.testing.assert_allclose(row["se"], expected.bse["GROUP"], rtol=RTOL)
    np.testing.assert_allclose(row["p"], expected.pvalues["GROUP"], rtol=RTOL)
    np.testing.assert_allclose(
        row[["ci_low", "ci_high"]].astype(float), expected.conf_int().loc["GROUP"], rtol=RTOL
    )
    assert (row["n"], row["df"]) == (expected.nobs, expected.df_resid)
    assert result.n_excluded == 470 - expected.nobs


def test_a_number_with_few_values_stays_a_number(help_trial, help_study):
    expected = by_hand(help_trial, 6, "CES_D_after ~ GROUP + CES_D + RACE")
    row = compare(help_trial, "CES_D", help_study, covariates=["RACE"]).table.iloc[0]
    np.testing.assert_allclose(row["estimate"], expected.params["GROUP"], rtol=RTOL)


@pytest.mark.parametrize(
    "recode",
    [
        lambda race: race.map({1: "w", 2: "x", 3: "y", 4: "z"}),
        lambda race: race.map({1: "w", 2: "x", 3: "y", 4: "z"}).astype("category"),
    ],
    ids=["text", "category"],
)
def test_text_and_categories_are_dummies(help_trial, help_study, recode):
    said = compare(help_trial, "CES_D", help_study, covariates={"RACE": "category"})
    data = help_trial.assign(RACE=recode(help_trial["RACE"]))
    other = compare(data, "CES_D", help_study, covariates=["RACE"])
    pd.testing.assert_frame_equal(other.table, said.table)
    assert other.coefficients["term"].tolist()[3:] == ["RACE=x", "RACE=y", "RACE=z"]


def test_a_study_without_waves_compares_people_once(btheb):
    data = btheb[btheb["month"] == 2]
    study = Study(person="id", arm="treatment", intervention="BtheB")
    result = compare(data, "bdi", study, vcov="classical")
    row = result.table.iloc[0]
    scores = [data.loc[data["treatment"] == arm, "bdi"] for arm in ("BtheB", "TAU")]
    np.testing.assert_allclose(row["estimate"], scores[0].mean() - scores[1].mean(), rtol=RTOL)
    from scipy import stats

    t = stats.ttest_ind(*scores)  # Student's: what classical errors give without covariates
    np.testing.assert_allclose(row["statistic"], t.statistic, rtol=RTOL)
    np.testing.assert_allclose(row["p"], t.pvalue, rtol=RTOL)
    # Cohen's d of two groups is t sqrt(1/n1 + 1/n2).
    n1, n2 = (len(x) for x in scores)
    j = 1 - 3 / (4 * (n1 + n2 - 2) - 1)  # the usual approximation: good to 1e-5 here
    np.testing.assert_allclose(
        row["hedges_g"], j * t.statistic * np.sqrt(1 / n1 + 1 / n2), rtol=1e-4
    )
    assert row["wave"] is None
    assert "adjusted" not in result.note
    assert "pooled standard deviation within arms, times" in result.note


def test_a_study_with_a_follow_up_only_compares_without_baseline(btheb, blues):
    study = Study(person="id", arm="treatment", intervention="BtheB", wave="month", follow_up=2)
    only = compare(btheb, "bdi", study).table
    once = compare(
        btheb[btheb["month"] == 2],
        "bdi",
        Study(person="id", arm="treatment", intervention="BtheB"),
    ).table
    pd.testing.assert_frame_equal(only.drop(columns="wave"), once.drop(columns="wave"))
    assert only["wave"].item() == 2
    assert "within arms at the same wave, times" in compare(btheb, "bdi", study).note


def test_people_left_out_are_counted_by_arm_and_reason(btheb, blues):
    data = btheb.copy()
    data.loc[(data["id"] == 0) & (data["month"] == 0), "drug"] = None
    data.loc[(data["id"].isin([1, 4])) & (data["month"] == 0), "bdi"] = np.nan
    result = compare(data, "bdi", blues, covariates=COVARIATES)
    assert result.n_excluded == 6
    assert result.table["n"].iloc[0] == 94
    assert result.warnings == (
        "Left out: 4 of 48 people in arm 'TAU', 2 of 52 people in arm 'BtheB'; "
        "3 without bdi at follow-up, 2 without bdi at baseline, 1 without drug "
        "(a person may lack several).",
    )


def test_someone_alone_in_a_category_is_left_out_and_named(btheb, blues):
    first = btheb["id"] == 5
    with_one = btheb.assign(drug=btheb["drug"].where(~first, "Unknown"))
    result = compare(with_one, "bdi", blues, covariates=COVARIATES)
    without = compare(btheb[~first], "bdi", blues, covariates=COVARIATES)
    pd.testing.assert_frame_equal(result.coefficients, without.coefficients)
    assert "1 alone with drug=Unknown" in result.warnings[0]
    assert result.n_excluded == without.n_excluded + 1
    # Leaving them in changes no coefficient: statsmodels says so.
    wide = with_one[with_one["month"] == 0].merge(
        with_one.loc[with_one["month"] == 2, ["id", "bdi"]], on="id", suffixes=("", "_after")
    )
    whole = smf.ols("bdi_after ~ C(treatment, Treatment('TAU')) + bdi + drug + length", wide).fit()
    np.testing.assert_allclose(result.table["estimate"].iloc[0], whole.params.iloc[1], rtol=RTOL)


def test_a_person_singled_out_by_a_number_is_named(btheb, blues):
    data = btheb.assign(odd=(btheb["id"] == 3).astype(int))
    row = btheb.index[(btheb["id"] == 3) & (btheb["month"] == 0)][0] + 1
    with pytest.raises(TooFewError, match=rf"HC3 errors can't be computed: row {row}\..*'HC1'"):
        compare(data, "bdi", blues, covariates=["odd"])
    assert np.isfinite(
        compare(data, "bdi", blues, covariates=["odd"], vcov="HC1").table["se"]
    ).all()


def test_causal_words_need_chance(btheb, blues):
    from dataclasses import replace

    randomised = compare(btheb, "bdi", blues).note
    assert (
        "People were randomised to the arms, so the difference estimates the effect" in randomised
    )
    said = {
        None: "It is not known whether people were randomised to the arms",
        False: "People were not randomised to the arms",
    }
    for unknown, words in said.items():
        note = compare(btheb, "bdi", replace(blues, randomised=unknown)).note
        assert "effect" not in note
        assert words in note


def test_note_says_what_was_done(btheb, blues):
    result = compare(btheb, "bdi", blues, covariates=["drug"], level=0.9)
    assert result.note.startswith(
        "Mean bdi at 2 of treatment BtheB minus TAU, adjusted for bdi at baseline, drug: least "
        "squares, HC3 errors (MacKinnon & White, 1985), 90 % t interval on 93 degrees of freedom."
    )
    assert "pooled standard deviation within arms at baseline" in result.note


def arms(**columns):
    """Eight people, a row each."""
    return pd.DataFrame({"id": range(8), "y": [3.0, 5, 4, 6, 8, 7, 9, 7], **columns})


POST = Study(person="id", arm="arm", intervention="t")
TWO = list("ccccttttt")[:8]


def test_an_outcome_that_never_varies_is_refused():
    with pytest.raises(TooFewError, match=r"'y' is 4 for all 8 people analysed, so there is not"):
        compare(arms(arm=TWO).assign(y=4.0), "y", POST)


def test_an_outcome_that_is_the_arm_gives_nan_with_warnings():
    result = compare(arms(arm=TWO).assign(y=[4.0] * 4 + [5] * 4), "y", POST)
    row = result.table.iloc[0]
    assert row["estimate"] == pytest.approx(1)
    assert row[["se", "statistic", "p", "hedges_g"]].isna().all()
    assert result.warnings == (
        "The model fits the outcome exactly: errors and tests are undefined.",
        "The outcome doesn't vary within the arms: Hedges' g is undefined.",
    )


def two_waves(before, **columns):
    """The eight people of `arms` as the follow-up, and a baseline."""
    after = arms(arm=TWO, w=1, **columns)
    return pd.concat([after.assign(w=0, y=before), after], ignore_index=True)


WAVES = Study(person="id", arm="arm", intervention="t", wave="w", baseline=0, follow_up=1)


def test_a_baseline_score_that_never_varies_is_dropped_with_a_warning():
    result = compare(two_waves(0), "y", WAVES)
    assert result.warnings == (
        "'y' is 0 for everyone at baseline, so the difference is not adjusted for it.",
        "The outcome doesn't vary within the arms at 0: Hedges' g is undefined.",
    )
    once = compare(arms(arm=TWO), "y", POST)
    pd.testing.assert_frame_equal(result.coefficients, once.coefficients)
    assert "adjusted" not in result.note
    with pytest.raises(TooFewError, match=r"'y' is 3 for all 8 people analysed at 1, so"):
        compare(two_waves(0).assign(y=3), "y", WAVES)


def test_a_baseline_score_that_is_the_arm_is_no_covariate_to_leave_out():
    with pytest.raises(
        ColumnError,
        match=r"regression of 'y' .*'y \(baseline\)' follows from 'arm'\. The baseline score can't be "
        r"told from the arm; check it",
    ) as error:
        compare(two_waves([1] * 4 + [2] * 4), "y", WAVES)
    assert "covariates" not in str(error.value)


def test_who_was_left_out_before_a_covariate_stood_still_is_said():
    with pytest.raises(
        ColumnError,
        match=r"^The regression of 'y' can't tell terms apart: 'job' is the same for everyone\. Leave "
        r"those covariates out \(.*\)\. Before that, these were left out: 1 of 4 people in arm "
        r"'c', 0 of 4 people in arm 't'; 1 alone with job=True\.$",
    ):
        compare(arms(arm=TWO, job=[True] + [False] * 7), "y", POST, covariates=["job"])


@pytest.fixture(scope="module")
def aged(btheb):
    """Beat the Blues with an age (made up), and scores and ages that floats hold exactly."""
    rng = np.random.default_rng(11)
    return btheb.assign(age=rng.integers(18, 80, 100)[btheb["id"]].astype(float))


def moved(column, shift, unit):
    return lambda data: data.assign(**{column: shift + unit * data[column]})


@pytest.mark.parametrize(
    ("move", "estimates", "y_shift"),
    [
        (moved("bdi", 1e8, 1), 1, 1e8),
        (moved("bdi", 2.0**50, 1), 1, 2.0**50),
        (moved("age", 2024000000, 1), 1, 0),
        (moved("age", 1.7e18, 86400e9), 86400e9, 0),
    ],
    ids=["outcome+1e8", "outcome+2**50", "2024000000+age", "nanoseconds"],
)
@pytest.mark.parametrize("kind", [*KINDS, "CR1S"])
def test_scores_far_from_zero_give_the_same(aged, blues, move, estimates, y_shift, kind):
    from dataclasses import replace

    study = replace(blues, site="ward") if kind == "CR1S" else blues
    near, far = (
        compare(data, "bdi", study, covariates=["age", "drug"], vcov=kind)
        for data in (aged, move(aged))
    )
    columns = [*INFERENCE, "statistic", "df", "hedges_g", "hedges_g_low", "n"]
    np.testing.assert_allclose(
        far.table[columns].astype(float), near.table[columns].astype(float), rtol=1e-8
    )
    ours, theirs = (result.coefficients.set_index("term") for result in (far, near))
    ours.loc["age", ["estimate", "se"]] *= estimates
    slopes = ["treatment", "bdi (baseline)", "age", "drug=Yes"]
    for name in ("estimate", "se", "p"):
        np.testing.assert_allclose(ours.loc[slopes, name], theirs.loc[slopes, name], rtol=1e-7)
    if y_shift:
        expected = theirs.loc["intercept", "estimate"] + y_shift * (
            1 - theirs.loc["bdi (baseline)", "estimate"]
        )
        np.testing.assert_allclose(ours.loc["intercept", "estimate"], expected, rtol=1e-8)
    assert far.warnings == near.warnings


@pytest.mark.parametrize(("size", "word"), [(1e200, "large"), (1e-200, "small")])
def test_scores_that_can_t_be_squared_are_refused(btheb, blues, size, word):
    from cpeval.outcomes import change

    data = btheb.assign(bdi=btheb["bdi"] * size)
    row = data["bdi"].argmax() + 1
    for call in (change, compare):
        with pytest.raises(DataError, match=rf"too {word} to compute with: 'bdi' \(.*row {row}\)"):
            call(data, "bdi", blues)


def test_numbers_stored_as_text_are_refused_unless_categories_are_meant():
    data = arms(arm=TWO, age=list("34563456"))
    with pytest.raises(
        ColumnError,
        match=r"numbers stored as text: 'age'\. Make them numbers, or say \{'age': 'category'\} if cat",
    ):
        compare(data, "y", POST, covariates=["age"])
    some = arms(arm=TWO, age=["3", None, 5, "6", "3", 4, "5", 6])
    with pytest.raises(ColumnError, match="numbers stored as text: 'age'"):
        compare(some, "y", POST, covariates=["age"])
    terms = compare(data, "y", POST, covariates={"age": "category"}, vcov="HC1").coefficients[
        "term"
    ]
    assert terms.tolist() == ["intercept", "arm", "age=4", "age=5", "age=6"]
    # Who makes categories means them.
    compare(data.astype({"age": "category"}), "y", POST, covariates=["age"], vcov="HC1")


def test_no_covariates_and_those_of_pandas_will_do(btheb, blues):
    nothing = compare(btheb, "bdi", blues, covariates=None)
    pd.testing.assert_frame_equal(nothing.table, compare(btheb, "bdi", blues).table)
    listed = compare(btheb, "bdi", blues, covariates=list(COVARIATES)).coefficients
    for given in (pd.Index(COVARIATES), pd.Series(COVARIATES), np.array(COVARIATES)):
        result = compare(btheb, "bdi", blues, covariates=given)
        pd.testing.assert_frame_equal(result.coefficients, listed)


def test_terms_are_unique():
    data = two_waves([2, 3, 5, 1, 7, 2, 4, 4]).assign(
        intercept=[*range(8)] * 2, **{"y (baseline)": [3, 1, 4, 1, 5, 9, 2, 6] * 2}
    )
    names = ["intercept", "y (baseline)"]
    terms = compare(data, "y", WAVES, covariates=names).coefficients["term"].tolist()
    assert terms == [
        *("intercept", "arm", "y (baseline)"),
        *("intercept (covariate)", "y (baseline) (covariate)"),
    ]
    renamed = data[["id", "y", "w", "arm"]].rename(columns={"arm": "intercept"})
    study = Study(person="id", arm="intercept", intervention="t", wave="w", baseline=0, follow_up=1)
    result = compare(renamed, "y", study)
    assert result.coefficients["term"].tolist()[:2] == ["intercept (constant)", "intercept"]
    assert result.table["estimate"].iloc[0] == result.coefficients["estimate"][1]


def test_a_covariate_named_as_a_reason_hides_nobody():
    data = two_waves([2, 3, 5, 1, 7, 2, 4, 4]).assign(
        **{"y at follow-up": [1, 2, 4, 2, 5, 3, 3, 6] * 2}
    )
    data.loc[15, "y"] = np.nan
    result = compare(data, "y", WAVES, covariates=["y at follow-up"])
    assert (result.table["n"].iloc[0], result.n_excluded) == (7, 1)


def test_two_who_are_alone_with_values_of_one_name_are_both_left_out():
    data = arms(arm=TWO, job=["a", "b", "a", "b", "a", 1, "1", "b"])
    result = compare(data, "y", POST, covariates={"job": "category"})
    assert result.n_excluded == 2
    assert "2 alone with job=1" in result.warnings[0]


def test_three_arms_are_listed_with_counts():
    with pytest.raises(
        ArmError, match=r"has 3: 'c' \(4 people\), 'x' \(2 people\), 't' \(2 people\)"
    ):
        compare(arms(arm=list("ccccttxx")), "y", POST)


def test_one_arm_is_refused():
    with pytest.raises(ArmError, match=r"needs two arms\. Column 'arm' has 1: 't' \(8 people\)"):
        compare(arms(arm="t"), "y", POST)


@pytest.mark.parametrize(
    ("values", "intervention", "says"),
    [
        ([0] * 4 + [1] * 4, "1", r"the study says '1', text; the data hold 1, a number"),
        (["0"] * 4 + ["1"] * 4, 1, r"the study says 1, a number; the data hold '1', text"),
        (TWO, "T", r"\(did you mean 't'\?\)\. It holds 'c' \(4 people\), 't' \(4 people\)\."),
    ],
)
def test_an_intervention_that_is_not_there_gets_a_hint(values, intervention, says):
    with pytest.raises(ArmError, match=says):
        compare(arms(arm=values), "y", Study(person="id", arm="arm", intervention=intervention))


def test_people_who_change_arm_are_named_with_rows():
    data = pd.concat([arms(arm=TWO, w=0), arms(arm=[*TWO[:6], "c", "c"], w=1)])
    study = Study(person="id", arm="arm", intervention="t", wave="w", baseline=0, follow_up=1)
    with pytest.raises(
        ArmError, match=r"2 of 8 people change arm.*6 \(rows 7, 15\); 7 \(rows 8, 16\)"
    ):
        compare(data, "y", study)


def test_an_arm_with_one_person_is_too_few():
    with pytest.raises(TooFewError, match=r"'c' \(7 people\), 't' \(1 person\)"):
        compare(arms(arm=list("ccccccct")), "y", POST)


def test_more_terms_than_people_is_too_few():
    rng = np.random.default_rng(3)
    names = [f"x{k}" for k in range(6)]
    data = arms(arm=TWO, **{name: rng.normal(size=8) for name in names})
    with pytest.raises(TooFewError, match=r"8 people with all that is needed, for 8 terms"):
        compare(data, "y", POST, covariates=names)


def test_covariates_that_add_nothing_are_all_named():
    data = arms(arm=TWO, x=range(8), double=[2 * k for k in range(8)], same="one")
    with pytest.raises(
        ColumnError, match=r"'same' is the same for everyone; 'double' follows from 'x'"
    ):
        compare(data, "y", POST, covariates=["x", "double", "same"])


@pytest.mark.parametrize(
    ("covariates", "says"),
    [
        ("age", r"must be a list of columns.*Got 'age'"),
        (["id"], r"can't hold 'id' \(the person\)"),
        (["arm", "y"], r"can't hold 'arm' \(the arm\), 'y' \(the outcome\)"),
        (["age", "age"], r"names columns twice: 'age'"),
        ([1], r"must hold names of columns\. Got 1"),
        ({"age": "numeric"}, r"must be one of 'number', 'category'\. Got 'numeric'"),
    ],
)
def test_covariates_that_make_no_sense_are_refused(covariates, says):
    with pytest.raises(OptionError, match=says):
        compare(arms(arm=TWO, age=range(8)), "y", POST, covariates=covariates)


def test_covariates_of_the_wrong_kind_are_refused():
    when = pd.date_range("2024-01-01", periods=8)
    with pytest.raises(ColumnError, match=r"Columns hold dates: 'born'"):
        compare(arms(arm=TWO, born=when), "y", POST, covariates=["born"])
    ages = ["30", "31", "?", "33", "34", "35", "36", "37"]
    with pytest.raises(ColumnError, match=r"text among numbers: 'age' \('\?'\)"):
        compare(arms(arm=TWO, age=ages), "y", POST, covariates=["age"])
    with pytest.raises(ColumnError, match=r"'age' holds '\?' in row 3"):
        compare(arms(arm=TWO, age=ages), "y", POST, covariates={"age": "number"})
    infinite = [30, 31, np.inf, 33, 34, 35, 36, 37]
    with pytest.raises(DataError, match=r"Infinite values: 'age' in row 3"):
        compare(arms(arm=TWO, age=infinite), "y", POST, covariates=["age"])


def test_true_and_false_are_a_category():
    data = arms(arm=TWO, job=[True, False] * 4)
    terms = compare(data, "y", POST, covariates=["job"]).coefficients["term"].tolist()
    assert terms == ["intercept", "arm", "job=True"]


def test_a_covariate_may_have_any_name():
    data = arms(arm=TWO, intercept=range(8), job=["a", pd.NA, "b", "a", "b", None, "a", "b"])
    result = compare(data, "y", POST, covariates=["intercept", "job"])
    plainly = compare(data.rename(columns={"intercept": "x"}), "y", POST, covariates=["x", "job"])
    assert result.coefficients["term"].tolist() == [
        "intercept",
        "arm",
        "intercept (covariate)",
        "job=b",
    ]
    pd.testing.assert_frame_equal(result.table, plainly.table)


def test_errors_must_suit_the_study():
    with pytest.raises(OptionError, match=r"'vcov' must be one of None, 'classical'.*Got 'HC9'"):
        compare(arms(arm=TWO), "y", POST, vcov="HC9")
    with pytest.raises(OptionError, match="'CR1S' needs clusters, and the study names neither"):
        compare(arms(arm=TWO), "y", POST, vcov="CR1S")
    study = Study(person="id", arm="arm", intervention="t", site="s", team="u")
    data = arms(arm=TWO, s=[0, 1] * 4, u=[0, 0, 1, 1] * 2)
    with pytest.raises(OptionError, match=r"'HC1' takes people as independent.*'s', 'u'"):
        compare(data, "y", study, vcov="HC1")
    with pytest.raises(OptionError, match=r"'HC3' takes people as independent"):
        compare(data, "y", study, vcov="HC3")


def test_an_arm_must_be_named():
    with pytest.raises(StudyError, match="compare needs two arms, and the study names none"):
        compare(arms(arm=TWO), "y", Study(person="id"))


def test_a_wave_without_a_follow_up_is_refused():
    study = Study(person="id", arm="arm", intervention="t", wave="w", baseline=0)
    with pytest.raises(StudyError, match=r"compare needs two waves.*'follow_up'"):
        compare(arms(arm=TWO, w=0), "y", study)
