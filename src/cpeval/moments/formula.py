"""A model formula, parsed: its outcome, and terms made of factors. No data here.

The grammar is formulaic's. What stands inside a call or braces is read as arithmetic, never run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cpeval.errors import OptionError, listed

#: Functions of a number that a formula may use.
FUNCTIONS = ("log", "log2", "log10", "log1p", "exp", "sqrt", "abs")

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


@dataclass(frozen=True)
class Factor:
    """One variable of a term: a column, arithmetic on columns, or categories.

    Attributes
    ----------
    text : str
        As formulaic writes it; names of terms are made of it.
    columns : tuple of str
        The columns of data that it needs.
    category : bool
        Whether the formula says ``C(...)``. A plain column may turn out to hold categories.
    tree : ast.expr or None
        The arithmetic; None for a plain column.
    names : tuple of (str, str)
        Stand-ins in ``tree`` and the columns that they mean.
    reference : str, int, float, bool or None
        The level that the others are compared with, if the formula says.
    """

    text: str
    columns: tuple[str, ...]
    category: bool = False
    tree: ast.expr | None = None
    names: tuple[tuple[str, str], ...] = ()
    reference: str | int | float | bool | None = None


@dataclass(frozen=True)
class Formula:
    """A parsed formula. ``terms`` are in order of degree, then as written; no intercept there."""

    text: str
    outcome: Factor
    intercept: bool
    terms: tuple[tuple[Factor, ...], ...]

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Each factor once, the outcome first."""
        found = {self.outcome.text: self.outcome}
        found |= {factor.text: factor for term in self.terms for factor in term}
        return tuple(found.values())

    @property
    def columns(self) -> tuple[str, ...]:
        """Each column of data once, those of the outcome first."""
        return tuple(dict.fromkeys(name for one in self.factors for name in one.columns))


def parse(text: str) -> Formula:
    """Parse a formula.

    Parameters
    ----------
    text : str
        Such as ``"y ~ arm + baseline + C(sex) + arm:baseline"``.

    Returns
    -------
    Formula

    Raises
    ------
    OptionError
        The text is no formula, has not exactly one outcome, or has terms that moments can't hold;
        the message names each.
    """
    if not isinstance(text, str) or not text.strip():
        raise OptionError(f"A formula is text such as 'y ~ arm + baseline'. Got {text!r}.")
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    flags = DefaultFormulaParser.FeatureFlags.TWOSIDED
    try:
        parsed = DefaultFormulaParser(feature_flags=flags).get_terms(text)
    # The parser lets errors of Python's own reader through.
    except (FormulaicError, SyntaxError, ValueError) as problem:
        first = re.sub(r"\x1b\[[0-9;]*m|⧛|⧚", "", str(problem)).strip().splitlines()
        why = first[0] if first else "it can't be parsed"
        raise OptionError(f"The formula {text!r} can't be read: {why}") from None
    left = list(getattr(parsed, "lhs", None) or ())
    right = list(getattr(parsed, "rhs", None) or ())
    if len(left) != 1 or len(left[0].factors) != 1:
        raise OptionError(
            f"The formula {text!r} must have one outcome left of '~', such as 'y ~ arm'. "
            f"It has {len(left) or 'none'}."
        )
    faults: list[str] = []
    outcome = _factor(left[0].factors[0], faults)
    if outcome.category:
        faults.append(f"{outcome.text!r}: an outcome is a number, not categories.")
    terms: list[tuple[Factor, ...]] = []
    intercept = False
    for term in right:
        if str(term) == "1":
            intercept = True
            continue
        factors = tuple(_factor(factor, faults) for factor in term.factors)
        if any(factor.text == outcome.text for factor in factors):
            faults.append(f"{str(term)!r}: the outcome can't be among the terms.")
        terms.append(factors)
    if not terms and not intercept:
        faults.append("There are no terms right of '~': write 'y ~ 1' for a mean.")
    if faults:
        raise OptionError(
            f"The formula {text!r} has what moments can't hold:\n"
            + "\n".join(f"- {fault}" for fault in dict.fromkeys(faults))
            + "\nSupported: columns (`in backticks` if the name has spaces), C(x), "
            "C(x, Treatment('reference')), a:b, a*b, (a+b)**2, a/b, I(x**2), -1, and "
            f"{', '.join(FUNCTIONS)} of numbers."
        )
    by_degree = sorted(terms, key=len)
    return Formula(text, outcome, intercept, tuple(by_degree))


#: How a formula names a column whose name isn't one word.
_QUOTED = re.compile(r"`([^`]+)`")


def _factor(factor: object, faults: list[str]) -> Factor:
    """Turn formulaic's factor into ours; what is wrong goes to ``faults``."""
    text = str(getattr(factor, "expr", factor))
    method = getattr(getattr(factor, "eval_method", None), "value", "")
    if method == "lookup":
        return Factor(text, (text,))
    if method == "literal":
        faults.append(f"{text!r}: a number can't be a term or multiply one; scale the column.")
        return Factor(text, ())
    names: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        names[f"_quoted_{len(names)}"] = match.group(1)
        return f"_quoted_{len(names) - 1}"

    try:
        tree = ast.parse(_QUOTED.sub(stand_in, text), mode="eval").body
    except SyntaxError:
        faults.append(f"{text!r}: can't be read.")
        return Factor(text, ())
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "C":
        return _category(text, tree, names, faults)
    used: dict[str, str] = {}
    problem = _problem(tree, names, used)
    if problem:
        faults.append(f"{text!r}: {problem}.")
    elif not used:
        faults.append(f"{text!r}: uses no column.")
    return Factor(text, tuple(dict.fromkeys(used.values())), tree=tree, names=tuple(used.items()))


def _category(text: str, call: ast.Call, names: dict[str, str], faults: list[str]) -> Factor:
    """Read ``C(x)``, ``C(x, Treatment("a"))`` or ``C(x, contr.treatment(base="a"))``."""
    wrong = Factor(text, (), category=True)
    given = [*call.args, *(word.value for word in call.keywords if word.arg == "contrasts")]
    others = [str(word.arg) for word in call.keywords if word.arg != "contrasts"]
    if others or not 1 <= len(given) <= 2 or not isinstance(given[0], ast.Name):
        faults.append(f"{text!r}: write C(column) or C(column, Treatment('reference')).")
        return wrong
    column = names.get(given[0].id, given[0].id)
    if len(given) == 1:
        return Factor(text, (column,), category=True)
    contrast = given[1]
    kind = ast.unparse(contrast.func if isinstance(contrast, ast.Call) else contrast)
    if kind not in ("Treatment", "contr.treatment"):
        faults.append(f"{text!r}: of contrasts only Treatment (contr.treatment) can be had.")
        return wrong
    values = (
        [*contrast.args, *(word.value for word in contrast.keywords)]
        if isinstance(contrast, ast.Call)
        else []
    )
    words = {word.arg for word in getattr(contrast, "keywords", ())} - {"base", "reference"}
    if words or len(values) > 1 or not all(isinstance(value, ast.Constant) for value in values):
        faults.append(f"{text!r}: Treatment takes one level, the reference: Treatment('a').")
        return wrong
    reference = values[0].value if values and isinstance(values[0], ast.Constant) else None
    if reference is not None and not isinstance(reference, str | int | float):
        faults.append(f"{text!r}: a reference is text, a number, True or False.")
        return wrong
    return Factor(text, (column,), category=True, reference=reference)


def function_of(call: ast.Call) -> str:
    """Return the name of a call's function: ``log`` for ``np.log(x)`` too."""
    return ast.unparse(call.func).removeprefix("np.").removeprefix("numpy.")


def _problem(node: ast.expr, names: dict[str, str], used: dict[str, str]) -> str:
    """Say what arithmetic holds that isn't arithmetic; fill ``used`` with its columns."""
    if isinstance(node, ast.Name):
        used[node.id] = names.get(node.id, node.id)
        return ""
    if isinstance(node, ast.Constant):
        number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
        return "" if number else f"{node.value!r} is not a number"
    parts: Iterable[ast.expr]
    if isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
        parts = (node.left, node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        parts = (node.operand,)
    elif isinstance(node, ast.Call):
        if function_of(node) not in (*FUNCTIONS, "I") or node.keywords or len(node.args) != 1:
            return f"{ast.unparse(node)!r} is not among the functions {listed(FUNCTIONS)}"
        parts = node.args
    else:
        return f"{ast.unparse(node)!r} can't be computed here"
    return next(filter(None, (_problem(part, names, used) for part in parts)), "")
