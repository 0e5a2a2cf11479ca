"""The page on exports runs as it stands."""

import re
from pathlib import Path

import pytest

import cpeval as cp
from cpeval.errors import CpevalWarning

PAGE = Path(__file__).parents[2] / "docs" / "exporting.md"


def test_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    forms, start = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S
    )
    exec(forms, {})
    assert len(list(tmp_path.iterdir())) == 6
    cp.instrument("swemwbs").to_redcap("dictionary.csv", form="welcome")
    with pytest.warns(CpevalWarning, match="welcome"):
        exec(start, {"cp": cp})
    assert len(cp.Instrument.from_toml("welcome.toml").items) == 7
