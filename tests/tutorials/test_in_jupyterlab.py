"""A student's way: `cpeval tutorials`, JupyterLab in a browser, run the lesson from top to bottom."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from cpeval.tutorials import copy_lessons, opening

LESSON = "1_the_study_and_its_question.ipynb"
#: Seconds until JupyterLab answers, and until the lesson has run.
START, RUN = 60, 60


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the lessons, with settings of its own; its address."""
    home = tmp_path_factory.mktemp("home")
    copy_lessons(home / "lessons")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "HOME")
    own = {name: str(home / name.lower()) for name in places}
    environment = {**os.environ, **own, "JUPYTER_PLATFORM_DIRS": "0"}
    environment.pop("MPLBACKEND", None)
    (home / "home").mkdir()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.port={port}"),
        *("--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password="),
        *("--ServerApp.ip=127.0.0.1", "--allow-root", "--LabApp.news_url="),
        *("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",),
        str(home / "lessons"),
    ]
    log = home / "lab.log"
    with log.open("w") as written:
        server = subprocess.Popen(command, env=environment, stdout=written, stderr=written)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api", server, log)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(address, server, log):
    end = time.monotonic() + START
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.3)
    raise AssertionError(log.read_text())


@pytest.mark.browser
@pytest.mark.slow
def test_lesson_1_runs_from_top_to_bottom(lab, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.goto(f"{lab}/lab/tree/{LESSON}?reset")
    page.locator(".jp-RenderedMarkdown h1").first.wait_for(timeout=RUN * 1000)
    page.locator(".jp-CodeCell .jp-InputArea-editor").first.wait_for(timeout=RUN * 1000)
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    # The notebook draws cells as they come into view: its last code cell says when all have run.
    last = page.locator(".jp-CodeCell").last
    end = time.monotonic() + RUN
    while time.monotonic() < end:
        page.keyboard.press("Control+End")
        page.locator(".jp-Notebook").first.evaluate("box => box.scrollTop = box.scrollHeight")
        if re.search(r"\[\d+\]", last.locator(".jp-InputPrompt").inner_text()):
            break
        page.wait_for_timeout(500)
    assert re.search(r"\[\d+\]", last.locator(".jp-InputPrompt").inner_text())
    assert last.locator(".jp-OutputArea").inner_text().endswith("1.5")
    page.keyboard.press("Control+s")
    page.locator(".jp-WindowedPanel-outer").first.evaluate("box => box.scrollTop = 0")
    page.wait_for_timeout(2000)
    saved = urllib.request.urlopen(f"{lab}/api/contents/{LESSON}", timeout=20).read().decode()
    page.screenshot(path=tmp_path / "lesson.png")
    page.close()
    cells = [c for c in json.loads(saved)["content"]["cells"] if c["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = [output["output_type"] for cell in cells for output in cell["outputs"]]
    assert "error" not in kinds
    assert kinds.count("display_data") == 2
    verdicts = [
        text for cell in cells for output in cell["outputs"]
        if "no answer yet" in (text := str(output.get("data", {}).get("text/plain")))
    ]  # fmt: skip
    assert len(verdicts) == 5


def test_lab_opens_the_first_lesson(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(opening.subprocess, "run", lambda command, **_: ran.append(command))
    copy_lessons(tmp_path)
    opening.open_lab(tmp_path)
    assert ran == [[sys.executable, "-m", "jupyterlab", str(tmp_path / LESSON)]]


def test_without_jupyterlab(monkeypatch, tmp_path):
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    with pytest.raises(opening.MissingLibraryError, match=r"pip install 'cpeval\[notebooks\]'"):
        opening.open_lab(tmp_path)
