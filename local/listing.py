"""What all describe actions share: ids or filters, and a page of the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from local.identifiers import well_formed
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PAGE_DEFAULT, PAGE_MOST = 20, 100
IDS_MOST, FILTERS_MOST, VALUES_MOST = 100, 10, 5

T = TypeVar("T")


@dataclass(frozen=True)
class Codes:
    """The codes that a service answers bad ids, filters and pages with."""

    conflict: str
    filter_name: str
    filters: str
    filter_values: str
    ids: str
    malformed: str
    limit: str


@dataclass(frozen=True)
class Listing(Generic[T]):
    """One describe action: which ids it takes, by which filters it selects.

    `filters` gives for each filter's name the item's values that it is compared with. `tags` adds
    the filters tag-key, tag-value and tag:<key>. `vague` names those that a part of a value meets.
    """

    ids: str
    prefix: str
    codes: Codes
    filters: Mapping[str, Callable[[T], Iterable[str]]]
    tags: Callable[[T], Mapping[str, str]] | None = None
    vague: Iterable[str] = ()

    def ids_asked(self, params: Mapping[str, Any]) -> list[str] | None:
        """Give the ids that a call names, each once, or None if it names none."""
        ids: list[str] = params.get(self.ids, [])
        if not ids:
            return None
        if params.get("Filters"):
            raise Refused(self.codes.conflict, f"`{self.ids}` and `Filters` exclude each other.")
        if len(ids) > IDS_MOST:
            raise Refused(self.codes.ids, f"`{self.ids}` takes at most {IDS_MOST} ids.")
        for identifier in ids:
            if not well_formed(identifier, self.prefix):
                raise Refused(self.codes.malformed, f"`{identifier}` is no {self.prefix}- id.")
        return list(dict.fromkeys(ids))

    def find(self, items: Mapping[str, T], params: Mapping[str, Any]) -> list[T]:
        """Give what a call names or selects; ids of nothing are left out."""
        ids = self.ids_asked(params)
        if ids is None:
            return self.select(items.values(), params)
        return [items[identifier] for identifier in ids if identifier in items]

    def select(self, items: Iterable[T], params: Mapping[str, Any]) -> list[T]:
        """Select by all filters; any of a filter's values will do."""
        filters: list[dict[str, Any]] = params.get("Filters", [])
        if len(filters) > FILTERS_MOST:
            raise Refused(self.codes.filters, f"`Filters` takes at most {FILTERS_MOST} filters.")
        selected = list(items)
        for each in filters:
            values = self._values_of(each["Name"])
            if len(each["Values"]) > VALUES_MOST:
                message = f"The filter `{each['Name']}` takes at most {VALUES_MOST} values."
                raise Refused(self.codes.filter_values, message)
            wanted = set(each["Values"])
            if each["Name"] in self.vague:
                selected = [i for i in selected if any(w in v for v in values(i) for w in wanted)]
            else:
                selected = [item for item in selected if not wanted.isdisjoint(values(item))]
        return selected

    def _values_of(self, name: str) -> Callable[[T], Iterable[str]]:
        if name in self.filters:
            return self.filters[name]
        tags = self.tags
        if tags is not None:
            if name == "tag-key":
                return lambda item: tags(item).keys()
            if name == "tag-value":
                return lambda item: tags(item).values()
            if name.startswith("tag:"):
                key = name.removeprefix("tag:")
                return lambda item: [tags(item)[key]] if key in tags(item) else []
        raise Refused(self.codes.filter_name, f"There is no filter `{name}`.")

    def page(self, items: list[T], params: Mapping[str, Any]) -> list[T]:
        """Cut the page that a call asks for out of all items."""
        limit, offset = params.get("Limit", PAGE_DEFAULT), params.get("Offset", 0)
        if not 0 <= limit <= PAGE_MOST:
            raise Refused(self.codes.limit, f"`Limit` is not between 0 and {PAGE_MOST}.")
        if offset < 0:
            raise Refused(self.codes.limit, "`Offset` is negative.")
        return items[offset : offset + limit]
