"""Hold groups and release them: write and remove the tag that the schedule heeds.

Either call, made twice, is as if made once; wherever this dies, the next delivery sees a tag or
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ApiError
from ..gateway.reading import chunks, side_by_side
from ..gateway.tag import AT_ONCE, group_resource
from ..model.policy import HOLD_TAG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..gateway.cloud import Cloud
    from ..model.action import Finding
    from ..model.member import Member
    from ..model.outcome import Outcome


def write(found: Sequence[tuple[Member, Finding]], cloud: Cloud) -> list[Outcome]:
    """Write the tags of one request's groups, or remove them."""
    region = found[0][0].fleet.region
    try:
        account = cloud.sts(region).account()
    except ApiError as error:
        return [_failed(member, finding, error) for member, finding in found]
    parts = side_by_side(lambda some: _write(some, account, region, cloud), chunks(found, AT_ONCE))
    return [outcome for part in parts for outcome in part]


def _write(
    found: Sequence[tuple[Member, Finding]], account: str, region: str, cloud: Cloud
) -> list[Outcome]:
    names = [group_resource(region, account, member.group_id) for member, _ in found]
    request, tags = found[0][0].request, cloud.tag(region)
    holds = request.action == "Hold"
    try:
        errors = tags.tag(names, HOLD_TAG, request.reason) if holds else tags.untag(names, HOLD_TAG)
    except ApiError as error:
        errors = dict.fromkeys(names, error)
    return [
        _failed(member, finding, errors[name])
        if name in errors
        else member.ends("held" if holds else "released", finding.reason, code=finding.code)
        for name, (member, finding) in zip(names, found, strict=True)
    ]


def _failed(member: Member, finding: Finding, error: ApiError) -> Outcome:
    return member.ends(error.outcome, f"{finding.reason}; {error}", **error.fields)
