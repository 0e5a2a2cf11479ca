"""The tables of a study file: which keys each has, and what must fit together within it."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cpeval.errors import did_you_mean, listed
from cpeval.fidelity.rules import checked_weights
from cpeval.networks.structure import MEASURES
from cpeval.study import Value

Missing = dict[str, list[str | int | float]]
#: What a column is: "auto" leaves it to the column's type and whether its values have labels.
Kind = Literal["auto", "number", "category"]


class Table(BaseModel):
    """What all tables of a study file share: a key that isn't known is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Wide(Table):
    """How one row a person becomes one row a person and wave."""

    pattern: str | None = None
    waves: dict[str, str] | list[Value] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.pattern is None and not isinstance(self.waves, dict):
            raise ValueError(
                'give pattern = "{item}_{wave}" or waves = { t0 = "_pre", t1 = "_post" }'
            )
        return self


class Redcap(Table):
    """How a REDCap export becomes one row a person and wave."""

    events: dict[str, Value] | None = None
    record: str | None = None
    person_columns: list[str] = []


class Joined(Table):
    """Another file, joined to the table by a column."""

    file: str
    on: str | list[str] | dict[str, str]
    expect: Literal["one-to-one", "one-to-many", "many-to-one"] = "many-to-one"
    unmatched: Literal["raise", "keep", "drop"] = "raise"
    missing: Missing | None = None
    sheet: str | None = None
    decimal: Literal[".", ","] | None = None


class Data(Table):
    """Where the data are. Paths are relative to the study file."""

    file: str | None = None
    files: dict[str, str] | None = None
    format: Literal["long", "wide", "redcap"] = "long"
    missing: Missing | None = None
    sheet: str | None = None
    decimal: Literal[".", ","] | None = None
    wide: Wide | None = None
    redcap: Redcap | None = None
    join: list[Joined] = []

    @model_validator(mode="before")
    @classmethod
    def _format_follows(cls, table: Any) -> Any:  # noqa: ANN401
        """A table [data.wide] or [data.redcap] says the format by itself."""
        if isinstance(table, dict) and "format" not in table:
            said = [name for name in ("wide", "redcap") if name in table]
            return {**table, "format": said[0]} if said else table
        return table

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.files is None):
            raise ValueError(
                'give file = "…", or files = { t0 = "…", t1 = "…" } with one file a wave'
            )
        if self.files is not None and self.format != "long":
            raise ValueError(
                "files (one a wave) are stacked as they are; format can't be given too"
            )
        if self.format == "wide" and self.wide is None:
            raise ValueError("format is wide: say how columns are named in [data.wide]")
        if self.format != "wide" and self.wide is not None:
            raise ValueError(f"[data.wide] is there, but format is {self.format!r}")
        if self.format != "redcap" and self.redcap is not None:
            raise ValueError(f"[data.redcap] is there, but format is {self.format!r}")
        return self


class Use(Table):
    """How the study uses an instrument: where its items are, and what the definition leaves open.

    ``coding``, ``value_set`` (a name, or a table's path), ``keys`` (scale to item codes) and
    ``weights`` (of goals) are as `cpeval.score` and `Instrument.with_keys` take them.
    """

    items: str | list[str] | dict[str | int, str] | None = None
    recode: dict[str, float] = {}
    definition: str | None = None
    on_invalid: Literal["raise", "missing"] = "raise"
    coding: str | None = None
    value_set: str | None = None
    keys: dict[str, list[str]] = {}
    weights: str | list[str] | None = None


class Outcomes(Table):
    """What the programme was to change, and what comparisons adjust for."""

    primary: str
    secondary: list[str] = []
    covariates: dict[str, Kind] = {}
    better: dict[str, Literal["higher", "lower"]] = {}

    @field_validator("covariates", mode="before")
    @classmethod
    def _as_mapping(cls, given: Any) -> Any:  # noqa: ANN401
        """A list of names leaves the kind to the column's type."""
        return dict.fromkeys(given, "auto") if isinstance(given, list) else given

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = self.columns
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{listed(twice)} is named twice")
        return self

    @property
    def columns(self) -> list[str]:
        """The outcomes, the primary one first."""
        return [self.primary, *self.secondary]


class Fidelity(Table):
    """Ratings of how the programme was delivered, in a file of their own.

    Names of columns and ``items``, ``item``, ``rating``, ``informants``, ``duplicates``, ``rule``,
    ``weights``, ``observer``, ``otherwise`` as `cpeval.fidelity.triangulate` takes them;
    ``consensus`` is the sheet of a meeting, filled in, for ``rule = "consensus"``.
    ``arms`` says whose delivery: the intervention's, or all. ``cuts`` says where categories of the
    total start, from the lowest up.
    """

    file: str
    instrument: str | None = None
    definition: str | None = None
    informant: str
    assessor: str | None = None
    occasion: str | None = None
    items: str | list[str] | dict[str | int, str] | None = None
    item: str | None = None
    rating: str | None = None
    informants: list[str] | None = None
    duplicates: Literal["refuse", "mean", "first", "last"] = "refuse"
    on_invalid: Literal["raise", "missing"] = "raise"
    rule: Literal["median", "weighted", "consensus", "observer_first"] = "median"
    weights: dict[str, float] | None = None
    observer: str = "observer"
    consensus: str | None = None
    otherwise: Literal["median", "weighted"] | None = None
    arms: Literal["intervention", "all"] = "intervention"
    cuts: dict[str, Annotated[float, Field(strict=True, allow_inf_nan=False)]] | None = None
    missing: Missing | None = None
    sheet: str | None = None
    decimal: Literal[".", ","] | None = None

    @field_validator("cuts")
    @classmethod
    def _ascending(cls, cuts: dict[str, float] | None) -> dict[str, float] | None:
        if cuts is None:
            return None
        starts = list(cuts.values())
        if len(cuts) < 2 or any(one >= other for one, other in pairwise(starts)):
            raise ValueError(
                "say where two categories or more start, from the lowest up, such as "
                "{ low = 1, moderate = 2.5, high = 3.5 }"
            )
        if any(not name.strip() for name in cuts):
            raise ValueError("a category has no name")
        return cuts

    @model_validator(mode="after")
    def _rule_has_what_it_takes(self) -> Self:
        weighs = "weighted" in (self.rule, self.otherwise)
        if weighs and self.weights is None:
            raise ValueError(
                "a weighted mean needs weights of all informants that sum to 1, such as "
                "{ observer = 0.5, worker = 0.25, participant = 0.25 }"
            )
        if self.weights is not None:
            if not weighs:
                raise ValueError('weights go with rule = "weighted" or otherwise = "weighted"')
            checked_weights(self.weights, self.informants or list(self.weights))
        if self.otherwise is not None and self.rule not in ("consensus", "observer_first"):
            raise ValueError('otherwise goes with rule = "consensus" or "observer_first"')
        if self.consensus is not None and self.rule != "consensus":
            raise ValueError('consensus goes with rule = "consensus"')
        return self

    @model_validator(mode="after")
    def _one_definition(self) -> Self:
        if (self.instrument is None) == (self.definition is None):
            raise ValueError(
                'give instrument = "ips_25" (a shipped one), or definition = "mine.toml"'
            )
        return self


class Networks(Table):
    """Personal networks: three files, or two where ties between alters were not asked for.

    ``ego``, ``alter``, ``source`` and ``target`` are their columns, as `cpeval.EgoNetworks` takes
    them; ``wave`` is the study's unless given. ``only`` takes alters with these values alone.
    ``measures`` are compared between arms.
    """

    egos: str
    alters: str
    ties: str | None = None
    ego: str = "ego"
    alter: str = "alter"
    source: str = "source"
    target: str = "target"
    wave: str | None = None
    relation: str | None = None
    kind: str | None = None
    only: dict[str, Value | list[Value]] = {}
    measures: list[str] | None = None
    better: dict[str, Literal["higher", "lower"]] = {}
    missing: Missing | None = None
    decimal: Literal[".", ","] | None = None

    @model_validator(mode="after")
    def _known_measures(self) -> Self:
        of_ties = [name for name in MEASURES if name != "size"]
        for key, names in (("measures", self.measures or []), ("better", list(self.better))):
            wrong = [f"{n!r}{did_you_mean(n, MEASURES)}" for n in names if n not in MEASURES]
            if wrong:
                raise ValueError(
                    f"{key} has {', '.join(wrong)}. Measures there are: {listed(MEASURES)}"
                )
            untold = [name for name in names if name in of_ties and self.ties is None]
            if untold:
                raise ValueError(f"{key} has {listed(untold)}, which need ties: give ties = …")
        names = self.measures or []
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"measures has {listed(twice)} twice")
        return self

    @property
    def compared(self) -> list[str]:
        """The measures that are compared; by default size and, with ties, density."""
        if self.measures is not None:
            return self.measures
        return ["size"] if self.ties is None else ["size", "density"]


class Reporting(Table):
    """What the report shows beside the outcomes."""

    baseline: dict[str, Kind] = {}
    small_count: Annotated[int, Field(ge=1)] = 5

    @field_validator("small_count")
    @classmethod
    def _hides(cls, count: int) -> int:
        if count == 2:
            raise ValueError(
                '2 hides nothing, since "fewer than 2" means 1; give 1 (off), or 3 or more'
            )
        return count

    @field_validator("baseline", mode="before")
    @classmethod
    def _as_mapping(cls, given: Any) -> Any:  # noqa: ANN401
        return dict.fromkeys(given, "auto") if isinstance(given, list) else given
