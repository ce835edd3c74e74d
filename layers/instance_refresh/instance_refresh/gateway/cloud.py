"""The way to one account's cloud, for one invocation: its credentials, settings and deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..clock import Deadline
    from ..settings import Settings
    from .actions import AutoScaling, Cvm
    from .client import Api
    from .sts import Sts
    from .tag import Tag

_NAMES = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
_MOST_APIS = 60  # two products in thirty regions; those of tags are seldom asked


class Credentials(NamedTuple):
    """The role's, valid for six hours at most: never kept beyond an invocation without a look."""

    secret_id: str
    secret_key: str
    token: str

    def __repr__(self) -> str:
        """Keep them out of logs."""
        return "Credentials(…)"


def credentials(environ: Mapping[str, str]) -> Credentials:
    """Read what SCF puts into the environment; an ApiError CredentialsMissing names what is not."""
    missing = [name for name in _NAMES if not environ.get(name)]
    if missing:
        raise ApiError("CredentialsMissing", f"no role credentials: {', '.join(missing)} not set")
    return Credentials(*(environ[name] for name in _NAMES))


# Kept between invocations, for the connections; dropped as soon as the credentials are others.
_apis: dict[tuple[str, str, str], Api] = {}
_apis_credentials: Credentials | None = None


class Cloud(NamedTuple):
    """Gives each product's actions in a region."""

    settings: Settings
    credentials: Credentials
    deadline: Deadline

    def autoscaling(self, region: str) -> AutoScaling:
        from .actions import AutoScaling

        endpoint = self.settings.as_endpoint
        return AutoScaling(self._api("as", "2018-04-19", endpoint, region), self.deadline)

    def cvm(self, region: str) -> Cvm:
        from .actions import Cvm

        endpoint = self.settings.cvm_endpoint
        return Cvm(self._api("cvm", "2017-03-12", endpoint, region), self.deadline)

    def tag(self, region: str) -> Tag:
        from .tag import Tag

        return Tag(self._api("tag", "2018-08-13", self._beside("tag"), region), self.deadline)

    def sts(self, region: str) -> Sts:
        from .sts import Sts

        return Sts(self._api("sts", "2018-08-13", self._beside("sts"), region), self.deadline)

    def _beside(self, service: str) -> str:
        """Give another product's endpoint, of the site that Auto Scaling's is of."""
        return self.settings.as_endpoint.replace("://as.", f"://{service}.", 1)

    def _api(self, service: str, version: str, endpoint: str, region: str) -> Api:
        from .client import Api

        global _apis_credentials  # noqa: PLW0603 — one set of credentials at a time
        if self.credentials != _apis_credentials:
            _apis.clear()
            _apis_credentials = self.credentials
        key = (service, endpoint, region)
        if key not in _apis:
            if len(_apis) >= _MOST_APIS:
                _apis.pop(next(iter(_apis)), None)
            _apis[key] = Api(service, version, endpoint, region, self.credentials)
        return _apis[key]
