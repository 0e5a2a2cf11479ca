"""The snippets of the page on networks run, in their order, and its table is true."""

import re
from pathlib import Path

import pandas as pd

import cpeval as cp
from cpeval.networks.structure import MEASURES

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_snippets_run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(code) == 5
    names = {}
    for snippet in code:
        exec(compile(snippet, PAGE.name, "exec"), names)
    shown = capsys.readouterr().out
    assert "EgoNetworks: 272 networks of 150 egos at 2 waves" in shown
    assert "0.875" in shown
    assert names["both_ways"].to_dict("list") == {
        "ego": [1] * 2,
        "source": ["a"] * 2,
        "target": ["b", "c"],
    }


def test_the_table_of_measures_is_true():
    rows = re.findall(r"^\| (`[a-z_`, ]+) \|.*\| ([^|]+) \| ([^|]+) \|$", TEXT, re.M)
    egos = pd.DataFrame({"ego": [0, 1]})
    alters = pd.DataFrame({"ego": [1], "alter": [1]})
    ties = pd.DataFrame({"ego": [1], "source": [1], "target": [1]}).iloc[:0]
    table = cp.EgoNetworks(egos, alters, ties).metrics().table
    seen = []
    for names, *said in rows:
        for k, name in enumerate(re.findall(r"[a-z_]+", names)):
            seen.append(name)
            for row, text in enumerate(said):
                values = [float("nan" if part == "missing" else part) for part in text.split(", ")]
                assert str(float(table.loc[row, name])) == str(values[k]), name
    assert sorted(seen) == sorted(MEASURES)
