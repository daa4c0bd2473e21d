"""What the tests share."""

import pytest
from lesson_budget import Budgets

collect_ignore_glob = ["data/*"]  # the homework in there is not a lesson


def pytest_configure(config: pytest.Config) -> None:
    """Hold the lessons that nbval runs to their budgets."""
    config.pluginmanager.register(Budgets(), "lesson-budgets")
