"""What a deploy would do: step by step, each difference by field, and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from deploy.functions import FunctionItself, LayerVersion
from deploy.roles import Attachment, Policy, RoleItself
from deploy.triggers import TriggerItself, described_trigger, triggers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deploy.client import Client
    from deploy.description import Description
    from deploy.resources import Fields, Resource

Verb = Literal["create", "update", "leave", "delete"]
SIGNS: dict[Verb, str] = {"create": "+", "update": "~", "leave": "=", "delete": "-"}
SAID: dict[Verb, str] = {
    "create": "created",
    "update": "changed",
    "leave": "left as they are",
    "delete": "removed",
}
READ_BACK = ("Role", "Layers", "Enable", "TriggerDesc")
SECRET, CHANNELS, DIGEST = "SECRET", "NOTIFY", "CodeSha256"


class Step(NamedTuple):
    verb: Verb
    resource: Resource
    found: Fields | None

    def take(self, client: Client) -> None:
        """Carry it out."""
        if self.verb == "create":
            self.resource.create(client)
        elif self.verb == "update":
            self.resource.update(client, self.found or {})
        elif self.verb == "delete":
            self.resource.delete(client)


def resources(described: Description, *, roles: bool) -> list[Resource]:
    """Give all that is described, each after what it needs."""
    layers = {each.name: LayerVersion(each) for each in described.layers}
    found: list[Resource] = []
    for role in described.roles if roles else ():
        found += [
            RoleItself(role.name, role.trust),
            Policy(role.name, role.policy),
            Attachment(role.name),
        ]
    found += layers.values()
    found += [FunctionItself(f, [layers[name] for name in f.layers]) for f in described.functions]
    return [*found, *map(described_trigger, described.triggers)]


def to_deploy(wanted: list[Resource], client: Client) -> list[Step]:
    """Compare what is described with what stands there."""
    steps = []
    for each in wanted:
        found = each.find(client)
        verb: Verb = "create" if found is None else "leave" if found == each.wanted else "update"
        steps.append(Step(verb, each, found))
    triggers = [each for each in wanted if isinstance(each, TriggerItself)]
    added = _not_described(wanted, triggers, client)
    others = [Step("delete", each, each.wanted) for each in added]
    first = [step for step in steps if _closes(step)]
    return [*first, *others, *(step for step in steps if not _closes(step))]


def to_destroy(wanted: list[Resource], client: Client) -> list[Step]:
    """Find what stands there of all that is described, and what was added to its functions."""
    triggers = [Step("delete", each, each.wanted) for each in _not_described(wanted, [], client)]
    others = [each for each in reversed(wanted) if not isinstance(each, TriggerItself)]
    found = ((each, each.find(client)) for each in others)
    return [*triggers, *(Step("delete", each, there) for each, there in found if there is not None)]


def changes(steps: list[Step]) -> list[Step]:
    return [step for step in steps if step.verb != "leave"]


def written(steps: list[Step]) -> str:
    """Write a plan for a person."""
    lines = []
    for step in steps:
        lines.append(f"{SIGNS[step.verb]} {step.resource.kind:<10} {step.resource.name}")
        if step.verb in ("create", "update"):
            lines += _differences(step)
    counts = {verb: sum(step.verb == verb for step in steps) for verb in SAID}
    said = [f"{counts[verb]} {word}" for verb, word in SAID.items() if counts[verb]]
    lines.append(", ".join(said) or "nothing stands there")
    return "\n".join(lines)


def standing(steps: list[Step]) -> str:
    """Write what stands there, as it was read back: roles, layers' versions, triggers."""
    lines = []
    for step in steps:
        fields = dict(_flat({n: v for n, v in (step.found or {}).items() if n in READ_BACK}))
        if fields:
            said = ", ".join(f"{path.rpartition('.')[2]} {value}" for path, value in fields.items())
            lines.append(f"  {step.resource.kind} {step.resource.name}: {said}")
    return "\n".join(lines)


def _differences(step: Step) -> list[str]:
    wanted, found = dict(_flat(step.resource.wanted)), dict(_flat(step.found or {}))
    lines = []
    for path in [*wanted, *(path for path in found if path not in wanted)]:
        new, old = wanted.get(path), found.get(path)
        if new != old:
            before = f"{_shown(path, old)} → " if path in found else ""
            lines.append(f"    {path}: {before}{_shown(path, new)}")
    return lines


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every field at every depth, by its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _flat(item, f"{path}.{at}")
    else:
        yield path, value


def _shown(path: str, value: Any) -> str:
    if value is None:
        return "(none)"
    if SECRET in path or path.endswith(CHANNELS):
        return "(secret)"
    if path.startswith("Layers.") and value == 0:
        return "the new version"
    return str(value)[:12] if path == DIGEST else str(value)


def _not_described(
    wanted: list[Resource], triggers: Sequence[TriggerItself], client: Client
) -> list[TriggerItself]:
    """Find the triggers of our functions that the description doesn't name."""
    known = {(each.function, each.type, each.own_name) for each in triggers}
    return [
        found
        for each in wanted
        if isinstance(each, FunctionItself)
        for found in triggers_of(client, each.name)
        if (found.function, found.type, found.own_name) not in known
    ]


def _closes(step: Step) -> bool:
    """Tell whether a step closes an open URL: that comes before its function trusts it."""
    return isinstance(step.resource, TriggerItself) and step.resource.closes(step.found)
