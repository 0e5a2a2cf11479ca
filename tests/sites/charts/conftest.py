"""Reference values, and hospital stays by provider."""

import json
from pathlib import Path

import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="session")
def reference():
    """Read a file of reference values."""
    return lambda name: json.loads((REFERENCE / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def reference_data():
    """Read a file of reference data."""
    return lambda name: pd.read_csv(REFERENCE / "data" / name)


@pytest.fixture(scope="session")
def stays(reference_data):
    """COUNT::medpar: 1,495 hospital stays at 54 providers."""
    return reference_data("medpar.csv")
