"""The snippets of the page on fidelity run, in their order."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"


def test_snippets_run(capsys):
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) > 1
    names = {}
    for snippet in code:
        exec(compile(snippet, PAGE.name, "exec"), names)
    shown = capsys.readouterr().out
    assert "each counting once" in shown
    assert "to settle" in shown
    names["folder"].cleanup()
