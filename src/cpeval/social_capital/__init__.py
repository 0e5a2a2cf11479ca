"""Social capital: the resources and positions that people reach through others."""

from cpeval.social_capital.position_generator import PositionGenerator, position_generator
from cpeval.social_capital.resource_change import ResourceChange, resource_change
from cpeval.social_capital.resource_generator import ResourceGenerator, resource_generator

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "PositionGenerator",
    "ResourceChange",
    "ResourceGenerator",
    "position_generator",
    "resource_change",
    "resource_generator",
]
