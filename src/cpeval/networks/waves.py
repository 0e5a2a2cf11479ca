"""Which waves are meant, and which network is of which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import OptionError, WaveError, did_you_mean, listed
from cpeval.networks.groups import Groups, groups_of

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData


def as_list(value: object) -> list[object]:
    """Return one value, or several, as a list.

    >>> as_list("t0"), as_list(("t0", "t1"))
    (['t0'], ['t0', 't1'])
    """
    several = isinstance(value, list | tuple | np.ndarray | pd.Series | pd.Index)
    return list(value) if several else [value]  # type: ignore[call-overload]


def waves_among(networks: NetworkData, wave: object) -> Groups:
    """Return the waves that are wanted, and that of each network, shape (G,), -1 for others.

    Parameters
    ----------
    networks : NetworkData
    wave : object or list
        None is all, in their order. Networks without waves have one, None.

    Raises
    ------
    OptionError
        A wave is wanted, and there are none.
    WaveError
        Waves that are not there, or one twice.
    """
    name = networks.columns.wave
    if name is None:
        if wave is not None:
            raise OptionError("There are no waves: give wave= when the networks are made.")
        return Groups((None,), np.zeros(len(networks), dtype=np.int64))
    every = groups_of(networks.labels()["wave"], name)
    if wave is None:
        return every
    wanted = as_list(wave)
    gone = [one for one in wanted if one not in every.labels]
    if gone or not wanted or len(set(wanted)) < len(wanted):
        hints = ", ".join(f"{one!r}{did_you_mean(one, every.labels)}" for one in gone)
        raise WaveError(
            (f"No ego has the wave {hints}. " if gone else "Give one wave or several, each once. ")
            + f"Waves there: {listed(every.labels)}."
        )
    into = np.array([wanted.index(one) if one in wanted else -1 for one in every.labels] + [-1])
    return Groups(tuple(wanted), into[every.codes])
