"""A file is written whole or not at all, and what can't be done is one sentence."""

import pytest

import cpeval as cp
from cpeval import exporting
from cpeval.errors import OptionError, OutputError

WAYS = {
    ".csv": exporting.to_redcap,
    ".xlsx": exporting.to_xlsform,
    "e.xlsx": exporting.to_excel,
    "q.txt": exporting.to_qualtrics,
    "l.txt": exporting.to_limesurvey,
}


@pytest.mark.parametrize("end", WAYS)
def test_a_file_that_was_there_is_replaced(tmp_path, end):
    path = tmp_path / f"form{end}"
    path.write_text("old", encoding="utf-8")
    assert WAYS[end]("swemwbs", str(path)).path == path
    assert path.stat().st_size > 500
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("end", WAYS)
def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch, end):
    path = tmp_path / f"form{end}"
    path.write_text("old", encoding="utf-8")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OutputError, match=r"No space left on device.*unchanged"):
        WAYS[end]("swemwbs", path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_no_disk_takes(tmp_path):
    for end, way in WAYS.items():
        with pytest.raises(OutputError, match="can't be written"):
            way("swemwbs", tmp_path / f"{'x' * 300}{end}")
    with pytest.raises(OutputError, match="can't be written"):
        cp.instrument("swemwbs").to_toml(tmp_path / f"{'x' * 300}.toml")
    assert list(tmp_path.iterdir()) == []


def test_a_result_shows_itself_and_knows_the_columns(tmp_path):
    done = exporting.to_redcap(["swemwbs", "ces_d"], tmp_path / "d.csv")
    assert "swemwbs_1" in str(done)
    assert "<table" in done._repr_html_()
    assert done.items("swemwbs")["7"] == "swemwbs_7"
    with pytest.raises(OptionError, match=r"holds 'swemwbs', 'ces_d'"):
        done.items()
    with pytest.raises(OptionError, match=r"did you mean 'swemwbs'"):
        done.items("swemwb")


def test_every_form_says_where_the_wording_is(files, one, tmp_path):
    for end, way in WAYS.items():
        path = way(one, tmp_path / f"form{end}").path
        text = (
            path.read_text(encoding="utf-8")
            if path.suffix != ".xlsx"
            else " ".join(files.text_cells(path))
        )
        assert "not the questionnaire's wording" in text
        assert one.licence.terms.split()[0] in text
