"""Lessons to work through, and answers to their exercises."""

from cpeval.tutorials.check import Verdict, check
from cpeval.tutorials.copying import Copied, copy_lessons

__all__ = ["Copied", "Verdict", "check", "copy_lessons"]
