"""Which resources people came to reach, kept and lost, and through whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import DuplicateError, OptionError, TooFewError, listed
from cpeval.number_agreement import counted
from cpeval.result import Result
from cpeval.social_capital.access import Ints
from cpeval.social_capital.resource_generator import ResourceGenerator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResourceChange(Result):
    """A `Result` with a row a person who is there before and after.

    Attributes
    ----------
    items : pandas.DataFrame
        A row a resource: term, n (people who answered it both times), gained, kept, lost, never.
    relations : pandas.DataFrame or None
        With relations: a row each: group, gained (resources that are reached through it now, and
        weren't), lost (that were reached through it, and aren't), and of those kept how many
        stayed with it, came to it and left it.
    n_excluded : int
        People who are there only once.
    """

    items: pd.DataFrame
    relations: pd.DataFrame | None
    n_excluded: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw people's resources gained less lost, from the smallest, on ``ax`` or new axes."""
        from cpeval.plots.ego_values import ego_values

        return ego_values(self.table, column="change", ax=ax)


def resource_change(before: ResourceGenerator, after: ResourceGenerator) -> ResourceChange:
    """Compare what the same people reach at two times.

    Parameters
    ----------
    before, after : ResourceGenerator
        Made with a ``study`` (for its person) of one wave's rows each, with the same instrument
        and relations.

    Returns
    -------
    ResourceChange
        ``table``, a row a person: person, n (resources answered both times), before, after, gained,
        kept, lost, change (gained less lost); counts are of those n.

    Raises
    ------
    OptionError
        No results of `resource_generator`, or without people, or of different items or relations.
    DuplicateError
        A person twice at one time.
    TooFewError
        Nobody is there both times.

    Examples
    --------
    >>> import warnings
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1)
    >>> waves = [made.responses[made.responses["wave"] == wave] for wave in ("t0", "t1")]
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", cp.errors.ProvisionalWarning)
    ...     before, after = (
    ...         cp.social_capital.resource_generator(data, study=made.study) for data in waves
    ...     )
    >>> resource_change(before, after).table.columns.tolist()
    ['person', 'n', 'before', 'after', 'gained', 'kept', 'lost', 'change']
    """
    _require_alike(before, after)
    one, other = (result.table["person"] for result in (before, after))
    _require_once(one, other)
    place = pd.Index(other).get_indexer(pd.Index(one))
    rows = np.flatnonzero((place >= 0) & one.notna().to_numpy())
    if not rows.size:
        raise TooFewError("Nobody is there both before and after.")
    theirs = place[rows]
    old, new = before.access.reached[rows], after.access.reached[theirs]
    both = ~np.isnan(old) & ~np.isnan(new)
    had, has = both & (old == 1), both & (new == 1)
    gained, kept, lost = has & ~had, has & had, had & ~has
    table = pd.DataFrame(
        {
            "person": one.iloc[rows].to_numpy(),
            "n": both.sum(axis=1),
            "before": had.sum(axis=1),
            "after": has.sum(axis=1),
            "gained": gained.sum(axis=1),
            "kept": kept.sum(axis=1),
            "lost": lost.sum(axis=1),
            "change": gained.sum(axis=1) - lost.sum(axis=1),
        }
    )
    n_excluded = len(one) + len(other) - 2 * rows.size
    gaps = int((~both).any(axis=1).sum())
    warnings = []
    if n_excluded:
        warnings.append(
            counted(n_excluded, "{n} [person is|people are] there only once; left out.")
        )
    if gaps:
        warnings.append(
            counted(
                gaps,
                "{n} [person has|people have] resources without an answer at one of the times.",
            )
        )
    return ResourceChange(
        table=table,
        note="Resources that people came to reach, kept and lost, of those answered both times.",
        warnings=tuple(warnings),
        items=pd.DataFrame(
            {
                "term": list(before.access.names),
                "n": both.sum(axis=0),
                "gained": gained.sum(axis=0),
                "kept": kept.sum(axis=0),
                "lost": lost.sum(axis=0),
                "never": (both & ~had & ~has).sum(axis=0),
            }
        ),
        relations=_by_relation(
            before.access.relations,
            (before.access.through[rows], after.access.through[theirs]),
            (gained, kept, lost),
        ),
        n_excluded=n_excluded,
    )


def _by_relation(
    relations: tuple[str, ...], through: tuple[Ints, Ints], what: tuple[Bools, Bools, Bools]
) -> pd.DataFrame | None:
    """Count by relation, over all people and resources."""
    if not relations:
        return None
    (old, new), (gained, kept, lost) = through, what
    same = kept & (old == new)
    k = len(relations)

    def count(codes: Ints) -> Ints:
        return np.bincount(codes, minlength=k)

    return pd.DataFrame(
        {
            "group": list(relations),
            "gained": count(new[gained]),
            "lost": count(old[lost]),
            "stayed": count(old[same]),
            "came": count(new[kept & ~same]),
            "left": count(old[kept & ~same]),
        }
    )


def _require_alike(before: ResourceGenerator, after: ResourceGenerator) -> None:
    """Raise `OptionError` unless both are results that can be compared."""
    for name, value in (("before", before), ("after", after)):
        if not isinstance(value, ResourceGenerator):
            raise OptionError(
                f"{name!r} must be what resource_generator returned. Got {type(value).__name__}."
            )
        if "person" not in value.table.columns:
            raise OptionError(f"{name!r} doesn't say who is who: make it with study=.")
    for what, one, other in (
        ("items", before.access.names, after.access.names),
        ("relations", before.access.relations, after.access.relations),
    ):
        if one != other:
            raise OptionError(f"They have other {what}: {listed(one)} and {listed(other)}.")


def _require_once(before: pd.Series, after: pd.Series) -> None:
    """Raise `DuplicateError` for people who are there twice at one time."""
    faults = [
        f"{name}: {listed(twice.unique(), most=10)}"
        for name, people in (("before", before), ("after", after))
        if len(twice := people[people.duplicated(keep=False)])
    ]
    if faults:
        raise DuplicateError(
            f"People with several rows at one time, {'; '.join(faults)}. Give each call of "
            "resource_generator the rows of one wave."
        )
