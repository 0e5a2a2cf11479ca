"""What leaves, and under which names."""

import json
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from cpeval.report.disclosure import PEOPLE, Withheld
from cpeval.report.naming import Names
from cpeval.report.release import release


def everything_written(folder) -> dict[str, str]:
    """The text of the three files."""
    book = load_workbook(folder / "tables.xlsx")
    cells = [str(c.value) for sheet in book for row in sheet for c in row if c.value is not None]
    return {
        "report.html": (folder / "report.html").read_text("utf-8"),
        "results.json": (folder / "results.json").read_text("utf-8"),
        "tables.xlsx": "\n".join([*book.sheetnames, *cells]),
    }


@pytest.mark.parametrize("file", ["report.html", "results.json", "tables.xlsx"])
def test_no_identifier_answer_or_row_number_is_written(written, secrets, file):
    text = everything_written(written)[file]
    for secret in secrets:
        assert secret not in text


def test_problems_are_counted_by_kind_and_column(evaluation):
    table = release(evaluation).results["data"].table
    assert table.to_dict("list") == {
        "severity": ["warning", "note", "note"],
        "problem": ["answer outside the codes", "text in a number column", "answers don't vary"],
        "column": ["mood_1", "age", "mood_2"],
        "cells": [Withheld(1, 4), 8, None],
    }


def test_no_small_count_is_written(written):
    record = json.loads((written / "results.json").read_text("utf-8"))
    for result in record["results"].values():
        for row in result["rows"]:
            for column in (*PEOPLE, "cells"):
                cell = row.get(column)
                assert cell is None or isinstance(cell, dict) or not 0 < cell < 5
    book = load_workbook(written / "tables.xlsx")
    for sheet in book.worksheets[1:]:
        heads = [cell.value for cell in sheet[3]]
        for row in sheet.iter_rows(min_row=4, values_only=True):
            for head, value in zip(heads, row, strict=True):
                if head in ("People", "No score", "Left out", "Not seen", "Number", "Cells"):
                    assert not isinstance(value, int | float) or not 0 < value < 5


def test_lowest_and_highest_values_are_nowhere(written):
    for text in everything_written(written).values():
        for word in ("minimum", "maximum", "Minimum", "Maximum"):
            assert word not in text


def test_rows_of_files_are_withheld_with_the_number_of_people_at_a_wave(evaluation):
    assert not release(evaluation).rows_shown
    people = evaluation.results["participants"]
    full = replace(people, table=people.table.assign(lost=0, n=30))
    source = replace(evaluation.sources[0], n_rows=180)
    exact = replace(evaluation, results={"participants": full}, sources=(source,))
    assert release(exact).rows_shown
    # 185 rows beside 180 people seen: a few people have rows that count nowhere.
    assert not release(replace(exact, sources=evaluation.sources)).rows_shown


def test_notes_speak_of_labels(evaluation):
    results = release(evaluation).results
    # "mood" is a column, but an ordinary word too, so unquoted it stays as it is.
    assert results["mood/change"].note == (
        "Change in mood from 0 to 6 within each arm (Cumming, 2012)."
    )
    assert results["mood/compare"].note == (
        "Mean mood at 6 of clinic minus usual care: t interval."
    )
    assert results["mood/change"].warnings == ()  # the tables count who was left out


def test_codes_of_outcomes_and_covariates_become_labels(evaluation):
    outcomes = tuple(replace(o, column=f"{o.column}_t") for o in evaluation.outcomes)
    result = replace(
        evaluation.results["mood/change"], note="Change in mood_t given AGE1 at 6.", warnings=()
    )
    changed = replace(
        evaluation,
        outcomes=outcomes,
        covariates=("AGE1",),
        labels={"AGE1": r"Age \1 (years)"},
        results={"mood_t/change": result},
    )
    note = release(changed).results["mood_t/change"].note
    assert note == r"Change in low mood given age \1 (years) at 6."


def test_titles_of_results(evaluation):
    names = Names(evaluation)
    assert names.result("mood/compare") == "Low mood: difference between arms, 6 months"
    assert names.result("mood/compare/12") == "Low mood: difference between arms, 12 months"
    assert names.result("mood/means") == "Low mood: means by wave and arm"
    assert names.result("participants") == "Who took part"
    assert names.result("something new") == "something new"
    assert names.place("mood/change/12") == "Low mood, 12 months"
    assert names.place("mood/means") == "Low mood"


def test_a_column_with_a_slash_keeps_its_outcome(evaluation):
    odd = replace(evaluation.outcomes[1], column="mood/12", label="Odd")
    names = Names(replace(evaluation, outcomes=(*evaluation.outcomes, odd)))
    assert names.result("mood/12/compare") == "Odd: difference between arms, 6 months"


def test_every_withheld_cell_is_counted(evaluation):
    released = release(evaluation)
    by_hand = sum(
        isinstance(cell, Withheld)
        for one in released.results.values()
        for cell in one.table.to_numpy().ravel()
    )
    assert released.n_withheld == by_hand > 0


def test_small_count_of_the_study_is_used(evaluation):
    table = release(replace(evaluation, small_count=8)).results["participants"].table
    assert str(table["lost"].iloc[2]) == "<8"
    table = release(replace(evaluation, small_count=1)).results["participants"].table
    assert table["lost"].tolist() == [0, 0, 7, 3, 10, 5]


@pytest.mark.parametrize("file", ["report.html", "results.json", "tables.xlsx"])
def test_no_sentence_of_a_result_tells_who_was_left_out(written, file):
    text = everything_written(written)[file]
    assert "Left out:" not in text
    assert "degrees of freedom" not in text


@pytest.mark.parametrize("file", ["report.html", "results.json", "tables.xlsx"])
def test_what_could_not_be_computed_is_named_without_its_reason(evaluation, tmp_path, file):
    left_out = {"safety/compare/12": "3 people in row 90210 have no score."}
    replace(evaluation, left_out=left_out).report(tmp_path / "out")
    text = everything_written(tmp_path / "out")[file]
    assert "Feeling safe: the comparison at 12 months could not be computed." in text
    assert "90210" not in text
