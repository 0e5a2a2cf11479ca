"""Drawings of what a `Result` holds. They compute no statistic."""
