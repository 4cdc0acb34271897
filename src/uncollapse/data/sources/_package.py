"""Files of packages that are not imported: qtawesome needs Qt, simple-icd-10-cm takes seconds and warns."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from uncollapse.errors import UserError


def find_package_files(package: str, pattern: str) -> list[Path]:
    """Return the files of a package whose paths end like `pattern`, such as fonts/*.ttf, sorted by name.

    Raises UserError if the package is not installed or has no such file.
    """
    try:
        found = [Path(str(file.locate())) for file in files(package) or () if file.match(pattern)]
    except PackageNotFoundError:
        raise UserError(f"the package {package} is not installed; pip install {package}") from None
    if not found:
        raise UserError(f"the package {package} has no {pattern}; install the version of requirements.txt")
    return sorted(found)
