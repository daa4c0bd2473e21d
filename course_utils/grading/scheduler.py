"""Runs jobs: as many at once as there are cores, or on the workers of a Dask scheduler.

Either way only what answers wrote comes back; what is expected stays with who judges.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

from course_utils.grading.grader import Ran, run
from course_utils.grading.plan import Plan
from course_utils.grading.room import Room, RoomError

_CONNECT_SECONDS = 15
_TRIES = 5  # of a job whose worker is lost

Outcome = tuple[int, Ran | None, str]  # the job's place, what came of it, or why nothing did


def here(room: Room, plans: list[Plan], at_once: int) -> Iterator[Outcome]:
    """Run `plans` in a room on this machine, and yield each outcome as it comes.

    Left early (an interrupt), it starts no other and waits for none.
    """
    pool = concurrent.futures.ThreadPoolExecutor(at_once)
    try:
        places = {
            pool.submit(run, room, one.job, one.hidden): place for place, one in enumerate(plans)
        }
        for future in concurrent.futures.as_completed(places):
            try:
                yield places[future], future.result(), ""
            except RoomError as error:
                yield places[future], None, str(error)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def on_scheduler(
    address: str, plans: list[Plan], modules: tuple[str, ...], way: str | None
) -> Iterator[Outcome]:
    """Run `plans` on the workers of the scheduler at `address`, and yield each outcome once.

    A job whose worker is lost goes to another one.

    Raises
    ------
    RoomError
        Nobody answers at `address`.
    """
    import distributed

    try:
        client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise RoomError(
            f"No Dask scheduler answers at {address} ({error}): start one with 'dask scheduler' "
            "and workers with 'dask worker', or leave --scheduler out."
        ) from None
    with contextlib.closing(client):
        futures = [
            client.submit(
                run_on_worker, modules, way, one.job, one.hidden, pure=False, retries=_TRIES
            )
            for one in plans
        ]
        places = {future.key: place for place, future in enumerate(futures)}
        loop = client.loop
        done = distributed.as_completed(futures, loop=loop, with_results=True, raise_errors=False)
        for future, result in done:
            if future.status == "finished":
                yield places[future.key], Ran(**result), ""
            else:
                error = result[1] if isinstance(result, tuple) else result
                yield places[future.key], None, f"{type(error).__name__}: {error}"


_room: Room | None = None
_starting = threading.Lock()


def run_on_worker(
    modules: tuple[str, ...], way: str | None, job: dict[str, Any], hidden: list[dict[str, Any]]
) -> dict[str, Any]:
    """Run one job in this worker's room, which its first job starts."""
    return dataclasses.asdict(run(_room_of_worker(modules, way), job, hidden))


def _room_of_worker(modules: tuple[str, ...], way: str | None) -> Room:
    global _room
    with _starting:
        if _room is None:
            made: list[Room | RoomError] = []
            known = threading.Event()
            # the room ends with the thread that starts it, and a pool's threads come and go
            args = (modules, way, made, known)
            threading.Thread(target=_keep_room, args=args, daemon=True).start()
            known.wait()
            if isinstance(made[0], RoomError):
                raise made[0]
            _room = made[0]
    return _room


def _keep_room(
    modules: tuple[str, ...], way: str | None, made: list, known: threading.Event
) -> None:
    try:
        made.append(Room(modules, way))
    except RoomError as error:
        made.append(error)
    known.set()
    threading.Event().wait()
