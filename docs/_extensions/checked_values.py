"""Which test checks which reference value, with which code and how closely, read from the tests.

The tests are read as text (``ast``), not run. A test uses a reference file when the file's name
stands in it, in a fixture that it takes, or in anything of its module that these use.
"""

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from public import things

import cpeval

TESTS = Path(__file__).parents[2] / "tests"
REFERENCE = TESTS / "reference"
#: Keys under which a reference file says where its values are from.
PROVENANCE = ("made_by", "source", "provenance", "call")


@dataclass(frozen=True, kw_only=True)
class Check:
    """A test of a reference value.

    Parameters
    ----------
    place : str
        The test's file below ``tests``.
    name : str
        The test's name as words.
    code : list of str
        What of cpeval the test's part of its module names.
    within : list of str
        Tolerances, with the reason that stands beside them.
    """

    place: str
    name: str
    code: list[str]
    within: list[str]


@dataclass
class Unit:
    """A function or constant of a test module: what it names and which strings it holds."""

    node: ast.AST
    names: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


class Module:
    """A test module, with the conftest modules whose fixtures it can take."""

    def __init__(self, path: Path, above: "Module | None") -> None:
        self.path, self.above = path, above
        self.source = path.read_text(encoding="utf-8")
        self.imported: dict[str, str] = {}
        self.units: dict[str, Unit] = {}
        for node in ast.parse(self.source).body:
            self._take(node)

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cpeval"):
            for alias in node.names:
                self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("cpeval"):
                    self.imported[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.FunctionDef):
            self.units[node.name] = _unit(node)
        elif isinstance(node, ast.ClassDef):
            self.units[node.name] = _unit(node)
            for below in node.body:
                if isinstance(below, ast.FunctionDef):
                    self._take(below)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        self.units[name.id] = _unit(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self.units[node.target.id] = _unit(node)

    def find(self, name: str) -> "tuple[Module, Unit] | None":
        """Return where a name is defined: here, or in a conftest above."""
        if name in self.units:
            return self, self.units[name]
        return self.above.find(name) if self.above else None

    def reached(self, start: str) -> "dict[tuple[Path, str], tuple[Module, Unit]]":
        """Return what a test uses, directly or through others."""
        found: dict[tuple[Path, str], tuple[Module, Unit]] = {}
        waiting = [(self, start)]
        while waiting:
            module, name = waiting.pop()
            where = module.find(name)
            if where is None or (where[0].path, name) in found:
                continue
            found[where[0].path, name] = where
            waiting += [(where[0], other) for other in where[1].names]
        return found


def _unit(node: ast.AST) -> Unit:
    unit = Unit(node)
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            unit.names.add(part.id)
        elif isinstance(part, ast.arg):
            unit.names.add(part.arg)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            unit.words.add(part.value)
    if isinstance(node, ast.FunctionDef):
        # What a name means inside a function alone is nothing of the module's.
        unit.names -= {node.name} | {
            part.id
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        }
    return unit


def modules() -> list[Module]:
    """Return the test modules, each with the conftest modules above it."""
    above: dict[Path, Module] = {}
    for path in sorted(TESTS.rglob("conftest.py"), key=lambda path: len(path.parts)):
        above[path.parent] = Module(path, _nearest(path.parent.parent, above))
    return [Module(path, _nearest(path.parent, above)) for path in sorted(TESTS.rglob("test_*.py"))]


def _nearest(folder: Path, above: dict[Path, Module]) -> Module | None:
    return next((above[one] for one in (folder, *folder.parents) if one in above), None)


def checks() -> dict[str, list[Check]]:
    """Return the tests of each reference file, by its name."""
    found: dict[str, list[Check]] = {path.name: [] for path in sorted(REFERENCE.glob("*.json"))}
    for module in modules():
        for name in module.units:
            if not name.startswith("test_"):
                continue
            reached = module.reached(name)
            words = {word.rpartition("/")[2] for _, unit in reached.values() for word in unit.words}
            for file in found.keys() & words:
                found[file].append(_check(module, name, reached))
    return found


def _check(
    module: Module, name: str, reached: dict[tuple[Path, str], tuple[Module, Unit]]
) -> Check:
    code: set[str] = set()
    within: set[str] = set()
    for (_, unit_name), (where, unit) in reached.items():
        code |= _cpeval_names(where, unit)
        within |= _tolerance(where, unit_name, unit)
    return Check(
        place=module.path.relative_to(TESTS).as_posix(),
        name=name.removeprefix("test_").replace("_", " "),
        code=sorted(code),
        within=sorted(within) or [_without_tolerance(reached)],
    )


def _without_tolerance(reached: dict[tuple[Path, str], tuple[Module, Unit]]) -> str:
    """Say how close is close where no tolerance is written."""
    called = {
        _dotted(part.func).rpartition(".")[2]
        for _, unit in reached.values()
        for part in ast.walk(unit.node)
        if isinstance(part, ast.Call)
    }
    if "assert_allclose" in called:
        return "1e-7, the default of NumPy's comparison"
    return "1e-6, the default of pytest's comparison" if "approx" in called else "equal"


def _cpeval_names(module: Module, unit: Unit) -> set[str]:
    """What a unit calls of cpeval, by its public name where it has one."""
    found = set()
    for part in ast.walk(unit.node):
        if isinstance(part, ast.Call):
            dotted = _dotted(part.func)
            head, _, rest = dotted.partition(".")
            if head in module.imported:
                found.add(f"{module.imported[head]}.{rest}".rstrip("."))
        elif isinstance(part, ast.Name) and part.id in module.imported and part.id.islower():
            found.add(module.imported[part.id])
    public = {id(thing): name for name, thing in things().items()}
    return {shown for name in found if (shown := _public(name, public))}


def _public(name: str, public: dict[int, str]) -> str:
    """The public name of what an import names: nothing for errors and for cpeval itself."""
    thing: object = cpeval
    parts = name.split(".")[1:]
    for part in parts:
        if not hasattr(thing, part):
            # A module that isn't loaded, or an attribute of a result.
            break
        thing = getattr(thing, part)
        if id(thing) in public:
            return "".join(["cp", public[id(thing)].removeprefix("cpeval")])
    return "" if name in ("cpeval",) or name.startswith("cpeval.errors") else name


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return "?"


def _tolerance(module: Module, name: str, unit: Unit) -> set[str]:
    """A named constant below a hundredth, or a tolerance that is written in a call."""
    if isinstance(unit.node, ast.Assign) and name.isupper():
        numbers = [
            part.value
            for part in ast.walk(unit.node.value)
            if isinstance(part, ast.Constant) and isinstance(part.value, float)
        ]
        if not numbers or max(numbers) > 0.01 or not re.search(_SMALL, name):
            return set()
        return {" ".join(f"{max(numbers):g}{_reason(module, unit.node)}".split())}
    found = set()
    for part in ast.walk(unit.node):
        if isinstance(part, ast.keyword) and part.arg in ("rtol", "atol", "rel", "abs"):
            value = part.value
            if isinstance(value, ast.Constant) and isinstance(value.value, float):
                found.add(f"{value.value:g}")
    return found


#: What constants that hold a tolerance are called.
_SMALL = r"TOL|EXACT|CLOSE|ITERATED|PRINTED|DIGITS|ROUND|WITHIN"


def _reason(module: Module, node: ast.Assign) -> str:
    """The comment beside a constant, or above it."""
    lines = module.source.splitlines()
    beside = re.search(r"#:? (.*)", lines[node.end_lineno - 1])
    if beside:
        return f": {beside[1]}"
    said = []
    for line in reversed(lines[: node.lineno - 1]):
        if not line.startswith("#"):
            break
        said.insert(0, line.lstrip("#: "))
    return f": {' '.join(said)}" if said else ""


def provenance(file: str) -> list[str]:
    """Return what a reference file says of where its values are from, at any depth."""
    held = json.loads((REFERENCE / file).read_text(encoding="utf-8"))
    if isinstance(held, dict) and any(isinstance(held.get(key), str) for key in PROVENANCE):
        said = [held[key] for key in PROVENANCE if isinstance(held.get(key), str)]
    else:
        said = list(dict.fromkeys(_inside(held)))
    versions = held.get("versions", {}) if isinstance(held, dict) else {}
    return [*said, *([", ".join(f"{k} {v}" for k, v in versions.items())] if versions else [])]


def _inside(held: object) -> list[str]:
    if not isinstance(held, dict):
        return []
    own = [held[key] for key in PROVENANCE if isinstance(held.get(key), str)]
    return own or [said for one in held.values() for said in _inside(one)]


def gaps() -> list[str]:
    """Name each reference file that no test reads, or that doesn't say where it is from."""
    said = []
    for file, tests in checks().items():
        if not tests:
            said.append(f"{file}: no test reads it")
        if not provenance(file):
            said.append(
                f"{file}: it doesn't say where its values are from ({', '.join(PROVENANCE)})"
            )
        elif not any(one.code for one in tests):
            said.append(f"{file}: its tests call nothing of cpeval")
    return said


INTRODUCTION = """\
# Reference values, test by test

This page is made from the tests, each time it is built. A reference value is a number that others
computed: with R or another package, in a published table, or by hand. It lies in a file of
`tests/reference`, which says where it is from. Below is which tests read each file, what of cpeval
they run, and **Within**: the tolerances that stand in a test and in what it uses. They are
relative, but for those next to zero. "Equal" means that no difference passes. A file that no test
reads, or that doesn't say where it is from, makes the tests fail.

[Validation](validation.md) says the same by statistic, with what was checked against data and
properties."""


def text() -> str:
    """Return the page."""
    found = checks()
    lines = [
        *INTRODUCTION.splitlines(),
        "",
        f"{len(found)} files, {sum(map(len, found.values()))} tests.",
        "",
    ]
    for file, tests in found.items():
        lines += [f"## {file.removesuffix('.json').replace('_', ' ')}", ""]
        lines += [f"From: {_plain('; '.join(provenance(file)))}", ""]
        lines += ["| Test | Of | Within |", "| --- | --- | --- |"]
        for one in tests:
            code = ", ".join(f"`{name.removeprefix('cpeval.')}`" for name in one.code)
            lines.append(f"| {_plain(one.name)} | {code} | {_plain('; '.join(one.within))} |")
        lines += [""]
    return "\n".join(lines)


def _plain(words: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", words)
