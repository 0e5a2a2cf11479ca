"""The resource generator: what people can get from whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, require_level
from cpeval.number_agreement import counted
from cpeval.numeric import eager, select
from cpeval.result import Result
from cpeval.scoring.item_columns import Items, item_columns
from cpeval.scoring.score import score
from cpeval.social_capital.access import Access, Relations, access_of, labels_of, prevalence
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.measurement import Scalability


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResourceGenerator(Result):
    """A `Result` with a row a person: how many resources they reach.

    Attributes
    ----------
    items : pandas.DataFrame
        A row a resource: term (the item's code), label, n (answers), estimate (the share who reach
        it), ci_low, ci_high, and ``through_…`` of each relation: its share of all answers.
    access : Access
        The answers: who reaches what, and through whom.
    scales : tuple of str
        The columns of the table that are scores, the total first.
    """

    items: pd.DataFrame
    access: Access
    scales: tuple[str, ...]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share who reach each resource, with intervals, on ``ax`` or new axes."""
        from cpeval.plots.intervals import intervals

        return intervals(self.items, ax=ax, xlabel="Share who reach it", zero=False)

    def scalability(self, **how: Any) -> Scalability:  # noqa: ANN401
        """Check whether resources order people alike: `measurement.scalability` of all items.

        ``how`` are its arguments, such as ``missing="pairwise"``.
        """
        from cpeval.measurement import scalability

        return scalability(
            pd.DataFrame(self.access.reached, columns=list(self.access.names)), **how
        )


def resource_generator(
    data: IntoDataFrame,
    instrument: str | Path | Instrument = "rg_uk",
    study: Study | None = None,
    *,
    access: Relations | None = None,
    items: Items = None,
    level: float = 0.95,
) -> ResourceGenerator:
    """Say how many resources people reach through others, and through whom.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        A row a person (and wave).
    instrument : str, pathlib.Path or Instrument, default "rg_uk"
        A resource generator: a definition whose answers are 0 (no access) and 1 (access). Its
        subscales are scored once their items are known: ``cp.instrument("rg_uk").with_keys(...)``.
    study : Study, optional
        Names the columns of person and wave, which the table then has.
    access : mapping, optional
        What the codes in the data mean, the strongest tie first: ``{1: "family", 2: "friend"}``. 0
        is nobody, unless a code has None. Without it answers are 1 and 0.
    items : optional
        Where the items are, as in `cpeval.score`.
    level : float, default 0.95
        Of the intervals (Wilson's) in ``items``.

    Returns
    -------
    ResourceGenerator
        ``table``, a row a row of the data: person and wave, or row (from 1); the scores, by each
        scale's own rule for gaps; with ``access``, ``through_…``: the resources reached through
        each relation, missing where the total is.

    Raises
    ------
    ColumnError
        Columns that are absent.
    CodeError
        Answers that mean nothing, with columns, values and rows.
    OptionError
        The instrument's answers are not 0 and 1; ``access`` is no such mapping.
    DefinitionError
        No such instrument.

    Notes
    -----
    A resource counts 1 if somebody gives access to it [1]_ [2]_. Where several do, data hold the
    strongest tie.

    References
    ----------
    .. [1] Van der Gaag & Snijders (2005). The Resource Generator. Social Networks, 27(1), 1-29.
    .. [2] Webber & Huxley (2007). Measuring access to social capital. Social Science & Medicine,
       65(3), 481-492.

    Examples
    --------
    >>> import cpeval as cp
    >>> own = cp.Instrument.from_mapping({
    ...     "name": "rg", "title": "Three resources", "status": "verified", "version": "1",
    ...     "citation": "Made up.", "sources": ["Made up."], "licence": {"terms": "Free."},
    ...     "items": [{"code": c, "label": f"Resource {c}", "responses": "a"} for c in "abc"],
    ...     "responses": {"a": {"codes": {0: "no", 1: "yes"}}},
    ...     "scales": [{"label": "Resources", "items": "all", "range": [0, 3]}],
    ... })
    >>> data = pd.DataFrame({"rg_a": [1, 2], "rg_b": [1, 0], "rg_c": [0, 0]})
    >>> found = resource_generator(data, own, access={1: "family", 2: "friend"})
    >>> found.table
       row   rg  through_family  through_friend
    0    1  2.0             2.0             0.0
    1    2  1.0             0.0             1.0
    """
    require_level(level)
    definition = resolve(instrument)
    _require_yes_or_no(definition)
    frame = eager(data)
    columns = item_columns(definition, items, frame.columns)
    roles = () if study is None else (study.person, study.wave)
    table = select(data, *columns.values(), *roles)
    read = access_of(table, list(columns.values()), access)
    answers = pd.DataFrame(read.reached, columns=list(columns.values()))
    scored = score(answers, definition, items=columns)
    scales = [name for name in scored.columns if name not in answers.columns]
    result = pd.concat([labels_of(table, study), scored[scales]], axis=1)
    total = scored[scales[0]].notna().to_numpy()
    for k, relation in enumerate(read.relations):
        result[f"through_{relation}"] = np.where(total, (read.through == k).sum(axis=1), np.nan)
    named = Access(
        names=tuple(columns),
        reached=read.reached,
        through=read.through,
        relations=read.relations,
    )
    shares = prevalence(named, level)
    shares.insert(1, "label", [definition.item(code).label for code in columns])
    gaps = int((~read.complete).sum())
    warnings = (
        [counted(gaps, "{n} of {of} rows [leaves|leave] a resource out.", of=len(table))]
        if gaps
        else []
    )
    if definition.unkeyed:
        warnings.append(
            "Not scored, since their items have to be given with with_keys: "
            + ", ".join(str(scale.name) for scale in definition.unkeyed)
            + "."
        )
    return ResourceGenerator(
        table=result,
        note=(
            f"{definition.title}: resources that somebody gives access to (Van der Gaag & "
            f"Snijders, 2005); intervals of shares are Wilson's, {100 * level:g} %."
        ),
        warnings=tuple(warnings),
        items=shares,
        access=named,
        scales=tuple(scales),
    )


def _require_yes_or_no(definition: Instrument) -> None:
    """Raise `OptionError` unless all answers are 0 and 1."""
    others = [item.code for item in definition.items if definition.worth(item) - {0.0, 1.0}]
    if others:
        raise OptionError(
            f"{definition.name} is no resource generator: its items are not 0 (no access) and 1 "
            f"(access), such as item {others[0]!r}."
        )
