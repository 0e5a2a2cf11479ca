"""``results.json``: as its schema says, the same bytes each time, and nothing that isn't JSON."""

import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from cpeval.report.record import SCHEMA, record
from cpeval.report.release import release
from cpeval.result import Result


def content(evaluation) -> dict:
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    made = json.loads(record(evaluation, release(evaluation)), parse_constant=refuse)
    validator().validate(made)
    return made


def validator() -> Draft202012Validator:
    text = files("cpeval.report").joinpath("results.schema.json").read_text("utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_follows_its_schema(evaluation):
    made = content(evaluation)
    assert made["schema"] == SCHEMA == "cpeval-results/1"
    assert list(made["results"]) == list(evaluation.results)


def test_schema_refuses_what_is_not_described(evaluation):
    made = content(evaluation)
    for broken in (
        made | {"made": "today"},
        made | {"schema": "cpeval-results/2"},
        {key: value for key, value in made.items() if key != "sources"},
        made | {"results": {"x": {"columns": ["n"], "rows": [{"n": {"withheld": False}}]}}},
    ):
        assert not validator().is_valid(broken)


def test_rows_are_read_back_into_a_table(evaluation):
    result = content(evaluation)["results"]["mood/change"]
    table = pd.DataFrame(result["rows"], columns=result["columns"])
    assert table["estimate"].tolist() == pytest.approx([-4.2, -7.2])
    assert table["group"].tolist() == [0, 1]
    assert table["wave"].tolist() == [6, 6]


def test_withheld_numbers_say_what_may_be_known(evaluation):
    row = content(evaluation)["results"]["participants"]["rows"][3]
    assert row["lost"] == {"withheld": True, "at_least": 1, "at_most": 4}
    assert row["n"] == {"withheld": True, "at_least": 26, "at_most": None}
    assert row["percent"] == {"withheld": True, "at_least": None, "at_most": None}
    source = content(evaluation)["sources"][0]
    assert source["n_rows"] == {"withheld": True, "at_least": None, "at_most": None}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (float("inf"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.int64(7), 7),
        (7.0, 7),
        (1 / 3, 0.3333333333),
        (1e-300, 1e-300),
        (np.bool_(True), True),
        ("a\ud800b", "ab"),
        (pd.Timestamp("2024-05-01"), "2024-05-01 00:00:00"),
    ],
)
def test_values(evaluation, value, expected):
    result = Result(table=pd.DataFrame({"term": [value]}, dtype=object), note="")
    assert content(replace(evaluation, results={"x": result}))["results"]["x"]["rows"] == [
        {"term": expected}
    ]


def test_labels_of_people_and_of_unused_columns_are_left_out(evaluation):
    made = content(replace(evaluation, labels=evaluation.labels | {"other": "Other"}))
    assert set(made["labels"]) == {"mood", "age", "home"}
    assert set(made["value_labels"]) == {"arm", "wave"}


def test_simulated_data_are_called_so(evaluation):
    made = content(replace(evaluation, simulated=True))
    assert made["simulated"] is True
    assert made["title"] == "Linking people to care (simulated data)"


def test_same_evaluation_same_bytes(evaluation):
    assert record(evaluation, release(evaluation)) == record(evaluation, release(evaluation))


def test_documentation_names_every_key(evaluation, pytestconfig):
    text = (pytestconfig.rootpath / "docs" / "results-json.md").read_text("utf-8")
    for key in content(evaluation):
        assert f"`{key}`" in text
