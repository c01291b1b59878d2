"""What a test types, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

CONFIG = Path(__file__).parents[2] / "config/development.yaml"

Call = Callable[..., Result]
