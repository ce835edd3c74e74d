"""The status as a page: text stays text, nothing is asked of another host, and it stays small."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from tests.benchmarks.decisions import budget, followers
from tests.end_to_end.harness import World, tags

OLD, NEW = "img-00000001", "img-00000002"
EVIL = "<script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(2)>"
VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def fill(it: World) -> None:
    it.make_image(OLD)
    it.region.add_group(
        "asg-web00001", image=OLD, instances=4, auto_scaling_group_name=EVIL, tags=tags()
    )
    it.region.add_group("asg-web00002", image=OLD, instances=2, tags=tags(ring=1))
    it.region.groups["asg-web00001"].tags["instance-refresh:hold"] = f"freeze {EVIL}"
    it.region.add_group("asg-web00003", image=OLD, instances=2, tags=tags(ring="first"))
    it.make_image(NEW)


pytestmark = pytest.mark.world(fill=fill)


def page_of(it: World) -> tuple[Page, dict[str, str]]:
    answer = it.look(accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    return Page(answer["body"]), answer["headers"]


def test_what_others_wrote_is_text(it: World) -> None:
    page, _ = page_of(it)
    assert page.open == []
    assert page.text.count(EVIL) == 4  # the name twice, and the hold's reason
    assert not {"script", "img", "iframe", "form", "object"} & {tag for tag, _ in page.elements}
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("style", "src")]


def test_no_other_host_is_asked_and_the_policy_allows_the_own_style_alone(it: World) -> None:
    page, headers = page_of(it)
    targets = [a[name] or "" for _, a in page.elements for name in ("href", "src") if name in a]
    assert all(target.startswith("#") or target == "data:," for target in targets)
    answer = it.look(accept="text/html")
    (style,) = re.findall(r"<style>(.*?)</style>", answer["body"], re.DOTALL)
    assert not re.search(r"url\(|@import|https?:", style)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_it_reads_without_script_on_a_phone_and_looks_again_by_itself(it: World) -> None:
    page, _ = page_of(it)
    metas = [attributes for tag, attributes in page.elements if tag == "meta"]
    assert {"http-equiv": "refresh", "content": "60"} in metas
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    for words in ("asg-web00002", "RingWaits", "waits for", "the ring below", "InvalidTag"):
        assert words in page.text
    assert it.cloud.writes() == []


def test_ids_on_the_page_are_there_once_and_every_link_leads_to_one(it: World) -> None:
    page, _ = page_of(it)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in page.elements if tag == "a"}
    assert links <= {f"#{name}" for name in ids}


@pytest.mark.parametrize(("runs", "drifted", "call_s"), [(NEW, 0, 0), (OLD, 1000, 0.08)])
def test_a_thousand_groups_are_read_within_a_ticks_budget_and_shown_small(
    runs: str, drifted: int, call_s: float
) -> None:
    """In the function's timeout, where each call takes 80 ms and the API's limits count."""
    with followers(1000, 20, runs, paced=bool(call_s)) as it:
        if call_s:
            it.cloud.faults.inject("*", "delay", times=None, seconds=call_s)
        answer = it.look(accept="text/html")
        assert answer["statusCode"] == 200
        assert len(answer["body"].encode()) < 1_000_000
        assert len(it.cloud.calls) <= budget(1000, drifted)
        assert it.cloud.writes() == []
        ids = re.findall(r'<(?:article|tr)[^>]* id="(asg-[^"]*)"', answer["body"])
        assert len(set(ids)) == len(ids) == 1000
