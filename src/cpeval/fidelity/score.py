"""`score`: components and total of every informant's ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import OptionError, require_option
from cpeval.fidelity.assessments import Floats, Ratings, long_table
from cpeval.fidelity.gathering import Gathered, gather
from cpeval.fidelity.item_ratings import require_items
from cpeval.fidelity.merging import DUPLICATES
from cpeval.fidelity.occasion_order import order_warning
from cpeval.fidelity.rated_scales import (
    banded,
    items_in_scales,
    require_codes_where_needed,
    scale_scores,
)
from cpeval.fidelity.who_rates import can_rate, named_informants
from cpeval.number_agreement import counted
from cpeval.scoring.item_columns import Items
from cpeval.scoring.score import warn_provisional
from cpeval.scoring.uses import Which, ready
from cpeval.study import Study


def score(
    data: IntoDataFrame,
    instrument: Which,
    study: Study,
    *,
    informant: str,
    assessor: str | None = None,
    occasion: str | None = None,
    items: Items = None,
    item: str | None = None,
    rating: str | None = None,
    informants: Sequence[object] | None = None,
    duplicates: str = "refuse",
    on_invalid: str = "raise",
    bands: str | Mapping[str, str] | None = None,
) -> Ratings:
    """Score ratings by informants: components and total per unit, informant and occasion.

    Parameters
    ----------
    data : eager dataframe
        One row a rating occasion, with a column an item; or, with ``item`` and ``rating``, one
        row an item.
    instrument : str, pathlib.Path or Instrument
        A shipped one by name, the path of a definition, or one that is loaded.
    study : Study
        Of its person, worker, team and site, the finest that is a column of the data is what was
        rated; the coarser ones are kept beside it. A row without a coarser one takes it from the
        unit's other rows of that occasion.
    informant : str
        Column: who rated, as participant, worker, observer.
    assessor : str, optional
        Column: which person that was. Two observers of one unit are then no duplicates.
    occasion : str, optional
        Column: when. By default the study's wave, if the data have it. An ordered categorical has
        its own order; else the study's waves come first, then numbers and dates by size, and text
        by the numbers in it, with a warning.
    items : str, sequence or mapping, optional
        Which column holds which item of wide data, as `cpeval.score` takes it.
    item, rating : str, optional
        Columns of long data: the item's code (or ``<instrument>_<code>``) and the rating.
    informants : sequence, optional
        Who should rate each unit. By default those that the definition names; else nobody is
        unknown, and those in the data are expected.
    duplicates : {"refuse", "mean", "first", "last"}
        The same informant (and assessor) twice for a unit and occasion: an error, or item by
        item the mean of the ratings, or the first or last of them in the data's order.
    on_invalid : {"raise", "missing"}
        Ratings that are not among the item's codes (as between two anchors), or by an informant
        who can't rate the item: an error, or missing, and counted.
    bands : str or mapping, optional
        Which set of bands, where a scale has several, as `cpeval.band` takes it.

    Returns
    -------
    Ratings
        ``table``: the unit's columns, occasion, informant, assessor, then scale, estimate (NaN
        where too few items were rated), answered, n_items, band. ``items``: the ratings long.

    Raises
    ------
    ColumnError
        Columns are absent, or hold text where numbers should be.
    OptionError, DefinitionError
        An argument is wrong.
    TooFewError
        No rows.
    DataError
        Rows without unit, informant or occasion; unknown informants; a unit in two places on one
        occasion; items that the instrument hasn't.
    CodeError
        Ratings that are not among the codes, or by who can't rate the item.
    DuplicateError
        An informant rated a unit twice on an occasion; the message has the rows.

    Notes
    -----
    Scales come out of the ratings by the definition's own rules, as in `cpeval.score`.

    Examples
    --------
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1)
    >>> ratings = cp.fidelity.score(made.joined("fidelity"), "connecting_people", made.study,
    ...                             informant="informant", assessor="assessor")
    >>> ratings.unit, ratings.occasion
    (('trust', 'team', 'worker', 'person'), 'wave')
    >>> ratings.table.columns[4:].tolist()
    ['wave', 'informant', 'assessor', 'scale', 'estimate', 'answered', 'n_items', 'band']
    """
    require_option("duplicates", duplicates, DUPLICATES)
    require_option("on_invalid", on_invalid, ("raise", "missing"))
    one = ready(instrument)
    require_items(one)
    gathered = gather(
        data,
        one,
        study,
        informant=informant,
        assessor=assessor,
        occasion=occasion,
        items=items,
        item=item,
        rating=rating,
        named=named_informants(one, informants),
        duplicates=duplicates,
        on_invalid=on_invalid,
    )
    warn_provisional(one)
    return _ratings(gathered, study, duplicates, bands)


def _ratings(
    gathered: Gathered, study: Study, duplicates: str, bands: str | Mapping[str, str] | None
) -> Ratings:
    one, layout = gathered.instrument, gathered.layout
    require_codes_where_needed(one, gathered.given, f"duplicates={duplicates!r}")
    scores, answered = scale_scores(one, gathered.given)
    names = pd.Index(list(gathered.informants), dtype=object)
    who = names.get_indexer(pd.Index(gathered.sheets[layout.informant].astype(object)))
    possible = (can_rate(one, gathered.informants).astype(int) @ items_in_scales(one))[who]
    table = long_table(
        gathered.sheets,
        {"scale": one.columns},
        {
            "estimate": scores,
            "answered": answered,
            "n_items": possible,
        },
    )
    table["band"] = pd.Series(banded(one, scores, bands).ravel(), dtype="str")
    return Ratings(
        table=table,
        note=_note(gathered),
        warnings=tuple(_warnings(gathered, scores, duplicates)),
        sheets=gathered.sheets,
        given=gathered.given,
        instrument=one,
        study=study,
        unit=layout.unit,
        key=layout.key,
        informant=layout.informant,
        assessor=layout.assessor,
        occasion=layout.occasion,
        informants=gathered.informants,
        arms=gathered.arms,
        occasions=gathered.occasions,
        order_guessed=gathered.order_guessed,
        n_invalid=gathered.n_invalid,
        n_merged=gathered.n_merged,
    )


def _note(gathered: Gathered) -> str:
    one, layout = gathered.instrument, gathered.layout
    n_units = len(gathered.sheets[list(layout.key)].drop_duplicates())
    when = "" if layout.occasion is None else f", by {layout.occasion}"
    return (
        f"{one.title}, scored by its definition (version {one.version}) from "
        f"{len(gathered.sheets)} sheets on {n_units} units ({layout.key[-1]}){when}. "
        f"{one.citation.rstrip('.')}."
    )


def _warnings(gathered: Gathered, scores: Floats, duplicates: str) -> list[str]:
    said = []
    if gathered.order_guessed:
        column = gathered.sheets[gathered.layout.occasion]
        said.append(order_warning(column, gathered.occasions))
    blank = int(np.isnan(gathered.given).all(axis=1).sum())
    if blank:
        n_sheets = len(gathered.given)
        words = "{n} of {n_sheets} sheets [has|have] no rating at all."
        said.append(counted(blank, words, n_sheets=n_sheets))
    short = int((np.isnan(scores).any(axis=1) & ~np.isnan(gathered.given).all(axis=1)).sum())
    if short:
        said.append(
            counted(
                short,
                "{n} sheet[s] [has|have] too few ratings for some of the scales, whose estimate is "
                "missing there.",
            )
        )
    if gathered.n_invalid:
        said.append(
            counted(
                gathered.n_invalid,
                "{n} rating[s] [was|were] not among the codes, or by an informant who can't rate "
                "the item, and [was|were] made missing.",
            )
        )
    if gathered.n_merged:
        said.append(
            f"An informant rated a unit more than once on an occasion: {gathered.n_merged} more "
            f"than once each were taken together (duplicates={duplicates!r})."
        )
    return said


def as_ratings(
    data: IntoDataFrame | Ratings,
    instrument: Which | None,
    study: Study | None,
    given: Mapping[str, object],
) -> Ratings:
    """Return ratings that were scored before, or score them.

    Parameters
    ----------
    data : eager dataframe or Ratings
    instrument, study
        Needed for a dataframe.
    given : mapping
        Arguments of `score`; `Ratings` take none of them.

    Raises
    ------
    OptionError
        Arguments of `score` beside `Ratings`, which has its own; or some that a dataframe needs
        are not given.
    """
    if isinstance(data, Ratings):
        spare = [name for name, value in given.items() if value is not None]
        if spare:
            raise OptionError(
                f"These ratings are scored already, so they take no {', '.join(spare)}. Say it to "
                "cp.fidelity.score."
            )
        return data
    lacks = [
        name
        for name, value in (
            ("instrument", instrument),
            ("study", study),
            ("informant=", given.get("informant")),
        )
        if value is None
    ]
    if lacks:
        raise OptionError(f"From a dataframe, this needs {', '.join(lacks)} too.")
    assert instrument is not None
    assert study is not None
    said = {name: value for name, value in given.items() if value is not None}
    return score(data, instrument, study, **said)  # type: ignore[arg-type]
