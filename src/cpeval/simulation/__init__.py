"""Simulated studies of Connecting People, with the truth behind them."""

from cpeval.simulation.generator import example, simulate
from cpeval.simulation.record import Simulation

__all__ = ["Simulation", "example", "simulate"]
