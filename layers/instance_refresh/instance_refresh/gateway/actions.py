"""What the products' actions have in common: calls, lists by id and by page, answers checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ApiError
from .reading import PAGE, by_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..deadline import Deadline
    from .client import Api
    from .reading import Object, Page

Item = dict[str, Any]
Result = TypeVar("Result")


class Actions:
    """One product's actions, in one region, until the deadline."""

    def __init__(self, api: Api, deadline: Deadline) -> None:
        self._api, self._deadline = api, deadline

    def _call(self, action: str, *, repeat: bool = True, **parameters: Any) -> dict[str, Any]:
        return self._api.call(action, parameters, self._deadline, repeat=repeat)

    def _pages(
        self, action: str, objects: str, read: Callable[[Item], Object], **parameters: Any
    ) -> Callable[[int], Page[Object]]:
        """Give what reads a page of a list, by its offset."""

        def page(offset: int) -> Page[Object]:
            answer = self._call(action, Limit=PAGE, Offset=offset, **parameters)
            return parsed(read, field(answer, objects, list)), field(answer, "TotalCount", int)

        return page

    def _by_ids(
        self,
        action: str,
        objects: str,
        read: Callable[[Item], Result],
        name: str,
        ids: Iterable[str],
    ) -> list[Result]:
        """Read by id, a hundred a call, what exists; `name` is the parameter that takes them."""

        def some(part: list[str]) -> list[Result]:
            answer = self._api.call(action, {name: part, "Limit": PAGE}, self._deadline)
            return parsed(read, field(answer, objects, list))

        return by_ids(some, ids)


def field(answer: Mapping[str, Any], name: str, kind: type[Result]) -> Result:
    """Give a field of an answer; an ApiError InvalidAnswer if it isn't there as it must be."""
    value = answer.get(name)
    if not isinstance(value, kind):
        message = f"an answer has no valid {name}"
        raise ApiError("InvalidAnswer", message, fate_unknown=True)
    return value


def parsed(read: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Read each object; an ApiError InvalidAnswer if one isn't as the API describes it."""
    try:
        return [read(item) for item in items]
    except (LookupError, TypeError, ValueError, AttributeError):
        message = "an answer has an object that is not as the API describes it"
        raise ApiError("InvalidAnswer", message, fate_unknown=True) from None
