"""The page: one file that opens from disk, and holds all that it draws."""

import json
from functools import cache
from pathlib import Path

import jinja2
import vl_convert
from markupsafe import Markup

from uncollapse.pipeline.paths import PAGE
from uncollapse.report import explain, matrix, table
from uncollapse.report.agreement import find_disagreements
from uncollapse.report.answers import answer_questions
from uncollapse.report.colours import VERDICT_COLOURS, pick_colours
from uncollapse.report.examples import read_examples
from uncollapse.report.headline import write_headline
from uncollapse.report.panels import make_figures
from uncollapse.report.trust import collect_trust
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import Results

TEMPLATES = Path(__file__).parent / "template"
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
    PAGE.write_text(make_page(results))


def make_page(results: Results) -> str:
    """Make the HTML; each section is a file of the template, which says what it shows of these values."""
    evidence = Evidence(results)
    verdicts, sides = matrix.make_squares(evidence), matrix.choose_sides(evidence)
    return (
        make_environment()
        .get_template("report.html")
        .render(
            results=results,
            sections=SECTIONS,
            palette=pick_colours(results.methods),
            matrix=matrix.group_by_row(verdicts, sides.down),
            sides=sides,
            key=matrix.list_verdicts(verdicts),
            verdict_colours=VERDICT_COLOURS,
            headline=write_headline(evidence, verdicts),
            answers=answer_questions(evidence),
            disagreements=find_disagreements(evidence),
            figures=list(make_figures(results)),
            heads=table.list_heads(),
            tables=table.make_lines(results),
            chance=table.find_chance(results),
            latents=table.count_latents(results),
            examples=[read_examples(cell) for cell in results.present],
            entries=explain.explain_entries(results),
            measures=explain.explain_measures(),
            trust=collect_trust(results),
            css=(TEMPLATES / "report.css").read_text(),
            js=(TEMPLATES / "report.js").read_text(),
            vega=bundle_vega(),
        )
    )


@cache
def bundle_vega() -> str:
    """Bundle Vega, Vega-Lite and vega-embed into one script."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def make_environment() -> jinja2.Environment:
    """Make Jinja's environment with the filters `inline` (Markdown), `spec` (JSON) and `many` ("3 seeds")."""
    result = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result.filters["inline"] = lambda text: Markup(explain.render_inline(text))  # noqa: S704  (HTML in it is escaped)
    result.filters["spec"] = lambda spec: Markup(json.dumps(spec).replace("<", "\\u003c"))  # noqa: S704  (has no <)
    result.filters["many"] = lambda items, word: f"{len(items)} {word}{'' if len(items) == 1 else 's'}"
    return result
