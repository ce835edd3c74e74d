"""COS's errors: a status and an XML body."""

from __future__ import annotations

from xml.sax.saxutils import escape

from local.refused import Refused

STATUS = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidRange": 416,
    "MethodNotAllowed": 405,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "RequestTimeTooSkewed": 403,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
}


class CosRefused(Refused):
    """A request is refused with one of COS's codes."""

    @property
    def status(self) -> int:
        return STATUS[self.code]


def xml(code: str, message: str, resource: str, request_id: str) -> bytes:
    """Write an error as COS does."""
    parts = {"Code": code, "Message": message, "Resource": resource, "RequestId": request_id}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items())
    return f"<?xml version='1.0' encoding='utf-8' ?>\n<Error>{inner}</Error>\n".encode()
