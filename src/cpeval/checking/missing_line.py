"""Values that look like missing codes, and the line that declares them in a study file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

#: Codes that survey software writes for a missing answer and that people forget to declare.
FORGOTTEN = (
    *(-1.0, -7.0, -8.0, -9.0, -77.0, -88.0, -99.0, -999.0),
    *(77.0, 88.0, 99.0, 777.0, 888.0, 999.0, 9999.0),
)


def missing_line(frame: pd.DataFrame, suspects: Mapping[str, Sequence[float]]) -> str:
    """Return one line of TOML for all suspects, by column.

    A code that stands in no other column is declared for all; one that may be a true value
    elsewhere, such as an age of 99, for its columns only.

    >>> data = pd.DataFrame({"q1": [1, -9], "q2": [99, 2], "age": [99, 40]})
    >>> missing_line(data, {"q1": [-9.0], "q2": [99.0]})
    'missing = { "*" = [-9], "q2" = [99] }'
    """
    everywhere: list[float] = []
    own: dict[str, list[float]] = {}
    for code in sorted({code for codes in suspects.values() for code in codes}):
        columns = [column for column, codes in suspects.items() if code in codes]
        if _elsewhere(frame, code, columns):
            for column in columns:
                own.setdefault(column, []).append(code)
        else:
            everywhere.append(code)
    named = {**({"*": everywhere} if everywhere else {}), **own}
    parts = [f"{json.dumps(c, ensure_ascii=False)} = {_list(codes)}" for c, codes in named.items()]
    return f"missing = {{ {', '.join(parts)} }}"


def _elsewhere(frame: pd.DataFrame, code: float, columns: Sequence[str]) -> bool:
    others = [c for c in frame.columns if c not in columns]
    numbers = frame[others].select_dtypes("number")
    texts = (str(int(code)), str(code))
    words = frame[others].select_dtypes(exclude=["number", "datetime", "bool"])
    return bool(
        (numbers.to_numpy(dtype=float, na_value=np.nan) == code).any()
        or any(words[c].astype(str).isin(texts).any() for c in words.columns)
    )


def _list(codes: Sequence[float]) -> str:
    return f"[{', '.join(f'{code:g}' for code in codes)}]"
