"""`Simulation`: the tables of a simulated study, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from cpeval.errors import require_option
from cpeval.simulation import files
from cpeval.study import Study

TABLES = ("people", "responses", "fidelity", "goals", "services", "egos", "alters", "ties")
_NOTICE = "simulated: nobody in it is real"


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation:
    """A simulated study. Every frame has ``attrs["simulated"] = True``.

    Attributes
    ----------
    people : pandas.DataFrame
        A row a person: person, trust, team, arm, worker, age (years), gender, ethnicity.
    responses : pandas.DataFrame
        A row a person and wave at which they were there: person, wave, swemwbs_1 … swemwbs_7
        (1 to 5), rg_uk_1 … rg_uk_27 (0, 1), rg_uk_1_relation … (through whom: family, friend,
        neighbour, colleague, acquaintance). Missing answers are NaN, missing relations too.
    fidelity : pandas.DataFrame
        A row a person, wave and informant: person, wave, informant (participant, worker,
        observer), assessor, connecting_people_1 … (1 to 5).
    goals : pandas.DataFrame
        A row a goal and wave: person, wave, goal, area, importance (0 to 3), difficulty (0 to
        3), attainment (-2 to 2).
    services : pandas.DataFrame
        A row a person, wave and service: person, wave, service, contacts (before the wave, 0
        included), minutes (mean length of a contact; 0 where there was none).
    egos, alters, ties : pandas.DataFrame
        Networks. ``ego`` holds the person's id. egos: ego, wave. alters: ego, wave, alter (the
        same id at each wave), kind (person, place, activity), relation and gender (of people),
        closeness (1 to 5), frequency (days a month), importance (1 to 5). ties: ego, wave,
        source, target (alters; each tie once).
    truth : dict
        Every true parameter by name, and what the draw made of them; see `simulate`.
    study : Study
        Which column is what.
    """

    people: pd.DataFrame
    responses: pd.DataFrame
    fidelity: pd.DataFrame
    goals: pd.DataFrame
    services: pd.DataFrame
    egos: pd.DataFrame
    alters: pd.DataFrame
    ties: pd.DataFrame
    truth: dict[str, Any]
    study: Study

    def __post_init__(self) -> None:
        for name in TABLES:
            getattr(self, name).attrs["simulated"] = True

    @property
    def data(self) -> pd.DataFrame:
        """People joined to responses: what `cpeval.score` and `cpeval.outcomes` take."""
        return self.joined("responses")

    def joined(self, table: str) -> pd.DataFrame:
        """Return a table with the people's columns in front of its own.

        Parameters
        ----------
        table : str
            ``"responses"``, ``"fidelity"``, ``"goals"``, ``"services"``, ``"egos"``,
            ``"alters"`` or ``"ties"``. The last three keep their column ``ego``; it goes with
            ``person``. Beside the alters' ``gender``, that of the person is ``ego_gender``.

        Raises
        ------
        OptionError
            There is no such table.

        Examples
        --------
        >>> import cpeval as cp
        >>> cp.simulate(seed=1).joined("fidelity").columns[:10].tolist()
        ['person', 'trust', 'team', 'arm', 'worker', 'age', 'gender', 'ethnicity', 'wave',
         'informant']
        """
        require_option("table", table, TABLES[1:])
        right: pd.DataFrame = getattr(self, table)
        key = "ego" if "ego" in right.columns else "person"
        place = pd.Index(self.people["person"]).get_indexer(pd.Index(right[key]))
        left = self.people.take(place).reset_index(drop=True)
        shared = left.columns.intersection(right.columns).drop("person", errors="ignore")
        left = left.rename(columns={name: f"ego_{name}" for name in shared})
        joined = pd.concat([left, right.drop(columns="person", errors="ignore")], axis=1)
        joined.attrs["simulated"] = True
        return joined

    def write(self, folder: str | Path) -> Path:
        """Write the study as files: a CSV a table, the truth, and ``study.toml``.

        ``cpeval evaluate FOLDER/study.toml`` evaluates it. ``truth.json`` holds the parameters,
        ``truth_*.csv`` the tables of the truth.

        Parameters
        ----------
        folder : str or pathlib.Path
            Made when absent. Files of these names are replaced, others left alone.

        Returns
        -------
        pathlib.Path
            The study file.

        Raises
        ------
        OutputError
            The folder can't be made or written.
        """
        tables = {name: getattr(self, name) for name in TABLES}
        return files.write(folder, tables, self.truth, self.study)

    def __repr__(self) -> str:
        """Return what it is and how large its tables are."""
        sizes = [f"  {name}: {len(getattr(self, name)):,} rows" for name in TABLES]
        return "\n".join([f"{self._title()}, {_NOTICE}.", *sizes])

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return the same for a notebook, with the tables' columns."""
        rows = "".join(
            f"<tr><th scope='row'>{name}</th><td>{len(frame):,}</td><td>{_columns(frame)}</td></tr>"
            for name in TABLES
            for frame in [getattr(self, name)]
        )
        head = "".join(f"<th scope='col'>{name}</th>" for name in ("table", "rows", "columns"))
        return (
            f"<div class='cpeval-simulation'><p><strong>{escape(self._title())}</strong>, "
            f"{_NOTICE}.</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def _title(self) -> str:
        people = self.people
        waves = ", ".join(map(str, self.study.waves))
        return (
            f"Study of {people['trust'].nunique():,} Trusts, {people['team'].nunique():,} teams "
            f"and {len(people):,} people at {waves}"
        )


def _columns(frame: pd.DataFrame, most: int = 8) -> str:
    names = list(map(str, frame.columns))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return escape(", ".join(names[:most]) + more)
