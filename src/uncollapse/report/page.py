"""The page: one file that opens from disk, with all that it draws inside."""

import json
from functools import cache
from pathlib import Path

import jinja2
import vl_convert
from markupsafe import Markup

from uncollapse.pipeline.paths import PAGE
from uncollapse.report import explain, matrix, table
from uncollapse.report.agreement import disagreements
from uncollapse.report.answers import answers
from uncollapse.report.colours import VERDICT_COLOURS, palette
from uncollapse.report.examples import examples
from uncollapse.report.headline import headline
from uncollapse.report.panels import figures
from uncollapse.report.trust import trust
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import Results

FOLDER = Path(__file__).parent / "template"
SECTIONS = {
    "answers": "Answers",
    "table": "Numbers",
    "pictures": "Pictures",
    "methods": "Methods",
    "trust": "Trust",
}


def write_page(results: Results) -> None:
    """Write report/index.html."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(results))


def page(results: Results) -> str:
    """The HTML. Each section is a file of the template, which says what it shows of these values."""
    evidence = Evidence(results)
    verdicts, sides = matrix.squares(evidence), matrix.sides(evidence)
    return (
        environment()
        .get_template("report.html")
        .render(
            results=results,
            sections=SECTIONS,
            palette=palette(results.methods),
            matrix=matrix.by_row(verdicts, sides.down),
            sides=sides,
            key=matrix.key(verdicts),
            verdict_colours=VERDICT_COLOURS,
            headline=headline(evidence, verdicts),
            answers=answers(evidence),
            disagreements=disagreements(evidence),
            figures=list(figures(results)),
            heads=table.heads(),
            tables=table.lines(results),
            chance=table.chance(results),
            latents=table.latents(results),
            examples=[examples(cell) for cell in results.present],
            entries=explain.entries(results),
            measures=explain.measures(),
            trust=trust(results),
            css=(FOLDER / "report.css").read_text(),
            js=(FOLDER / "report.js").read_text(),
            vega=vega(),
        )
    )


@cache
def vega() -> str:
    """Vega, Vega-Lite and vega-embed as one script."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def environment() -> jinja2.Environment:
    """Jinja with filters: `inline` (Markdown to HTML), `spec` (JSON in a script), `many` ("3 seeds")."""
    result = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(FOLDER),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result.filters["inline"] = lambda text: Markup(explain.inline(text))  # noqa: S704  (HTML in it is escaped)
    result.filters["spec"] = lambda spec: Markup(json.dumps(spec).replace("<", "\\u003c"))  # noqa: S704  (has no <)
    result.filters["many"] = lambda items, word: f"{len(items)} {word}{'' if len(items) == 1 else 's'}"
    return result
