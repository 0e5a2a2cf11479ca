"""Qualtrics' and LimeSurvey's text formats, read back by their documented rules."""

import re

import cpeval as cp
from cpeval import exporting


def qualtrics(path):
    """ID to (type, choices) of each question, by the tags of the Advanced Format."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("[[AdvancedFormat]]\n")
    blocks = re.split(r"^\[\[Question:", text, flags=re.MULTILINE)[1:]
    found = {}
    for block in blocks:
        kind = block[: block.index("]]")]
        name = re.search(r"^\[\[ID:(\w+)\]\]$", block, re.MULTILINE)[1]
        pairs = re.findall(r"^\[\[Choice:(\d+)\]\]\n(.+)$", block, re.MULTILINE)
        found[name] = (kind, {float(code): label for code, label in pairs})
    return found


def test_each_instrument_in_qualtrics(one, tmp_path):
    done = one.to_qualtrics(tmp_path / "q.txt")
    found = qualtrics(done.path)
    assert found.pop(f"{one.name}_about")[0] == "DB"
    assert list(found) == list(done.items().values())
    for (kind, choices), item in zip(found.values(), one.items, strict=True):
        answers = one.answers(item)
        if kind.startswith("MC"):
            assert list(choices) == [*answers.labels, *answers.missing_codes]
            assert [*choices.values()][: len(answers.labels)] == list(answers.labels.values())
        else:
            assert kind == "TE:SingleLine"
            assert "Text entries" in " ".join(done.warnings)


def test_each_instrument_in_limesurvey(files, one, tmp_path):
    done = one.to_limesurvey(tmp_path / "l.txt")
    rows = files.rows(done.path, delimiter="\t")
    assert [row["class"] for row in rows[:4]] == ["S", "SL", "G", "Q"]
    assert rows[3]["type/scale"] == "X"
    questions = [row for row in rows if row["class"] == "Q"][1:]
    assert [row["name"] for row in questions] == list(done.items().values())
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9]{0,19}", row["name"]) for row in questions)
    for row, item in zip(questions, one.items, strict=True):
        answers = one.answers(item)
        every = [*answers.labels, *answers.missing_codes]
        mine = [r for r in rows if r["class"] == "A" and r["id"] == row["id"]]
        if row["type/scale"] == "L":
            assert [float(r["name"]) for r in mine] == every
            assert all(re.fullmatch("[A-Za-z0-9]{1,5}", r["name"]) for r in mine)
        else:
            assert row["type/scale"] == "N"
            assert mine == []
            assert float(row["min_num_value_n"]) == min(every)
            assert float(row["max_num_value_n"]) == max(every)


def test_limesurvey_codes_are_said_and_score(tmp_path):
    import pandas as pd

    done = cp.instrument("swemwbs").to_limesurvey(tmp_path / "l.txt", language="de")
    assert "items=" in done.warnings[0]
    data = pd.DataFrame([dict.fromkeys(done.items().values(), 3)])
    assert cp.score(data, "swemwbs", items=done.items())["swemwbs"].tolist() == [21]
    assert "\tde\t" in done.path.read_text(encoding="utf-8-sig")


def test_several(files, tmp_path):
    two = ["swemwbs", "ces_d"]
    done = exporting.to_qualtrics(two, tmp_path / "q.txt")
    assert done.path.read_text(encoding="utf-8").count("[[Block:") == 2
    done = exporting.to_limesurvey(two, tmp_path / "l.txt")
    rows = files.rows(done.path, delimiter="\t")
    assert [row["class"] for row in rows].count("G") == 2
    ids = [row["id"] for row in rows if row["class"] == "Q"]
    assert ids == [str(n) for n in range(1, len(ids) + 1)]
