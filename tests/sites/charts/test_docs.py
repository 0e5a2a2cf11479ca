"""The snippets of the page on sites run, in their order."""

import re
from pathlib import Path

import matplotlib as mpl

PAGE = Path(__file__).parents[3] / "docs" / "site-charts.md"


def test_snippets_run(capsys):
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) > 6
    names = {}
    for snippet in code:
        exec(compile(snippet, PAGE.name, "exec"), names)
    assert "ratio" in capsys.readouterr().out
    plt.close("all")
