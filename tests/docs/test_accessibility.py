"""Pages of the site in a browser: no violation that axe-core finds, light and dark; on a phone."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.docs]

ROOT = Path(__file__).parents[2]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

#: Pages written by hand, and one of each kind that is made.
WRITTEN = sorted(
    path.relative_to(ROOT / "docs").with_suffix("").as_posix()
    for path in (ROOT / "docs").rglob("*.md")
    if not {"reference", "instruments"} & {part.name for part in path.parents}
)
MADE = [
    "reference/index",
    "reference/all-cpeval",
    "reference/all-cpeval.sites",
    "reference/command-line",
    "reference/cpeval.errors",
    "reference/cpeval.instrument",
    "reference/cpeval.sites.linear",
    "reference/cpeval.sites.mixed",
    "reference/cpeval.Study",
    "instruments/index",
    "instruments/swemwbs",
    "instruments/k10",
    "instruments/dacts",
    "validation-by-test",
    "genindex",
    "search",
]
LESSONS = [f"tutorials/{path.stem}" for path in sorted((ROOT / "tutorials").glob("*.ipynb"))]
PAGES = sorted({*WRITTEN, *MADE, *LESSONS})


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation_light_and_dark_and_nothing_is_wider_than_a_phone(
    browser, site, name
):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport=DESKTOP, color_scheme="light")
    page.goto((site / f"{name}.html").as_uri())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert width <= PHONE["width"]


def test_a_page_asks_for_nothing_from_elsewhere(browser, site):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("index", "gallery", "reference/cpeval.sites.linear", "search"):
        page.goto((site / f"{name}.html").as_uri())
        page.wait_for_load_state("networkidle")
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_search_finds_a_function(browser, site):
    page = browser.new_page()
    page.goto((site / "search.html").as_uri() + "?q=wild_bootstrap")
    page.wait_for_selector("#search-results li a")
    found = page.locator("#search-results li a").all_inner_texts()
    page.close()
    assert any("wild_bootstrap" in text for text in found)
