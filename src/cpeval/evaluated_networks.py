"""``[networks]`` of a study file carried out: personal networks by arm and wave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval import outcomes as analyses
from cpeval.errors import (
    ColumnError,
    DataError,
    OptionError,
    StudyError,
    TooFewError,
    did_you_mean,
    listed,
)
from cpeval.evaluated import Networks, Outcome
from cpeval.networks.average_network import AverageNetwork
from cpeval.networks.ego_networks import EgoNetworks
from cpeval.networks.rare_categories import without_rare
from cpeval.networks.structure import MEASURES
from cpeval.reading.assembling import SourceFile, read_table
from cpeval.reading.joining import join
from cpeval.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpeval.study import Study
    from cpeval.study_file import StudyFile

#: Names of results, and of columns that are joined to the study's, begin so.
PREFIX = "networks/"
SIZE = f"{PREFIX}size"
#: Described beside the measures that are compared.
_DESCRIBED = ("components", "isolates", "effective_size", "constraint")
_TURNOVER = ("kept", "lost", "gained", "turnover")
_MARK, _ROW, _ARM = f"{PREFIX}known", f"{PREFIX}row", f"{PREFIX}arm"
#: More categories are most likely names, and overlap in a picture.
_MOST = 12


@dataclass(frozen=True, eq=False)
class Tables:
    """The files as read."""

    egos: pd.DataFrame
    alters: pd.DataFrame
    ties: pd.DataFrame | None


def load_networks(plan: StudyFile) -> tuple[Tables | None, list[SourceFile]]:
    """Read the files of ``[networks]``; nothing without it.

    Raises
    ------
    StudyError
        ``[networks]`` names columns that the files lack: all of them at once.
    ReadError
        A file can't be read.
    """
    said = plan.networks
    if said is None:
        return None, []
    wave = _wave(plan)
    waves = [wave] if wave is not None else []
    network = [said.ego, *waves]
    own = [name for name in (said.relation, said.kind, *said.only) if name is not None]
    wanted = {
        "egos": network,
        "alters": [*network, said.alter, *own],
        "ties": [*network, said.source, said.target],
    }
    read: dict[str, pd.DataFrame] = {}
    sources: list[SourceFile] = []
    wrong = []
    for role, columns in wanted.items():
        file = getattr(said, role)
        if file is None:
            continue
        spec = {"file": file, "missing": said.missing, "decimal": said.decimal}
        ids = [name for name in columns if name not in own]
        table, files = read_table(
            {**{k: v for k, v in spec.items() if v is not None}, "spare": ids}, plan.folder
        )
        sources += files
        read[role] = table
        there = list(table.columns)
        wrong += [
            f"- {file}: {name!r}{did_you_mean(name, there)}. Columns there: {listed(there)}."
            for name in dict.fromkeys(columns)
            if name not in there
        ]
    if wrong:
        raise StudyError("[networks] names columns that its files lack:\n" + "\n".join(wrong))
    return Tables(read["egos"], read["alters"], read.get("ties")), sources


def columns_of(tables: Tables | None) -> list[str]:
    """Return what ``[labels]`` and ``[values]`` may name of networks."""
    if tables is None:
        return []
    return [*map(str, tables.alters.columns), *(f"{PREFIX}{name}" for name in MEASURES)]


def labels(plan: StudyFile) -> dict[str, str]:
    """Return what measures are called, unless the study says otherwise."""
    if plan.networks is None:
        return {}
    named = {name: name.replace("_", " ").capitalize() for name in MEASURES}
    named |= {"size": "Size of the network", "density": "Density of the network"}
    turnover = {
        "kept": "Alters kept",
        "lost": "Alters lost",
        "gained": "Alters gained",
        "turnover": "Turnover",
    }
    return {**{f"{PREFIX}{name}": label for name, label in named.items()}, **turnover}


def describe(
    plan: StudyFile,
    tables: Tables,
    scored: pd.DataFrame,
    covariates: Mapping[str, str],
    results: dict[str, Result],
    left_out: dict[str, str],
) -> Networks:
    """Analyse networks into ``results``; errors go to ``left_out`` and don't stop the rest.

    Parameters
    ----------
    plan : StudyFile
    tables : Tables
    scored : pandas.DataFrame
        The study's data with scores.
    covariates : mapping of str to str
        What comparisons adjust for.
    results : dict of str to Result
    left_out : dict of str to str
    """
    told = networks(plan)
    try:
        joined = placed(plan, tables, scored)
    except (DataError, OptionError) as error:
        left_out[f"{PREFIX}structure"] = str(error)
        return told
    for name, analysis in network_analyses(plan, joined, covariates):
        try:
            results[name] = analysis()
        except (DataError, OptionError) as error:
            left_out[name] = str(error)
    return told


def networks(plan: StudyFile) -> Networks:
    """Return what the report says of the networks."""
    said = plan.networks
    assert said is not None
    named = {**labels(plan), **plan.labels}
    only = []
    for column, values in said.only.items():
        some = values if isinstance(values, list) else [values]
        shown = [plan.values.get(column, {}).get(_text(v), _text(v)) for v in some]
        only.append(f"{plan.labels.get(column, column)}: {', '.join(shown)}")
    return Networks(
        measures=tuple(
            Outcome(
                column=f"{PREFIX}{name}",
                label=named[f"{PREFIX}{name}"],
                better=said.better.get(name),
            )
            for name in said.compared
        ),
        relation=plan.labels.get(said.relation, said.relation) if said.relation else None,
        kind=plan.labels.get(said.kind, said.kind) if said.kind else None,
        only="; ".join(only),
        has_ties=said.ties is not None,
    )


@dataclass(frozen=True, eq=False)
class Placed:
    """Networks, each with its person's place in the study.

    Attributes
    ----------
    every : EgoNetworks
        Those of people, arms and waves that the study has; the arm is column `_ARM`.
    only : EgoNetworks
        The same, with the alters that are to be taken.
    data : pandas.DataFrame
        The study's rows. `_ROW` is the position of each row's network; missing without one.
    study : Study
    lost : int
        Networks that the study has no place for.
    """

    every: EgoNetworks
    only: EgoNetworks
    data: pd.DataFrame
    study: Study
    lost: int

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What all results warn of."""
        if not self.lost:
            return self.only.warnings
        text = (
            f"{self.lost} networks are of people or waves that the study's data lack, or of people "
            "without an arm; they are not in any result."
        )
        return (text, *self.only.warnings)

    def joined(self, values: Mapping[str, np.ndarray]) -> pd.DataFrame:
        """Add values a network, shape (G,), to the study's rows."""
        row = self.data[_ROW].to_numpy(dtype=float)
        there = ~np.isnan(row)
        added = {}
        for name, of_network in values.items():
            column = np.full(row.size, np.nan)
            column[there] = of_network[row[there].astype(np.int64)]
            added[name] = column
        return self.data.assign(**added)


def placed(plan: StudyFile, tables: Tables, scored: pd.DataFrame) -> Placed:
    """Check the networks, and find the person, arm and wave of each in the study.

    Raises
    ------
    NetworkError
        The tables don't fit together.
    JoinError
        Ids are numbers in one file and text in the other.
    TooFewError
        No network is of a person and wave of the study.
    OptionError
        ``only`` has values that no alter has.
    """
    study, said = plan.study, plan.networks
    assert said is not None
    wave = _wave(plan)
    how = {"ego": said.ego, "alter": said.alter, "wave": wave}
    how |= {"source": said.source, "target": said.target}
    EgoNetworks(
        tables.egos, tables.alters, tables.ties, **how
    )  # all faults, before any is left out
    keys = {study.person: said.ego}
    if study.wave is not None and wave is not None:
        keys[study.wave] = wave
    left = scored.assign(**{_MARK: np.arange(len(scored))})
    right = tables.egos[list(keys.values())].assign(**{_ROW: np.arange(len(tables.egos))})
    both = join(
        left[[*keys, _MARK, *([study.arm] if study.arm else [])]].dropna(subset=list(keys)),
        right,
        on=keys,
        expect="one-to-one",
        unmatched="keep",
    ).dropna(subset=[_MARK, _ROW])
    if study.arm is not None:
        both = both.dropna(subset=[study.arm])
    if both.empty:
        raise TooFewError(
            f"No network in {said.egos} is of a person{' and wave' if len(keys) > 1 else ''} of "
            "the study: ids and waves have to be written alike in both."
        )
    mark, row = (both[name].to_numpy(dtype=np.int64) for name in (_MARK, _ROW))
    arm = both[study.arm].to_numpy(dtype=object) if study.arm else np.full(len(both), "all")
    order = np.argsort(row)
    egos = tables.egos.iloc[row[order]].reset_index(drop=True)
    egos[_ARM] = pd.Series(arm[order], dtype=object).infer_objects()
    network = [said.ego, *([wave] if wave is not None else [])]
    known = pd.MultiIndex.from_frame(egos[network])
    some = [
        None if t is None else t[pd.MultiIndex.from_frame(t[network]).isin(known)]
        for t in (tables.alters, tables.ties)
    ]
    assert some[0] is not None
    alters = some[0].copy()
    for column in (said.relation, said.kind):
        if column is not None and column not in said.only:
            alters[column] = _labelled(plan, alters[column])
    every = EgoNetworks(egos, alters, some[1], **how)
    position = np.full(len(scored), np.nan)
    position[mark[order]] = np.arange(row.size)
    return Placed(
        every,
        every.select(alters=said.only) if said.only else every,
        scored.assign(**{_ROW: position}),
        study,
        len(tables.egos) - row.size,
    )


def network_analyses(
    plan: StudyFile, here: Placed, covariates: Mapping[str, str]
) -> Iterator[tuple[str, Callable[[], Result]]]:
    """Yield every analysis of networks that there are the columns for, by name, not yet run."""
    said, study = plan.networks, here.study
    assert said is not None
    found = here.only.metrics().table
    data = here.joined({f"{PREFIX}{m}": found[m].to_numpy(dtype=float) for m in MEASURES})
    warned = partial(_warned, here.warnings)
    for measure in said.compared:
        column = f"{PREFIX}{measure}"
        yield f"{column}/means", partial(warned, analyses.means, data, column, study)
        compare = partial(analyses.compare, covariates=dict(covariates), sensitivity=False)
        for wave in study.follow_ups:
            at, end = study.at(wave), "" if wave == study.follow_up else f"/{wave}"
            if study.baseline is not None:
                yield f"{column}/change{end}", partial(warned, analyses.change, data, column, at)
            if study.arm is not None:
                yield f"{column}/compare{end}", partial(warned, compare, data, column, at)
        if study.wave is None and study.arm is not None:
            yield f"{column}/compare", partial(warned, compare, data, column, study)
    if here.only.has_ties:
        terms = {f"{PREFIX}{m}": f"{PREFIX}{m}" for m in _DESCRIBED if m not in said.compared}
        note = "Means of measures of personal networks, by arm and wave. "
        note += here.only.metrics().note
        yield f"{PREFIX}structure", partial(_means, here, data, terms, note)
    limit = plan.report.small_count
    if said.relation is not None:
        yield f"{PREFIX}composition", partial(_shares, here, here.only, said.relation, limit)
    if said.kind is not None:
        yield f"{PREFIX}kinds", partial(_shares, here, here.every, said.kind, limit)
    if study.baseline is not None and study.follow_ups:
        yield f"{PREFIX}turnover", partial(_turnover, here)
    if (column := said.relation or said.kind) is not None:
        yield f"{PREFIX}average", partial(_average, here, column, limit)


def _warned(warnings: tuple[str, ...], analysis: Callable[..., Result], *given: object) -> Result:
    made = analysis(*given)
    return replace(made, warnings=tuple(dict.fromkeys((*warnings, *made.warnings))))


def _means(
    here: Placed, data: pd.DataFrame, terms: Mapping[str, str], note: str, *said: str
) -> Result:
    """Describe several columns by arm and wave: a row a term, arm and wave."""
    parts = [analyses.means(data, column, here.study) for column in terms.values()]
    table = pd.concat(
        [
            part.table.assign(term=term)[["term", *part.table.columns]]
            for term, part in zip(terms, parts, strict=True)
        ],
        ignore_index=True,
    )
    warnings = (*here.warnings, *said, *(text for part in parts for text in part.warnings))
    return Result(table=table, note=note, warnings=tuple(dict.fromkeys(warnings)))


def _categories(
    here: Placed, networks: EgoNetworks, column: str, limit: int
) -> tuple[EgoNetworks, tuple[str, ...]]:
    """Pool categories that few networks have, in any arm and wave."""
    cell = here.every.egos_column(_ARM).astype(str)
    if networks.columns.wave is not None:
        cell = cell + "\n" + networks.egos_column(networks.columns.wave).astype(str)
    values = networks.alters_column(column)
    pooled, n_rare = without_rare(values, networks.links.net, cell.to_numpy(), limit)
    there = pooled.dropna().unique()
    if len(there) > _MOST:
        raise ColumnError(
            f"{column!r} has {len(there)} different values, such as {listed(there[:3])}. Put them "
            f"into at most {_MOST} classes first."
        )
    if not len(there):
        raise TooFewError(f"No alter has a value of {column!r}.")
    egos, alters, ties = networks.to_tables()
    made = EgoNetworks(egos, alters.assign(**{column: pooled}), ties, **vars(networks.columns))
    if not n_rare:
        return made, ()
    return made, (
        f"{n_rare} categories of {column!r} stand in too few networks of an arm at a wave to be "
        "shown, and are put together as 'other'.",
    )


def _shares(here: Placed, networks: EgoNetworks, column: str, limit: int) -> Result:
    """Mean share of each category, by arm and wave."""
    pooled, said = _categories(here, networks, column, limit)
    there = sorted(pooled.alters_column(column).dropna().unique())
    found = pooled.composition(column, categories=there)
    # Shares are the table's last columns, in the order of the categories.
    values = found.table.iloc[:, -len(there) :].to_numpy(dtype=float)
    names = {term: f"{PREFIX}share/{term}" for term in there}
    data = here.joined(dict(zip(names.values(), values.T, strict=True)))
    note = (
        f"Composition of personal networks by {column}: the share of each category among an ego's "
        "alters, and the mean of these shares over egos with such alters, each counting once."
    )
    return _means(here, data, names, note, *said)


def _turnover(here: Placed) -> Result:
    """Who stayed, went and came since baseline, by arm: a row a term, arm and follow-up."""
    study = here.study
    design = {"wave": None, "baseline": None, "follow_up": None, "later": ()}
    whole = replace(study, site=None, team=None, worker=None, **design)  # type: ignore[arg-type]
    egos = here.every.columns.ego
    arms = here.every.to_tables().egos[[egos, _ARM]].drop_duplicates(egos).set_index(egos)[_ARM]
    parts, warnings = [], list(here.warnings)
    for wave in study.follow_ups:
        found = here.only.change(study.baseline, wave)
        warnings += found.warnings
        rows = found.table[["ego", *_TURNOVER]].rename(columns={"ego": study.person})
        if study.arm is not None:
            rows[study.arm] = arms.reindex(rows[study.person]).to_numpy()
        for term in _TURNOVER:
            if rows[term].isna().all():
                continue
            made = analyses.means(rows, term, whole)
            warnings += [f"{term.capitalize()}: {text}" for text in made.warnings]
            table = made.table.drop(columns="missing").assign(term=term, wave=wave)
            parts.append(table[["term", *made.table.columns.drop("missing")]])
    return Result(
        table=pd.concat(parts, ignore_index=True),
        note=(
            "Alters kept, lost and gained since baseline, by those with a network at both waves. "
            "Turnover is lost and gained over all named at either wave."
        ),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _average(here: Placed, column: str, limit: int) -> AverageNetwork:
    """Average the networks of each arm at each wave of the study."""
    networks = here.only
    pooled, said = _categories(here, networks, column, limit)
    study, waves = here.study, None
    if networks.columns.wave is not None and study.waves:
        there = pooled.egos_column(networks.columns.wave).unique().tolist()
        waves = [wave for wave in study.waves if wave in there]
    made = pooled.aggregate(column, by=_ARM, wave=waves)
    table = made.table if "wave" in made.table else made.table.assign(wave=None)
    return replace(made, table=table, warnings=(*here.warnings, *said, *made.warnings))


def _wave(plan: StudyFile) -> str | None:
    """Return the networks' column of waves: that of the study, unless another is named."""
    assert plan.networks is not None
    return plan.networks.wave if plan.networks.wave is not None else plan.study.wave


def _labelled(plan: StudyFile, values: pd.Series) -> pd.Series:
    """Put text, and the study's labels, in the place of categories and codes."""
    codes, there = pd.factorize(values)
    named = plan.values.get(str(values.name), {})
    texts = np.array([named.get(_text(v), _text(v)) for v in there] + [None], dtype=object)
    return pd.Series(texts[codes], index=values.index, dtype=object)


def _text(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]
