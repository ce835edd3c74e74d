"""What holds a secret does not show it."""

from __future__ import annotations

import base64
from typing import Any
from unittest import mock

from instance_refresh.gateway.cloud import Cloud
from instance_refresh.gateway.credentials import credentials
from instance_refresh.invocation import Invocation, TryAgain
from instance_refresh.settings import settings
from tests.end_to_end.harness import SECRET, world

OTHER = "whsec_" + base64.b64encode(b"the previous secret, of tests").decode()


def test_nothing_is_shown_by_a_repr() -> None:
    with world(WEBHOOK_SECRET_PREVIOUS=OTHER) as it:
        it.region.add_image("img-00000001")
        it.region.add_group("asg-web00001", image="img-00000001")
        known, own = settings(it.environ), credentials(it.environ)
        with (
            mock.patch.dict("os.environ", it.environ, clear=True),
            Invocation("http", {}) as invocation,
        ):
            gateway = Cloud(known, own, invocation.deadline)
            reader = gateway.autoscaling("ap-guangzhou")
            assert reader.groups(["asg-web00001"])
            things: list[Any] = [known, own, invocation, gateway, reader, vars(reader)]
            things += [vars(gateway), vars(invocation), vars(vars(reader)["_api"]), TryAgain("x")]
    shown = "".join(map(repr, things))
    assert "webhook_auth" in shown
    secrets = [it.role.secret_id, it.role.secret_key, str(it.role.token)]
    for secret in (SECRET, OTHER):
        text = secret.removeprefix("whsec_")
        secrets += [text, base64.b64decode(text).decode()]
    assert [secret for secret in secrets if secret in shown] == []
