"""Who types what lesson 8 shows, and nothing else, gets its figures."""

import json
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from scipy import stats

from cpeval.shipped import shipped_folder

LESSON = shipped_folder("tutorials") / "8_comparing_few_sites.ipynb"
FIGURES = """
import json
print("FIGURES", json.dumps([*map(float, p_usual), *map(float, p_right), float(found),
      float(more_people), float(more_trusts), float(t_test), float(first["p"])]))
"""
#: A thousandth of the limits below is a wide margin for 2,000 studies.
ALPHA, CHANCE = 0.05, 1e-3


def figures_of(text):
    line = next(one for one in text.splitlines() if one.startswith("FIGURES "))
    return json.loads(line.removeprefix("FIGURES "))


@pytest.fixture(scope="module")
def in_the_notebook():
    notebook = nbformat.read(LESSON, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(FIGURES))
    NotebookClient(notebook, timeout=120).execute()
    return figures_of(notebook.cells[-1].outputs[-1]["text"])


@pytest.mark.slow
def test_typed_into_a_script_it_gives_the_same_figures(in_the_notebook):
    cells = nbformat.read(LESSON, as_version=4).cells
    typed = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    script = f"import matplotlib\nmatplotlib.use('agg')\n{typed}\n{FIGURES}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert figures_of(done.stdout) == in_the_notebook


@pytest.mark.slow
def test_its_claims_hold(in_the_notebook):
    """What the text says of the figures, which the cells compute and nobody typed in."""
    usual, right = in_the_notebook[:2000], in_the_notebook[2000:4000]
    found, more_people, more_trusts, t_test, compare = in_the_notebook[4000:]
    n_usual, n_right = (sum(p < ALPHA for p in ps) for ps in (usual, right))
    # "about four times as often as it says"
    assert 3.5 < n_usual / 2000 / ALPHA < 4.5
    # False positives of the right way are as rare as they should be.
    assert stats.binomtest(n_right, 2000, ALPHA).pvalue > CHANCE
    assert found < 0.5  # "Often we will miss it"
    assert more_trusts > 0.9 > more_people + 0.3
    assert t_test < ALPHA < compare
