"""What shuts answers in, tried in each way that works here."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import sys

import pytest

from course_utils.grading import command, protections, room, view
from course_utils.grading.limits import MIB, Limits
from course_utils.grading.room import Room, RoomError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="grading needs Linux")

COURSE = view.HOUSE / "notebooks" / "homework"
SMALL = Limits(step_seconds=1, seconds=5, memory=512 * MIB)


@pytest.fixture(scope="module", params=room.WAYS)
def opened(request):
    try:
        with Room(way=request.param) as one:
            yield one
    except RoomError as error:
        pytest.skip(str(error))


def job(*steps, given=SMALL, files=None):
    return {
        "steps": list(steps),
        "skip": [],
        "limits": dataclasses.asdict(given),
        "files": files or {},
    }


def cell(code):
    return {"id": "c0", "code": code}


def value_of(expression):
    return {"id": "t0", "expression": expression}


def values(content):
    lines = [json.loads(line) for line in content.splitlines()]
    return {line["end"]: line.get("value", line) for line in lines if "end" in line}


def test_values_come_back(opened):
    steps = [cell("x = np = 20"), value_of("[x + 1, 'text', None, 1.5]"), {"keep": 0}]
    hidden = [{"id": "t1", "expression": "x * 2", "at": 0}]
    reply = opened.run(job(*steps), hidden)
    assert reply.ended == ""
    assert values(reply.visible)["t0"] == [21, "text", None, 1.5]
    assert values(reply.hidden) == {"t1": 40}


def test_a_hidden_test_sees_names_as_they_were_where_it_stands(opened):
    steps = [cell("x = 1"), {"keep": 4}, cell("x = 2") | {"id": "c1"}, value_of("x")]
    reply = opened.run(job(*steps), [{"id": "t1", "expression": "x", "at": 4}])
    assert values(reply.visible)["t0"] == 2
    assert values(reply.hidden)["t1"] == 1


def test_what_happens_in_one_answer_is_not_seen_in_the_next(opened):
    mark = (
        "import builtins, os; builtins.mark = 1; open('left', 'w').close(); os.environ['A'] = 'b'"
    )
    opened.run(job(cell(mark)), [])
    look = "import builtins, os"
    expression = "[hasattr(builtins, 'mark'), os.path.exists('left'), os.environ.get('A')]"
    reply = opened.run(job(cell(look), value_of(expression)), [])
    assert values(reply.visible)["t0"] == [False, False, None]


def test_the_home_is_empty_but_for_the_homeworks_files(opened):
    code = "import os; home = os.environ['HOME']"
    expression = (
        "[os.listdir(home), os.path.realpath(home) == os.getcwd(), open('table.txt').read()]"
    )
    reply = opened.run(job(cell(code), value_of(expression), files={"table.txt": "1 2"}), [])
    assert values(reply.visible)["t0"] == [["table.txt"], True, "1 2"]


def test_the_environment_holds_nothing_of_the_graders(opened, monkeypatch):
    monkeypatch.setenv("COURSE_TEST_SECRET", "SECRET")
    reply = opened.run(job(cell("import os"), value_of("sorted(os.environ)")), [])
    assert set(values(reply.visible)["t0"]) <= {*view.environment(""), "PWD", "LC_CTYPE", "_"}


def test_what_is_protected_is_said_by_trying(opened, tmp_path):
    gaps = protections.missing(opened, Limits(), COURSE, tmp_path)
    everywhere = ("network", "any number of processes", "any amount of memory")
    assert not [gap for gap in gaps if any(words in gap for words in everywhere)]
    if opened.way != "limits":
        assert gaps == []
    else:
        assert "an answer can read the solutions and the hidden tests" in gaps


def test_a_missing_protection_is_noticed(opened, tmp_path):
    wide = dataclasses.replace(Limits(), processes=10, disk=10 * MIB)

    class Loose:
        way = opened.way

        def run(self, job, hidden):
            """Give more than is asked for."""
            return opened.run(job | {"limits": dataclasses.asdict(Limits())}, hidden)

    gaps = protections.missing(Loose(), wide, COURSE, tmp_path)
    assert "an answer can start any number of processes" in gaps
    assert any("fill the disk" in gap for gap in gaps)


def test_nobody_can_be_called(opened):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        call = f"socket.create_connection(('127.0.0.1', {port}), timeout=1)"
        reply = opened.run(job(cell("import socket"), value_of(f"{call} and 1")), [])
        assert "error" in values(reply.visible)["t0"]
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("import os; os._exit(0)", ""),
        ("import os; os._exit(3)", "exit"),
        ("import ctypes; ctypes.string_at(0)", "signal 11"),
        ("while True: print('x' * 10_000)", "output"),
        ("import os\nwhile True: os.write(3, b'x' * 10_000)", "results"),
    ],
)
def test_how_it_ended_is_told(opened, code, ended):
    reply = opened.run(job(cell(code)), [])
    assert reply.ended == ended
    assert reply.visible.startswith(b'{"begin": "c0"}\n')
    assert "c0" not in values(b"\n".join(reply.visible.split(b"\n")[:1]))


def test_a_cell_and_the_whole_are_stopped_in_time(opened):
    loop = "while True: pass"
    reply = opened.run(job(cell(loop), value_of("1")), [])
    assert values(reply.visible) == {"c0": {"end": "c0", "slow": 1}, "t0": 1}
    assert 1 <= reply.seconds < 3
    steps = [{"id": f"c{i}", "code": loop} for i in range(9)]
    reply = opened.run(job(*steps, given=dataclasses.replace(SMALL, seconds=1.5)), [])
    assert reply.ended == "time"
    assert reply.seconds < 3


def test_nothing_goes_on_behind_an_answer(opened, tmp_path):
    """A process that it leaves behind is ended with it."""
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\n    os._exit(0)"
    )
    reply = opened.run(job(cell(code), value_of("1")), [])
    assert values(reply.visible)["t0"] == 1
    assert reply.seconds < 5


def test_answers_run_at_the_same_time_and_apart(opened):
    from concurrent.futures import ThreadPoolExecutor

    code = "import os, time; open('mine', 'w').close(); time.sleep(0.3)"
    expression = "[os.getuid(), os.listdir('.')]"
    with ThreadPoolExecutor(3) as pool:
        replies = list(
            pool.map(lambda _: opened.run(job(cell(code), value_of(expression)), []), "abc")
        )
    found = [values(reply.visible)["t0"] for reply in replies]
    assert all(files == ["mine"] for _, files in found)
    if os.geteuid() == 0:
        users = {user for user, _ in found}
        assert len(users) == 3
        assert os.geteuid() not in users


def test_a_zygote_that_is_gone_is_told(opened):
    with Room(way=opened.way) as own:
        own._process.kill()
        own._process.wait()
        with pytest.raises(RoomError, match=r"gone|could not be run"):
            own.run(job(value_of("1")), [])


def test_a_system_without_these_limits_is_told(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(RoomError, match="WSL or in a container"):
        Room()
    assert command.main(["submissions"]) == 1
    assert "WSL or in a container" in capsys.readouterr().err


def test_without_bubblewrap_the_next_way_is_taken(monkeypatch):
    monkeypatch.setattr(view.shutil, "which", lambda _: None)
    with Room() as own:
        assert own.way in ("namespaces", "limits")
    with pytest.raises(RoomError, match="bubblewrap is not installed"):
        Room(way="bubblewrap")
