"""Tag's errors."""

from __future__ import annotations

from local.refused import Refused


def key_refused(problem: str, message: str) -> Refused:
    """Refuse a tag's key: it is Empty, its length is Exceeded or a character is Illegal."""
    return Refused(f"InvalidParameterValue.TagKey{problem}", message)


def value_refused(problem: str, message: str) -> Refused:
    """Refuse a tag's value, for the same reasons."""
    return Refused(f"InvalidParameterValue.TagValue{problem}", message)


def too_many_tags(most: int) -> Refused:
    return Refused("LimitExceeded.ResourceAttachedTags", f"A resource has at most {most} tags.")


def too_many_at_once(what: str, most: int) -> Refused:
    return Refused(f"LimitExceeded.{what}NumPerRequest", f"A call takes at most {most}.")


def bad_resource(problem: str, text: str) -> Refused:
    """Refuse the six segments that name a resource."""
    return Refused(f"InvalidParameterValue.{problem}", f"`{text}` names no resource.")
