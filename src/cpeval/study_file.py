"""``study.toml`` as a whole: where the data are, what was asked, what to report."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from cpeval.definitions.catalogue import instrument as shipped
from cpeval.definitions.model import Instrument
from cpeval.definitions.scales import Scale
from cpeval.definitions.validation import mistakes
from cpeval.errors import DefinitionError, OptionError, ReadError, StudyError
from cpeval.fidelity.rules import checked_weights
from cpeval.study import Study
from cpeval.study_file_tables import Data, Fidelity, Networks, Outcomes, Reporting, Table, Use
from cpeval.toml_reading import read_toml


class StudyFile(Table):
    """A study file, validated as a whole."""

    title: Annotated[str, Field(min_length=1)] = "Evaluation"
    question: str = ""
    simulated: bool = False
    study: Annotated[
        Study, BeforeValidator(lambda t: Study.from_mapping(t) if isinstance(t, dict) else t)
    ]
    data: Data
    instruments: dict[str, Use] = Field(default_factory=dict)
    outcomes: Outcomes
    fidelity: Fidelity | None = None
    networks: Networks | None = None
    report: Reporting = Reporting()
    labels: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    folder: Path = Field(default=Path(), exclude=True)

    @classmethod
    def from_toml(cls, path: str | Path) -> StudyFile:
        """Read and validate a study file.

        Raises
        ------
        StudyError
            It can't be read, or has mistakes: all of them, each with its key.
        """
        path = Path(path)
        table = read_toml(path, StudyError)
        reserved = ["- folder: there is no such key"] if "folder" in table else []
        table.pop("folder", None)
        try:
            made = cls.model_validate({**table, "folder": path.parent})
            lines = reserved + [f"- {line}" for line in made.instrument_mistakes()]
        except ValidationError as error:
            lines = reserved + [f"- {line}" for line in mistakes(error, cls)]
            lines += [f"- {line}" for line in _unknown_instruments(table.get("instruments"))]
        if lines:
            raise StudyError(f"{path} has mistakes:\n" + "\n".join(lines))
        return made

    def instrument_mistakes(self) -> list[str]:
        """Return what is wrong with the instruments it names."""
        found = []
        for name in self.instruments:
            try:
                one = self._ready(name, self.instruments[name])
                one.require_ready()
            except (DefinitionError, OptionError, ReadError) as error:
                found.append(f"instruments.{name}: {error}")
            else:
                if one.name != name:
                    found.append(
                        f"instruments.{name}: its definition is named {one.name!r}; use that name"
                    )
        if self.fidelity is not None:
            try:
                self.rated.require_ready()
            except (DefinitionError, OptionError, ReadError) as error:
                found.append(f"fidelity: {error}")
            else:
                found.extend(_cuts_outside(self.fidelity.cuts, self.rated))
                found.extend(_weights_of_others(self.fidelity, self.rated))
        return found

    @cached_property
    def rated(self) -> Instrument:
        """The definition by which fidelity is rated; only where there is ``[fidelity]``."""
        assert self.fidelity is not None
        if self.fidelity.definition is not None:
            return Instrument.from_toml(self.folder / self.fidelity.definition)
        return shipped(str(self.fidelity.instrument))

    def instrument(self, name: str) -> Instrument:
        """Return the definition behind a name: a shipped one, or the file that the study names.

        With the keys, the coding and the value set that the study gives.
        """
        return self._instruments[name]

    @cached_property
    def _instruments(self) -> dict[str, Instrument]:
        return {name: self._ready(name, use) for name, use in self.instruments.items()}

    def _ready(self, name: str, use: Use) -> Instrument:
        own = use.definition
        one = shipped(name) if own is None else Instrument.from_toml(self.folder / own)
        if use.keys:
            one = one.with_keys(use.keys)
        if use.coding is not None:
            one = one.with_coding(use.coding)
        if use.value_set is not None:
            known = use.value_set in one.value_sets
            one = one.with_value_set(use.value_set if known else self.folder / use.value_set)
        return one


def total_of(instrument: Instrument) -> Scale:
    """Return the scale that stands for all of an instrument: the one with the most items."""
    sizes = [len(instrument.items_of(scale)) for scale in instrument.scored]
    return instrument.scored[sizes.index(max(sizes))]


def _weights_of_others(said: Fidelity, rated: Instrument) -> list[str]:
    """Say where weights don't fit the informants that the definition names."""
    if said.weights is None or said.informants is not None or not rated.all_informants:
        return []
    try:
        checked_weights(said.weights, rated.all_informants)
    except OptionError as error:
        return [f"fidelity.weights: {error}"]
    return []


def _cuts_outside(cuts: dict[str, float] | None, rated: Instrument) -> list[str]:
    """Say where categories don't fit the scores that there can be."""
    total = total_of(rated)
    if cuts is None or total.range is None:
        return []
    (low, high), names = total.range, list(cuts)
    where = f"scores of {rated.column(total)} run from {low:g} to {high:g}"
    found = []
    if cuts[names[0]] > low:
        found.append(
            f"fidelity.cuts.{names[0]}: is the lowest category, and {where}: start it there"
        )
    found += [
        f"fidelity.cuts.{name}: nobody can be there, since {where}"
        for name in names
        if cuts[name] > high
    ]
    return found


def _unknown_instruments(table: object) -> list[str]:
    """Name the instruments that don't ship, of a file that has other mistakes too."""
    found = []
    for name, use in table.items() if isinstance(table, dict) else ():
        if isinstance(use, dict) and "definition" not in use:
            try:
                shipped(str(name))
            except DefinitionError as error:
                found.append(f"instruments.{name}: {error}")
    return found
