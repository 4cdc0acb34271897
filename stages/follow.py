"""Let the runs that are being trained grow in MLflow: `make follow`, beside `dvc repro`."""

from uncollapse.tracking.follow import follow
from uncollapse.tracking.store import server, without_credentials


def main() -> None:
    """Until Ctrl-C."""
    uri = server()
    address = without_credentials(uri)
    print(f"follow: training grows in {address}; Ctrl-C ends this, and nothing else", flush=True)
    try:
        follow(uri)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
