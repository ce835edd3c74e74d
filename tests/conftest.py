"""Hypothesis without clocks: a slow machine must not fail a test. And the fault matrix's count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("project")

_CELLS = ("test_fault_matrix.py::test_a_publish", "test_fault_matrix.py::test_a_tick")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many cells of the fault matrix hold, also where tests run side by side."""
    passed, failed = (
        sum(any(cell in report.nodeid for cell in _CELLS) for report in reports)
        for reports in map(terminalreporter.getreports, ("passed", "failed"))
    )
    if passed or failed:
        terminalreporter.write_line(f"fault matrix: {passed} cells hold, {failed} do not")
