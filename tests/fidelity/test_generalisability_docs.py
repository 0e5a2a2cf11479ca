"""The examples of the page run and give what it shows."""

import doctest
from pathlib import Path

import pandas as pd

PAGE = Path(__file__).parents[2] / "docs" / "fidelity-generalisability.md"


def test_examples_run():
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 10
    assert found.failed == 0
