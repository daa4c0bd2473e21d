"""``python -m course_utils.grading``."""

import sys

from course_utils.grading.command import main

sys.exit(main())
