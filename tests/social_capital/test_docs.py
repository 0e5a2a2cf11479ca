"""The snippets of the page on social capital run, and show what it works out by hand."""

import re
import warnings
from pathlib import Path

import pytest

import cpeval as cp

PAGE = Path(__file__).parents[2] / "docs" / "social-capital.md"


def test_snippets_run():
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) == 3
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
    was = names["was"].table.set_index("person")
    assert was.loc["x", ["rg", "rg_home"]].tolist() == [2, 2]
    assert was["rg"].isna().tolist() == [False, True]
    assert was.loc["y", "rg_home"] == 0
    moved = names["by_hand"].table.set_index("person")
    columns = ["n", "gained", "kept", "lost", "change"]
    assert moved.loc["x", columns].tolist() == [4, 1, 1, 1, 0]
    assert moved.loc["y", columns].tolist() == [3, 0, 1, 0, 0]
    relations = names["by_hand"].relations.set_index("group")
    columns = ["gained", "lost", "stayed", "came", "left"]
    assert relations.loc["family", columns].tolist() == [1, 0, 1, 0, 1]
    assert relations.loc["friend", columns].tolist() == [0, 1, 0, 1, 0]
