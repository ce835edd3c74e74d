"""The actions that are used: Auto Scaling 2018-04-19, and CVM 2017-03-12."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..errors import ApiError
from ..model.fleet import LIVE
from .objects import (
    ACTIVITIES,
    GROUPS,
    IMAGES,
    INSTANCES,
    LAUNCH_CONFIGURATIONS,
    MACHINES,
    SCALING_ACTIVITIES,
)
from .reading import PAGE, Actions, chunks, side_by_side

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from ..model.fleet import (
        Activity,
        Group,
        Image,
        Instance,
        LaunchConfiguration,
        Machine,
        ScalingActivity,
    )

_FILTERS, FILTER_VALUES = 10, 5  # what a call takes at most


class AutoScaling(Actions):
    """Auto Scaling: what is read of it, and what is changed."""

    def groups(self, ids: Iterable[str]) -> list[Group]:
        """Read groups by id, those that exist."""
        return self._by_ids(GROUPS, ids)

    def groups_with_tags(self, tags: Sequence[tuple[str, str]]) -> list[Group]:
        """Read the groups that have all the tags."""
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags[:_FILTERS]]
        groups = self._all(GROUPS, filters)
        return [group for group in groups if set(tags) <= set(group.tags.items())]

    def groups_with_tag(self, key: str) -> list[Group]:
        """Read the groups that have a tag of this key, whatever its value."""
        groups = self._all(GROUPS, [{"Name": "tag-key", "Values": [key]}])
        return [group for group in groups if key in group.tags]

    def launch_configurations(self, ids: Iterable[str]) -> list[LaunchConfiguration]:
        """Read launch configurations by id, those that exist."""
        return self._by_ids(LAUNCH_CONFIGURATIONS, ids)

    def configured_image(self, launch_configuration: str) -> str:
        """Read which image a launch configuration names now, "" if it is gone."""
        found = self.launch_configurations([launch_configuration])
        return found[0].image_id if found else ""

    def instances(self, groups: Sequence[Group]) -> list[Instance]:
        """Read the groups' instances, without what CVM knows of them, with the fewest calls.

        A filter takes five groups. Where the groups are many and small, listing all instances of
        the region takes fewer calls; but a long list seldom stays as it is while it is read.
        """
        fives = chunks(groups, FILTER_VALUES)
        filtered = sum(math.ceil(sum(g.instances for g in five) / PAGE) or 1 for five in fives)
        if filtered > 1 and math.ceil(self._page(INSTANCES, Limit=1)[1] / PAGE) < filtered:
            wanted = {group.group_id for group in groups}
            listed = self._all_once(INSTANCES)
            if listed is not None:
                return [instance for instance in listed if instance.group_id in wanted]
        filters = [_of_groups(group.group_id for group in five) for five in fives]
        parts = side_by_side(lambda five: self._all(INSTANCES, five), filters)
        return [instance for part in parts for instance in part]

    def live_activities(self) -> list[Activity]:
        """Read every live refresh activity of the region."""
        statuses = {"Name": "refresh-activity-status-code", "Values": list(LIVE)}
        return self._all(ACTIVITIES, [statuses])

    def activities_since(self, created: datetime) -> tuple[list[Activity], bool]:
        """Read the activities that were created since then or are live; say if they are all.

        They are one page, or the list is read from its newer end: the API documents no order, so
        both ends are looked at, and where what was read is in none all of them are read.
        """
        first, total = self._page(ACTIVITIES, Offset=0)
        if total <= len(first):
            return first, True
        live = self.live_activities()
        offsets = list(range(0, total, PAGE))
        pages = {0: first, offsets[-1]: self._page(ACTIVITIES, Offset=offsets[-1])[0]}
        for offset in offsets if _in_order(first, newest_first=True) else reversed(offsets):
            if offset not in pages:
                pages[offset] = self._page(ACTIVITIES, Offset=offset)[0]
            if any(one.created and one.created < created for one in pages[offset]):
                break
        seen = [one for offset in sorted(pages) for one in pages[offset]]
        if not any(_in_order(seen, newest_first=order) for order in (True, False)):
            seen = self._all(ACTIVITIES, [])
        known = {one.activity_id: one for one in (*live, *seen)}
        if len(known) >= total:
            return list(known.values()), True
        # The list's other end would pass for the newest of the groups that it is of.
        since = (a for a in known.values() if a.live or not a.created or a.created >= created)
        return list(since), False

    def activities_of(self, groups: Iterable[str]) -> list[Activity]:
        """Read all refresh activities of groups, the oldest first: the API documents no order.

        A live one is the newest, whatever the second it was created in.
        """
        filters = [_of_groups(five) for five in chunks(dict.fromkeys(groups), FILTER_VALUES)]
        parts = side_by_side(lambda five: self._all(ACTIVITIES, five), filters)
        return sorted(
            (activity for part in parts for activity in part),
            key=lambda one: (one.live, one.created.timestamp() if one.created else 0.0),
        )

    def newest_activities(self, groups: Iterable[str]) -> list[Activity]:
        """Read each group's newest refresh activity, where it has one."""
        return list({one.group_id: one for one in self.activities_of(groups)}.values())

    def activities(self, ids: Iterable[str]) -> list[Activity]:
        """Read refresh activities by id, those that exist."""
        return self._by_ids(ACTIVITIES, ids)

    def failed_scaling_activities(
        self, groups: Iterable[str], since: datetime | None
    ) -> list[ScalingActivity]:
        """Read the scaling activities (asa-…) of groups that went wrong, those begun `since`."""
        wrong = {"Name": "activity-status-code", "Values": ["FAILED", "PARTIALLY_SUCCESSFUL"]}
        begun = {"StartTime": f"{since:%Y-%m-%dT%H:%M:%SZ}"} if since else {}
        filters = [[*_of_groups(five), wrong] for five in chunks(groups, FILTER_VALUES)]
        parts = side_by_side(lambda five: self._all(SCALING_ACTIVITIES, five, **begun), filters)
        return [activity for part in parts for activity in part]

    def set_image(self, launch_configuration: str, image: str) -> None:
        """Put an image into a launch configuration; done twice, it is as if done once."""
        fields = {"LaunchConfigurationId": launch_configuration, "ImageId": image}
        self.api.call("ModifyLaunchConfigurationAttributes", fields, self.deadline)

    # None of these five is sent again when its fate is unknown: the next look tells.

    def start_instance_refresh(self, group: str, mode: str, settings: dict[str, Any]) -> str:
        """Start a refresh and give its activity's id."""
        return self._begin(
            "StartInstanceRefresh",
            AutoScalingGroupId=group,
            RefreshMode=mode,
            RefreshSettings=settings,
        )

    def rollback_instance_refresh(
        self, group: str, activity: str, settings: Mapping[str, Any]
    ) -> str:
        """Put back each instance's image; gives the id of the new activity that does it."""
        return self._begin(
            "RollbackInstanceRefresh",
            AutoScalingGroupId=group,
            OriginRefreshActivityId=activity,
            RefreshSettings=dict(settings),
        )

    def stop_instance_refresh(self, group: str, activity: str) -> None:
        """Pause an activity as soon as the batch that runs has ended."""
        fields = {"AutoScalingGroupId": group, "RefreshActivityId": activity}
        self.api.call("StopInstanceRefresh", fields, self.deadline, repeat=False)

    def resume_instance_refresh(self, group: str, activity: str, mode: str) -> None:
        """Go on with a paused activity; RETRY or CONTINUE says what of its failed instances."""
        fields = {"AutoScalingGroupId": group, "RefreshActivityId": activity, "ResumeMode": mode}
        self.api.call("ResumeInstanceRefresh", fields, self.deadline, repeat=False)

    def cancel_instance_refresh(self, group: str, activity: str) -> None:
        """End an activity in which no batch runs; what was refreshed stays as it is."""
        fields = {"AutoScalingGroupId": group, "RefreshActivityId": activity}
        self.api.call("CancelInstanceRefresh", fields, self.deadline, repeat=False)

    def _begin(self, action: str, **fields: Any) -> str:
        """Call what begins an activity, and give its id."""
        answer = self.api.call(action, fields, self.deadline, repeat=False)
        name = answer.get("RefreshActivityId")
        if not isinstance(name, str):
            message = f"{action} was answered with no valid RefreshActivityId"
            raise ApiError("InvalidAnswer", message, fate_unknown=True)
        return name


def _in_order(activities: Iterable[Activity], *, newest_first: bool) -> bool:
    moments = [one.created for one in activities if one.created]
    return moments == sorted(moments, reverse=newest_first)


def _of_groups(groups: Iterable[str]) -> list[dict[str, Any]]:
    return [{"Name": "auto-scaling-group-id", "Values": list(groups)}]


class Cvm(Actions):
    """CVM: images, and the image that each instance runs."""

    def images(self, ids: Iterable[str]) -> list[Image]:
        """Read images by id, those that are in the region."""
        return self._by_ids(IMAGES, ids)

    def newest_of_family(self, family: str) -> Image | None:
        """Read the family's newest image that is NORMAL and not deprecated, whoever made it."""
        action = "DescribeImageFromFamily"
        item = self.api.call(action, {"ImageFamily": family}, self.deadline).get("Image")
        try:
            return IMAGES.read(item) if item else None
        except (LookupError, TypeError, ValueError, AttributeError):
            message = f"{action} was answered with no image as the API describes it"
            raise ApiError("InvalidAnswer", message, fate_unknown=True) from None

    def of_family(self, family: str) -> list[Image]:
        """Read the family's images that are the account's own or shared to it, the newest first."""
        return self.of_families({family})

    def of_families(self, families: Collection[str]) -> list[Image]:
        """Read the images of families that are the account's own or shared to it, newest first.

        No filter takes a family, so every image of these two types is listed. The platform's own
        are many and of no family of ours.
        """
        types = {"Name": "image-type", "Values": ["PRIVATE_IMAGE", "SHARED_IMAGE"]}
        found = [image for image in self._all(IMAGES, [types]) if image.family in families]
        return sorted(found, key=lambda one: one.created.timestamp() if one.created else 0.0)[::-1]

    def machines(self, ids: Iterable[str]) -> dict[str, Machine]:
        """Read what CVM knows of instances, by their ids, those that exist."""
        return {machine.instance_id: machine for machine in self._by_ids(MACHINES, ids)}
