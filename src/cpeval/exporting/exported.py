"""What an export did: the file, the column of each item, what the form can't do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cpeval.errors import OptionError, listed, require_option
from cpeval.exporting.asked import Question
from cpeval.result import Result


@dataclass(frozen=True, kw_only=True, eq=False)
class Exported(Result):
    """A `Result` on a file that was written.

    Attributes
    ----------
    table : pandas.DataFrame
        A row an item: instrument, item, label, column, kind (of field), answers.
    path : pathlib.Path
        The file.
    """

    path: Path

    def items(self, instrument: str | None = None) -> dict[str, str]:
        """Return item code to column, as `cpeval.score` takes it in ``items=``.

        Parameters
        ----------
        instrument : str, optional
            Needed when the file holds several.

        Raises
        ------
        OptionError
            The file holds several and none is named, or not the one that is.
        """
        rows = self.table
        names = list(dict.fromkeys(rows["instrument"]))
        if instrument is None and len(names) > 1:
            raise OptionError(f"The file holds {listed(names)}. Say of which: items({names[0]!r}).")
        if instrument is not None:
            require_option("instrument", instrument, names)
            rows = rows[rows["instrument"] == instrument]
        return dict(zip(rows["item"], rows["column"], strict=True))


def exported(
    path: Path,
    program: str,
    questions: Sequence[Question],
    kinds: Sequence[str],
    *,
    prefix: str,
    warnings: Sequence[str] = (),
) -> Exported:
    """Describe an export; names that `cpeval.score` would not find by itself are said."""
    table = pd.DataFrame(
        {
            "instrument": [q.instrument.name for q in questions],
            "item": [q.item.code for q in questions],
            "label": [q.label for q in questions],
            "column": [q.column for q in questions],
            "kind": list(kinds),
            "answers": [q.span for q in questions],
        },
        dtype=object,
    )
    names = dict.fromkeys(q.instrument.name for q in questions)
    other = [q.column for q in questions if q.column != f"{q.instrument.name}_{q.item.code}"]
    said = list(warnings)
    if other and not prefix:
        said.append(
            f"{len(other)} columns have other names than cpeval.score looks for, such as "
            f"{other[0]!r}: give it items= (this result's .items() has them)."
        )
    note = f"{path.name}: a form for {program} with {', '.join(names)}, {len(questions)} items."
    return Exported(table=table, note=note, warnings=tuple(said), path=path)
