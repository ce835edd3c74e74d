"""Hypothesis without clocks: a slow machine must not fail a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Generator

settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("project")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what is told beside a test go from process to process: only Unicode can."""
    report = yield
    report.sections = [(name, _unicode(text)) for name, text in report.sections]
    return report


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
