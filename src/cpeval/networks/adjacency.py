"""`from_adjacency()`: a matrix an ego, of who knows whom, made ego networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import ArrayLike

from cpeval.errors import NetworkError, OptionError, listed
from cpeval.networks.blocks import Floats
from cpeval.networks.ego_networks import EgoNetworks
from cpeval.networks.tie_answers import answered
from cpeval.numeric import eager

#: Faults that are named before the rest is counted.
_MOST = 20


def from_adjacency(
    matrices: Mapping[object, ArrayLike | pd.DataFrame],
    *,
    egos: IntoDataFrame | None = None,
    alters: IntoDataFrame | None = None,
    wave: str | None = None,
) -> EgoNetworks:
    """Make ego networks of matrices that say which alters know each other.

    Parameters
    ----------
    matrices : mapping
        Ego, or with ``wave`` (ego, wave), to a symmetric matrix of its n alters, shape (n, n):
        0 (no tie) or a strength above 0 (1). A pandas frame has the alters' ids as columns and
        index; in arrays they are numbered from 1. The ego isn't among them. The diagonal is 0 or
        empty. A matrix of shape (0, 0) is of an ego who named nobody.
    egos : eager dataframe, optional
        Attributes of egos, with the columns ``ego`` (and the wave). It may list more egos: they
        have size 0.
    alters : eager dataframe, optional
        Attributes of alters, with the columns ``ego``, (the wave,) ``alter``.
    wave : str, optional
        The name of the column of waves.

    Returns
    -------
    EgoNetworks
        Ties have a ``strength``.

    Raises
    ------
    OptionError
        No mapping; keys that are no (ego, wave).
    NetworkError
        Matrices that are not square, not symmetric, not of numbers from 0, with labels that differ
        or stand twice, or with ties on the diagonal: all of them, by ego. Alters of ``alters``
        that no matrix has.

    Examples
    --------
    >>> from_adjacency({"Ann": [[0, 1, 0], [1, 0, 0], [0, 0, 0]], "Ben": np.zeros((0, 0))})
    EgoNetworks: 2 networks, 3 alters, 1 ties
    """
    if not isinstance(matrices, Mapping) or not matrices:
        raise OptionError("'matrices' maps each ego to its matrix, and holds at least one.")
    if wave is not None:
        odd = [key for key in matrices if not isinstance(key, tuple) or len(key) != 2]
        if odd:
            raise OptionError(f"With 'wave', matrices are of (ego, wave). Got {listed(odd)}.")
    faults: list[str] = []
    keys, ids, ties = [], [], []
    # Each matrix is an object of its own: they are looked at one by one.
    for key, given in matrices.items():
        labels, values, wrong = _matrix(given)
        faults += [f"{listed([key])}: {fault}" for fault in wrong]
        one, other = np.nonzero(np.triu(values, 1) > 0)
        keys.append((len(labels), one.size))
        ids.append(labels)
        ties.append((labels.take(one), labels.take(other), values[one, other]))
    if faults:
        more = f"\n- and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
        raise NetworkError(
            "The matrices can't be made networks:\n"
            + "\n".join(f"- {fault}" for fault in faults[:_MOST])
            + more
        )
    who = _who(matrices, wave)
    numbers = np.arange(len(who))
    named = who.loc[np.repeat(numbers, [n for n, _ in keys])].reset_index(drop=True)
    named["alter"] = pd.concat([pd.Series(one, dtype=object) for one in ids], ignore_index=True)
    tied = who.loc[np.repeat(numbers, [t for _, t in keys])].reset_index(drop=True)
    for k, name in enumerate(("source", "target")):
        parts = [pd.Series(tie[k], dtype=object) for tie in ties]
        tied[name] = pd.concat(parts, ignore_index=True)
    tied["strength"] = np.concatenate([tie[2] for tie in ties])
    named, tied = named.infer_objects(), tied.infer_objects()
    network = ["ego"] if wave is None else ["ego", wave]
    if egos is not None:
        who = eager(egos).to_pandas()
    if alters is not None:
        named = _with_attributes(named, alters, [*network, "alter"])
    return EgoNetworks(who, named, tied, wave=wave)


def _who(matrices: Mapping[object, object], wave: str | None) -> pd.DataFrame:
    """Return a row a matrix: ego, and wave."""
    if wave is None:
        return pd.DataFrame({"ego": pd.Series(list(matrices), dtype=object).infer_objects()})
    pairs = pd.DataFrame(list(matrices), dtype=object).set_axis(["ego", wave], axis=1)
    return pairs.infer_objects()


def _matrix(given: ArrayLike | pd.DataFrame) -> tuple[pd.Index, Floats, list[str]]:
    """Return labels, values (0 where there is no tie) and faults; nothing where there are any."""
    nothing = (pd.Index([]), np.zeros((0, 0)))
    frame = given if isinstance(given, pd.DataFrame) else pd.DataFrame(np.asarray(given))
    if frame.shape[0] != frame.shape[1]:
        return *nothing, [f"the matrix has {frame.shape[0]} rows and {frame.shape[1]} columns"]
    if not isinstance(given, pd.DataFrame):
        frame = frame.set_axis(range(1, len(frame) + 1), axis=0)
        frame = frame.set_axis(range(1, len(frame) + 1), axis=1)
    if not frame.columns.is_unique or not frame.index.is_unique:
        twice = frame.columns[frame.columns.duplicated()].union(
            frame.index[frame.index.duplicated()], sort=False
        )
        return *nothing, [f"alters stand twice: {listed(twice, most=_MOST)}"]
    differ = frame.columns.symmetric_difference(frame.index, sort=False)
    if len(differ):
        return *nothing, [f"rows and columns name other alters: {listed(differ, most=_MOST)}"]
    frame = frame.loc[frame.columns]
    flat, wrong = answered(pd.Series(frame.to_numpy(dtype=object).ravel()).infer_objects())
    faults = []
    if wrong.any():
        odd = pd.Series(frame.to_numpy(dtype=object).ravel()[wrong]).drop_duplicates()
        faults.append(f"values that are not numbers from 0: {listed(odd, most=_MOST)}")
    values = np.nan_to_num(flat.reshape(frame.shape), nan=0.0)
    selves = np.flatnonzero(np.diag(values))
    if selves.size:
        names = listed(frame.columns[selves], most=_MOST)
        faults.append(f"ties of an alter with itself, on the diagonal: {names}")
    one, other = np.nonzero(np.triu(values != values.T))
    if one.size:
        pairs = [
            f"{a!r} and {b!r}"
            for a, b in zip(frame.columns[one], frame.columns[other], strict=True)
        ]
        more = f" and {len(pairs) - _MOST} more" if len(pairs) > _MOST else ""
        faults.append(
            f"ties that differ by direction, and a tie has none: {'; '.join(pairs[:_MOST])}{more}"
        )
    return frame.columns, values, faults


def _with_attributes(named: pd.DataFrame, alters: IntoDataFrame, keys: list[str]) -> pd.DataFrame:
    """Give the alters of matrices their attributes."""
    from cpeval.errors import require_columns

    frame = eager(alters).to_pandas()
    require_columns(list(frame.columns), *keys, what="The alters")
    known = pd.MultiIndex.from_frame(named[keys])
    asked = pd.MultiIndex.from_frame(frame[keys])
    lost, twice = ~asked.isin(known), asked.duplicated()
    if lost.any() or twice.any():
        parts = [
            f"{what}: {listed(asked[rows].tolist(), most=_MOST)}"
            for what, rows in (("in no matrix", lost), ("more than once", twice))
            if rows.any()
        ]
        raise NetworkError(f"The table of alters has alters {'; '.join(parts)}.")
    return named.merge(frame, on=keys, how="left")
