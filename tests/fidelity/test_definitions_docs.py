"""The page on fidelity definitions runs as it stands."""

import doctest
import re
from pathlib import Path

import cpeval as cp

PAGE = (Path(__file__).parents[2] / "docs" / "fidelity-definitions.md").read_text(encoding="utf-8")


def test_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S))
    test = doctest.DocTestParser().get_doctest(session, {}, "page", "page", 0)
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert result.attempted > 15
    assert result.failed == 0


def test_the_page_names_every_rule():
    for name in cp.instruments():
        codes = [item.code for item in cp.instrument(name).automatic]
        if codes:
            assert f"| `{name}` | {', '.join(codes)} |" in PAGE
