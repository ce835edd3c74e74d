"""Measures: `make bench`."""

import sys
from pathlib import Path

# As pytest has it, for `python -m tests.benchmarks`.
sys.path.append(str(Path(__file__).parents[2] / "layers" / "instance_refresh"))
