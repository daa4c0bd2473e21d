"""nbgrader's settings: this folder is the root of an nbgrader course."""

import os
from pathlib import Path

c = get_config()  # noqa: F821 - given by traitlets

_HERE = Path(__file__).resolve().parent

c.CourseDirectory.root = str(_HERE)
c.CourseDirectory.course_id = "deep_learning_for_images"
c.ClearSolutions.code_stub = {
    "python": '# YOUR CODE HERE\nraise NotImplementedError("This blank is not filled in yet.")'
}

# `check` looks here for the values that the hidden tests expect
os.environ.setdefault("COURSE_HIDDEN", str(_HERE / "source" / "hidden"))
