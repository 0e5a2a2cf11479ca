"""The page in a browser: no violation that axe-core finds, and nothing lost on a phone."""

from dataclasses import replace

import pytest

pytestmark = pytest.mark.browser

DESKTOP, PHONE, NARROW = (1280, 900), (390, 844), (320, 640)


@pytest.fixture(params=["two arms", "one arm", "simulated"])
def folder(request, evaluation, one_arm, tmp_path):
    """A written report, one a design."""
    chosen = {
        "two arms": evaluation,
        "one arm": one_arm,
        "simulated": replace(evaluation, simulated=True),
    }[request.param]
    chosen.report(tmp_path)
    return tmp_path


def opened(browser, folder, size, **options):
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, **options)
    page.goto((folder / "report.html").as_uri())
    return page


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_no_violation(browser, folder, size):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(browser, folder, size)
    found = Axe().run(page)
    page.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROW], ids=["desktop", "phone", "narrow"])
def test_only_tables_and_pictures_scroll_sideways(browser, folder, size):
    page = opened(browser, folder, size)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert width <= size[0]


def test_works_without_scripts_and_asks_for_nothing(browser, folder):
    page = browser.new_page(java_script_enabled=False)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto((folder / "report.html").as_uri())
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.get_by_role("img").first.is_visible()
    page.close()
    assert len(asked) == 1
    assert said == []


def test_keyboard_reaches_the_report_first(browser, folder):
    page = opened(browser, folder, DESKTOP)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    box = page.locator(":focus").bounding_box()
    page.keyboard.press("Enter")
    reached = page.evaluate("document.activeElement.id")
    page.close()
    assert box["x"] >= 0
    assert reached == "main"


def test_prints_on_a4_without_cutting(browser, folder):
    page = opened(browser, folder, (672, 900))  # A4 less its margins, at 96 dots an inch
    page.emulate_media(media="print")
    cut = page.evaluate(
        "[...document.querySelectorAll('table, svg')]"
        ".filter(one => one.getBoundingClientRect().right > innerWidth + 1).length"
    )
    pdf = page.pdf(prefer_css_page_size=True)
    page.close()
    assert cut == 0
    assert pdf.startswith(b"%PDF")
