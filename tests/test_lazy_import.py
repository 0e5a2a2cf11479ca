"""`import cpeval` is light, and still shows all its names to people and to type checkers."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import cpeval

HEAVY = {
    *("pandas", "numpy", "scipy", "matplotlib", "seaborn", "statsmodels", "pingouin"),
    *("pydantic", "narwhals", "polars", "pyarrow", "openpyxl", "pyreadstat", "jinja2"),
    *("rich", "typer", "IPython"),
}


def in_a_fresh_process(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_import_loads_nothing_heavy():
    code = "import cpeval, json, sys; print(json.dumps([*sys.modules]))"
    loaded = {name.partition(".")[0] for name in in_a_fresh_process(code)}
    assert "cpeval" in loaded
    assert not loaded & HEAVY


def test_import_loads_only_itself_of_the_package():
    code = "import cpeval, json, sys; print(json.dumps([n for n in sys.modules if 'cpeval' in n]))"
    assert in_a_fresh_process(code) == ["cpeval"]


def test_a_study_loads_no_dataframes():
    code = "import cpeval, json, sys; cpeval.Study(person='id'); print(json.dumps([*sys.modules]))"
    assert not {name.partition(".")[0] for name in in_a_fresh_process(code)} & HEAVY


def test_dir_lists_the_public_names_before_any_is_loaded():
    code = "import cpeval, json; print(json.dumps(dir(cpeval)))"
    assert in_a_fresh_process(code) == sorted(cpeval.__all__)


@pytest.mark.parametrize("name", cpeval.__all__)
def test_every_public_name_resolves_and_stays_the_same_object(name):
    first = getattr(cpeval, name)
    assert getattr(cpeval, name) is first
    assert vars(cpeval)[name] is first  # so the second use costs no import machinery


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'cpeval' has no attribute 'evalute'$"):
        cpeval.evalute  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'evalute' from 'cpeval'"):
        from cpeval import evalute  # noqa: F401


def type_checking_imports():
    """Name, where it comes from, and the name it gets, for each import of the block."""
    tree = ast.parse(Path(cpeval.__file__).read_text(encoding="utf-8"))
    blocks = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    ]
    assert len(blocks) == 1
    return [
        (alias.name, statement.module, alias.asname)
        for statement in blocks[0].body
        for alias in statement.names
    ]


def test_type_checkers_see_the_same_names_from_the_same_places():
    seen = {
        name: f"cpeval.{name}" if module == "cpeval" else f"{module}:{name}"
        for name, module, _ in type_checking_imports()
    }
    assert seen == cpeval._PUBLIC


def test_type_checkers_may_use_the_names():
    """A typed package exports what `__all__` spells out, as a list that can be read unrun."""
    tree = ast.parse(Path(cpeval.__file__).read_text(encoding="utf-8"))
    (spelt,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert set(ast.literal_eval(spelt)) == {*cpeval._PUBLIC, "__version__"}
