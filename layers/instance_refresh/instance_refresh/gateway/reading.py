"""Read many objects with few calls: by a hundred ids, page by page, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")
Object = TypeVar("Object", bound=tuple[Any, ...])  # its first field is its id
Page = tuple[list[Object], int]

PAGE = 100
MOST_OBJECTS = 100_000
READINGS = 3
_UNKNOWN_ID = (
    "ResourceNotFound.",
    "InvalidImageId.",
    "InvalidInstanceId.",
    "InvalidParameterValue.Invalid",  # …AutoScalingGroupId, …LaunchConfigurationId, …ActivityId
)
WORKERS = 16


def side_by_side(do: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Do it for each item, many at a time, and give the results in the items' order."""
    if len(items) < 2:
        return [do(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(WORKERS, len(items))) as pool:
        return list(pool.map(do, items))


def chunks(items: Iterable[Item], size: int) -> list[list[Item]]:
    """Cut into lists of at most `size`."""
    listed = list(items)
    return [listed[start : start + size] for start in range(0, len(listed), size)]


def all_pages(read: Callable[[int], Page[Object]]) -> list[Object]:
    """Read every page: `read(offset)` gives the page's objects and the count of all.

    A list that changes meanwhile is read again: what moves to another page is missed or read twice.
    """
    for _ in range(READINGS):
        objects = every_page_once(read)
        if objects is not None:
            return objects
    message = "the API lists other objects each time that it is asked"
    raise ApiError("InvalidAnswer", message)


def every_page_once(read: Callable[[int], Page[Object]]) -> list[Object] | None:
    """Read every page; None if the list has changed meanwhile."""
    first, total = read(0)
    if total > MOST_OBJECTS:
        message = f"the API lists {total} objects, more than the {MOST_OBJECTS} that are read"
        raise ApiError("TooManyObjects", message)
    rest = range(len(first), total, PAGE) if first else range(0)
    if not rest:
        return first
    pages = [(first, total), *side_by_side(read, rest)]
    by_id = {one[0]: one for objects, _ in pages for one in objects}
    as_told = {count for _, count in pages} == {len(by_id)}
    return list(by_id.values()) if as_told else None


def by_ids(read: Callable[[list[str]], list[Item]], ids: Iterable[str]) -> list[Item]:
    """Read by id, a hundred a call; ids that don't exist are left out.

    Some actions refuse a whole call for one unknown id, so such a call is halved until only the
    known ones are left.
    """

    def some(part: list[str]) -> list[Item]:
        try:
            return read(part)
        except ApiError as error:
            if not error.code.startswith(_UNKNOWN_ID):
                raise
            if len(part) == 1:
                return []
        middle = len(part) // 2
        return some(part[:middle]) + some(part[middle:])

    parts = side_by_side(some, chunks(dict.fromkeys(ids), PAGE))
    return [item for part in parts for item in part]
