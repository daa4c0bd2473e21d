"""Sliders move in a real JupyterLab, driven through an installed Chromium."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import lab
import nbformat
import pytest
from playwright.sync_api import sync_playwright

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
LESSONS = ("01_gradients_and_losses", "03_convolution")
NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 60

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with each lesson up to its first slider, without outputs."""
    made = tmp_path_factory.mktemp("lessons")
    for name in LESSONS:
        book = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        code = [i for i, cell in enumerate(book.cells) if "plotting.slider(" in cell.source]
        book.cells = book.cells[: code[0] + 1]
        for cell in book.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(book, made / f"{name}.ipynb")
    return made


@pytest.fixture(scope="module")
def jupyter(folder, tmp_path_factory):
    """Start JupyterLab on this machine alone and return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = tmp_path_factory.mktemp("jupyter")
    environment = lab.environment() | {
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "IPYTHONDIR": str(own / "ipython"),
    }
    environment.pop("COURSE_STRICT", None)  # as a learner has it
    more = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token="]
    more += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command = lab.command(folder, [*more, "--LabApp.expose_app_in_browser=True"])
    address = f"http://127.0.0.1:{port}"
    with (own / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_for(address, server, own / "log")
            yield address
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_for(address, server, log):
    """Wait until the server answers."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=BROWSER, headless=True, args=FLAGS)
        yield made
        made.close()


@pytest.mark.parametrize("name", LESSONS)
def test_a_moved_slider_redraws_the_picture_and_its_caption(name, jupyter, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.set_default_timeout(1000 * SECONDS)
    page.goto(f"{jupyter}/doc/tree/{name}.ipynb?reset")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        " === 'idle'"
    )
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")

    # the slider's cell is the last: a notebook that has run stands there
    cell = page.locator(".jp-CodeCell").last
    handle = cell.locator(".noUi-handle").first
    handle.wait_for()
    cell.locator("img").wait_for()
    picture, caption = seen(cell)
    assert len(caption.split()) > 3

    handle.scroll_into_view_if_needed()
    handle.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(150)
        moved = seen(cell)
        if moved[0] != picture and moved[1] != caption:
            break
    assert page.locator(".Toastify__toast").count() == 0, "JupyterLab asks for something"
    page.screenshot(path=tmp_path / f"{name}.png")
    assert moved[0] != picture, "the picture stayed as it was"
    assert moved[1] != caption, "the caption stayed as it was"
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()


def seen(cell):
    """Return the picture's data and the sentence beside it, as a learner sees them."""
    picture = cell.locator("img").get_attribute("src")
    caption = cell.locator(".jp-OutputArea-child:not(:has(.noUi-handle)):not(:has(img))")
    return picture, caption.last.inner_text().strip()
