"""`cpeval tutorials` copies the lessons, and never writes over a student's answers."""

import subprocess
import sys

import pytest

from cpeval.errors import OutputError
from cpeval.shipped import shipped_folder
from cpeval.tutorials import copy_lessons


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "cpeval", *map(str, arguments)], capture_output=True, text=True
    )


def test_all_lessons_are_copied_as_they_are(tmp_path):
    copied = copy_lessons(tmp_path / "my lessons é")
    source = shipped_folder("tutorials")
    assert copied.kept == ()
    assert {path.name for path in source.glob("*.ipynb")} <= set(copied.new)
    for name in copied.new:
        assert (tmp_path / "my lessons é" / name).read_bytes() == (source / name).read_bytes()
    assert not list(tmp_path.rglob(".copying-*"))


def test_a_students_answers_stay(tmp_path):
    copy_lessons(tmp_path)
    mine = tmp_path / "README.md"
    mine.write_text("my answers")
    (tmp_path / "elsewhere.ipynb").write_text("{}")
    again = copy_lessons(tmp_path)
    assert again.new == ()
    assert "README.md" in again.kept
    assert mine.read_text() == "my answers"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"is a file\. Name a folder"):
        copy_lessons(tmp_path / "file")


def test_cpevals_own_lessons_are_no_place_to_work():
    with pytest.raises(OutputError, match="own lessons"):
        copy_lessons(shipped_folder("tutorials"))


def test_a_folder_that_cant_be_written(tmp_path):
    """A file stands where a folder of the path should be; this stops root as well."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be written"):
        copy_lessons(tmp_path / "file" / "lessons")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_command(tmp_path):
    done = run("tutorials", tmp_path / "lessons")
    assert done.returncode == 0, done.stderr
    assert "Copied" in done.stdout
    assert "jupyter lab" in done.stdout
    again = run("tutorials", tmp_path / "lessons")
    assert again.returncode == 0
    assert "Left as they are" in again.stdout
    (tmp_path / "file").write_text("")
    wrong = run("tutorials", tmp_path / "file")
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
    assert "Error: " in wrong.stderr
