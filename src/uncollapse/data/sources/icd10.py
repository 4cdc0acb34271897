"""Titles of diagnoses in ICD-10-CM, with which American hospitals code, from the package simple-icd-10-cm."""

from xml.etree import ElementTree

from pydantic import PositiveInt

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._package import find_package_files
from uncollapse.data.sources._text import split_words


def icd10(*, shortest: PositiveInt = 3, longest: PositiveInt = 16, minimum_count: PositiveInt = 3) -> Load:
    """Load titles of `shortest` to `longest` words and marks, each once; the label is one of 22 chapters.

    Codes with a seventh character are left out, because they only add `initial encounter` and the like to
    the title of an injury. Raises ValueError if shortest > longest.
    """
    if shortest > longest:
        raise ValueError(f"shortest ({shortest}) should not be more than longest ({longest})")

    def load() -> Source:
        [file] = find_package_files("simple-icd-10-cm", "data/icd10c-tabular-*.xml")
        chapters: dict[tuple[str, ...], str] = {}  # The chapter of each title.
        names = []
        for chapter in ElementTree.parse(file).iter("chapter"):  # noqa: S314  (a file of the package)
            names.append(chapter.findtext("desc", "").rpartition(" (")[0])  # Without its codes.
            for diagnosis in chapter.iter("diag"):
                title = tuple(split_words(diagnosis.findtext("desc", "")))
                if shortest <= len(title) <= longest:
                    chapters.setdefault(title, names[-1])
        return Source(
            (Example(title, name) for title, name in chapters.items()),
            source=f"simple-icd-10-cm, {file.stem}: titles of {shortest} to {longest} words and marks (CDC)",
            licence="CDC's, public domain in the US, to be attributed; after the ICD-10, © WHO; package MIT",
            label_names=names,
            minimum_count=minimum_count,
        )

    return load
