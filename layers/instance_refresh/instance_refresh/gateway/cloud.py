"""The way to one account's cloud, for one invocation: its credentials, settings and deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .autoscaling import AutoScaling
from .client import Api
from .cvm import Cvm

if TYPE_CHECKING:
    from ..deadline import Deadline
    from ..settings import Settings
    from .credentials import Credentials

# Kept between invocations, for the connections; dropped as soon as the credentials are others.
_apis: dict[tuple[str, str, str], Api] = {}
_apis_credentials: Credentials | None = None


class Cloud:
    """Gives each product's actions in a region."""

    def __init__(self, settings: Settings, credentials: Credentials, deadline: Deadline) -> None:
        self._settings, self._credentials, self.deadline = settings, credentials, deadline

    def autoscaling(self, region: str) -> AutoScaling:
        return AutoScaling(
            self._api("as", "2018-04-19", self._settings.as_endpoint, region), self.deadline
        )

    def cvm(self, region: str) -> Cvm:
        return Cvm(
            self._api("cvm", "2017-03-12", self._settings.cvm_endpoint, region), self.deadline
        )

    def _api(self, service: str, version: str, endpoint: str, region: str) -> Api:
        global _apis_credentials  # noqa: PLW0603 — one set of credentials at a time
        if self._credentials != _apis_credentials:
            _apis.clear()
            _apis_credentials = self._credentials
        key = (service, endpoint, region)
        if key not in _apis:
            _apis[key] = Api(service, version, endpoint, region, self._credentials)
        return _apis[key]
