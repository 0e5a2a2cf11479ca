"""Say how faithfully a social programme was delivered, and whether the people in it benefited.

Public names load on first use, so that ``import cpeval`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

#: Where each public name lives. A value without a colon is a module.
_PUBLIC = {
    "CpevalError": "cpeval.errors:CpevalError",
    "CpevalWarning": "cpeval.errors:CpevalWarning",
    "EgoNetworks": "cpeval.networks.ego_networks:EgoNetworks",
    "Evaluation": "cpeval.evaluated:Evaluation",
    "Instrument": "cpeval.definitions.model:Instrument",
    "Result": "cpeval.result:Result",
    "Simulation": "cpeval.simulation:Simulation",
    "SiteMoments": "cpeval.moments.site_moments:SiteMoments",
    "Study": "cpeval.study:Study",
    "ValueSet": "cpeval.definitions.value_sets:ValueSet",
    "band": "cpeval.scoring.bands:band",
    "check": "cpeval.checking.check:check",
    "errors": "cpeval.errors",
    "evaluate": "cpeval.evaluation:evaluate",
    "example": "cpeval.simulation:example",
    "fidelity": "cpeval.fidelity",
    "instrument": "cpeval.definitions.catalogue:instrument",
    "instruments": "cpeval.definitions.catalogue:instruments",
    "join": "cpeval.reading.joining:join",
    "measurement": "cpeval.measurement",
    "outcomes": "cpeval.outcomes",
    "read": "cpeval.reading.files:read",
    "read_redcap": "cpeval.reading.redcap:read_redcap",
    "read_wide": "cpeval.reading.wide:read_wide",
    "score": "cpeval.scoring.score:score",
    "score_goals": "cpeval.scoring.goals:score_goals",
    "simulate": "cpeval.simulation:simulate",
    "sites": "cpeval.sites",
    "social_capital": "cpeval.social_capital",
    "tutorials": "cpeval.tutorials",
}

# Spelt out, since type checkers and editors read it.
__all__ = [
    "CpevalError",
    "CpevalWarning",
    "EgoNetworks",
    "Evaluation",
    "Instrument",
    "Result",
    "Simulation",
    "SiteMoments",
    "Study",
    "ValueSet",
    "__version__",
    "band",
    "check",
    "errors",
    "evaluate",
    "example",
    "fidelity",
    "instrument",
    "instruments",
    "join",
    "measurement",
    "outcomes",
    "read",
    "read_redcap",
    "read_wide",
    "score",
    "score_goals",
    "simulate",
    "sites",
    "social_capital",
    "tutorials",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for (PEP 562)."""
    try:
        module, _, attribute = _PUBLIC[name].partition(":")
    except KeyError:
        raise AttributeError(f"module 'cpeval' has no attribute {name!r}") from None
    loaded = import_module(module)
    value = getattr(loaded, attribute) if attribute else loaded
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


if TYPE_CHECKING:
    from cpeval import errors, fidelity, measurement, outcomes, sites, social_capital, tutorials
    from cpeval.checking.check import check
    from cpeval.definitions.catalogue import instrument, instruments
    from cpeval.definitions.model import Instrument
    from cpeval.definitions.value_sets import ValueSet
    from cpeval.errors import CpevalError, CpevalWarning
    from cpeval.evaluated import Evaluation
    from cpeval.evaluation import evaluate
    from cpeval.moments.site_moments import SiteMoments
    from cpeval.networks.ego_networks import EgoNetworks
    from cpeval.reading.files import read
    from cpeval.reading.joining import join
    from cpeval.reading.redcap import read_redcap
    from cpeval.reading.wide import read_wide
    from cpeval.result import Result
    from cpeval.scoring.bands import band
    from cpeval.scoring.goals import score_goals
    from cpeval.scoring.score import score
    from cpeval.simulation import Simulation, example, simulate
    from cpeval.study import Study
