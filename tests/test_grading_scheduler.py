"""On other machines through Dask: every submission once, though a worker is lost."""

from __future__ import annotations

import contextlib
import csv
import logging
import os
import signal
import sys
import threading
import time

import helpers_small_course as small
import psutil
import pytest

from course_utils.grading import command, records

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="grading needs Linux")


@pytest.fixture
def cluster():
    """Return a scheduler with two workers, each a process of its own."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
    ) as made:
        yield made


@pytest.fixture
def kept(monkeypatch):
    """Note the learner of each mark that is kept."""
    noted = []
    put = records.Records.put

    def note(self, submission, key, graded):
        noted.append(submission.learner)
        put(self, submission, key, graded)

    monkeypatch.setattr(records.Records, "put", note)
    return noted


def test_a_killed_worker_loses_nothing_and_grades_nothing_twice(cluster, kept, tmp_path, capsys):
    course = small.make_course(tmp_path / "course")
    folder = tmp_path / "class"
    wait = "import time\ntime.sleep(0.15)\n"
    names = [f"learner{number:02d}" for number in range(24)]
    for number, name in enumerate(names):
        wrong = "def double(x):\n    return x + 4" if number % 2 else small.DOUBLE
        small.hand_in(folder, name, wait + wrong)
    (folder / "broken.ipynb").write_text("nothing")
    victims = [info["pid"] for info in workers(cluster).values()]
    assert len(victims) == 2

    def kill_one():
        end = time.monotonic() + 60
        while time.monotonic() < end and len(kept) < 4:
            time.sleep(0.02)
        os.kill(victims[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    address = cluster.scheduler_address
    words = [str(folder), "--course", str(course), "--scheduler", address]
    status = command.main(words)
    killer.join()
    assert status == 0, capsys.readouterr()
    assert sorted(kept) == sorted([*names, "broken"])
    with (tmp_path / "class_graded" / "gradebook.csv").open(newline="") as file:
        points = {row["ID number"]: row["09_small (5 points)"] for row in csv.DictReader(file)}
    expected = {name: "4" if number % 2 else "5" for number, name in enumerate(names)}
    assert points == expected | {"broken": "0"}
    assert not zygotes_of(victims[0])


def workers(cluster):
    with distributed.Client(cluster, set_as_default=False) as client:
        pids = client.run(os.getpid)
    return {address: {"pid": pid} for address, pid in pids.items()}


def zygotes_of(pid):
    """Return the processes that a lost worker has left behind."""
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "zygote.main" in " ".join(process.cmdline()) and process.ppid() in (1, pid):
                left.append(process)
    return left
