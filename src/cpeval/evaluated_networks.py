"""``[networks]`` of a study file carried out: personal networks by arm and wave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from cpeval import outcomes as analyses
from cpeval.errors import (
    ColumnError,
    DataError,
    OptionError,
    TooFewError,
    listed,
)
from cpeval.evaluated import Networks, Outcome
from cpeval.network_files import ARM, PREFIX, Placed, Tables, as_text, placed
from cpeval.networks.average_network import AverageNetwork
from cpeval.networks.ego_networks import EgoNetworks
from cpeval.networks.rare_categories import without_rare
from cpeval.networks.structure import MEASURES
from cpeval.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpeval.study_file import StudyFile

#: Described beside the measures that are compared.
_DESCRIBED = ("components", "isolates", "effective_size", "constraint")
_TURNOVER = ("kept", "lost", "gained", "turnover")
#: More categories are most likely names, and overlap in a picture.
_MOST = 12


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
        shown = [plan.values.get(column, {}).get(as_text(v), as_text(v)) for v in some]
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
    if said.relation is not None or said.kind is not None:
        which = str(said.relation or said.kind)
        yield f"{PREFIX}average", partial(_average, here, which, limit)


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
    cell = here.every.egos_column(ARM).astype(str)
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
    arms = here.every.to_tables().egos[[egos, ARM]].drop_duplicates(egos).set_index(egos)[ARM]
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
    study = here.study
    waves: list[object] | None = None
    if networks.columns.wave is not None and study.waves:
        there = pooled.egos_column(networks.columns.wave).unique().tolist()
        waves = [wave for wave in study.waves if wave in there]
    made = pooled.aggregate(column, by=ARM, wave=waves)
    # The comparison first, as in all tables.
    table, between, sizes = (
        frame.sort_values(
            "group", key=lambda arm: arm == study.intervention, kind="stable", ignore_index=True
        )
        for frame in (made.table, made.between, made.sizes)
    )
    return replace(
        made,
        table=table if "wave" in table else table.assign(wave=None),
        between=between,
        sizes=sizes,
        warnings=(*here.warnings, *said, *made.warnings),
    )
