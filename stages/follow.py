"""Let the runs that are being trained grow in MLflow: `make follow`, beside `dvc repro`, in a terminal of
its own.
"""

from uncollapse.tracking.follow import follow
from uncollapse.tracking.store import server, without_credentials


def main() -> None:
    """Until Ctrl-C."""
    uri = server()
    print(
        f"follow: training grows in {without_credentials(uri)}; Ctrl-C ends this, and nothing else",
        flush=True,
    )
    try:
        follow(uri)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
