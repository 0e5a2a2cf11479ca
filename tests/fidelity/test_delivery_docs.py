"""The page on delivery runs as it stands, and names every run rule."""

import doctest
import re
from pathlib import Path

from cpeval.fidelity.control_chart import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "fidelity-delivery.md").read_text(encoding="utf-8")


def test_the_page_runs():
    session = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", PAGE, re.M | re.S))
    test = doctest.DocTestParser().get_doctest(session, {}, "page", "page", 0)
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert result.attempted > 8
    assert result.failed == 0


def test_the_page_names_every_rule():
    assert re.findall(r"^\| ([a-z][\w ]+) \|", PAGE.split("The run rules")[1], re.M)[:6] == list(
        RULES
    )
