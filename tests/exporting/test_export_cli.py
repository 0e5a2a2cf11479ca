"""`cpeval instruments NAME --export`: writes, says what, and refuses in a sentence."""

import sys

import pytest

from cpeval import cli


@pytest.fixture
def cpeval(capsys, monkeypatch):
    """Run a command in this process; return exit code, output and errors."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["cpeval", *map(str, words)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("redcap", "swemwbs_redcap.csv"),
        ("xlsform", "swemwbs_xlsform.xlsx"),
        ("excel", "swemwbs_excel.xlsx"),
        ("codebook", "swemwbs_codebook.xlsx"),
        ("qualtrics", "swemwbs_qualtrics.txt"),
        ("limesurvey", "swemwbs_limesurvey.txt"),
        ("toml", "swemwbs_toml.toml"),
    ],
)
def test_every_kind(cpeval, tmp_path, monkeypatch, kind, name):
    monkeypatch.chdir(tmp_path)
    code, out, _ = cpeval("instruments", "swemwbs", "--export", kind)
    assert code == 0
    assert out == f"Wrote {name}.\n"
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_several_to_a_named_file(cpeval, tmp_path):
    out = tmp_path / "pack.csv"
    words = [
        "instruments",
        "swemwbs",
        "rg_uk",
        "--export",
        "redcap",
        "--out",
        out,
        "--prefix",
        "t0_",
    ]
    code, said, warned = cpeval(*words)
    assert code == 0
    assert said == f"Wrote {out}.\n"
    assert "with_keys" in warned
    assert "t0_rg_uk_27" in out.read_text(encoding="utf-8")


def test_a_coding_and_goals(cpeval, tmp_path, clash, goals):
    for one in (clash, goals):
        one.to_toml(tmp_path / f"{one.name}.toml")
    files = [tmp_path / "clash.toml", tmp_path / "goal.toml"]
    words = ["instruments", *files, "--export", "redcap", "--out", tmp_path / "x.csv"]
    code, _, err = cpeval(*words)
    assert code == 2
    assert "--coding 1-3" in err
    assert "--goals 3" in err
    code, *_ = cpeval(*words, "--coding", "0-2", "--goals", 2)
    assert code == 0
    text = (tmp_path / "x.csv").read_text(encoding="utf-8")
    assert "0, none | 1, some" in text
    assert "goal_2" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--export", "word", "swemwbs"], "'export' must be one of"),
        (["--export", "redcap"], "Name the instruments to export"),
        (["--export", "redcap", "swemwb"], "did you mean 'swemwbs'?"),
        (["--export", "redcap", "swemwbs", "--out", "x.txt"], "should end in .csv"),
        (["--export", "redcap", "swemwbs", "--out", "no/x.csv"], "There is no folder"),
        (["--export", "redcap", "swemwbs", "--coding", "0-4"], "has one coding alone"),
        (["--export", "redcap", "swemwbs", "--goals", "2"], "has items, not goals"),
        (["--export", "toml", "swemwbs", "ces_d"], "holds one instrument"),
        (["--export", "codebook", "swemwbs", "--prefix", "a"], "prefix= is for forms"),
        (["swemwbs", "--out", "x.csv"], "--out go with --export"),
    ],
)  # fmt: skip
def test_wrong_use(cpeval, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    code, _, err = cpeval("instruments", *words)
    assert code == 2
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_several_are_shown(cpeval):
    code, out, _ = cpeval("instruments", "swemwbs", "ces_d")
    assert code == 0
    assert "SWEMWBS" in out
    assert "CES-D" in out
