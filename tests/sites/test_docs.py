"""The snippets of the page on sites run, in their order."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "sites.md"


def test_snippets_run(capsys):
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) > 1
    names = {}
    for snippet in code:
        exec(compile(snippet, PAGE.name, "exec"), names)
    assert "Kenward" in capsys.readouterr().out
