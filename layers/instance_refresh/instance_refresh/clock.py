"""What time of day it is: for windows and bakes, for signatures and ticks."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> datetime:
    """Give the time; everything that judges by the time of day asks here."""
    return datetime.now(timezone.utc)
