"""The pictures of docs/mlflow.md: `python benchmarks/screenshots.py` where mlflow.db has the default grid."""

import json
import shutil
import socket
import subprocess
import time
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from mlflow.tracking import MlflowClient
from PIL import Image
from playwright.sync_api import Page, sync_playwright

SEEDS = "tags.current = 'true' and tags.kind = 'seed'"
STORE, DATASET, DOCS = "sqlite:///mlflow.db", "mnist5k", Path("docs")
TWO_RUNS = "tags.seed = '0' and tags.model = 'vae' and tags.method LIKE 'skip%'"


def main() -> None:
    """Start MLflow's UI, take the pictures, end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["mlflow", "ui", "--backend-store-uri", STORE, "--port", str(port), "--workers", "1"]
    )
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.2)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1400, "height": 700})
            pictures(page, f"http://127.0.0.1:{port}/#")
    finally:
        server.terminate()
        server.wait()


def pictures(page: Page, address: str) -> None:
    """Two runs' curves, all cells with their seeds grouped, and parallel coordinates."""
    client = MlflowClient(STORE)
    experiment = client.get_experiment_by_name(DATASET).experiment_id
    view = "workflowType=machine_learning&compareRunsMode=CHART"
    runs = f"{address}/experiments/{experiment}/runs?{view}&searchFilter="

    page.goto(runs + quote(f"tags.current = 'true' and {TWO_RUNS}"))
    page.get_by_role("button", name="Close").first.click()  # the assistant
    page.get_by_placeholder("Search metric charts").fill("train/(kl|active|elbo)")
    shoot(page, "mlflow-two-runs.png")

    page.set_viewport_size({"width": 1400, "height": 1060})
    page.goto(runs + quote("tags.current = 'true' and tags.model = 'control_vae'"))
    page.get_by_placeholder("Search metric charts").fill("share_by|train/(kl|beta)")
    page.get_by_role("button", name="Group by").click()
    page.get_by_role("menuitemcheckbox", name="cell", exact=True).click()
    page.keyboard.press("Escape")
    shoot(page, "mlflow-cells.png")

    page.set_viewport_size({"width": 1400, "height": 700})
    ids = [run.info.run_id for run in client.search_runs([experiment], SEEDS)]
    query = f"runs={quote(json.dumps(ids))}&experiments={quote(json.dumps([experiment]))}"
    page.goto(f"{address}/compare-runs?{query}")
    page.get_by_text("Clear All").click()
    for box, names in enumerate((("model", "method", "seed"), ("test/mi", "test/nll"))):
        page.get_by_role("combobox").nth(box).click()
        page.wait_for_timeout(500)
        for name in names:  # The list holds only the options in sight.
            while page.locator(f"[class*=option-active][title='{name}']").count() == 0:
                page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
        page.keyboard.press("Escape")
    shoot(page, "mlflow-parallel.png")


def shoot(page: Page, name: str) -> None:
    """Take a picture when the charts have been drawn."""
    page.wait_for_timeout(6000)
    with Image.open(BytesIO(page.screenshot())) as picture:
        picture.quantize(192).save(DOCS / name, optimize=True)


if __name__ == "__main__":
    main()
