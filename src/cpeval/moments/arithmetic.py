"""The arithmetic of a formula, on arrays or on expressions of an engine."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from cpeval.moments.formula import Factor, function_of

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}

#: Functions of arrays.
ON_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
}


def _above(value: nw.Expr, least: float) -> nw.Expr:
    """Null where a logarithm isn't defined: there some engines stop and others don't."""
    return nw.when(value > least).then(value)


#: The same as expressions.
ON_EXPRESSIONS: dict[str, Callable[[Any], Any]] = {
    "log": lambda x: _above(x, 0).log(),
    "log2": lambda x: _above(x, 0).log(2),
    "log10": lambda x: _above(x, 0).log(10),
    "log1p": lambda x: (_above(x, -1) + 1).log(),
    "exp": lambda x: x.exp(),
    "sqrt": lambda x: nw.when(x >= 0).then(x).sqrt(),
    "abs": lambda x: x.abs(),
}


def computed(
    factor: Factor, columns: Mapping[str, Any], functions: Mapping[str, Callable[[Any], Any]]
) -> Any:  # noqa: ANN401
    """Return the value of a numeric factor.

    Parameters
    ----------
    factor : Factor
    columns : mapping
        Column to its array of floats, or its expression.
    functions : mapping
        `ON_ARRAYS` or `ON_EXPRESSIONS`.
    """
    if factor.tree is None:
        return columns[factor.columns[0]]
    names = dict(factor.names)

    def value(node: ast.expr) -> Any:  # noqa: ANN401
        if isinstance(node, ast.Constant):
            return float(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return columns[names[node.id]]
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp):
            inner = value(node.operand)
            return -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.Call):
            name = function_of(node)
            inner = value(node.args[0])
            return inner if name == "I" else functions[name](inner)
        raise AssertionError(ast.unparse(node))  # the parser let nothing else through

    return value(factor.tree)
