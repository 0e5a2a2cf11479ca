"""Labels in item columns made codes, as a study file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd


def recoded(data: pd.DataFrame, columns: Iterable[str], codes: Mapping[str, float]) -> pd.DataFrame:
    """Replace labels by codes in some columns; what is no label stays for `check` to find.

    Parameters
    ----------
    data : pandas.DataFrame
        Left as it is.
    columns : iterable of str
        Those that aren't there, or hold numbers already, are passed over.
    codes : mapping of str to float
        Label to code. Case and spaces around a label don't matter.

    Returns
    -------
    pandas.DataFrame
        A column all of whose cells are codes then is a column of numbers.

    Examples
    --------
    >>> data = pd.DataFrame({"q1": ["Often", "never ", None], "q2": [1, 2, 3]})
    >>> recoded(data, ["q1", "q2"], {"never": 1, "often": 4})["q1"].tolist()
    [4.0, 1.0, nan]
    """
    known = {label.strip().casefold(): float(code) for label, code in codes.items()}
    made = data.copy(deep=False)
    made.attrs = dict(data.attrs)
    for column in columns:
        if column not in made or pd.api.types.is_numeric_dtype(made[column]):
            continue
        cells = made[column].astype(object)
        found = cells.astype(str).str.strip().str.casefold().map(known)
        mixed = found.astype(object).where(found.notna(), cells)
        numbers = pd.to_numeric(mixed, errors="coerce")
        made[column] = numbers if numbers.notna().eq(cells.notna()).all() else mixed
    return made
