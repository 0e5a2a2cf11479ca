"""docs/definitions.md names every key of every table and no other, and what it shows runs."""

import doctest
import re
import tomllib
from pathlib import Path

import pytest

import cpeval as cp
from cpeval.definitions import auto_rule, items, model, scales, value_sets
from cpeval.definitions.part import Part

PAGE = (Path(__file__).parents[1] / "docs" / "definitions.md").read_text(encoding="utf-8")

#: The heading under "Every key", and the model whose fields stand there.
TABLES = {
    "The file": model.Instrument,
    "`licence`": model.Licence,
    "`responses`": items.Responses,
    "`items`": items.Item,
    "`items.rules`": items.Rule,
    "`items.auto`": auto_rule.AutoRule,
    "`goals`": items.Goals,
    "`scales`": scales.Scale,
    "`scales.terms`": scales.Term,
    "`scales.linear`": scales.Linear,
    "`scales.bands`": scales.Bands,
    "`scales.bands.bands`": scales.Band,
    "`scales.important_difference`, `scales.reliable_change` and `scales.reliability`": scales.Published,
    "`value_sets`": value_sets.ValueSet,
    "`value_sets.any_at`": value_sets.AnyAt,
}


def blocks(language, text=PAGE):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def documented():
    """Heading to its rows: key, and whether a default is given."""
    part = PAGE.split("\n## Every key\n")[1].split("\n## ")[0]
    return {
        section.split("\n", 1)[0]: {
            key: bool(default.strip())
            for key, default in re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.M)
        }
        for section in part.split("\n### ")[1:]
    }


def parts(kind):
    """All kinds of tables below a kind, those that only share methods left out."""
    for below in kind.__subclasses__():
        yield from [below] if below.model_fields else []
        yield from parts(below)


def test_every_table_is_there():
    assert list(documented()) == list(TABLES)
    assert set(TABLES.values()) == set(parts(Part))


@pytest.mark.parametrize("heading", TABLES)
def test_a_table_names_every_key_and_no_other(heading):
    fields = TABLES[heading].model_fields
    rows = documented()[heading]
    assert list(rows) == list(fields)
    for key, with_default in rows.items():
        field = fields[key]
        needed = field.is_required() or field.default is None
        assert with_default != needed or key == "answered", key


def test_the_status_table_names_every_status():
    said = set(
        re.findall(r"^\| `(\w+)` \| [a-z]", PAGE.split("### How far")[1].split("\n## ")[0], re.M)
    )
    assert said == {"verified", "provisional", "illustrative", "own"}


@pytest.fixture
def mine():
    """The worked example; it is right after every step."""
    steps = blocks("toml", PAGE.split("## A worked example")[1].split("### Health states")[0])
    text = ""
    for number, step in enumerate(steps):
        text += "\n" + step
        if number:
            cp.Instrument.from_mapping(tomllib.loads(text))
    return text


def test_the_worked_example_runs_as_shown(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(mine, encoding="utf-8")
    session = "\n".join(blocks("python"))
    test = doctest.DocTestParser().get_doctest(session, {}, "definitions.md", "definitions.md", 0)
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert result.attempted > 5
    assert result.failed == 0


@pytest.mark.parametrize("name", ["state", "aims", "visits"])
def test_the_other_examples_are_right(name):
    (text,) = [block for block in blocks("toml") if block.startswith(f'name = "{name}"')]
    assert cp.Instrument.from_mapping(tomllib.loads(text)).name == name


def test_the_worked_example_uses_every_way_to_combine_items(mine):
    used = {scale.combine for scale in cp.Instrument.from_mapping(tomllib.loads(mine)).scales}
    assert used == {"sum", "mean", "maximum", "count"}
