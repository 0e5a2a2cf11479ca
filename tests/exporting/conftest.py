"""What the tests of exports share: instruments ready for a form, and an evaluator of formulas."""

import csv
import math
import re
from types import SimpleNamespace

import openpyxl
import pytest

import cpeval as cp

#: What a spreadsheet would run, as this project understands it.
FORMULA = re.compile(r"^(?:[\s\u00a0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")

OWN = {
    "name": "own",
    "title": "A scale of everything",
    "citation": "Nobody (2020).",
    "licence": {"terms": "Ask.", "address": "https://example.org"},
    "responses": {
        "five": {"codes": {1: "no", 2: "rather not", 3: "partly", 4: "rather", 5: "yes"}, "missing_codes": [8, 9]},
        "level": {"codes": {-2: "much less", -1: "less", 0: "as expected", 1: "more", 2: "much more"}},
        "hundred": {"codes": {0: "worst", 100: "best"}, "between": True},
        "gap": {"codes": {0: "none", 10: "all"}, "between": True, "missing_codes": [99]},
        "half": {"codes": {0: "no", 0.5: "half", 1: "whole"}},
    },
    "items": [
        {"code": "1", "label": "first", "responses": "five"},
        {"code": "2", "label": "second", "responses": "five", "reversed": True},
        {"code": "3", "label": "third", "responses": "level"},
        {"code": "4", "label": "fourth", "responses": "hundred"},
        {"code": "5", "label": "fifth", "responses": "gap"},
        {"code": "6", "label": "sixth", "responses": "half"},
        {
            "code": "7",
            "label": "seventh",
            "responses": "five",
            "values": {1: 0, 2: 0, 3: 1, 4: 1.5, 5: -3},
            "rules": [
                {"item": "3", "codes": "missing", "values": {1: 9, 2: 8, 3: 7, 4: 6, 5: 5}},
                {"item": "3", "codes": [-2, 2], "values": {1: 1, 2: 2, 3: 4, 4: 8, 5: 16}},
            ],
        },
    ],
    "scales": [
        {"name": "sum", "label": "Sum", "items": "all"},
        {"name": "mean", "label": "Mean", "items": "all", "combine": "mean", "answered": 3},
        {"name": "full", "label": "Mean of all", "items": ["1", "2"], "combine": "mean"},
        {"name": "pro", "label": "Prorated", "items": ["1", "2", "7"], "answered": 2, "prorate": True},
        {"name": "there", "label": "Sum of those there", "items": ["3", "6"], "answered": 1},
        {"name": "top", "label": "Highest", "items": ["1", "2", "3", "6", "7"], "combine": "maximum", "answered": 1},
        {"name": "many", "label": "Count", "items": ["1", "2", "3"], "combine": "count", "counted": [1, 2], "answered": 2},
        {"name": "heavy", "label": "Weighted", "items": ["1", "3"], "weights": {"1": 0.25, "3": -2}, "answered": 1},
        {"name": "line", "label": "Line", "of": "full", "linear": {"start": [1, 5], "end": [100, 0]}},
        {"name": "table", "label": "Table", "items": ["1", "2"], "lookup": {n: n * n / 7 for n in range(2, 11)}},
        {"name": "both", "label": "Both", "terms": [{"scale": "line", "weight": 0.3, "mean": 3, "sd": 2}, {"scale": "top", "weight": -1.5}], "multiply": 10, "constant": 50},
    ],
}  # fmt: skip

CLASHING = {
    "name": "clash",
    "title": "Two codings",
    "citation": "Nobody (2020).",
    "licence": {"terms": "Ask."},
    "responses": {
        "r": {
            "codes": {1: "none", 2: "some", 3: "all"},
            "codings": {"1-3": {1: 1, 2: 2, 3: 3}, "0-2": {0: 1, 1: 2, 2: 3}},
        }
    },
    "items": [
        {"code": "1", "label": "item 1", "responses": "r"},
        {"code": "2", "label": "item 2", "responses": "r", "reversed": True},
    ],
    "scales": [{"label": "Sum", "items": "all", "range": [2, 6]}],
}

GOALS = {
    "name": "goal",
    "title": "Goals",
    "citation": "Nobody (2020).",
    "licence": {"terms": "free"},
    "responses": {"level": OWN["responses"]["level"]},
    "goals": {"label": "goal", "responses": "level"},
    "scales": [{"label": "T", "items": "all", "combine": "goal_attainment", "correlation": 0.3}],
}


def definition(mapping):
    return cp.Instrument.from_mapping(mapping)


def ready(name):
    """A shipped instrument, with what a form needs to be told."""
    one = cp.instrument(name)
    if one.codings:
        one = one.with_coding(one.codings[-1])
    return one if one.goals is None else one.with_goals(3)


SHIPPED = list(cp.instruments())


@pytest.fixture(scope="session")
def own():
    return definition(OWN)


@pytest.fixture(scope="session")
def clash():
    return definition(CLASHING)


@pytest.fixture(scope="session")
def goals():
    return definition(GOALS)


@pytest.fixture(params=[*SHIPPED, "own", "clash", "goal"])
def one(request):
    """Each shipped instrument, and three of our own that use the whole form of definitions."""
    mine = {"own": OWN, "clash": CLASHING, "goal": GOALS}.get(request.param)
    if mine is None:
        return ready(request.param)
    made = definition(mine)
    if made.codings:
        return made.with_coding("0-2")
    return made if made.goals is None else made.with_goals(3)


def csv_rows(path, **how):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, **how))


def sheet_rows(path, name):
    """The rows of a sheet by its header; empty cells are None."""
    head, *rows = openpyxl.load_workbook(path)[name].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def text_cells(path):
    """Every text that a spreadsheet would show of a file."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        return [cell.value for cell in cells if isinstance(cell.value, str)]
    how = {"delimiter": "\t"} if path.suffix == ".txt" else {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        every = [cell for row in csv.reader(file, **how) for cell in row]
    return [cell for cell in every if not re.fullmatch(r"-?\d+(\.\d+)?", cell)]


# ---- an evaluator of what REDCap's calculations and XPath have in common

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|\[(?P<redcap>\w+)\]|\$\{(?P<xpath>\w+)\}|(?P<blank>""|'')
    |(?P<word>if|and|or|div)\b|(?P<sign><>|!=|<=|>=|[-+*/(),=<>]))""",
    re.VERBOSE,
)
DIVIDE = {"redcap": "/", "xpath": "div"}
UNEQUAL = {"redcap": "<>", "xpath": "!="}


class Evaluator:
    """Evaluates one formula; a blank that takes part in a sum or an order is an error.

    Both sides of `if`, `and` and `or` are parsed, only those that count are evaluated.
    """

    def __init__(self, formula, dialect):
        self.dialect = dialect
        self.tokens = []
        place = 0
        while place < len(formula.rstrip()):
            match = TOKEN.match(formula, place)
            assert match, f"not {dialect}: {formula[place : place + 30]!r}"
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        self.at = 0

    def __call__(self):
        tree = self.either()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return tree

    def take(self, *values):
        if self.at < len(self.tokens) and self.tokens[self.at][1] in values:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def need(self, value):
        assert self.take(value), (value, self.tokens[self.at : self.at + 5])

    def either(self):
        left = self.both()
        while self.take("or"):
            left = (lambda a, b: lambda x: a(x) or b(x))(left, self.both())
        return left

    def both(self):
        left = self.compared()
        while self.take("and"):
            left = (lambda a, b: lambda x: a(x) and b(x))(left, self.compared())
        return left

    def compared(self):
        left = self.added()
        sign = self.take("=", UNEQUAL[self.dialect], "<=", ">=", "<", ">")
        if sign is None:
            return left
        return (lambda a, b: lambda x: compare(sign, a(x), b(x)))(left, self.added())

    def added(self):
        left = self.multiplied()
        while sign := self.take("+", "-"):
            left = arithmetic(sign, left, self.multiplied())
        return left

    def multiplied(self):
        left = self.single()
        while sign := self.take("*", DIVIDE[self.dialect]):
            left = arithmetic(sign, left, self.single())
        return left

    def single(self):
        if self.take("-"):
            return (lambda a: lambda x: -a(x))(self.single())
        if self.take("("):
            inside = self.either()
            self.need(")")
            return inside
        if self.take("if"):
            self.need("(")
            holds = self.either()
            self.need(",")
            one = self.either()
            self.need(",")
            other = self.either()
            self.need(")")
            return lambda x: one(x) if holds(x) else other(x)
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return lambda x: float(text)
        if kind == "blank":
            return lambda x: None
        assert kind == self.dialect, (kind, text)
        return lambda x: x[text]


def compare(sign, a, b):
    if sign in ("=", "<>", "!="):
        return (a == b) == (sign == "=")
    assert a is not None
    assert b is not None
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]


def arithmetic(sign, one, other):
    def value(x):
        a, b = one(x), other(x)
        assert a is not None, "a blank takes part"
        assert b is not None, "a blank takes part"
        if sign == "+":
            return a + b
        if sign == "-":
            return a - b
        return a * b if sign == "*" else a / b

    return value


def evaluated(formulas, people, dialect):
    """Evaluate formulas by field, in order, for each of some people (field to answer or None)."""
    trees = {field: Evaluator(formula, dialect)() for field, formula in formulas.items()}
    made = []
    for person in people:
        known = dict(person)
        for field, tree in trees.items():
            known[field] = tree(known)
        made.append({f: math.nan if known[f] is None else float(known[f]) for f in formulas})
    return made


@pytest.fixture(scope="session")
def files():
    """Readers of what was written, and the evaluator."""
    return SimpleNamespace(
        rows=csv_rows, sheet=sheet_rows, text_cells=text_cells, evaluated=evaluated, formula=FORMULA
    )
