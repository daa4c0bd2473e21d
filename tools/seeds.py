"""Runs a lesson over ten seeds and records what its checkpoints reach.

    python tools/seeds.py --lesson 04
    python tools/seeds.py --lesson 04 --seeds 1 2 8

Seeds 7, 8 and 9 run in float32, the others in the precision that this machine is faster with. Each
run is written into ``tests/seeds/04.json`` as it ends, so an interrupted command goes on where it
stopped: a seed that is recorded for the lesson's present code is not run again. One run at a time,
since its seconds are recorded too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import executed
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course_utils import runtime

FOLDER = executed.HOUSE / "tests" / "seeds"
SEEDS = range(10)
FLOAT32_SEEDS = (7, 8, 9)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def load(path: Path) -> list[dict]:
    """Return the recorded runs, ordered by seed."""
    if not path.exists():
        return []
    return json.loads(path.read_text(encoding="utf-8"))["runs"]


def save(path: Path, runs: Iterable[dict]) -> None:
    """Write `runs`, one for each seed, so that the file is whole at every moment."""
    ordered = sorted(runs, key=lambda run: run["seed"])
    content = {"lesson": path.stem, "runs": ordered}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)


def run_seed(path: Path, seed: int) -> dict:
    """Run the lesson at `path` once and return what is recorded of it.

    ``COURSE_STRICT`` is off, so that a missed checkpoint does not hide the later ones.
    """
    precision = "float32" if seed in FLOAT32_SEEDS else machine_precision()
    environment = {"COURSE_SEED": str(seed), "COURSE_PRECISION": precision}
    notebook, seconds = executed.execute(path, environment)
    return {
        "seed": seed,
        "precision": precision,
        "commit": commit(),
        "seconds": round(seconds, 1),
        "source": executed.digest(notebook),
        "checkpoints": {
            record["name"]: {"value": record["value"], "verdict": record["verdict"]}
            for record in executed.checkpoints(notebook)
        },
    }


def machine_precision() -> str:
    """Return the precision that a lesson takes on this machine when nobody says."""
    return "mixed_bfloat16" if runtime.has_bfloat16_units() else "float32"


def commit() -> str:
    """Return the short commit of the working tree, with a plus sign where files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=executed.HOUSE, capture_output=True, text=True)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "-uno")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def missed(runs: Iterable[dict]) -> list[str]:
    """Return one sentence for each checkpoint that a run missed."""
    return [
        f"Seed {run['seed']} ({run['precision']}) missed {name!r} with {_short(got['value'])}."
        for run in runs
        for name, got in run["checkpoints"].items()
        if got["verdict"] == "missed"
    ]


def table(runs: list[dict]) -> str:
    """Return the lines of a table: each checkpoint's smallest, median and largest value."""
    names = list(dict.fromkeys(name for run in runs for name in run["checkpoints"]))
    rows = [("checkpoint", "runs", "min", "median", "max")]
    for name in names:
        values = values_of(runs, name)
        rows.append((name, str(len(values)), *map(_short, spread(values))))
    rows.append(("seconds", str(len(runs)), *map(_short, spread([r["seconds"] for r in runs]))))
    wide = max(len(name) for name, *_ in rows)
    lines = ("  ".join([name.ljust(wide), *(f"{c:>8}" for c in rest)]) for name, *rest in rows)
    return "\n".join(lines)


def values_of(runs: Iterable[dict], name: str) -> list[float]:
    """Return the values of checkpoint `name` over the runs that have it."""
    got = (run["checkpoints"].get(name) for run in runs)
    return [float(one["value"]) for one in got if one is not None]


def spread(values: list[float]) -> tuple[float, float, float]:
    """Return the smallest, the median and the largest value."""
    return min(values), statistics.median(values), max(values)


def _short(value: float | str) -> str:
    return f"{float(value):.4g}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lesson", required=True, help="such as 04")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), metavar="SEED")
    chosen = parser.parse_args(arguments)
    path = executed.lesson(chosen.lesson)
    record = FOLDER / f"{path.name[:2]}.json"
    now = executed.digest(executed.read(path))
    broken = []
    for seed in chosen.seeds:
        runs = {run["seed"]: run for run in load(record)}
        if seed in runs and runs[seed]["source"] == now:
            print(f"seed {seed}: recorded already for this code", flush=True)
            continue
        print(f"seed {seed}: running {path.name} …", end=" ", flush=True)
        try:
            run = run_seed(path, seed)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            said = _COLOUR.sub("", str(error)).strip().splitlines()[-1]
            broken.append(f"Seed {seed} stopped: {said}")
            print("stopped with an error", flush=True)
            continue
        save(record, [*(r for s, r in runs.items() if s != seed), run])
        print(f"{run['seconds']:.1f} s, {run['precision']}", flush=True)
    runs = [run for run in load(record) if run["seed"] in chosen.seeds]
    if runs:
        print(f"\n{table(runs)}")
    faults = broken + missed(runs)
    print("\n" + ("\n".join(faults) if faults else "No checkpoint missed."))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
