"""What all tests share: no window opens, hypothesis has profiles, and a browser for pages.

Tests that need a program which isn't installed are left out with a message that says so. In CI
(``CI=true``) they run and fail: there, nothing is left out.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

#: What made the reference values: run by hand, with packages that cpeval doesn't need.
collect_ignore = ["reference/scripts"]

settings.register_profile("fast", max_examples=30, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    """Close what a test has drawn: figures left open warn once there are twenty."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LEFT_OUT = pytest.StashKey[dict[str, tuple[str, int]]]()


def _browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _without_browser() -> str:
    """Say what is missing for tests marked ``browser``; empty if nothing is."""
    if not _browser():
        return f"no browser on PATH ({', '.join(BROWSERS)}); Debian has one: apt install chromium"
    absent = [name for name in ("playwright", "axe_playwright_python") if find_spec(name) is None]
    return f"{', '.join(absent)} not installed: pip install 'cpeval[test]'" if absent else ""


def _without_spark() -> str:
    """Say what is missing for tests marked ``spark``; empty if nothing is."""
    if not shutil.which("java"):
        return "no java on PATH; Debian has one: apt install openjdk-17-jre-headless"
    return "" if find_spec("pyspark") else "pyspark not installed: pip install 'cpeval[spark]'"


NEEDS = {"browser": _without_browser, "spark": _without_spark}


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests whose program is missing, and remember why. In CI leave out none."""
    left: dict[str, tuple[str, int]] = {}
    for mark, missing in NEEDS.items():
        marked = [item for item in items if item.get_closest_marker(mark)]
        if not marked or in_ci() or not (why := missing()):
            continue
        left[mark] = (why, len(marked))
        items[:] = [item for item in items if item not in marked]
        config.hook.pytest_deselected(items=marked)
    config.stash[LEFT_OUT] = left


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for mark, (why, n) in config.stash.get(LEFT_OUT, {}).items():
        terminalreporter.section("left out")
        terminalreporter.line(f"{n} {mark} tests were left out: {why}.", yellow=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Debian's Chromium, driven by Playwright."""
    if why := _without_browser():
        pytest.fail(f"Browser tests can't run: {why}.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()
