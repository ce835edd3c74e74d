"""Code as a call brings it: a zip in base64, or an object of COS."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from typing import TYPE_CHECKING, Any

from local.functions.models import Package
from local.refused import Refused
from local.scf.function import APPID

if TYPE_CHECKING:
    from pathlib import Path

    from local.cos.store import Store

LARGEST = 50 * 1024 * 1024


def package_of(code: dict[str, Any], store: Store) -> Package:
    """Read the zip that a call names."""
    if "ZipFile" in code:
        try:
            data = base64.b64decode(code["ZipFile"], validate=True)
        except binascii.Error:
            message = "ZipFile is not base64."
            raise Refused("InvalidParameterValue.ZipFileBase64BinasciiError", message) from None
    else:
        data = _object(code, store)
    if len(data) > LARGEST or not zipfile.is_zipfile(io.BytesIO(data)):
        raise Refused("InvalidParameterValue.ZipFile", "The code is no zip of at most 50 MB.")
    return Package(data)


def _object(code: dict[str, Any], store: Store) -> bytes:
    bucket = str(code.get("CosBucketName", ""))
    key = str(code.get("CosObjectName", "")).removeprefix("/")
    for name in (bucket, f"{bucket}-{APPID}"):  # the API takes the name without its appid
        if (name, key) in store.objects:
            return store.objects[name, key].body
    raise Refused("ResourceNotFound.CosObject", f"There is no object `{key}` in `{bucket}`.")


def unpack(package: Package, folder: Path) -> Path:
    """Unpack a zip once into a folder of its own, read-only as SCF mounts it."""
    place = folder / package.digest
    if not place.exists():
        with zipfile.ZipFile(io.BytesIO(package.data)) as archive:
            archive.extractall(place)
    return place
