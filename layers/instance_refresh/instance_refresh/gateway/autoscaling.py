"""Auto Scaling, API version 2018-04-19: what is read and what is changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..fleet import (
    LIVE,
    Activity,
    Group,
    LaunchConfiguration,
    activity_from,
    group_from,
    launch_configuration_from,
)
from .actions import Actions, field, parsed
from .reading import PAGE, Objects, chunks, side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FILTERS, _VALUES = 10, 5


class AutoScaling(Actions):
    """The actions used of Auto Scaling."""

    def groups(self, ids: Iterable[str]) -> list[Group]:
        """Read groups by id, those that exist."""
        action, objects = "DescribeAutoScalingGroups", "AutoScalingGroupSet"
        return parsed(group_from, self._by_ids(action, objects, "AutoScalingGroupIds", ids))

    def groups_with_tags(self, tags: Sequence[tuple[str, str]]) -> list[Group]:
        """Read the groups that have all the tags."""
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags[:_FILTERS]]
        items = self._pages("DescribeAutoScalingGroups", "AutoScalingGroupSet", Filters=filters)
        groups = parsed(group_from, items)
        return [group for group in groups if set(tags) <= set(group.tags.items())]

    def groups_with_tag(self, key: str) -> list[Group]:
        """Read the groups that have a tag of this key, whatever its value."""
        filters = [{"Name": "tag-key", "Values": [key]}]
        items = self._pages("DescribeAutoScalingGroups", "AutoScalingGroupSet", Filters=filters)
        return [group for group in parsed(group_from, items) if key in group.tags]

    def launch_configurations(self, ids: Iterable[str]) -> list[LaunchConfiguration]:
        """Read launch configurations by id, those that exist."""
        action, objects = "DescribeLaunchConfigurations", "LaunchConfigurationSet"
        items = self._by_ids(action, objects, "LaunchConfigurationIds", ids)
        return parsed(launch_configuration_from, items)

    def configured_image(self, launch_configuration: str) -> str:
        """Read which image a launch configuration names now, "" if it is gone."""
        found = self.launch_configurations([launch_configuration])
        return found[0].image_id if found else ""

    def instances(self, groups: Sequence[Group]) -> Objects:
        """Read the groups' instances, as the API gives them, with the fewest calls.

        A filter takes five groups. Where the groups are many and small, listing all instances of
        the region takes fewer calls.
        """
        fives = chunks(groups, _VALUES)
        filtered = sum(math.ceil(sum(g.instances for g in five) / PAGE) or 1 for five in fives)
        action, objects = "DescribeAutoScalingInstances", "AutoScalingInstanceSet"
        if filtered > 1:
            total = field(self._call(action, Limit=1), "TotalCount", int)
            if math.ceil(total / PAGE) < filtered:
                wanted = {group.group_id for group in groups}
                listed = self._pages(action, objects)
                return [item for item in listed if item.get("AutoScalingGroupId") in wanted]

        def of(five: list[Group]) -> Objects:
            return self._pages(action, objects, Filters=_of_groups(g.group_id for g in five))

        return [item for part in side_by_side(of, fives) for item in part]

    def live_activities(self) -> list[Activity]:
        """Read every live refresh activity of the region."""
        return self._activities([{"Name": "refresh-activity-status-code", "Values": list(LIVE)}])

    def newest_activities(self, groups: Iterable[str]) -> list[Activity]:
        """Read each group's newest refresh activity, where it has one."""
        parts = side_by_side(
            lambda five: self._activities(_of_groups(five)), chunks(groups, _VALUES)
        )
        newest: dict[str, Activity] = {}
        for activity in (activity for part in parts for activity in part):
            known = newest.get(activity.group_id)
            if known is None or _age(activity) > _age(known):
                newest[activity.group_id] = activity
        return list(newest.values())

    def activities(self, ids: Iterable[str]) -> list[Activity]:
        """Read refresh activities by id, those that exist."""
        action, objects = "DescribeRefreshActivities", "RefreshActivitySet"
        return parsed(activity_from, self._by_ids(action, objects, "RefreshActivityIds", ids))

    def _activities(self, filters: list[dict[str, Any]]) -> list[Activity]:
        items = self._pages("DescribeRefreshActivities", "RefreshActivitySet", Filters=filters)
        return parsed(activity_from, items)

    def messages(self, scaling_activities: Iterable[str]) -> list[str]:
        """Read what the platform says of scaling activities (asa-…), where they went wrong."""
        action, objects = "DescribeAutoScalingActivities", "ActivitySet"
        return [
            f"{item.get('ActivityId')}: {item['StatusMessage']}"
            for item in self._by_ids(action, objects, "ActivityIds", scaling_activities)
            if item.get("StatusCode") != "SUCCESSFUL" and item.get("StatusMessage")
        ]

    def set_image(self, launch_configuration: str, image: str) -> None:
        """Put an image into a launch configuration; done twice, it is as if done once."""
        self._call(
            "ModifyLaunchConfigurationAttributes",
            LaunchConfigurationId=launch_configuration,
            ImageId=image,
        )

    def start_instance_refresh(self, group: str, mode: str, settings: dict[str, Any]) -> str:
        """Start a refresh and give its activity's id; never sent again when its fate is unknown."""
        answer = self._call(
            "StartInstanceRefresh",
            repeat=False,
            AutoScalingGroupId=group,
            RefreshMode=mode,
            RefreshSettings=settings,
        )
        return field(answer, "RefreshActivityId", str)

    # None of these three is sent again when its fate is unknown: the next look tells.

    def resume_instance_refresh(self, group: str, activity: str, mode: str) -> None:
        """Go on with a paused activity; RETRY or CONTINUE says what of its failed instances."""
        self._call(
            "ResumeInstanceRefresh",
            repeat=False,
            AutoScalingGroupId=group,
            RefreshActivityId=activity,
            ResumeMode=mode,
        )

    def cancel_instance_refresh(self, group: str, activity: str) -> None:
        """End an activity in which no batch runs; what was refreshed stays as it is."""
        self._call(
            "CancelInstanceRefresh",
            repeat=False,
            AutoScalingGroupId=group,
            RefreshActivityId=activity,
        )

    def rollback_instance_refresh(self, group: str, activity: str, settings: dict[str, Any]) -> str:
        """Put back each instance's image; gives the id of the new activity that does it."""
        answer = self._call(
            "RollbackInstanceRefresh",
            repeat=False,
            AutoScalingGroupId=group,
            OriginRefreshActivityId=activity,
            RefreshSettings=settings,
        )
        return field(answer, "RefreshActivityId", str)


def _of_groups(groups: Iterable[str]) -> list[dict[str, Any]]:
    return [{"Name": "auto-scaling-group-id", "Values": list(groups)}]


def _age(activity: Activity) -> tuple[bool, float]:
    """Order activities: a live one is the newest, whatever the second it was created in."""
    return activity.live, activity.created.timestamp() if activity.created else 0.0
