"""What an answer's process wrote is read without trust, and told without a word too many."""

from __future__ import annotations

import json

import numpy as np
import pytest

from course_utils.grading.assignment import Test
from course_utils.grading.grader import run
from course_utils.grading.judging import is_plain, mark, read_lines
from course_utils.grading.room import Reply, RoomError
from course_utils.homework import plain

OPEN, HIDDEN = Test("one", 2, "f(1)", False), Test("one, other input", 3, "f(2)", True)
RECORDED = {
    "expected": [1.0, 2.0],
    "hint": "Count again.",
    "section": "2 · Counting",
    "mistakes": [
        {"value": [2.0, 4.0], "sentence": "You counted both ends."},
        {"error": "the value is a dict; expected a list", "sentence": "A dict is no list."},
    ],
}


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -1.5, "text", [], [1, [2, "x"]],
        np.zeros((2, 0, 3)), np.arange(6).reshape(2, 3), np.array(5.0), np.array([True]),
        np.array([np.nan, np.inf]),
    ],
)  # fmt: skip
def test_whatever_plain_gives_is_plain(value):
    assert is_plain(json.loads(json.dumps(plain(value))))


@pytest.mark.parametrize(
    "value",
    [
        {}, {"array": [1]}, {"array": [1], "shape": [1], "kind": "O"},
        {"array": [1], "shape": [2], "kind": "f"},
        {"array": [[1], [1, 2]], "shape": [2], "kind": "f"},
        {"array": ["1"], "shape": [1], "kind": "f"}, {"array": [None], "shape": [1], "kind": "f"},
        {"array": [1], "shape": "1", "kind": "f"}, {"array": [1], "shape": [True], "kind": "f"},
        {"array": [1], "shape": [-1], "kind": "f"}, {"array": [1], "shape": [0], "kind": "f"},
        {"array": [1], "shape": [1], "kind": "f", "more": 1},
        {"array": [1], "shape": [1], "kind": []},
        [[[[[[[[[[[[[[1]]]]]]]]]]]]]], [{"passed": True}],
    ],
)  # fmt: skip
def test_nothing_else_is(value):
    assert not is_plain(value)
    said = {"end": "t0", "value": value}
    marked = mark(OPEN, said, RECORDED, "")
    assert (marked.points, marked.of) == (0, 2)
    assert "number, text, a list or an array" in marked.said


def test_a_right_value_gets_the_points_and_a_wrong_one_its_sentence():
    assert mark(OPEN, {"value": [1.0, 2.0]}, RECORDED, "").points == 2
    marked = mark(OPEN, {"value": [1.0, 5.0]}, RECORDED, "")
    assert marked.said == "Item 1: the value is 5, expected 2. Count again."
    assert marked.section == "2 · Counting"
    known = mark(OPEN, {"value": [2.0, 4.0]}, RECORDED, "")
    assert known.said.endswith("You counted both ends.")


@pytest.mark.parametrize(
    "said",
    [
        {"value": [7.25, 2.0]},
        {"value": ["secret 7.25", 2.0]},
        {"error": "your code stopped with ValueError: secret 7.25", "kind": "ValueError"},
        {"error": "your code stopped with Secret725", "kind": "Secret725", "where": " secret 7.25"},
        {"error": "x", "kind": ["secret", 7.25]},
        {"slow": "secret 7.25"},
        {"error": "the value is a Secret725", "kind": "NotPlainError"},
        {"odd": "secret 7.25"},
    ],
)
def test_of_a_hidden_test_nothing_of_the_answers_own_is_told(said):
    marked = mark(HIDDEN, said, RECORDED, "")
    assert marked.points == 0
    assert "7.25" not in marked.said
    assert "ecret" not in marked.said
    assert "expected" not in marked.said
    assert "Count again." in marked.said
    assert marked.said.startswith("With inputs that the notebook does not show, ")


def test_of_a_hidden_test_a_known_mistake_and_a_known_error_are_told():
    assert "You counted both ends." in mark(HIDDEN, {"value": [2.0, 4.0]}, RECORDED, "").said
    stopped = mark(HIDDEN, {"error": "…", "kind": "IndexError"}, RECORDED, "").said
    assert "your code stopped with IndexError" in stopped


def test_a_blank_is_told_as_one():
    for test in (OPEN, HIDDEN):
        marked = mark(test, {"blank": True}, RECORDED, "")
        assert marked.said == "A blank that this test needs is not filled in yet."


def test_what_never_came_is_told_without_a_hint():
    assert mark(OPEN, None, RECORDED, "your code ended it").sentence == "Your code ended it."


def test_lines_are_read_without_trust():
    content = (
        b'{"begin": "a"}\n{"end": "a", "value": 1}\n{"end": "a", "value": 2}\nnonsense\n\xff\xfe\n'
        b'[1]\n{"begin": ["b"]}\n{"begin": "c"}\n'
        + b"[" * 10**5
        + b"\n"
        + b'{"end": "d", "value": '
        + b"9" * 5000
        + b"}\n{"
    )
    found, begun, odd = read_lines(content)
    assert found == {"a": {"end": "a", "value": 1}}
    assert begun == ["c"]
    assert len(odd) == 7


class Played:
    """A room whose processes write what they are told to."""

    def __init__(self, *replies):
        self.replies, self.skipped = list(replies), []

    def run(self, job, hidden):
        self.skipped.append(job["skip"])
        return self.replies.pop(0)


def reply(visible, hidden=b"", ended="", seconds=1.0):
    return Reply(visible, hidden, ended, seconds, 0)


JOB = {"limits": {"seconds": 10.0}}


def test_a_process_that_ends_is_started_again_without_what_ended_it():
    room = Played(
        reply(b'{"begin": "t0"}\n{"end": "t0", "value": 1}\n{"begin": "t1"}\n', ended="exit"),
        reply(b'{"begin": "c0"}\n{"end": "c0"}\n', b'{"begin": "t2"}\n', ended="memory"),
        reply(b"", b'{"begin": "t3"}\n{"end": "t3", "value": 3}\n'),
    )
    ran = run(room, JOB, [])
    assert room.skipped == [[], ["t1", "t0"], ["t1", "t2", "t0"]]
    assert ran.gone == {"t1": "exit", "t2": "memory"}
    assert ran.visible["t0"]["value"] == 1
    assert ran.hidden["t3"]["value"] == 3
    assert ran.seconds == 3.0


def test_all_runs_of_an_answer_share_its_time():
    endless = [
        reply(f'{{"begin": "t{i}"}}\n'.encode(), ended="step", seconds=4.0) for i in range(9)
    ]
    room = Played(*endless)
    ran = run(room, JOB, [])
    assert len(ran.gone) == 2
    assert len(room.replies) == 6


def test_a_process_that_never_became_an_answer_is_no_answers_fault():
    with pytest.raises(RoomError, match="could not be shut in"):
        run(Played(reply(b"OSError: no namespaces\n", ended="exit")), JOB, [])
