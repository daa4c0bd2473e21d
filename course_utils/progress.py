"""A progress bar with an end, in a notebook or a terminal."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
_REDRAW_SECONDS = 0.2


class Bar:
    """A bar from 0 to `total` that ends as one line: what was done, and in how many seconds.

    In a notebook it is drawn in place as HTML, so that the saved page keeps only its last state;
    in a terminal it is a tqdm bar on standard error; elsewhere nothing is drawn.

    Parameters
    ----------
    total : int
        Number of steps.
    label : str
        What is being done, such as ``"Training"``.
    """

    def __init__(self, total: int, label: str) -> None:
        self.total, self.label, self.done = total, label, 0
        self._note = ""
        self._begun = time.perf_counter()
        self._drawn = 0.0
        self._handle = self._terminal = None
        if _in_notebook():
            from IPython.display import display

            self._handle = display(self._bundle(), raw=True, display_id=True)
        elif sys.stderr.isatty():
            from tqdm import tqdm

            self._terminal = tqdm(total=total, desc=label, leave=False)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, steps: int = 1, note: str = "") -> None:
        """Advance by `steps`; `note` (a loss, a rate) stands beside the bar."""
        self.done += steps
        self._note = note or self._note
        if self._terminal is not None:
            self._terminal.update(steps)
            self._terminal.set_postfix_str(self._note, refresh=False)
        now = time.perf_counter()
        if self._handle is not None and now - self._drawn >= _REDRAW_SECONDS:
            self._drawn = now
            self._handle.update(self._bundle(), raw=True)

    def close(self) -> None:
        """Draw the last state."""
        if self._terminal is not None:
            self._terminal.close()
        if self._handle is not None:
            self._handle.update(self._bundle(ended=True), raw=True)

    def _bundle(self, ended: bool = False) -> dict[str, str]:
        seconds = time.perf_counter() - self._begun
        share = self.done / self.total if self.total else 1.0
        if ended:
            when = f"{seconds:.1f} s"
        elif self.done:
            when = f"{seconds:.0f} s, {seconds * max(1 / share - 1, 0):.0f} s to go"
        else:
            when = "starting"
        said = f"{self.label}: {self.done} of {self.total} · {when}"
        said += f" · {self._note}" if self._note else ""
        # a div, not <progress>: it keeps its colours in an exported page
        bar = (
            '<div style="display:inline-block;width:200px;height:10px;background:#dde3ea;'
            'vertical-align:middle;margin-right:8px"><div style="height:10px;background:#0072b2;'
            f'width:{100 * min(share, 1.0):.0f}%"></div></div>'
        )
        return {"text/plain": said, "text/html": f"<div>{bar}{html.escape(said)}</div>"}


def track(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Yield `items` one by one and show how far along they are."""
    with Bar(len(items) if total is None else total, label) as bar:  # type: ignore[arg-type]
        for item in items:
            yield item
            bar.update()


def training_bar(label: str = "Training") -> object:
    """Return a Keras callback that shows a bar over all steps of `fit`, with the loss beside it.

    It also makes the optimizer's variables beforehand, so that the first step is traced once.
    """
    import keras

    class TrainingBar(keras.callbacks.Callback):
        def on_train_begin(self, logs: dict | None = None) -> None:
            self.steps = self.params["steps"]
            self.bar = Bar(self.params["epochs"] * (self.steps or 1), label)
            # an optimizer that makes its variables in the first step has that step traced twice
            if self.model.built and not self.model.optimizer.built:
                self.model.optimizer.build(self.model.trainable_variables)

        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            if self.steps:
                self.bar.update(1)

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            said = [f"{k.replace('_', ' ')} {v:.3f}" for k, v in (logs or {}).items()]
            self.bar.update(0 if self.steps else 1, note=", ".join(said))

        def on_train_end(self, logs: dict | None = None) -> None:
            self.bar.close()

    return TrainingBar()


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
