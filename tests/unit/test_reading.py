"""A list is read whole, with no object missed or read twice, whatever happens to it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.clock import Deadline
from instance_refresh.errors import ApiError
from instance_refresh.gateway.reading import PAGE, READINGS, Actions, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    Named = list[tuple[str]]
    Read = Callable[[int], tuple[Named, int]]

NAMED: Kind[tuple[str]] = Kind("DescribeNames", "NameSet", "Names", lambda item: (item["Name"],))


class Listing:
    """Stands for an Api that lists names, page by page."""

    def __init__(self, read: Read) -> None:
        self.read = read

    def call(self, _: str, parameters: dict[str, Any], __: Deadline) -> dict[str, Any]:
        assert parameters["Limit"] == PAGE
        found, total = self.read(parameters["Offset"])
        return {"NameSet": [{"Name": name} for (name,) in found], "TotalCount": total}


def all_pages(read: Read) -> Named:
    api: Any = Listing(read)
    return Actions(api, Deadline(20_000))._all(NAMED, [])


def named(count: int, of: str = "it") -> Named:
    return [(f"{of}-{number}",) for number in range(count)]


def reader(listed: Named, reads: list[int], *changes: Callable[[], object]) -> Read:
    """Give what reads a page; a change is made after the first page of each reading."""
    due = iter(changes)

    def page(offset: int) -> tuple[Named, int]:
        reads.append(offset)
        answer = listed[offset : offset + PAGE], len(listed)
        if offset == 0:
            next(due, int)()
        return answer

    return page


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 950])
def test_each_page_is_read_once_where_nothing_changes(count: int) -> None:
    listed, reads = named(count), list[int]()
    assert all_pages(reader(listed, reads)) == listed
    assert sorted(reads) == list(range(0, max(count, 1), PAGE))


@pytest.mark.parametrize("count", [PAGE + 1, 2 * PAGE, 250])
def test_an_object_is_not_missed_where_another_one_is_deleted(count: int) -> None:
    listed = named(count)
    assert all_pages(reader(listed, [], lambda: listed.pop(0))) == named(count)[1:]


def test_an_object_is_not_read_twice_where_another_one_is_created() -> None:
    listed = named(250)
    found = all_pages(reader(listed, [], lambda: listed.insert(0, ("new",))))
    assert found == [("new",), *named(250)]


def test_a_list_that_changes_each_time_is_an_error_that_passes() -> None:
    listed, reads = named(PAGE * 2), list[int]()
    with pytest.raises(ApiError) as failed:
        all_pages(reader(listed, reads, *[lambda: listed.pop(0)] * READINGS))
    assert (failed.value.code, failed.value.retryable) == ("InvalidAnswer", True)
    assert reads.count(0) == READINGS


def test_a_page_that_has_not_what_it_announces_is_read_again() -> None:
    counts = [4]

    def page(offset: int) -> tuple[Named, int]:
        return named(3)[offset:], counts.pop() if counts else 3

    assert all_pages(page) == named(3)


@pytest.mark.parametrize("announced", [0, 2])
def test_the_one_page_of_a_list_is_all_of_it(announced: int) -> None:
    assert all_pages(lambda _: (named(3), announced)) == named(3)


@pytest.mark.parametrize("unknown", [[], [0], [3, 4, 99], [199]])
def test_ids_that_do_not_exist_are_left_out_of_a_call_that_is_refused_for_them(
    unknown: list[int],
) -> None:
    class ById:
        def call(self, _: str, parameters: dict[str, Any], __: Deadline) -> dict[str, Any]:
            names = parameters["Names"]
            assert 0 < len(names) <= PAGE
            if {f"n-{number}" for number in unknown} & set(names):
                raise ApiError("ResourceNotFound.Name", "")
            return {"NameSet": [{"Name": name} for name in names], "TotalCount": len(names)}

    api: Any = ById()
    found = Actions(api, Deadline(20_000))._by_ids(NAMED, [f"n-{n}" for n in range(200)] * 2)
    assert found == [(f"n-{n}",) for n in range(200) if n not in unknown]
    assert Actions(api, Deadline(20_000))._by_ids(NAMED, []) == []
