"""Every reference value is read by a test and says where it is from; the page is true to that."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("extensions")


def test_no_reference_file_is_without_test_or_provenance():
    import checked_values

    assert checked_values.gaps() == []


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A folder of tests: one file is read through a fixture, one by nothing."""
    import checked_values

    (tmp_path / "reference").mkdir()
    for name in ("used", "unused"):
        held = {"made_by": f"R 4.2.2 for {name}", "entries": {}}
        (tmp_path / "reference" / f"{name}.json").write_text(json.dumps(held))
    (tmp_path / "reference" / "silent.json").write_text("{}")
    (tmp_path / "conftest.py").write_text(
        "import pytest\n@pytest.fixture\ndef values():\n    return open('used.json')\n"
    )
    (tmp_path / "test_one.py").write_text(
        "import cpeval as cp\nRTOL = 1e-9  # closed forms\n"
        "def near(a, b):\n    assert abs(a - b) < RTOL\n"
        "class TestSites:\n    def test_equals_r(self, values):\n"
        "        near(cp.sites.linear(values), 1)\n"
        "def test_something_else():\n    assert cp.score\n"
    )
    monkeypatch.setattr(checked_values, "TESTS", tmp_path)
    monkeypatch.setattr(checked_values, "REFERENCE", tmp_path / "reference")
    return checked_values


def test_a_gap_is_named(made_up):
    said = " ".join(made_up.gaps())
    assert "unused.json: no test reads it" in said
    assert "silent.json: it doesn't say where" in said
    assert " used.json" not in said


def test_a_test_is_found_through_fixtures_and_helpers(made_up):
    (check,) = made_up.checks()["used.json"]
    assert (check.place, check.name) == ("test_one.py", "equals r")
    assert check.code == ["cp.sites.linear"]
    assert check.within == ["1e-09: closed forms"]


def test_the_page_has_a_section_for_each_file(made_up):
    page = made_up.text()
    assert "## used\n\nFrom: R 4.2.2 for used\n" in page
    assert "| equals r | `cp.sites.linear` | 1e-09: closed forms |" in page
