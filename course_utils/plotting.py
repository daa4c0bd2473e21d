"""Pictures of data, networks and results, in one style that a colour-blind reader can tell apart.

Importing the module sets Matplotlib's style for the notebook.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils import runtime

# Okabe and Ito (2008), Color Universal Design
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")

plt.rcParams.update(
    {
        "figure.dpi": 80,
        "figure.figsize": (7.0, 3.5),
        "figure.constrained_layout.use": True,
        "axes.prop_cycle": plt.cycler(color=COLOURS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "image.cmap": "gray",
        "legend.frameon": False,
        "lines.linewidth": 2.0,
    }
)


def show_grid(
    images: Sequence[np.ndarray] | np.ndarray,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    size: float = 1.2,
    colours: Sequence[str] | None = None,
) -> Figure:
    """Draw pictures side by side, row after row.

    Parameters
    ----------
    images : sequence of arrays
        Each (H, W, 3) or (H, W), uint8 or float in [0, 1]; grey ones are stretched to their range.
        Where there are none the figure says so.
    titles : sequence of str, optional
        One a picture.
    columns : int
        Pictures in a row.
    size : float
        Width of one picture in inches.
    colours : sequence of str, optional
        Colour of each title.

    Returns
    -------
    Figure
    """
    count = len(images)
    columns = min(columns, max(count, 1))
    rows = max(-(-count // columns), 1)
    height = size * (1.22 if titles is not None else 1.0)
    figure, axes = plt.subplots(
        rows, columns, figsize=(size * columns, height * rows), squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    if not count:
        axes[0, 0].text(0.5, 0.5, "none", ha="center", va="center")
    for i in range(count):
        axis = axes.flat[i]
        axis.imshow(_drawable(images[i]), interpolation="nearest")
        if titles is not None:
            colour = colours[i] if colours else "black"
            # y given: Matplotlib need not look for ticks that a title could touch (half the time)
            axis.set_title(titles[i], fontsize=8, color=colour, y=1.0)
    return figure


def _drawable(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image)
    # Matplotlib does not know bfloat16, which NumPy files under "V"
    return image if image.dtype.kind in "biuf" else image.astype(np.float32)


def draw_boxes(
    axis: Axes,
    boxes: np.ndarray,
    labels: Sequence[str] | None = None,
    *,
    colours: Sequence[str] | None = None,
) -> None:
    """Draw boxes over the picture on `axis`.

    Parameters
    ----------
    axis : Axes
    boxes : array (N, 4) float32
        (x1, y1, x2, y2) in pixels of the picture.
    labels : sequence of str, optional
        One a box.
    colours : sequence of str, optional
        One a box.
    """
    for i, (x1, y1, x2, y2) in enumerate(np.asarray(boxes)):
        colour = colours[i] if colours else COLOURS[1]
        # a pixel's centre lies at a whole number, its edge half a pixel before
        corner = (x1 - 0.5, y1 - 0.5)
        axis.add_patch(plt.Rectangle(corner, x2 - x1, y2 - y1, fill=False, ec=colour, lw=2))
        if labels is not None:
            axis.text(x1, y1 - 1, labels[i], color="white", backgroundcolor=colour, fontsize=7)


def draw_mask(axis: Axes, mask: np.ndarray, colour: str = COLOURS[0], alpha: float = 0.5) -> None:
    """Lay `mask` ((H, W), bool or values in [0, 1]) over the picture on `axis` in one colour."""
    mask = np.asarray(mask, float)
    layer = np.empty((*mask.shape, 4))
    layer[..., :3] = to_rgb(colour)
    layer[..., 3] = alpha * mask
    axis.imshow(layer, interpolation="nearest")


def show_curves(curves: dict[str, Sequence[float]], x_label: str, y_label: str) -> Axes:
    """Draw one line a name over 1, 2, 3, …; a name that begins with "test" is dashed.

    Returns
    -------
    Axes
    """
    _, axis = plt.subplots(figsize=(6, 3))
    for name, values in curves.items():
        style = "--" if name.startswith("test") else "-"
        axis.plot(np.arange(1, len(values) + 1), values, style, label=name)
    axis.set(xlabel=x_label, ylabel=y_label)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend()
    return axis


def show_feature_maps(maps: np.ndarray, *, columns: int = 8, title: str = "") -> Figure:
    """Draw the channels of one picture's feature maps, each stretched to its own range.

    Parameters
    ----------
    maps : array (H, W, C)
    columns : int
        Maps in a row.
    title : str
        Above the figure.
    """
    figure = show_grid(list(np.moveaxis(np.asarray(maps, float), -1, 0)), columns=columns, size=0.9)
    figure.suptitle(title, fontsize=9)
    return figure


def show_confusion(matrix: np.ndarray, names: Sequence[str]) -> Axes:
    """Draw a confusion matrix (rows: true class, columns: predicted class) with its counts.

    Parameters
    ----------
    matrix : array (C, C) int
    names : sequence of str
    """
    matrix = np.asarray(matrix)
    side = 0.45 * len(names) + 1.8
    _, axis = plt.subplots(figsize=(side, side))
    axis.imshow(matrix, cmap="Blues", vmin=0)
    axis.grid(False)
    axis.set(xlabel="predicted", ylabel="true")
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(names)), names)
    for (row, column), count in np.ndenumerate(matrix):
        dark = count > matrix.max() / 2
        colour = "white" if dark else "black"
        axis.text(column, row, int(count), ha="center", va="center", color=colour)
    return axis


def slider(f: Callable[..., tuple[Figure, str]], **ranges: tuple[float, float, float]) -> None:
    """Show f's picture with a slider for each of its arguments, redrawn as a slider moves.

    The picture is part of the saved page, at the sliders' starting values. Under
    ``COURSE_STRICT`` f is also called with all sliders at their lower end, in the middle and at
    their upper end, and its errors are let out.

    Parameters
    ----------
    f : callable
        Takes the values by name; returns a figure and the sentence that says the same in words.
    **ranges : (low, high, start)
        One slider each; all three whole numbers make a slider of whole numbers.
    """
    import ipywidgets
    from IPython.display import display

    def draw(values: dict[str, float]) -> tuple[Figure, dict[str, str]]:
        with plt.ioff():
            figure, said = f(**values)
        plt.close(figure)
        return figure, {"text/plain": said, "text/html": f"<div>{html.escape(said)}</div>"}

    if runtime.settings().strict:
        for place in (0.0, 0.5, 1.0):
            draw({name: _between(place, *bounds) for name, bounds in ranges.items()})

    widgets = {name: _widget(ipywidgets, name, *bounds) for name, bounds in ranges.items()}
    figure, said = draw({name: widget.value for name, widget in widgets.items()})
    sliders = ipywidgets.VBox(list(widgets.values()))._repr_mimebundle_()
    # what a page without a kernel shows
    named = [f"{name.replace('_', ' ')} at {widget.value:g}" for name, widget in widgets.items()]
    sliders["text/plain"] = f"Slider: {', '.join(named)}; run the notebook to move it."
    display(sliders, raw=True)
    caption = display(said, raw=True, display_id=True)
    picture = display(figure, display_id=True)

    def redraw(_: object) -> None:
        figure, said = draw({name: widget.value for name, widget in widgets.items()})
        caption.update(said, raw=True)
        picture.update(figure)

    for widget in widgets.values():
        widget.observe(redraw, names="value")


def _between(place: float, low: float, high: float, start: float) -> float:
    value = low + place * (high - low)
    return round(value) if _whole(low, high, start) else value


def _whole(*values: float) -> bool:
    return all(isinstance(value, int) for value in values)


def _widget(ipywidgets: object, name: str, low: float, high: float, start: float) -> object:
    whole = _whole(low, high, start)
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    return kind(
        value=start,
        readout_format="d" if whole else ".3g",
        min=low,
        max=high,
        step=1 if whole else (high - low) / 100,
        description=name.replace("_", " "),
        style={"description_width": "initial"},
        layout={"width": "420px"},
    )
