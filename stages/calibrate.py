"""Compare training loop, controller and measures with a closed form: metrics/calibration.csv."""

import uncollapse.pipeline.watching.ctrl_c

from uncollapse.compute.device import set_up_process
from uncollapse.errors import UserError
from uncollapse.pipeline.calibration import calibrate, make_data
from uncollapse.pipeline.paths import CALIBRATION
from uncollapse.pipeline.stage import run
from uncollapse.progress import count_items
from uncollapse.tables import write_table


def main() -> None:
    """Write the table; raises UserError where an error is beyond its tolerance."""
    set_up_process()
    rows = list(count_items(calibrate(make_data()), "calibrate", "quantities"))
    texts = [
        {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in row._asdict().items()}
        for row in rows
    ]
    write_table(CALIBRATION, texts)
    wrong = [row for row in rows if not row.error <= row.tolerance]
    for row in wrong:
        text = f"calibration: {row.run}: {row.quantity} is {row.measured:.6g}, it should be {row.exact:.6g}"
        raise UserError(
            f"{text}; the error {row.error:.2g} is beyond {row.tolerance}; {len(wrong)} such in {CALIBRATION}"
        )
    print(f"calibrate: {len(rows)} quantities within their tolerances of the closed form, see {CALIBRATION}")


if __name__ == "__main__":
    run(main)
