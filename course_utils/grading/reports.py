"""Pages of HTML: one of feedback for each submission, and one with the whole class."""

from __future__ import annotations

import html
from pathlib import Path

from course_utils.grading.exports import Row
from course_utils.grading.judging import Mark
from course_utils.grading.records import file_name

_STYLE = """
:root { color-scheme: light; --ink: #1c2733; --quiet: #5a6775; --line: #dde3ea;
  --right: #0072b2; --wrong: #b34700; --paper: #f6f8fa; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main { max-width: 780px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
p { margin: .25rem 0; }
.quiet { color: var(--quiet); font-size: .92rem; }
.score { display: flex; align-items: center; gap: 1rem; margin: 1.25rem 0; }
.score b { font-size: 1.5rem; white-space: nowrap; }
.bar { flex: 1; height: 12px; border-radius: 6px; background: var(--line); overflow: hidden; }
.bar span { display: block; height: 100%; background: var(--right); }
.note { background: #fff7ec; border: 1px solid #e8c38f; border-radius: 8px; padding: .7rem 1rem;
  margin: .6rem 0; overflow-wrap: anywhere; }
ul.tests { list-style: none; margin: 0; padding: 0; }
ul.tests li { background: #fff; border: 1px solid var(--line); border-left-width: 5px;
  border-radius: 8px; padding: .7rem 1rem; margin: .5rem 0; overflow-wrap: anywhere; }
ul.tests li.right { border-left-color: var(--right); padding: .35rem 1rem;
  margin: .3rem 0; }
ul.tests li.wrong { border-left-color: var(--wrong); }
.advice { font-weight: 600; }
.head { display: flex; justify-content: space-between; gap: 1rem; font-weight: 600; }
.head > span:last-child { white-space: nowrap; font-weight: 400; color: var(--quiet); }
.right .word { color: var(--right); }
.wrong .word { color: var(--wrong); }
table { border-collapse: collapse; width: 100%; background: #fff; font-size: .95rem; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
table.narrow { width: auto; margin-top: 1rem; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
a { color: var(--right); }
"""


def write(folder: Path, rows: list[Row]) -> None:
    """Write ``feedback/HOMEWORK/LEARNER.html`` for each row, and ``class.html``."""
    for row in rows:
        path = folder / _place(row)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(feedback(row), encoding="utf-8")
    (folder / "class.html").write_text(_class(rows), encoding="utf-8")


def _place(row: Row) -> str:
    one = row.submission
    return f"feedback/{one.homework or 'unknown'}/{file_name(one.learner)}.html"


def feedback(row: Row) -> str:
    """Return the page of one submission."""
    one, marks = row.submission, row.graded.marks
    points, most = row.graded.points, row.of
    parts = [f"<h1>{_(row.title)}</h1>", f'<p class="quiet">{_(one.learner)}</p>']
    share = 100 * points / most if most else 0
    parts.append(
        f'<div class="score"><b>{points} of {most} points</b><div class="bar" role="img" '
        f'aria-label="{share:.0f} percent of the points"><span style="width:{share:.0f}%"></span>'
        "</div></div>"
    )
    came = f"{one.handed_in.astimezone():%Y-%m-%d %H:%M}"
    parts.append(f'<p class="quiet">Handed in {came}, as {_(one.place)}.</p>')
    if row.late and row.due:
        due = f"{row.due.astimezone():%Y-%m-%d %H:%M}"
        parts.append(f'<p class="note">It came late: it was due {due}.</p>')
    if one.others:
        others = ", ".join(map(_, one.others))
        parts.append(
            f'<p class="note">You handed in more than once. The newest counts, not {others}.</p>'
        )
    if row.graded.notes:
        parts.append("<h2>Mend this first</h2>")
        parts += [f'<p class="note">{_(note)}</p>' for note in row.graded.notes]
    if marks and not any(mark.tried for mark in marks):
        parts.append(f"<p>None of the {len(marks)} tests could be tried.</p>")
        return _page(f"{row.title} · {one.learner}", parts)
    wrong = [mark for mark in marks if mark.points < mark.of]
    right = [mark for mark in marks if mark.points == mark.of]
    if wrong:
        parts += ["<h2>What to look at</h2>", _list(wrong)]
    elif marks:
        parts.append("<p>Every test is right.</p>")
    if right:
        parts += ["<h2>What is right</h2>", _list(right)]
    if any(mark.hidden for mark in marks):
        parts.append(
            '<p class="quiet">Hidden tests call your functions with inputs that the notebook does '
            "not show.</p>"
        )
    return _page(f"{row.title} · {one.learner}", parts)


def _list(marks: list[Mark]) -> str:
    return f'<ul class="tests">{"".join(map(_item, marks))}</ul>'


def _item(mark: Mark) -> str:
    right = mark.points == mark.of
    word = "✔ right" if right else "✘ not yet"
    hidden = ' <span class="quiet">(hidden test)</span>' if mark.hidden else ""
    rows = [
        f'<div class="head"><span>{_(mark.test)}{hidden} · <span class="word">{word}</span></span>'
        f"<span>{mark.points} of {mark.of}</span></div>"
    ]
    if not right:
        rows.append(f"<p>{_(mark.sentence)}</p>")
        if mark.advice:
            rows.append(f'<p class="advice">{_(mark.advice)}</p>')
        if mark.section:
            rows.append(f'<p class="quiet">Read again in the lesson: <b>{_(mark.section)}</b></p>')
    return f'<li class="{"right" if right else "wrong"}">{"".join(rows)}</li>'


def _class(rows: list[Row]) -> str:
    parts = ["<h1>The class</h1>"]
    for name in sorted({row.submission.homework for row in rows}):
        of_this = [row for row in rows if row.submission.homework == name]
        parts += [f"<h2>{_(of_this[0].title)}</h2>", _learners(of_this), _hardest(of_this)]
    return _page("The class", parts)


def _learners(rows: list[Row]) -> str:
    number = '<th class="number">'
    lines = [
        f"<tr><th>Learner</th>{number}Points</th>{number}Of</th><th>Handed in</th><th></th></tr>"
    ]
    for row in sorted(rows, key=lambda row: row.submission.learner):
        one = row.submission
        remarks = ["late"] if row.late else []
        remarks += [f"{len(one.others)} older"] if one.others else []
        remarks += ["see the page"] if row.graded.notes else []
        link = f'<a href="{_(_place(row))}">{_(one.learner)}</a>'
        lines.append(
            f'<tr><td>{link}</td><td class="number">{row.graded.points}</td>'
            f'<td class="number">{row.of}</td><td>{one.handed_in.astimezone():%Y-%m-%d %H:%M}</td>'
            f"<td>{', '.join(remarks)}</td></tr>"
        )
    return f"<table>{''.join(lines)}</table>"


def _hardest(rows: list[Row]) -> str:
    """Tell how many got each test right, the hardest first."""
    right: dict[str, list[bool]] = {}
    for row in rows:
        for mark in row.graded.marks:
            right.setdefault(mark.test, []).append(mark.points == mark.of)
    lines = ['<tr><th>Test, the hardest first</th><th class="number">Right</th></tr>']
    for test, each in sorted(right.items(), key=lambda item: sum(item[1]) / len(item[1])):
        lines.append(
            f'<tr><td>{_(test)}</td><td class="number">{sum(each)} of {len(each)}</td></tr>'
        )
    return f'<table class="narrow">{"".join(lines)}</table>'


def _(text: str) -> str:
    return html.escape(text)


def _page(title: str, parts: list[str]) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # learners' words stand on these pages: nothing on them may run or be fetched
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{_(title)}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )
