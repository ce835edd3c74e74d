"""The bill of materials of what is shipped, as CycloneDX 1.6 has it, read from the wheels."""

from __future__ import annotations

import hashlib
import json
import uuid
import zipfile
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message
    from pathlib import Path

_LONGEST_NAME = 100  # longer is a licence's text, not its name


def bill(wheels: list[Path], shipped: Callable[[str], bool], version: str) -> str:
    """Write the bill of the wheels of which code is shipped; the same wheels, the same bill."""
    components = [component(wheel) for wheel in sorted(wheels) if ships(wheel, shipped)]
    content = json.dumps([version, components], sort_keys=True)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "instance-refresh", "version": version}
        },
        "components": components,
    }
    return json.dumps(document, indent=2) + "\n"


def ships(wheel: Path, shipped: Callable[[str], bool]) -> bool:
    """Say whether any of a wheel's modules is shipped."""
    with zipfile.ZipFile(wheel) as archive:
        return any(shipped(name) for name in archive.namelist() if name.endswith((".py", ".so")))


def component(wheel: Path) -> dict[str, Any]:
    """Describe a wheel: its package, version, licence and hash."""
    metadata = read_metadata(wheel)
    name, version = metadata["Name"], metadata["Version"]
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name.lower().replace('_', '-')}@{version}",
        "licenses": [{"license": {"name": licence(metadata)}}],
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
    }


def read_metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name))


def licence(metadata: Message) -> str:
    """Give the licence by the newest way that a package says it."""
    classifiers = metadata.get_all("Classifier") or []
    named = [text.rpartition(" :: ")[2] for text in classifiers if text.startswith("License ::")]
    text = (metadata.get("License") or "").strip()
    short = text if len(text) <= _LONGEST_NAME else ""
    return str(metadata.get("License-Expression") or short or ", ".join(named) or "not stated")
