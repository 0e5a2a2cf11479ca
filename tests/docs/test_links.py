"""Every link of the built pages leads somewhere, and nothing is fetched from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """What a page links to, what it loads, its anchors, and pictures without words."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors, self.silent = [], [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.anchors |= {held[key] for key in ("id", "name") if held.get(key)}
        if tag == "a" and held.get("href"):
            self.links.append(held["href"])
        if tag in ("script", "img", "iframe", "source") and held.get("src"):
            self.loaded.append(held["src"])
        if tag == "link" and held.get("rel") != "canonical" and held.get("href"):
            self.loaded.append(held["href"])
        if tag == "img" and not (held.get("alt") or "").strip():
            self.silent.append(held.get("src"))


@pytest.fixture(scope="module")
def pages(site):
    found = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    return {path: page for path, page in found.items() if "_static" not in path.parts}


def test_every_relative_link_and_anchor_leads_somewhere(pages):
    assert len(pages) > 150
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.exists() or (
                anchor and target in pages and anchor not in pages[target].anchors
            ):
                broken.append(f"{path.name}: {link}")
    assert broken == []


def test_outside_addresses_are_well_formed(pages):
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme not in ("", "data"):
                assert parts.scheme in ("https", "http", "mailto"), (path.name, link)
                assert parts.scheme == "mailto" or re.fullmatch(r"[\w.-]+\.[a-z]{2,}", parts.netloc)


def test_nothing_is_fetched_from_elsewhere(pages, site):
    for path, page in pages.items():
        outside = [one for one in page.loaded if urlsplit(one).netloc]
        assert outside == [], path.name
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"url\(['\"]?(https?:)?//", text), sheet.name


def test_every_picture_has_words(pages):
    assert {path.name: page.silent for path, page in pages.items() if page.silent} == {}


def test_each_cell_of_the_gallery_that_draws_shows_a_picture(site):
    text = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    described = re.findall(r"^    alt: (.+)$", text, re.M)
    page = (site / "gallery.html").read_text(encoding="utf-8")
    shown = re.findall(r'<img alt="([^"]+)"[^>]*src="_images/', page)
    assert len(described) > 20
    assert shown == described


def test_no_page_shows_markup_that_was_not_understood(pages):
    marks = re.compile(r'class="(problematic|system-message)|:(math|py:\w+|ref|doc):`|\]\(\w+\.md')
    said = {path.name: marks.search(path.read_text(encoding="utf-8")) for path in pages}
    assert {name: found[0] for name, found in said.items() if found} == {}


def test_links_work_on_a_code_host_too():
    """Between Markdown files as they lie in the repository, made pages aside."""
    broken = []
    made = ("reference/", "instruments/", "validation-by-test.md", "tutorials/")
    hand = [path for path in (ROOT / "docs").rglob("*.md") if not _is_made(path)]
    for path in [*hand, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            parts = urlsplit(link)
            if parts.scheme or not parts.path:
                continue
            target = (path.parent / parts.path).resolve()
            below = target.relative_to(ROOT).as_posix().removeprefix("docs/")
            if not target.exists() and not below.startswith(made):
                broken.append(f"{path.name}: {link}")
    assert broken == []


def _is_made(path):
    below = path.relative_to(ROOT / "docs").as_posix()
    return below.startswith(("reference/", "instruments/", "_")) or below == "validation-by-test.md"
