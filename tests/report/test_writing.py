"""Three files, all or none, and nothing else in the folder touched."""

import pytest

import cpeval.report.workbook
from cpeval.errors import OutputError
from cpeval.report import write
from cpeval.report.folder import published

FILES = ["report.html", "results.json", "tables.xlsx"]


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_three_files_into_a_new_folder(evaluation, tmp_path):
    page = write(evaluation, tmp_path / "a" / "b")
    assert page == tmp_path / "a" / "b" / "report.html"
    assert names(page.parent) == FILES


def test_replaces_its_own_files_and_no_others(evaluation, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "report.html").write_text("old")
    write(evaluation, str(tmp_path))
    assert names(tmp_path) == ["notes.txt", *FILES]
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_same_evaluation_same_files(evaluation, tmp_path):
    one, two = (write(evaluation, tmp_path / name).parent for name in "ab")
    for name in FILES:
        assert (one / name).read_bytes() == (two / name).read_bytes()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("bug")])
def test_a_failure_leaves_earlier_files_as_they_were(evaluation, tmp_path, monkeypatch, error):
    write(evaluation, tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}

    def fail(*_):
        raise error

    monkeypatch.setattr(cpeval.report.workbook, "workbook", fail)
    expected = OutputError if isinstance(error, OSError) else ValueError
    with pytest.raises(expected):
        write(evaluation, tmp_path)
    assert names(tmp_path) == FILES
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == before


def test_a_failure_removes_the_folders_that_it_made(evaluation, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cpeval.report.workbook, "workbook", fail)
    with pytest.raises(OutputError, match=r"No space left on device.*Files there are as they were"):
        write(evaluation, tmp_path / "a" / "b")
    assert names(tmp_path) == []


def test_a_file_that_cannot_be_placed_puts_the_others_back(tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / name).write_text("old")
    rename = type(tmp_path).rename

    def stubborn(self, target):
        if self.read_bytes() == b"new" and self.name == FILES[-1]:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(
        type(tmp_path), "rename", lambda s, t: rename(s, t) if s.is_dir() else stubborn(s, t)
    )

    def put():
        with published(tmp_path, FILES) as folder:
            for name in FILES:
                (folder.making / name).write_text("new")

    with pytest.raises(OutputError, match="no file there is open elsewhere"):
        put()
    assert {(tmp_path / name).read_text() for name in FILES} == {"old"}
    assert names(tmp_path) == FILES


def test_out_is_a_file(evaluation, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match=r"out' is a file; name a folder for the report\."):
        write(evaluation, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_out_is_below_a_file(evaluation, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=r"A part of .* is a file, so no folder can be made"):
        write(evaluation, tmp_path / "file" / "out")


@pytest.mark.parametrize("out", ["/proc/nowhere/out", "a\0b", "x" * 300])
def test_out_cannot_be_made(evaluation, out, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=r"can't be written to .* or name another folder"):
        write(evaluation, out)


def test_a_folder_stands_where_a_file_should_go(evaluation, tmp_path):
    (tmp_path / "tables.xlsx").mkdir()
    (tmp_path / "report.html").write_text("old")
    with pytest.raises(OutputError, match=r"a folder stands where a file should go: tables\.xlsx"):
        write(evaluation, tmp_path)
    assert (tmp_path / "report.html").read_text() == "old"
    assert names(tmp_path) == ["report.html", "tables.xlsx"]


def test_pyplot_is_left_alone(evaluation, tmp_path):
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    before, settings = plt.get_fignums(), dict(mpl.rcParams)
    write(evaluation, tmp_path)
    assert plt.get_fignums() == before
    assert dict(mpl.rcParams) == settings
