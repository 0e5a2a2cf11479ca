"""Social capital: the resources and positions that people reach through others."""

from cpeval.networks.adjacency import from_adjacency
from cpeval.networks.egoweb import read_egoweb
from cpeval.networks.name_generator import name_generator_sheet
from cpeval.networks.name_generator_reading import read_name_generator_sheet
from cpeval.networks.network_canvas import read_network_canvas
from cpeval.networks.wide_tables import from_wide
from cpeval.social_capital.position_generator import PositionGenerator, position_generator
from cpeval.social_capital.resource_change import ResourceChange, resource_change
from cpeval.social_capital.resource_generator import ResourceGenerator, resource_generator

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "PositionGenerator",
    "ResourceChange",
    "ResourceGenerator",
    "from_adjacency",
    "from_wide",
    "name_generator_sheet",
    "position_generator",
    "read_egoweb",
    "read_name_generator_sheet",
    "read_network_canvas",
    "resource_change",
    "resource_generator",
]
