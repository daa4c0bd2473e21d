"""What the tests share."""

import os

import pytest
from lesson_budget import Budgets

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as runtime.start has it

collect_ignore_glob = ["data/*"]  # the homework in there is not a lesson


def pytest_configure(config: pytest.Config) -> None:
    """Hold the lessons that nbval runs to their budgets."""
    config.pluginmanager.register(Budgets(), "lesson-budgets")
