"""`check()`: each fault that is planted is found where it is, and nothing else."""

import pickle
import tomllib

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

import cpeval as cp
from cpeval.errors import ColumnError, DataError, did_you_mean, listed

STUDY = cp.Study(
    person="id",
    site="trust",
    arm="arm",
    intervention="CP",
    wave="wave",
    baseline="t0",
    follow_up="t1",
)


@pytest.fixture
def clean():
    people = [f"p{n}" for n in range(8)]
    data = pd.DataFrame({"id": np.repeat(people, 2), "wave": ["t0", "t1"] * 8})
    data["arm"] = np.repeat(["CP", "usual"] * 4, 2)
    data["trust"] = np.repeat(["North Trust", "South Trust"] * 4, 2)
    data["age"] = np.repeat(range(30, 46, 2), 2)
    for n in range(1, 8):
        data[f"swemwbs_{n}"] = [1, 2, 3, 4, 5, 4, 3, 2] * 2
    return data


def found(data, study=STUDY, instruments=("swemwbs",)):
    """Problem, severity, column, rows, values of everything found."""
    table = cp.check(data, study, instruments=list(instruments)).table
    keys = ["problem", "severity", "column"]
    return {
        key: (g["row"].dropna().astype(int).tolist(), g["value"].dropna().tolist())
        for key, g in table.groupby(keys, sort=False)
    }


def test_clean_data_have_no_problem(clean):
    result = cp.check(clean, STUDY, instruments=["swemwbs"])
    assert result.ok
    assert result.table.empty
    assert list(result.table.columns) == ["problem", "severity", "column", "row", "value", "advice"]
    assert str(result) == "No problems found in 16 rows."
    result.require_ok()


def test_works_without_study_and_without_instruments(clean):
    assert cp.check(clean).ok
    assert cp.check(pl.from_pandas(clean), STUDY, instruments=["swemwbs"]).ok
    assert cp.check(pl.from_pandas(clean).lazy(), STUDY, instruments=["swemwbs"]).ok


def test_a_person_twice_at_a_wave(clean):
    clean.loc[5, "wave"] = "t0"
    assert found(clean) == {("person twice at a wave", "error", "id"): ([5, 6], ["p2 at t0"] * 2)}


def test_a_wave_unknown_to_the_study_gets_a_hint(clean):
    clean.loc[3, "wave"] = "T1 "
    table = cp.check(clean, STUDY).table
    row = table[table.problem == "wave unknown to the study"].iloc[0]
    assert (row.severity, row.row, row.value) == ("error", 4, "T1 ")
    assert "The study says 't1'" in row.advice


def test_a_wave_that_no_row_has(clean):
    problems = found(clean[clean.wave == "t0"])
    assert problems == {("wave without rows", "error", "wave"): ([], ["t1"])}


def test_numbers_as_text_in_the_wave(clean):
    study = cp.Study(person="id", wave="wave", baseline=0, follow_up=1)
    table = cp.check(clean.assign(wave=["0", "1"] * 8), study).table
    assert set(table.problem) == {"wave unknown to the study", "wave without rows"}
    said = "The study file has the number 0; the data have '0', which is text: put quotes around it"
    assert table.advice.str.contains(said, regex=False).any()
    study = cp.Study(person="id", wave="wave", baseline="0", follow_up="1")
    table = cp.check(clean.assign(wave=[0, 1] * 8), study).table
    said = "has '0' in quotes, which is text; the data have the number 0: remove the quotes."
    assert table.advice.str.contains(said, regex=False).any()


def test_answers_outside_the_codes_and_text(clean):
    clean.loc[0, "swemwbs_1"] = 99
    clean.loc[[2, 4], "swemwbs_2"] = -9
    clean["swemwbs_3"] = clean["swemwbs_3"].astype(object)
    clean.loc[6, "swemwbs_3"] = "often"
    clean.loc[7, "swemwbs_3"] = "3o"
    assert found(clean) == {
        ("answer outside the codes", "error", "swemwbs_1"): ([1], ["99"]),
        ("answer outside the codes", "error", "swemwbs_2"): ([3, 5], ["-9", "-9"]),
        ("label in place of a code", "error", "swemwbs_3"): ([7], ["often"]),
        ("text in a number column", "error", "swemwbs_3"): ([8], ["3o"]),
    }


def test_an_absent_item_column_is_a_problem_and_the_rest_is_looked_at(clean):
    clean.loc[0, "swemwbs_1"] = 6
    problems = found(clean.rename(columns={"swemwbs_7": "swemwbs7"}))
    assert problems == {
        ("item column absent", "error", "swemwbs_7"): ([], []),
        ("answer outside the codes", "error", "swemwbs_1"): ([1], ["6"]),
    }


def test_absent_columns_of_the_study_are_named_with_near_misses(clean):
    table = cp.check(clean.rename(columns={"trust": "truts"}), STUDY).table
    assert table[["problem", "column"]].to_numpy().tolist() == [["column absent", "trust"]]
    assert "did you mean 'truts'?" in table.advice[0]


def test_arms(clean):
    changed = clean.copy()
    changed.loc[1, "arm"] = "usual"
    assert found(changed) == {
        ("arm changes within a person", "error", "arm"): ([1, 2], ["CP", "usual"])
    }
    third = clean.copy()
    third.loc[[0, 1], "arm"] = "other"
    assert found(third) == {("arms are not two", "error", "arm"): ([], ["'CP', 'other', 'usual'"])}
    wrong = clean.assign(arm=clean.arm.replace({"CP": "cp"}))
    assert ("intervention not found", "error", "arm") in found(wrong)
    gone = clean.copy()
    gone.loc[[0, 1], "arm"] = None
    assert found(gone) == {("arm missing", "warning", "arm"): ([1, 2], [])}


def test_names_spelt_in_two_ways_are_a_warning(clean):
    clean.loc[[2, 3], "trust"] = "south  trust"
    result = cp.check(clean, STUDY)
    assert result.ok
    assert found(clean) == {
        ("name spelt in two ways", "warning", "trust"): ([3, 4], ["south  trust"] * 2)
    }
    assert "Most rows say 'South Trust'" in result.table.advice[0]


def test_a_person_at_several_sites(clean):
    clean.loc[1, "trust"] = "South Trust"
    assert found(clean) == {
        ("person in several sites", "warning", "trust"): ([1, 2], ["North Trust", "South Trust"])
    }


def test_missing_person_and_wave(clean):
    clean.loc[0, "id"] = None
    clean.loc[3, "wave"] = None
    assert found(clean) == {
        ("person missing", "error", "id"): ([1], []),
        ("wave missing", "error", "wave"): ([4], []),
    }


def test_forgotten_missing_codes_and_words_among_numbers(clean):
    clean.loc[4, "age"] = 999
    clean["income"] = [str(n) for n in range(16)]
    clean.loc[9, "income"] = "not said"
    assert found(clean) == {
        ("looks like a missing code", "warning", "age"): ([5], ["999"]),
        ("text in a column of numbers", "warning", "income"): ([10], ["not said"]),
    }


def test_a_plausible_99_is_left_alone(clean):
    clean["weight"] = np.linspace(60, 110, 16).round()
    clean.loc[0, "weight"] = 99
    assert cp.check(clean, STUDY).table.empty


def test_items_that_nobody_answered_or_that_do_not_vary_are_notes(clean):
    clean["swemwbs_1"] = np.nan
    clean["swemwbs_2"] = 3
    result = cp.check(clean, STUDY, instruments=["swemwbs"])
    assert result.ok
    assert result.table[["problem", "severity", "column"]].to_numpy().tolist() == [
        ["nobody answered", "note", "swemwbs_1"],
        ["answers don't vary", "note", "swemwbs_2"],
    ]


def test_two_columns_with_one_name(clean):
    doubled = pd.concat([clean, clean[["age"]]], axis=1)
    assert found(doubled) == {("two columns with one name", "error", "age"): ([], [])}


def test_an_empty_frame():
    assert set(cp.check(pd.DataFrame(), STUDY).table.problem) == {"no rows", "column absent"}
    assert not cp.check(pd.DataFrame({"id": []})).ok


def test_everything_is_said_at_once_with_what_to_do(clean):
    clean.loc[0, "swemwbs_1"] = 99
    clean.loc[5, "wave"] = "t0"
    result = cp.check(clean, STUDY, instruments=["swemwbs"])
    with pytest.raises(DataError) as caught:
        result.require_ok()
    text = str(caught.value)
    assert "error: person twice at a wave in column 'id' (p2 at t0), 2 cells, rows 5, 6." in text
    assert "error: answer outside the codes in column 'swemwbs_1' (99), row 1." in text
    assert 'if it means missing, declare it under [data]: missing = { "*" = [99] }' in text


def test_input_is_left_and_markup_is_escaped(clean):
    clean.loc[2, "trust"] = "<b>South</b>"
    before = clean.copy()
    html = cp.check(clean, STUDY)._repr_html_()
    pd.testing.assert_frame_equal(clean, before)
    assert "<b>South" not in html
    assert "&lt;b&gt;South" in html


def test_what_is_no_dataframe():
    with pytest.raises(ColumnError, match=r"should be a dataframe\. Got list"):
        cp.check([1, 2])


def test_a_million_answers_are_checked_without_a_loop_over_rows():
    rng = np.random.default_rng(1)
    data = pd.DataFrame(
        rng.integers(1, 6, (150_000, 7)), columns=[f"swemwbs_{n}" for n in range(1, 8)]
    )
    data.loc[:, "swemwbs_7"] = 9
    table = cp.check(data, instruments=["swemwbs"]).table
    assert len(table) == 150_000 + 1  # and a note: they don't vary


def test_pickles_and_draws_on_the_axes_given(clean):
    clean.loc[0, "swemwbs_1"] = 99
    clean.loc[[2, 3], "trust"] = "south  trust"
    result = pickle.loads(pickle.dumps(cp.check(clean, STUDY, instruments=["swemwbs"])))
    ax = Figure().add_subplot()
    assert result.plot(ax=ax) is ax
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [
        "name spelt in two ways: trust (warning)",
        "answer outside the codes: swemwbs_1 (error)",
    ]
    assert [bar.get_width() for bar in ax.patches] == [2, 1]
    empty = Figure().add_subplot()
    cp.check(clean[:0]).plot(ax=empty)
    cp.check(clean[["age"]]).plot(ax=empty)
    assert empty.texts[0].get_text() == "No problems found"


def test_a_near_miss_is_no_column_that_another_item_uses(clean):
    table = cp.check(clean.drop(columns=["swemwbs_4", "swemwbs_6"]), instruments=["swemwbs"]).table
    assert table.column.tolist() == ["swemwbs_4", "swemwbs_6"]
    assert not table.advice.str.contains("did you mean").any()
    renamed = cp.check(clean.rename(columns={"swemwbs_4": "swemwbs_4x"}), instruments=["swemwbs"])
    assert "did you mean 'swemwbs_4x'?" in renamed.table.advice[0]


def test_infinite_values_are_errors(clean):
    clean["mood"] = np.linspace(0, 1, 16)
    clean.loc[[2, 5], "mood"] = [np.inf, -np.inf]
    assert found(clean) == {("infinite value", "error", "mood"): ([3, 6], ["inf", "-inf"])}


def test_an_outcome_must_be_numbers(clean):
    clean["mood"] = [*range(15), "good"]
    clean["words"] = "x"
    clean["typed"] = [str(n) for n in range(16)]
    table = cp.check(clean, STUDY, outcomes=["mood", "words", "typed", "score_to_come"]).table
    wrong = table.groupby(["problem", "severity", "column"], sort=False)["row"].count()
    assert wrong.to_dict() == {
        ("text in a number column", "error", "mood"): 1,
        ("text in a number column", "error", "words"): 16,
        ("numbers stored as text", "error", "typed"): 0,
    }
    assert table.loc[0, ["row", "value"]].tolist() == [16, "good"]


@pytest.mark.parametrize("unit", [" years", "kg", " %", "%"])
def test_numbers_with_their_unit_are_a_warning(clean, unit):
    clean["age"] = [f"{30 + n // 2}{unit}" for n in range(16)]
    assert list(found(clean)) == [("text where numbers are meant?", "warning", "age")]


@pytest.mark.parametrize(
    "text", ["2024-01-{:02}", "{:03} a", "{}a", "{} to 9{}", "10:{:02}", "P{}"]
)
def test_dates_names_and_groups_are_no_numbers_with_units(clean, text):
    clean["other"] = [text.format(n + 1, n) for n in range(16)]
    assert cp.check(clean, STUDY).table.empty


def test_waves_that_are_dates_are_to_be_made_text(clean):
    clean["wave"] = pd.to_datetime(["2024-01-01", "2024-07-01"] * 8)
    table = cp.check(clean, STUDY).table
    assert table.advice.str.startswith(
        "The waves in the data are dates. Make the column text"
    ).all()


def test_no_type_of_numpy_is_shown(clean):
    study = cp.Study(
        person="id", arm="arm", intervention="1", wave="wave", baseline="t0", follow_up="t1"
    )
    table = cp.check(clean.assign(arm=np.repeat([1, 0] * 4, 2)), study).table
    assert table.advice.tolist() == [
        "The study file has '1' in quotes, which is text; the data have the number 1: "
        "remove the quotes."
    ]
    assert did_you_mean("1", [np.int64(1)]) == " (did you mean 1?)"
    assert listed([pd.Timestamp("2024-01-31")]) == "'2024-01-31'"


def test_a_wave_in_two_spellings_is_one_problem(clean):
    clean.loc[3, "wave"] = "T1 "
    assert list(found(clean)) == [("wave unknown to the study", "error", "wave")]


def test_the_line_that_declares_missing_codes_can_be_pasted(clean):
    clean.loc[[0, 1], "swemwbs_1"] = [-9, 99]
    clean.loc[2, "swemwbs_2"] = 99
    clean.loc[3, "age"] = -9
    clean["weight"] = [99, *range(80, 95)]
    table = cp.check(clean, STUDY, instruments=["swemwbs"]).table
    line = 'missing = { "*" = [-9], "swemwbs_1" = [99], "swemwbs_2" = [99] }'
    assert len(table) == 4
    assert table.advice.str.endswith(line).all()
    assert tomllib.loads(line)["missing"]["*"] == [-9]


def test_a_slip_is_not_taken_for_a_missing_code(clean):
    clean.loc[0, "swemwbs_1"] = 6
    advice = cp.check(clean, STUDY, instruments=["swemwbs"]).table.advice[0]
    assert advice.endswith("Correct it; or if it means missing, declare it (missing = …).")


@pytest.mark.parametrize("kind", [object, "category"])
def test_objects_and_categories_that_are_numbers_are_no_text(clean, kind):
    items = [f"swemwbs_{n}" for n in range(1, 8)]
    clean[items] = clean[items].astype(kind)
    assert cp.check(clean, STUDY, instruments=["swemwbs"]).table.empty
    clean["swemwbs_1"] = clean["swemwbs_1"].astype(str)
    assert found(clean) == {("numbers stored as text", "error", "swemwbs_1"): ([], [])}
