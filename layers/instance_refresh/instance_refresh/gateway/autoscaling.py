"""Auto Scaling, API version 2018-04-19: what is read and what is changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..model.fleet import LIVE
from .actions import Actions, field
from .objects import (
    activity_from,
    group_from,
    instance_from,
    launch_configuration_from,
    scaling_activity_from,
)
from .reading import PAGE, all_pages, chunks, every_page_once, side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ..model.fleet import Activity, Group, Instance, LaunchConfiguration, ScalingActivity

_FILTERS, FILTER_VALUES = 10, 5  # what a call takes at most


class AutoScaling(Actions):
    """The actions used of Auto Scaling."""

    def groups(self, ids: Iterable[str]) -> list[Group]:
        """Read groups by id, those that exist."""
        action, objects = "DescribeAutoScalingGroups", "AutoScalingGroupSet"
        return self._by_ids(action, objects, group_from, "AutoScalingGroupIds", ids)

    def groups_with_tags(self, tags: Sequence[tuple[str, str]]) -> list[Group]:
        """Read the groups that have all the tags."""
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags[:_FILTERS]]
        groups = self._groups(filters)
        return [group for group in groups if set(tags) <= set(group.tags.items())]

    def groups_with_tag(self, key: str) -> list[Group]:
        """Read the groups that have a tag of this key, whatever its value."""
        groups = self._groups([{"Name": "tag-key", "Values": [key]}])
        return [group for group in groups if key in group.tags]

    def _groups(self, filters: list[dict[str, Any]]) -> list[Group]:
        action, objects = "DescribeAutoScalingGroups", "AutoScalingGroupSet"
        return all_pages(self._pages(action, objects, group_from, Filters=filters))

    def launch_configurations(self, ids: Iterable[str]) -> list[LaunchConfiguration]:
        """Read launch configurations by id, those that exist."""
        action, objects = "DescribeLaunchConfigurations", "LaunchConfigurationSet"
        read, name = launch_configuration_from, "LaunchConfigurationIds"
        return self._by_ids(action, objects, read, name, ids)

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
        action, objects = "DescribeAutoScalingInstances", "AutoScalingInstanceSet"
        if filtered > 1:
            total = field(self._call(action, Limit=1), "TotalCount", int)
            if math.ceil(total / PAGE) < filtered:
                wanted = {group.group_id for group in groups}
                listed = every_page_once(self._pages(action, objects, instance_from))
                if listed is not None:
                    return [instance for instance in listed if instance.group_id in wanted]

        def of(five: list[Group]) -> list[Instance]:
            filters = _of_groups(group.group_id for group in five)
            return all_pages(self._pages(action, objects, instance_from, Filters=filters))

        return [instance for part in side_by_side(of, fives) for instance in part]

    def live_activities(self) -> list[Activity]:
        """Read every live refresh activity of the region."""
        return self._activities([{"Name": "refresh-activity-status-code", "Values": list(LIVE)}])

    def newest_activities(self, groups: Iterable[str]) -> list[Activity]:
        """Read each group's newest refresh activity, where it has one.

        All their activities are read: the API documents no order.
        """

        def newest(five: list[str]) -> list[Activity]:
            by_group: dict[str, Activity] = {}
            filters = _of_groups(five)
            for activity in sorted(self._activities(filters), key=_age, reverse=True):
                by_group.setdefault(activity.group_id, activity)
            return list(by_group.values())

        parts = side_by_side(newest, chunks(dict.fromkeys(groups), FILTER_VALUES))
        return [activity for part in parts for activity in part]

    def activities(self, ids: Iterable[str]) -> list[Activity]:
        """Read refresh activities by id, those that exist."""
        action, objects = "DescribeRefreshActivities", "RefreshActivitySet"
        return self._by_ids(action, objects, activity_from, "RefreshActivityIds", ids)

    def _activities(self, filters: list[dict[str, Any]]) -> list[Activity]:
        action, objects = "DescribeRefreshActivities", "RefreshActivitySet"
        return all_pages(self._pages(action, objects, activity_from, Filters=filters))

    def failed_scaling_activities(
        self, groups: Iterable[str], since: datetime | None
    ) -> list[ScalingActivity]:
        """Read the scaling activities (asa-…) of groups that went wrong, those begun `since`."""
        action, objects = "DescribeAutoScalingActivities", "ActivitySet"
        wrong = {"Name": "activity-status-code", "Values": ["FAILED", "PARTIALLY_SUCCESSFUL"]}
        start = {"StartTime": f"{since:%Y-%m-%dT%H:%M:%SZ}"} if since else {}

        def of(five: list[str]) -> list[ScalingActivity]:
            filters = [*_of_groups(five), wrong]
            read = self._pages(action, objects, scaling_activity_from, Filters=filters, **start)
            return all_pages(read)

        parts = side_by_side(of, chunks(dict.fromkeys(groups), FILTER_VALUES))
        return [activity for part in parts for activity in part]

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
