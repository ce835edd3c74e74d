"""Each link leads somewhere, each file that is named is there, and what belongs together agrees."""

from __future__ import annotations

import re
from html import unescape
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest

from tests.unit.documents import ALL, DOCUMENTS, PACKAGE, ROOT, blocks, prose, quoted

SVG = "{http://www.w3.org/2000/svg}"
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"


def headings(document: str) -> list[tuple[str, str]]:
    """Give each heading's marks and text."""
    return re.findall(r"^(#+) (.+)$", prose(document), re.MULTILINE)


def anchors(document: str) -> set[str]:
    """Give the anchors that a document's headings have where it is shown."""
    texts = (text.lower() for _, text in headings(document))
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in texts}


def links(document: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(document))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_leads_somewhere(document: str) -> None:
    for link in links(document):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), link
        if anchor:
            name = target.resolve().relative_to(ROOT.resolve()).as_posix()
            assert anchor in anchors(name), link


def test_every_document_is_found_from_the_readme() -> None:
    linked = {link for link in links(ENGLISH) if link.endswith(".md")}
    assert linked == DOCUMENTS.keys() - {ENGLISH, "CHANGELOG.md"}


def test_the_readme_is_short() -> None:
    assert max(len(DOCUMENTS[name].splitlines()) for name in (ENGLISH, CHINESE)) <= 200


def test_every_file_that_is_named_is_there() -> None:
    """A name is as from the root, or, of a file of ours, as from its package or from the tests."""
    folders = (ROOT, PACKAGE, ROOT / "tests/end_to_end", ROOT / "tests/unit")
    named = re.findall(r"`([\w./-]+\.(?:py|dot|toml|yml|txt))`", ALL)
    assert named
    for name in named:
        assert any((folder / name).exists() for folder in folders), name


def test_every_name_that_is_said_to_be_in_a_file_is_there() -> None:
    """A function, a table, or a code."""
    beside = re.findall(r"`([\w/]+\.py)` \(((?:`\w+`(?:, )?)+)\)", ALL)
    within = re.findall(r"(`\w+`) in `([\w/]+\.py)`", ALL)
    named = [*beside, *((file, name) for name, file in within)]
    assert len(named) > 20
    for file, listed in named:
        path = PACKAGE / file if (PACKAGE / file).exists() else ROOT / file
        text = path.read_text(encoding="utf-8")
        for name in quoted(listed):
            assert re.search(rf'(def |class |"|^ *){name}\b', text, re.MULTILINE), (file, name)


def test_the_picture_shows_its_source() -> None:
    """Each node, each edge and each line of text of the one is in the other."""
    source = (ROOT / "docs/overview.dot").read_text(encoding="utf-8")
    nodes = dict(re.findall(r'^  (\w+) \[label="([^"]+)"', source, re.MULTILINE))
    edges = re.findall(r'^  (\w+) -> (\w+)(?: \[label="([^"]+)")?', source, re.MULTILINE)
    picture = ElementTree.parse(ROOT / "docs/overview.svg").getroot()
    titles = [unescape(title.text or "") for title in picture.iter(f"{SVG}title")]
    assert sorted(titles) == sorted(["overview", *nodes, *(f"{a}->{b}" for a, b, _ in edges)])
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    lines = [line for label in nodes.values() for line in label.split(r"\n")]
    assert sorted(map(str, texts)) == sorted([*lines, *(label for _, _, label in edges if label)])


def rows(document: str) -> list[str]:
    """Give the first cells of all tables' rows."""
    return re.findall(r"^\| (.+?) \|", prose(document), re.MULTILINE)


def named(cell: str) -> list[str]:
    """Give what a cell has in every language: names and links."""
    return [*quoted(cell), *re.findall(r"\]\(([^)]+)\)", cell)]


def test_the_chinese_readme_has_the_same_parts() -> None:
    english, chinese = headings(ENGLISH), headings(CHINESE)
    assert [marks for marks, _ in chinese] == [marks for marks, _ in english]
    assert blocks(CHINESE) == blocks(ENGLISH)
    assert list(map(named, rows(CHINESE))) == list(map(named, rows(ENGLISH)))
    of_each_other = {ENGLISH, CHINESE}
    assert [link for link in links(CHINESE) if link not in of_each_other] == [
        link for link in links(ENGLISH) if link not in of_each_other
    ]


def paragraphs(document: str) -> list[list[str]]:
    """Give what each paragraph, list and table names between backticks."""
    parts = re.split(r"\n\s*\n", prose(document))
    return [sorted(quoted(part)) for part in parts if part.strip()]


def test_the_chinese_readme_names_the_same_in_each_part() -> None:
    english = [names for names in paragraphs(ENGLISH) if names]
    chinese = [names for names in paragraphs(CHINESE) if names]
    assert chinese == english


def test_no_document_speaks_of_a_path_outside() -> None:
    for name, text in DOCUMENTS.items():
        assert not re.search(r"(?<![\w/])/(root|work|home)/", text), name
        assert PurePosixPath(name).suffix == ".md"
