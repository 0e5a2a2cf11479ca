"""Which informants there are, who of them can rate which item, and who should have rated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import DataError, OptionError, did_you_mean, listed

#: An informant whose ratings are what the others settled on. Always known, expected of nobody.
CONSENSUS = "consensus"


def named_informants(
    instrument: Instrument, given: Sequence[object] | None
) -> tuple[object, ...] | None:
    """Return who should rate: as the call says, else as the definition does; None for neither.

    Raises
    ------
    OptionError
        ``given`` is not a list of different values.
    """
    if given is None:
        return tuple(instrument.all_informants) or None
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise OptionError(
            f"'informants' must be a list, such as ['participant', 'observer']. Got {given!r}."
        )
    if len(set(given)) < len(given):
        raise OptionError(f"'informants' names one twice: {listed(given)}.")
    return tuple(given)


def can_rate(instrument: Instrument, informants: Sequence[object]) -> NDArray[np.bool_]:
    """Say who can rate what, shape (n_informants, n_items); all where the definition is silent."""
    rows = []
    for item in instrument.items:
        named = instrument.informants_of(item)
        rows.append([not named or who in named or who == CONSENSUS for who in informants])
    return np.array(rows, dtype=bool).reshape(len(instrument.items), len(informants)).T


def require_known(there: Sequence[object], named: tuple[object, ...] | None, column: str) -> None:
    """Raise `DataError` for informants that nobody named, or that differ by spelling alone."""
    folded: dict[str, list[object]] = {}
    for who in there:
        folded.setdefault(str(who).strip().casefold(), []).append(who)
    alike = [spelt for spelt in folded.values() if len(spelt) > 1]
    if alike:
        raise DataError(
            f"Informants in {column!r} differ only by capitals or spaces: "
            f"{'; '.join(listed(spelt) for spelt in alike)}. Spell each in one way."
        )
    known = None if named is None else (*named, CONSENSUS)
    unknown = [who for who in there if known is not None and who not in known]
    if unknown:
        hints = ", ".join(f"{listed([who])}{did_you_mean(who, named or ())}" for who in unknown)
        raise DataError(
            f"Unknown informants in {column!r}: {hints}. Known: {listed(named or ())}. Correct "
            "them, leave their rows out, or name all with informants=[…]."
        )
