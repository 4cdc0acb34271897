"""Names of diagnoses, from the package simple-icd-10-cm: ICD-10-CM, what American hospitals code with."""

from importlib.metadata import distribution
from pathlib import Path
from xml.etree import ElementTree

from pydantic import PositiveInt

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._text import words


def icd10(*, shortest: PositiveInt = 3, longest: PositiveInt = 16, minimum_count: PositiveInt = 3) -> Load:
    """Names of `shortest` to `longest` words and marks; the label is the chapter, one of 22.

    Those are left out that differ only in an ending, such as `, initial encounter`, which the package adds
    when it is imported. Raises ValueError if shortest > longest.
    """
    if shortest > longest:
        raise ValueError(f"shortest ({shortest}) should not be more than longest ({longest})")

    def load() -> Source:
        folder = Path(str(distribution("simple-icd-10-cm").locate_file("simple_icd_10_cm/data")))
        [file] = folder.glob("icd10c-tabular-*.xml")  # there is one, whose name has the month
        chapters, examples = [], []
        for chapter in ElementTree.parse(file).iter("chapter"):
            chapters.append(chapter.findtext("desc", ""))
            for diagnosis in chapter.iter("diag"):
                name = words(diagnosis.findtext("desc", ""))
                if shortest <= len(name) <= longest:
                    examples.append(Example(name, chapters[-1]))
        return Source(
            examples,
            source=f"simple-icd-10-cm: {file.stem}, names of {shortest} to {longest} words and marks",
            licence="by CDC/NCHS, in the public domain in the USA; after the ICD-10, © WHO; package MIT",
            label_names=chapters,
            minimum_count=minimum_count,
        )

    return load
