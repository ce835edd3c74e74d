"""Read many objects with few calls: by a hundred ids, page by page, side by side."""

from __future__ import annotations

import gc
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from ..errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..clock import Deadline
    from .client import Api

Item = TypeVar("Item")
Result = TypeVar("Result")
Made = TypeVar("Made")
Object = TypeVar("Object", bound=tuple[Any, ...])  # its first field is its id

PAGE = 100
MOST_OBJECTS = 100_000
READINGS = 3
WORKERS = 16
_UNKNOWN_ID = (
    "ResourceNotFound.",
    "InvalidImageId.",
    "InvalidInstanceId.",
    "InvalidParameterValue.Invalid",  # …AutoScalingGroupId, …LaunchConfigurationId, …ActivityId
)

# What is read is kept until it is decided on: tens of thousands of objects, which Python's cyclic
# collector would look through again and again, for a third of a pass's time.
gc.set_threshold(20_000, 20, 100)


_MUST_BE_THERE = object()


class Field(NamedTuple):
    """A field of the API's: its JSON type, what stands for null or absent, and how it is read."""

    name: str
    kind: type
    absent: Any = _MUST_BE_THERE
    read: Callable[[Any], Any] | None = None


def reader(make: Callable[..., Made], **fields: Field) -> Callable[[dict[str, Any]], Made]:
    """Make what reads an object: by its table of fields, in the order in which `make` takes them.

    It runs once for each of tens of thousands of instances.
    """
    names = getattr(make, "_fields", tuple(fields))
    table = [tuple(fields[name]) for name in names if name in fields]

    def read(item: dict[str, Any]) -> Made:
        values = []
        for name, kind, absent, convert in table:
            value = item.get(name)
            if value is None:
                if absent is _MUST_BE_THERE:
                    raise LookupError(name)
                value = absent
            elif type(value) is not kind:
                raise TypeError(name)
            elif convert:
                value = convert(value)
            values.append(value)
        return make(*values)

    return read


class Kind(Generic[Object]):
    """A kind of object: what lists it, where in the answer, by which ids, and how it is read.

    `read` raises where an object is not as the API describes it.
    """

    def __init__(
        self, action: str, objects: str, ids: str, read: Callable[[dict[str, Any]], Object]
    ) -> None:
        self.action, self.objects, self.ids, self.read = action, objects, ids, read


class Actions(NamedTuple):
    """One product's actions, in one region, until the deadline."""

    api: Api
    deadline: Deadline

    def _page(self, kind: Kind[Object], **parameters: Any) -> tuple[list[Object], int]:
        """Read a page, and the count of all; an ApiError InvalidAnswer if it isn't as described."""
        answer = self.api.call(kind.action, {"Limit": PAGE, **parameters}, self.deadline)
        items, total = answer.get(kind.objects), answer.get("TotalCount")
        message = f"{kind.action} was answered with no valid {kind.objects}"
        if type(items) is not list or type(total) is not int:
            raise ApiError("InvalidAnswer", message, fate_unknown=True)
        try:
            return [kind.read(item) for item in items], total
        except (LookupError, TypeError, ValueError, AttributeError):
            message += ": an object is not as the API describes it"
            raise ApiError("InvalidAnswer", message, fate_unknown=True) from None

    def _all(
        self, kind: Kind[Object], filters: list[dict[str, Any]], **parameters: Any
    ) -> list[Object]:
        """Read every page of a list.

        A list that changes meanwhile is read again: what moves to another page is missed or read
        twice.
        """
        for _ in range(READINGS):
            objects = self._all_once(kind, Filters=filters, **parameters)
            if objects is not None:
                return objects
        message = "the API lists other objects each time that it is asked"
        raise ApiError("InvalidAnswer", message)

    def _all_once(self, kind: Kind[Object], **parameters: Any) -> list[Object] | None:
        """Read every page; None if the list has changed meanwhile."""
        first, total = self._page(kind, Offset=0, **parameters)
        if total > MOST_OBJECTS:
            message = f"the API lists {total} objects, more than the {MOST_OBJECTS} that are read"
            raise ApiError("TooManyObjects", message)
        rest = range(len(first), total, PAGE) if first else range(0)
        if not rest:
            return first
        read = partial(self._page, kind, **parameters)
        pages = [(first, total), *side_by_side(lambda offset: read(Offset=offset), rest)]
        by_id = {one[0]: one for objects, _ in pages for one in objects}
        as_told = {count for _, count in pages} == {len(by_id)}
        return list(by_id.values()) if as_told else None

    def _by_ids(self, kind: Kind[Object], ids: Iterable[str]) -> list[Object]:
        """Read by id, a hundred a call; ids that don't exist are left out.

        Some actions refuse a whole call for one unknown id, so such a call is halved until only the
        known ones are left.
        """
        wanted = list(dict.fromkeys(ids))
        if len(wanted) > PAGE:
            parts = side_by_side(partial(self._by_ids, kind), chunks(wanted, PAGE))
            return [item for part in parts for item in part]
        try:
            return self._page(kind, **{kind.ids: wanted})[0] if wanted else []
        except ApiError as error:
            if not error.code.startswith(_UNKNOWN_ID):
                raise
        middle = len(wanted) // 2
        halves = (wanted[:middle], wanted[middle:]) if middle else ()
        return [item for half in halves for item in self._by_ids(kind, half)]


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
