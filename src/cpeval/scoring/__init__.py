"""Scores from answers: one plan for any definition and any dataframe engine."""
