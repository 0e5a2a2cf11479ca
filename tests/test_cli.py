"""The command line: what it says and what it returns; no traceback for any bad input."""

import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cpeval import cli

STUDY = """
[study]
person = "id"
arm = "arm"
intervention = "CP"
wave = "wave"
baseline = "t0"
follow_up = "t1"
[data]
file = "data.csv"
[instruments.swemwbs]
items = "q{n}"
[outcomes]
primary = "swemwbs_metric"
"""


def run(capsys, monkeypatch, *words):
    """Exit code, standard output and standard error of ``cpeval words``."""
    monkeypatch.setattr(sys, "argv", ["cpeval", *map(str, words)])
    code = 0
    try:
        cli.main()
    except SystemExit as done:
        code = done.code or 0
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


@pytest.fixture
def cpeval(capsys, monkeypatch):
    return lambda *words: run(capsys, monkeypatch, *words)


def people(n=40):
    rows = pd.DataFrame({"id": [f"p{k // 2}" for k in range(2 * n)], "wave": ["t0", "t1"] * n})
    rows["arm"] = ["CP" if k // 2 % 2 else "usual" for k in range(2 * n)]
    for q in range(1, 8):
        rows[f"q{q}"] = [1 + (k * k + q * k + q) % 5 for k in range(2 * n)]
    return rows


@pytest.fixture
def folder(tmp_path):
    people().to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def test_evaluate_writes_three_files_and_makes_the_folder(cpeval, folder):
    code, out, _ = cpeval("evaluate", folder / "study.toml", "--out", folder / "new" / "report")
    assert code == 0
    assert "report.html, tables.xlsx and results.json" in out
    made = sorted(p.name for p in (folder / "new" / "report").iterdir())
    assert made == ["report.html", "results.json", "tables.xlsx"]


def test_evaluate_leaves_earlier_output_when_the_data_are_bad(cpeval, folder):
    cpeval("evaluate", folder / "study.toml", "--out", folder / "out")
    before = (folder / "out" / "report.html").read_bytes()
    people().assign(q1=99).to_csv(folder / "data.csv", index=False)
    code, _, err = cpeval("evaluate", folder / "study.toml", "--out", folder / "out")
    assert code == 1
    assert "answer outside the codes in column 'q1' (99), 80 cells" in err
    assert 'declare it under [data]: missing = { "*" = [99] }' in err
    assert (folder / "out" / "report.html").read_bytes() == before


def test_evaluate_into_what_is_a_file(cpeval, folder):
    code, _, err = cpeval("evaluate", folder / "study.toml", "--out", folder / "data.csv")
    assert code == 2
    assert "data.csv" in err


def test_check_lists_problems_and_returns_1(cpeval, folder):
    read = "Read data.csv: csv, utf-8, comma between cells; 80 rows, 10 columns.\n"
    good = read + "No problems found in 80 rows.\n"
    assert cpeval("check", folder / "study.toml") == (0, good, "")
    people().assign(wave="t0").to_csv(folder / "data.csv", index=False)
    code, out, _ = cpeval("check", folder / "study.toml")
    assert code == 1
    assert "person twice at a wave" in out
    assert "wave without rows" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STUDY.replace("intervention", "intervenion"), "did you mean 'intervention'?"),
        (STUDY.replace("data.csv", "dat.csv"), "dat.csv"),
        (STUDY.replace('"swemwbs_metric"', '"swemwbs_metrik"'), "outcomes: 'swemwbs_metrik' (did you mean 'swemwbs_metric'?)"),
        (STUDY + 'covariates = ["agee"]\n', "outcomes.covariates: 'agee'"),
        ("x =", "this is not TOML"),
    ],
)  # fmt: skip
def test_mistakes_in_the_study_return_2(cpeval, folder, text, said):
    (folder / "study.toml").write_text(text)
    code, _, err = cpeval("check", folder / "study.toml")
    assert code == 2
    assert said in err


def test_no_such_study(cpeval, tmp_path):
    code, _, err = cpeval("evaluate", tmp_path / "study.toml")
    assert code == 2
    assert "There is no file" in err


def test_score_adds_columns(cpeval, folder):
    out = folder / "scored.csv"
    code, said, _ = cpeval(
        "score", folder / "data.csv", "swemwbs", "--items", "q{n}", "--out", out, "--answered"
    )
    assert code == 0
    assert "80 rows, with swemwbs, swemwbs_metric, swemwbs_answered" in said
    scored = pd.read_csv(out)
    items = scored[[f"q{n}" for n in range(1, 8)]]
    assert (scored.swemwbs == items.sum(axis=1)).all()
    assert (scored.swemwbs_answered == 7).all()


def test_score_writes_excel_without_formulas(cpeval, folder):
    people(2).assign(id=["=1+1", "@x", "-3", "ok"]).to_csv(folder / "data.csv", index=False)
    code, *_ = cpeval(
        "score",
        folder / "data.csv",
        "swemwbs",
        "--items",
        ",".join(f"q{n}" for n in range(1, 8)),
        "--out",
        folder / "s.xlsx",
    )
    assert code == 0
    cells = [
        row[0] for row in openpyxl.load_workbook(folder / "s.xlsx").active.iter_rows(min_row=2)
    ]
    assert [cell.value for cell in cells] == ["'=1+1", "'@x", "'-3", "ok"]
    assert {cell.data_type for cell in cells} == {"s"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["data.csv", "swemwbs", "--out", "nowhere/s.csv"], 2, "There is no folder"),
        (["data.csv", "swemwbs", "--out", "s.sav"], 2, "should end in .csv or .xlsx"),
        (["data.csv", "swemwb", "--out", "s.csv"], 2, "did you mean 'swemwbs'?"),
        (["data.csv", "swemwbs", "--out", "s.csv"], 1, "no item columns 'swemwbs_1' … 'swemwbs_7' (all 7)"),
        (["data.csv", "swemwbs", "--items", "q{n}", "--missing", "x", "--out", "s.csv"], 2, "--missing takes numbers"),
        (["absent.csv", "swemwbs", "--out", "s.csv"], 2, "absent.csv"),
        (["data.csv", "swemwbs"], 2, "--out"),
    ],
)  # fmt: skip
def test_score_says_what_is_wrong(cpeval, folder, monkeypatch, words, code, said):
    monkeypatch.chdir(folder)
    got, _, err = cpeval("score", *words)
    assert got == code
    assert said in err
    assert sorted(p.name for p in folder.iterdir()) == ["data.csv", "study.toml"]


def test_score_with_codes_that_mean_missing(cpeval, folder):
    data = people()
    data.loc[0, "q1"] = -9
    data.to_csv(folder / "data.csv", index=False)
    code, _, err = cpeval(
        "score", folder / "data.csv", "swemwbs", "--items", "q{n}", "--out", folder / "s.csv"
    )
    assert code == 1
    assert "-9 (1×), in rows 1" in err
    code, *_ = cpeval(
        "score",
        folder / "data.csv",
        "swemwbs",
        "--items",
        "q{n}",
        "--missing",
        "-9,99",
        "--out",
        folder / "s.csv",
    )
    assert code == 0
    assert pd.read_csv(folder / "s.csv").swemwbs.isna().tolist() == [True] + [False] * 79


def test_instruments(cpeval):
    code, out, _ = cpeval("instruments")
    assert code == 0
    assert "ces_d" in out
    assert "rg_uk" in out
    assert "[provisional]" in out
    _, out, _ = cpeval("instruments", "sf_36")
    assert "sf_36_pcs" in out
    assert "qualitymetric" in out
    code, _, err = cpeval("instruments", "sf36")
    assert code == 2
    assert "did you mean 'sf_36'?" in err


def test_new_makes_a_study_that_can_be_filled_in(cpeval, tmp_path):
    made = tmp_path / "our study"
    code, *_ = cpeval("new", made)
    assert code == 0
    assert sorted(p.name for p in made.iterdir()) == ["README.md", "entry.xlsx", "study.toml"]
    code, _, err = cpeval("check", made / "study.toml")
    assert code == 2
    assert "entry.xlsx" in err  # a header only
    code, _, err = cpeval("new", made)
    assert code == 2
    assert "has files already" in err

    sheet = openpyxl.load_workbook(made / "entry.xlsx")
    header = [cell.value for cell in sheet["entry"][1]]
    assert header == [
        "person",
        "site",
        "team",
        "arm",
        "wave",
        *[f"swemwbs_{n}" for n in range(1, 8)],
    ]
    assert len(sheet["entry"].data_validations.dataValidation) == 9
    data = people(60).rename(
        columns={f"q{n}": f"swemwbs_{n}" for n in range(1, 8)} | {"id": "person"}
    )
    data["arm"] = data["arm"].map({"CP": "programme", "usual": "comparison"})
    data["site"] = [f"s{int(p[1:]) % 6}" for p in data["person"]]
    data["team"] = data["site"] + data["arm"]
    for row in data[header].itertuples(index=False):
        sheet["entry"].append(list(row))
    sheet.save(made / "entry.xlsx")
    assert cpeval("check", made / "study.toml")[0] == 0
    code, *_ = cpeval("evaluate", made / "study.toml", "--out", made / "report")
    assert code == 0
    assert (made / "report" / "report.html").exists()


def test_help_reads_well(cpeval):
    code, out, _ = cpeval("--help")
    assert code == 0
    for word in ("evaluate", "check", "score", "instruments", "new", "Exit codes: 0 done"):
        assert word in out
    assert cpeval("evaluate", "--help")[0] == 0


def test_wrong_use_returns_2(cpeval):
    for words in (
        ["evaluate"],
        ["evaluat", "x"],
        ["check", "a", "b"],
        ["evaluate", "x", "--ot", "y"],
    ):
        code, _, err = cpeval(*words)
        assert code == 2
        assert err


def test_runs_as_a_module_and_a_closed_pipe_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m cpeval instruments | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("aim")
    assert done.stderr == ""


def test_the_example_study_from_the_shell(tmp_path):
    study = Path(__file__).parents[1] / "examples" / "help" / "study.toml"
    done = subprocess.run(
        [sys.executable, "-m", "cpeval", "evaluate", str(study), "--out", str(tmp_path / "help")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "help" / "results.json").exists()


def test_score_never_writes_over_its_data(cpeval, folder):
    before = (folder / "data.csv").read_bytes()
    words = [
        "score",
        folder / "data.csv",
        "swemwbs",
        "--items",
        "q{n}",
        "--out",
        folder / "data.csv",
    ]
    code, _, err = cpeval(*words)
    assert code == 2
    assert "is the data file itself" in err
    assert (folder / "data.csv").read_bytes() == before


def test_score_takes_prefix_and_decimal(cpeval, folder):
    (folder / "d.csv").write_text(
        "id;x;" + ";".join(f"q{n}" for n in range(1, 8)) + "\na;1,5;1;2;3;4;5;4;3\n"
    )
    words = ["score", folder / "d.csv", "swemwbs", "--items", "q{n}", "--out", folder / "s.csv"]
    code, said, _ = cpeval(*words, "--prefix", "t0_", "--decimal", ",")
    assert code == 0
    assert "Read d.csv: csv, utf-8, semicolon between cells, decimal comma; 1 rows" in said
    assert pd.read_csv(folder / "s.csv").t0_swemwbs.item() == 22


def test_messages_say_where_arguments_go(cpeval, folder):
    _, _, err = cpeval("score", folder / "data.csv", "swemwbs", "--out", folder / "s.csv")
    assert "On the command line, items= is --items" in err
    people().assign(q1=-9).to_csv(folder / "data.csv", index=False)
    _, _, err = cpeval("evaluate", folder / "study.toml", "--out", folder / "out")
    assert "missing, decimal and sheet are keys of [data]" in err


def test_one_outcome_that_can_not_be_analysed_does_not_stop_the_report(cpeval, folder):
    people().assign(contacts=3).to_csv(folder / "data.csv", index=False)
    (folder / "study.toml").write_text(
        STUDY + 'secondary = ["contacts"]\nbetter = { contacts = "higher" }\n'
    )
    code, _, err = cpeval("evaluate", folder / "study.toml", "--out", folder / "out")
    assert code == 0
    assert "Left out: contacts/compare can't be computed." in err
    assert (folder / "out" / "report.html").exists()


def test_labels_become_codes_where_the_study_says_so(cpeval, folder):
    labels = dict(
        zip(
            range(1, 6),
            ["never", "seldom", "now and then", "often", "always"],
            strict=True,
        )
    )
    data = people()
    items = [f"q{n}" for n in range(1, 8)]
    data.assign(**{q: data[q].map(labels) for q in items}).to_csv(folder / "data.csv", index=False)
    code, out, _ = cpeval("check", folder / "study.toml")
    assert code == 1
    assert "label in place of a code" in out
    recode = ", ".join(f'"{label.upper()}" = {code}' for code, label in labels.items())
    said = STUDY.replace('items = "q{n}"', f'items = "q{{n}}"\nrecode = {{ {recode} }}')
    (folder / "study.toml").write_text(said)
    code, out, _ = cpeval("check", folder / "study.toml")
    assert code == 0
    code, *_ = cpeval("evaluate", folder / "study.toml", "--out", folder / "labels")
    people().to_csv(folder / "data.csv", index=False)
    (folder / "study.toml").write_text(STUDY)
    cpeval("evaluate", folder / "study.toml", "--out", folder / "codes")
    tables = [
        json.loads((folder / f / "results.json").read_text())["results"]
        for f in ("labels", "codes")
    ]
    assert tables[0]["swemwbs_metric/compare"] == tables[1]["swemwbs_metric/compare"]
