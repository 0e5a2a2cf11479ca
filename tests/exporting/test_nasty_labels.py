"""Labels are data: no program takes them for a formula, markup, or a reference of its own."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

import cpeval as cp
from cpeval.errors import CpevalWarning

NASTY = [
    "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1",
    "<script>alert(1)</script>", "<b", "[record_id]", "[event-name][x]", "{field}", "${x}", "$${x}", "${evil_1} {evil_1}",
    "[[Block:x]]", "[[[ID:y]]]", "${e://Field/x}", "{TOKEN:EMAIL}", "a | b, c", "1, x | 2, y", "|", ",",
    "&lt;b&gt; &amp;", "&#60;script>", 'say "x"', "a\tb\nc", "\x00\x0b", "é 漢字 😀", "'=1", "''", "x" * 400,
]  # fmt: skip
TEXT = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=30))


def nasty(own, label, meaning, title):
    """`own` with others' words everywhere; a surrogate is no text that a file can hold."""
    given_ = own.model_dump(exclude_defaults=True)
    given_ |= {"title": title, "citation": meaning, "version": label}
    given_["licence"] = {"terms": title, "address": label}
    for item in given_["items"]:
        item["label"] = label
    for key in ("five", "level"):
        given_["responses"][key]["codes"] = dict.fromkeys(
            given_["responses"][key]["codes"], meaning
        )
    given_["responses"]["hundred"]["codes"] |= {0.0: meaning, 100.0: label}
    for scale in given_["scales"]:
        scale["label"] = title
    return cp.Instrument.from_mapping(given_)


def examples(test):
    for text in NASTY:
        test = example(label=text, meaning=text, title=text)(test)
    return test


def many(test):
    test = given(label=TEXT, meaning=TEXT, title=TEXT)(examples(test))
    return settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)(
        test
    )


@many
def test_redcap(files, own, tmp_path, label, meaning, title):
    done = nasty(own, label, meaning, title).to_redcap(tmp_path / "d.csv")
    assert not [cell for cell in files.text_cells(done.path) if files.formula.match(cell)]
    rows = files.rows(done.path)
    assert len(rows) == 2 + 7 + 11
    for row in rows:
        shown = [row[k] for k in ("Field Label", "Section Header", "Field Note")]
        if row["Field Type"] != "calc":
            shown.append(row["Choices, Calculations, OR Slider Labels"])
        assert not re.search(r"[\[\]{}<\n\r]", "".join(shown))
        if row["Field Type"] == "radio":
            parts = row["Choices, Calculations, OR Slider Labels"].split("|")
            assert all(re.match(r" ?-?\d+(\.\d+)?,", part) for part in parts)
            assert len(parts) in (3, 5, 7)


@many
def test_redcap_and_back(own, tmp_path, label, meaning, title):
    one = nasty(own, label, meaning, title)
    done = one.to_redcap(tmp_path / "d.csv")
    with pytest.warns(CpevalWarning):
        back = cp.Instrument.from_redcap(done.path)
    assert [item.code for item in back.items] == ["1", "2", "3", "4", "6", "7"]
    for item in back.items:
        assert list(back.answers(item).codes) == pytest.approx(
            sorted(back.answers(item).codes, reverse=item.code == "3")
        )
        assert back.answers(item).missing_codes == one.answers(one.item(item.code)).missing_codes


@many
def test_xlsform(files, own, tmp_path, label, meaning, title):
    from pyxform.xls2xform import convert

    done = nasty(own, label, meaning, title).to_xlsform(tmp_path / "f.xlsx")
    assert not [cell for cell in files.text_cells(done.path) if files.formula.match(cell)]
    for sheet in ("survey", "choices", "settings"):
        for row in files.sheet(done.path, sheet):
            shown = [v for k, v in row.items() if k != "calculation" and isinstance(v, str)]
            assert not [v for v in shown if "${" in v or re.search("<[A-Za-z/!?]", v)]
    assert convert(done.path, validate=False).xform


@many
def test_entry_sheet(files, own, tmp_path, label, meaning, title):
    done = nasty(own, label, meaning, title).to_excel(tmp_path / "e.xlsx", rows=3)
    assert not [cell for cell in files.text_cells(done.path) if files.formula.match(cell)]


@many
def test_codebook_file(files, own, tmp_path, label, meaning, title):
    for name in ("c.csv", "c.xlsx"):
        path = nasty(own, label, meaning, title).codebook().write(tmp_path / name)
        assert not [cell for cell in files.text_cells(path) if files.formula.match(cell)]


@many
def test_qualtrics(own, tmp_path, label, meaning, title):
    done = nasty(own, label, meaning, title).to_qualtrics(tmp_path / "q.txt")
    text = done.path.read_text(encoding="utf-8")
    tag = re.compile(r"\[\[[A-Za-z]+(:[\w:]+)?\]\]")
    for line in text.split("\n"):
        assert tag.fullmatch(line) or ("[[" not in line and "]]" not in line)
        assert not re.search(r"[{}<]", line)
        assert not re.match(r"^(?:\s*[=+\-@])", line)
    assert text.count("[[ID:") == 8


@many
def test_limesurvey(files, own, tmp_path, label, meaning, title):
    done = nasty(own, label, meaning, title).to_limesurvey(tmp_path / "l.txt")
    assert not [cell for cell in files.text_cells(done.path) if files.formula.match(cell)]
    rows = files.rows(done.path, delimiter="\t")
    assert [row["class"] for row in rows].count("Q") == 8
    assert not [v for row in rows for v in row.values() if re.search(r"[{}<\n\r]", v or "")]
