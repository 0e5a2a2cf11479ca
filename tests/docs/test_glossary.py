"""The glossary of the site has the words of the lessons and of the pages, each once."""

import pytest

HERE = "# Glossary\n\nWords.\n\n## Wave\n\nA time.\n\n## Arm\n\nOurs.\n"
LESSONS = "# Glossary\n\n### Arm\n\nA group.\n\n### Site\n\nA place,\nor two.\n"


@pytest.mark.usefixtures("extensions")
def test_terms_of_both_are_in_order_and_the_lessons_win():
    from glossary_terms import merged

    page = merged(HERE, LESSONS)
    assert page.endswith(
        "## Arm\n\nA group.\n\n## Site\n\nA place,\nor two.\n\n## Wave\n\nA time.\n"
    )
    assert "Ours" not in page
