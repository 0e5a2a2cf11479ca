"""What pages show as code runs, page by page, in its order, in an empty folder.

Fences marked ``python`` run as they stand, or as a session where they have ``>>>``; so do
``pycon`` and the code cells of a page that Sphinx executes. ``toml`` is read.
"""

import ast
import doctest
import inspect
import re
import tomllib
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

import cpeval as cp

ROOT = Path(__file__).parents[2]
MADE = ("reference/", "instruments/", "validation-by-test")
FENCE = re.compile(r"^```(python|pycon|\{code-cell\}[^\n]*)\n(.*?)^```$", re.M | re.S)

#: Pages whose snippets are parts of something longer, with the reason. Their calls are still held
#: against the signatures.
PARTS = {
    "docs/files-to-one-table.md": "the same file name stands for several layouts",
    "docs/definitions.md": "it grows with the TOML between; tests/test_definition_docs.py runs it",
}

#: What a page's output has to hold.
SHOWN = {
    "docs/sites.md": ["Kenward"],
    "docs/site-charts.md": ["ratio"],
    "docs/fidelity.md": ["each counting once", "to settle"],
    "docs/how-to/few-sites.md": ["ci_low"],
}


def pages():
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for path in found:
        name = path.relative_to(ROOT).as_posix()
        if not name.removeprefix("docs/").startswith(MADE) and FENCE.search(
            path.read_text("utf-8")
        ):
            yield name


def snippets(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    cells = [re.sub(r"\A(---\n.*?\n---\n|(:[^\n]*\n)+)", "", code, flags=re.S) if kind.startswith("{") else code
             for kind, code in FENCE.findall(text)]  # fmt: skip
    return cells


def people(folder):
    """A study's answers with the names that the README and the guides use."""
    made = cp.simulate(seed=1)
    data = made.data.rename(columns={"person": "id"})
    return data.rename(columns={f"swemwbs_{k}": f"wellbeing_{k}" for k in range(1, 8)})


def sav(folder):
    import pyreadstat

    pyreadstat.write_sav(people(folder), str(folder / "responses.sav"))


def redcap_export(folder):
    pd.DataFrame(
        {
            "record_id": [1, 1, 2, 2],
            "redcap_event_name": ["baseline_arm_1", "six_months_arm_1"] * 2,
            "arm": ["CP", None, "usual", None],
            "mood": [3, 4, 2, -99],
        }
    ).to_csv(folder / "export.csv", index=False)


def wide(folder):
    table = {
        "id": [1, 2],
        "mood_1_t0": [1, 2],
        "mood_2_t0": [2, 2],
        "mood_1_t1": [3, 2],
        "mood_2_t1": [1, 1],
    }
    pd.DataFrame(table).to_csv(folder / "wide.csv", index=False)


def dictionary(folder):
    cp.instrument("swemwbs").to_redcap(folder / "dictionary.csv", form="welcome")


def sites_with_bounds(folder):
    import numpy as np

    rng = np.random.default_rng(1)
    table = {"trust": np.repeat(["N", "S"], 400), "new": np.tile([0, 1], 400)}
    table |= {key: rng.integers(14, 71, 800) for key in ("baseline", "y")}
    return {"data": pd.DataFrame(table)}


def results(folder):
    cp.evaluate(ROOT / "examples" / "help" / "study.toml").report(folder / "report")
    (folder / "results.json").write_bytes((folder / "report" / "results.json").read_bytes())


def answers(folder):
    rows = pd.read_csv(ROOT / "examples" / "help" / "help.csv", nrows=20)
    return {"cp": cp, "data": rows}


#: What lies in the folder, or is known, before a page's first snippet.
GIVEN = {
    "README.md": sav,
    "docs/how-to/spss.md": sav,
    "docs/how-to/redcap.md": redcap_export,
    "docs/how-to/wide.md": wide,
    "docs/exporting.md": dictionary,
    "docs/moments.md": sites_with_bounds,
    "docs/results-json.md": results,
    "docs/scoring.md": answers,
}


@pytest.mark.parametrize("name", [name for name in pages() if name not in PARTS])
def test_snippets_run(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = GIVEN.get(name, lambda folder: {})(tmp_path) or {}
    with (
        warnings.catch_warnings(),
        pd.option_context("display.width", 200, "display.max_columns", 20),
    ):
        # That a definition is provisional, or a part was left out of one, is for the reader to see.
        warnings.simplefilter("ignore", cp.errors.ProvisionalWarning)
        warnings.simplefilter("ignore", cp.CpevalWarning)
        for number, code in enumerate(snippets(name), 1):
            run(code, f"{name}, snippet {number}", names)
    for held in names.values():
        if isinstance(held, TemporaryDirectory):
            held.cleanup()
    shown = capsys.readouterr().out
    for text in SHOWN.get(name, []):
        assert text in shown


def run(code, title, names):
    """Run a snippet; a session's output has to be what it shows."""
    if ">>> " not in code:
        exec(compile(code, title, "exec"), names)
        return
    said = []
    test = doctest.DocTestParser().get_doctest(code, names, title, title, 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.DocTestRunner(optionflags=flags).run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert not result.failed, "".join(said)


def test_a_session_that_shows_something_else_fails():
    with pytest.raises(AssertionError, match="Expected:"):
        run(">>> 1 + 1\n3\n", "made up", {})


@pytest.mark.parametrize("name", PARTS)
def test_calls_in_parts_have_arguments_that_exist(name):
    calls = 0
    for code in snippets(name):
        if ">>> " in code:
            parsed = doctest.DocTestParser().get_examples(code)
            code = "".join(example.source for example in parsed)
        for call in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)):
            dotted = ast.unparse(call.func)
            if dotted.startswith("cp."):
                thing = cp
                for part in dotted.split(".")[1:]:
                    thing = getattr(thing, part)
                given = {keyword.arg: None for keyword in call.keywords}
                inspect.signature(thing).bind(*call.args, **given)
                calls += 1
    assert calls > 0


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.stem)
def test_toml_is_toml(path):
    for text in re.findall(r"^```toml\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S):
        tomllib.loads(text)
