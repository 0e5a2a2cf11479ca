"""Pages of the site in a browser: no violation that axe-core finds, light and dark; on a phone."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.docs]

ROOT = Path(__file__).parents[2]
DESKTOP, PHONE = (1280, 900), (390, 844)

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
PAGES = sorted({*WRITTEN, *MADE})


def opened(browser, site, name, size=DESKTOP, scheme="light"):
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(browser, site, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(browser, site, name, scheme=scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    found = Axe().run(page)
    page.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_only_tables_code_and_formulas_scroll_sideways(browser, site, name):
    page = opened(browser, site, name, size=PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert width <= PHONE[0]


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
