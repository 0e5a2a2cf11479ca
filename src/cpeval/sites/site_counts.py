"""What a funnel plot needs of each site: from a row a person, or a row a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import DataError, DuplicateError, OptionError, TooFewError, listed
from cpeval.numeric import ROWS_COUNT, numbers, rows_text, select
from cpeval.sites.site_codes import Codes, site_codes
from cpeval.study import Value

Floats = NDArray[np.float64]

#: For each kind: the columns of a row a person, and of a row a site.
COLUMNS = {
    "proportion": (("outcome",), ("events", "n")),
    "rate": (("outcome", "exposure"), ("events", "exposure")),
    "standardised_ratio": (("outcome", "expected"), ("events", "expected")),
    "mean": (("outcome",), ("mean", "sd", "n")),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteCounts:
    """Sites in order, with what was counted there. Arrays have shape (n_sites,).

    Attributes
    ----------
    site : list
        The labels, of `cpeval.sites.site_codes.site_codes`.
    total : array of float
        Events; for means, the sum of the outcome.
    size : array of float
        People, time at risk, or events expected: what ``total`` is divided by.
    squares : array of float or None
        For means: squared distances from the site's mean, summed.
    n_excluded : int
        Rows left out for a missing value.
    empty : list
        Sites left out, since nothing is left of them.
    """

    site: list[Value]
    total: Floats
    size: Floats
    squares: Floats | None
    n_excluded: int
    empty: list[Value]


def site_counts(
    data: IntoDataFrame, kind: str, site: str, given: Mapping[str, str | None]
) -> SiteCounts:
    """Count events, or sum an outcome, in each site.

    Parameters
    ----------
    data : eager dataframe
    kind : str
        A key of `COLUMNS`.
    site : str
        The column of sites.
    given : mapping
        Argument to the column that the caller named, or None.

    Raises
    ------
    OptionError
        Arguments that don't go with the kind.
    ColumnError, DataError, DuplicateError, TooFewError
        As `cpeval.sites.funnel` says.
    """
    by_site = _by_site(kind, given)
    roles = COLUMNS[kind][by_site]
    columns = {role: str(given[role]) for role in roles}
    clash = [column for column in columns.values() if column == site]
    if clash or len(set(columns.values())) < len(columns):
        raise OptionError(
            f"One column has two roles: site={site!r}, "
            + ", ".join(f"{role}={column!r}" for role, column in columns.items())
            + "."
        )
    table = select(data, site, *columns.values())
    if table.empty:
        raise TooFewError("The data have no rows.")
    values = pd.DataFrame(numbers(table, list(columns.values())), columns=list(roles))
    complete = table[site].notna() & values.notna().all(axis=1)
    for role, column in columns.items():
        if values[role].isna().all():
            raise TooFewError(
                f"There is no number in column {column!r} (nobody answered {column!r})."
            )
    _require_sensible(values, columns, kind, by_site=by_site)
    if by_site:
        _require_once(table, site)
    code, there = site_codes(table[site])
    rows = complete.to_numpy()
    sums = _sums(values[rows], code[rows], len(there), kind, by_site=by_site)
    kept = np.flatnonzero(sums["size"].to_numpy() > 0)
    squares = sums["squares"].to_numpy()[kept] if kind == "mean" else None
    return SiteCounts(
        site=[there[k] for k in kept],
        total=sums["total"].to_numpy()[kept],
        size=sums["size"].to_numpy()[kept],
        squares=squares,
        n_excluded=int((~rows).sum()),
        empty=[label for k, label in enumerate(there) if k not in set(kept)],
    )


def _by_site(kind: str, given: Mapping[str, str | None]) -> bool:
    """Say whether there is a row a site, or raise `OptionError` for arguments that don't fit."""
    named = {role for role, column in given.items() if column is not None}
    person, site = COLUMNS[kind]
    for by_site, roles in ((False, person), (True, site)):
        if named == set(roles):
            return by_site
    ways = " or ".join(
        f"{', '.join(f'{role}=' for role in roles)} ({what})"
        for roles, what in ((person, "a row a person"), (site, "a row a site"))
    )
    raise OptionError(
        f"A funnel of kind {kind!r} takes {ways}. "
        f"Got {', '.join(f'{role}=' for role in sorted(named)) or 'none of them'}."
    )


def _require_sensible(
    values: pd.DataFrame, columns: Mapping[str, str], kind: str, *, by_site: bool
) -> None:
    """Raise `DataError` with every value that no such count can have."""
    wrong: dict[str, NDArray[np.bool_]] = {}
    for role, column in columns.items():
        x = values[role].to_numpy()
        if role == "outcome" and kind == "proportion":
            wrong[f"{column!r} should be 0 or 1"] = ~np.isin(x, (0, 1)) & ~np.isnan(x)
        elif role in ("events", "n") or (role == "outcome" and kind != "mean"):
            wrong[f"{column!r} should be a whole number, 0 or above"] = (x < 0) | (x != np.round(x))
        elif role in ("exposure", "expected", "sd"):
            wrong[f"{column!r} should not be below 0"] = x < 0
    if kind == "proportion" and by_site:
        wrong[f"{columns['events']!r} should not be above {columns['n']!r}"] = (
            values["events"] > values["n"]
        ).to_numpy()
    if "exposure" in columns or "expected" in columns:
        size = values["exposure" if "exposure" in columns else "expected"].to_numpy()
        total = values["events" if by_site else "outcome"].to_numpy()
        name = columns["exposure" if "exposure" in columns else "expected"]
        wrong[f"events with 0 in {name!r}"] = (size == 0) & (total > 0)
    missing = values.isna().any(axis=1).to_numpy()
    faults = []
    for what, rows in wrong.items():
        at = np.flatnonzero(rows & ~missing)
        if at.size:
            of = next((r for r, c in columns.items() if what.startswith(repr(c))), None)
            seen = "" if of is None else f" (got {listed(values[of].iloc[at].unique())})"
            faults.append(f"- {what}: {rows_text(at)}{seen}")
    if faults:
        raise DataError("Values that can't be:\n" + "\n".join(faults) + f"\n{ROWS_COUNT}")


def _require_once(table: pd.DataFrame, site: str) -> None:
    """Raise `DuplicateError` if a site has more than one row."""
    label = table[site].dropna()
    twice = label[label.duplicated(keep=False)]
    if twice.empty:
        return
    shown = [
        f"{listed([name])} ({rows_text(rows.index)})"
        for name, rows in list(twice.groupby(twice, sort=False, observed=True))[:20]
    ]
    more = twice.nunique() - len(shown)
    raise DuplicateError(
        f"There should be one row a site. Column {site!r} has {'; '.join(shown)}"
        + (f", and {more} more" if more > 0 else "")
        + f". Sum the rows of a site, or give outcome= for a row a person. {ROWS_COUNT}"
    )


def _sums(
    used: pd.DataFrame, code: Codes, n_sites: int, kind: str, *, by_site: bool
) -> pd.DataFrame:
    """Sum within sites: total, size, squares; a row a site, zeros where nothing is left."""

    def summed(x: Floats) -> Floats:
        return np.bincount(code, weights=x, minlength=n_sites).astype(float)

    if kind == "mean" and by_site:
        n, mean, sd = (used[role].to_numpy() for role in ("n", "mean", "sd"))
        parts = {"total": n * mean, "size": n, "squares": np.maximum(n - 1, 0) * sd**2}
        return pd.DataFrame({name: summed(x) for name, x in parts.items()})
    total = used["events" if by_site else "outcome"].to_numpy()
    if kind in ("rate", "standardised_ratio"):
        size = used["exposure" if kind == "rate" else "expected"].to_numpy()
    else:
        size = used["n"].to_numpy() if by_site else np.ones(len(used))
    table = pd.DataFrame({"total": summed(total), "size": summed(size)})
    if kind == "mean":
        # Distances from one value of the data: sums of large numbers would lose digits.
        rest = total - (np.median(total) if total.size else 0.0)
        n = np.maximum(table["size"].to_numpy(), 1)
        rest = rest - (summed(rest) / n)[code]
        table["squares"] = summed(rest**2)
    return table
