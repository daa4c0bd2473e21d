"""Grades a class's homework: every answer runs shut in, and is judged outside.

    python -m course_utils.grading SUBMISSIONS/

`assignment` and `collect` read what is asked and what was handed in, `plan` joins the two,
`zygote`, `confine` and `answer` are the process in which answers run, `room` is this side of it,
`judging` compares what came out, `records`, `reports` and `exports` keep and tell it.
"""
