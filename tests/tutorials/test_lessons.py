"""Each lesson runs through; each exercise takes its right answer and refuses wrong ones.

`solutions/lesson_N.toml` says, for each exercise, code that solves it in the lesson: written by
hand from what the lesson teaches, and independent of what `check` computes.
"""

import ast
import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cpeval.errors import OptionError
from cpeval.shipped import shipped_folder
from cpeval.tutorials import copy_lessons
from cpeval.tutorials.check import check, exercises_of

FOLDER = shipped_folder("tutorials")
LESSONS = sorted(FOLDER.glob("*.ipynb"))
SOLUTIONS = Path(__file__).parent / "solutions"
CHECKED = re.compile(r'^check\("(\d+)\.(\d+)", (\w+)\)$', re.MULTILINE)
#: Answers that no exercise takes.
NONSENSE = [None, object(), {"a": 1}, max, b"bytes"]


def number_of(lesson: Path) -> int:
    return int(lesson.name.split("_")[0])


def exercise_cells(notebook):
    """Yield (cell, exercise number, name of the answer) of each cell with an exercise."""
    for cell in notebook.cells:
        found = CHECKED.search(cell.source) if cell.cell_type == "code" else None
        if found:
            yield cell, int(found[2]), found[3]


every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
EXERCISES = [
    (number_of(path), place) for path in LESSONS for place in exercises_of(number_of(path))
]
every_exercise = pytest.mark.parametrize(("lesson", "place"), EXERCISES)


@every_lesson
def test_git_holds_no_outputs(lesson):
    notebook = nbformat.read(lesson, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@every_lesson
def test_a_lesson_has_its_parts(lesson):
    notebook = nbformat.read(lesson, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for part in ("What you will learn", "Time needed", "Summary", "Further reading", "glossary"):
        assert part.lower() in text.lower(), part


@every_lesson
def test_links_to_the_glossary_lead_to_a_term(lesson):
    terms = re.findall(r"^## (.+)$", (FOLDER / "glossary.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", term.lower()).replace(" ", "-") for term in terms}
    text = "\n".join(
        cell.source
        for cell in nbformat.read(lesson, as_version=4).cells
        if cell.cell_type == "markdown"
    )
    linked = set(re.findall(r"\]\(glossary\.md#([^)]+)\)", text))
    assert linked
    assert linked <= anchors


@every_lesson
def test_each_exercise_is_asked_once_and_unanswered(lesson):
    notebook = nbformat.read(lesson, as_version=4)
    number = number_of(lesson)
    asked = []
    for cell, place, name in exercise_cells(notebook):
        assert CHECKED.search(cell.source)[1] == str(number)
        assigned = [
            node.targets[0].id
            for node in ast.parse(cell.source).body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and node.value.value is ...
        ]
        assert assigned == [name], cell.source
        asked.append(place)
    assert asked == sorted(exercises_of(number))
    assert len(asked) >= 3


@every_exercise
def test_wrong_answers_have_hints_of_their_own(lesson, place):
    exercise = exercises_of(lesson)[place]
    hints = []
    for mistake in exercise.mistakes:
        verdict = check(f"{lesson}.{place}", mistake.answer())
        assert verdict.right is False, mistake
        assert mistake.hint in verdict.message
        hints.append(verdict.message)
    assert len(set(hints)) == len(hints) >= 2


@every_exercise
@pytest.mark.parametrize("answer", NONSENSE, ids=lambda value: type(value).__name__)
def test_nonsense_is_refused_politely(lesson, place, answer):
    verdict = check(f"{lesson}.{place}", answer)
    assert verdict.right is None
    assert verdict.message.startswith("The answer is ")


@pytest.mark.slow
@every_lesson
def test_a_lesson_runs_and_its_solutions_are_right(lesson, tmp_path):
    """Each exercise cell is run as it is, then again with the solution in place of the dots."""
    number = number_of(lesson)
    solutions = tomllib.loads((SOLUTIONS / f"lesson_{number}.toml").read_text())
    notebook = nbformat.read(lesson, as_version=4)
    cells, checked = [], []
    for cell in notebook.cells:
        cells.append(cell)
        for _, place, name in exercise_cells(nbformat.v4.new_notebook(cells=[cell])):
            solved = cell.source.replace(f"{name} = ...", solutions[f"{number}.{place}"].strip())
            again = nbformat.v4.new_code_cell(solved)
            cells.append(again)
            checked.append((cell, again, place))
    notebook.cells = cells
    run_in = tmp_path / "lesson"
    copy_lessons(run_in)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(run_in)}})
    client.execute()
    for before, after, place in checked:
        assert "no answer yet" in shown(before), place
        assert "Right. " in shown(after), (place, shown(after))


def shown(cell):
    """Return the text of a cell's last output."""
    return cell.outputs[-1]["data"]["text/plain"]


def test_a_lesson_that_is_not_there():
    with pytest.raises(OptionError, match=r"no lesson 99 with exercises\. There are 1, "):
        check("99.1", 1)
