"""Let the runs that are being trained grow in MLflow: `make follow`, beside `dvc repro`."""

from uncollapse.tracking.follow import follow_training
from uncollapse.tracking.store import find_server, hide_credentials


def main() -> None:
    """Until Ctrl-C."""
    uri = find_server()
    address = hide_credentials(uri)
    print(f"follow: training grows in {address}; Ctrl-C ends this, and nothing else", flush=True)
    try:
        follow_training(uri)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
