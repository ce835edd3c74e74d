"""The Terraform module as the provider, `terraform fmt`, its README and Terraform itself see it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from deploy.variables import derived
from tests.contract import hcl, toolkit
from tests.contract.terraform_calls import ALL, COMPUTED, GIVEN, packaged, planned, values
from tests.contract.terraform_module import FOLDER, PROVIDER, Arguments, declared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLES = sorted((FOLDER / "examples").iterdir())
FILES = [*sorted(FOLDER.glob("*.tf")), *(path for e in EXAMPLES for path in sorted(e.glob("*.tf")))]
TYPES = {"string": str, "int": int, "bool": bool, "map": dict, "list": list}
BUILT_IN = "terraform_data"  # Terraform brings it along


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return packaged(tmp_path)


def wrong(schema: dict[str, Any], given: Arguments, where: str) -> Iterator[str]:
    """Say what the provider's schema doesn't take of a resource's arguments."""
    for name, value in given.items():
        known = schema.get(name, {})
        if fault := _fault(known, value, given):
            yield f"{where}: {name} {fault}"
        elif "block" in known:
            for each in value:
                yield from wrong(known["block"], each, f"{where}.{name}")
    needed = (name for name, known in schema.items() if known.get("required"))
    yield from (f"{where}: {name} is missing" for name in needed if name not in given)


def _is(value: object, kind: str) -> bool:
    return type(value) is TYPES[kind]  # True is no number


def _fault(known: dict[str, Any], value: Any, given: Arguments) -> str:
    if not known:
        return "is unknown"
    if not known.get("required") and not known.get("optional"):
        return "can't be given"
    if not _is(value, known["type"]):
        return f"is no {known['type']}"
    if given.keys() & set(known.get("conflicts_with", ())):
        return "stands beside what it excludes"
    most = known.get("max_items")
    return "stands there too often" if most and len(value) > most else ""


@pytest.mark.parametrize("environ", [derived(GIVEN), ALL], ids=["as the example", "with all"])
def test_the_provider_knows_every_resource_and_argument(
    root: Path, environ: dict[str, str]
) -> None:
    resources = planned(root, environ).resources()
    kinds = {address.partition(".")[0] for address in resources}
    assert kinds == {BUILT_IN, *PROVIDER["resources"]}
    for address, given in resources.items():
        kind = address.partition(".")[0]
        if kind == BUILT_IN:
            assert given.keys() == {"input"}
            continue
        own = {name: given[name] for name in given.keys() - COMPUTED.get(kind, {}).keys()}
        assert not list(wrong(PROVIDER["resources"][kind], own, address))


def test_what_is_read_of_a_resource_is_what_the_provider_computes() -> None:
    for kind, computed in COMPUTED.items():
        assert all(PROVIDER["resources"][kind][name].get("computed") for name in computed)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"nme": "x"}, "nme is unknown"),
        ({"status": "Active"}, "status can't be given"),
        ({"mem_size": "128"}, "mem_size is no int"),
        ({"cos_object_name": "a.zip"}, "stands beside what it excludes"),
        ({"layers": [{"layer_name": "a"}]}, "layers: layer_version is missing"),
    ],
)
def test_the_schema_refuses_what_the_provider_would(given: Arguments, said: str) -> None:
    good = {"name": "x", "zip_file": "x.zip"}
    schema = PROVIDER["resources"]["tencentcloud_scf_function"]
    assert not list(wrong(schema, good, "x"))
    assert any(said in line for line in wrong(schema, {**good, **given}, "x"))


def test_what_the_provider_does_not_change_in_place_is_replaced(root: Path) -> None:
    """Its layer's update is empty, and SCF has no UpdateTrigger for COS (resource_tc_scf_*.go)."""
    blocks = {tuple(block.labels): block for block in planned(root, derived(GIVEN)).of("resource")}
    for kind, name, data in (
        ("tencentcloud_scf_layer", "this", "terraform_data.layer[each.key]"),
        ("tencentcloud_scf_trigger", "cos", "terraform_data.cos_trigger"),
    ):
        (lifecycle,) = blocks[kind, name].all("lifecycle")
        assert hcl.written(lifecycle.arguments["replace_triggered_by"]) == f"[{data}]"
    resources = planned(root, derived(GIVEN)).resources()
    trigger = resources["tencentcloud_scf_trigger.cos"]
    assert resources["terraform_data.cos_trigger"]["input"] == [
        trigger["trigger_name"],
        trigger["trigger_desc"],
    ]


def test_it_is_formatted_as_terraform_fmt_does() -> None:
    """By HashiCorp's hclwrite, which `terraform fmt` calls, in its build for node."""
    texts = {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in FILES}
    formatted = json.loads(toolkit.run("format.js", texts, toolkit.FORMATS))
    assert formatted == texts


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_calls_the_module_as_it_is(root: Path, example: Path) -> None:
    (block,) = [hcl.read(path) for path in example.glob("*.tf")]
    calls, regions = block.all("module"), []
    for call in calls:
        given = {n: e for n, e in call.arguments.items() if n not in ("source", "providers")}
        scope = {"var": {n.lower(): GIVEN[n] for n in ("WEBHOOK_SECRET", "STATUS_SECRET")}}
        own = {name: hcl.evaluate(expression, scope) for name, expression in given.items()}
        assert (example / hcl.evaluate(call.arguments["source"], {})).resolve() == FOLDER
        defaults = values(derived(GIVEN), root / "build" / "packages")
        planned(root, derived(GIVEN), given={**defaults, **own}).resources()
        regions.append((own["region"], own.get("role_prefix"), own["cos_bucket"]))
    assert all(len(set(column)) == len(calls) for column in zip(*regions, strict=True))
    assert {hcl.evaluate(p.arguments["region"], {}) for p in block.all("provider")} == {
        region for region, *_ in regions
    }


def test_the_readme_lists_what_the_module_takes_and_gives(root: Path) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert tables(root) in readme


def tables(root: Path) -> str:
    """Write the tables of a README as terraform-docs does."""
    module = planned(root, derived(GIVEN))
    inputs = [
        f"| {name} | {text_of(block, 'description')} | `{type_of(block)}` | {default(block)} |"
        for name, block in sorted(declared().items())
    ]
    outputs = sorted(
        f"| {b.labels[0]} | {text_of(b, 'description')} |" for b in module.of("output")
    )
    kinds = sorted({f"| {'.'.join(b.labels)} | resource |" for b in module.of("resource")})
    return "\n".join(
        [
            *("## Resources", "", "| name | type |", "| --- | --- |", *kinds, ""),
            *("## Inputs", "", "| name | description | type | default |"),
            *("| --- | --- | --- | --- |", *inputs, ""),
            *("## Outputs", "", "| name | description |", "| --- | --- |", *outputs),
        ]
    )


def text_of(block: hcl.Block, name: str) -> str:
    return re.sub(r"([|<>*])", r"\\\1", str(hcl.evaluate(block.arguments[name], {})))


def type_of(block: hcl.Block) -> str:
    return hcl.written(block.arguments["type"])


def default(block: hcl.Block) -> str:
    if "default" not in block.arguments:
        return "required"
    return f"`{json.dumps(hcl.evaluate(block.arguments['default'], {}))}`"
