"""The snippets of the page on social capital run, and show what it works out by hand."""

import re
import warnings
from pathlib import Path

import pytest

import cpeval as cp

PAGE = Path(__file__).parents[2] / "docs" / "social-capital.md"


def test_snippets_run():
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) == 2
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cp.errors.ProvisionalWarning)
        for snippet in code:
            exec(compile(snippet, PAGE.name, "exec"), names)
    first = names["found"].table.iloc[0]
    assert first[["extensity", "upper_reachability", "range", "total"]].tolist() == [3, 86, 38, 205]
    assert first["mean_prestige"] == pytest.approx(68.3, abs=0.05)
    assert names["found"].table["total"].fillna(-1).tolist() == [205, 0, -1]
    through = names["found"].relations.query("person == 'A' and group == 'relative'")
    assert through[["extensity", "total"]].iloc[0].tolist() == [2, 119]
    assert names["change"].table["change"].notna().all()
