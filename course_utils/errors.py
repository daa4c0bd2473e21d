"""Errors that a learner reads as one sentence."""

from __future__ import annotations


class PlainError(Exception):
    """An error that a notebook shows as its one sentence, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"✘ {self}"]


class DataError(PlainError):
    """Data that can't be had or read: what is wrong, with which file, and what to do."""
