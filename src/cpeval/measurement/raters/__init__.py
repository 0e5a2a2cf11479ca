"""How far raters, or two ways to measure, agree."""
