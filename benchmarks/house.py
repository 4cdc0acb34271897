"""The floor plan of the code in numbers: `python benchmarks/house.py [--names] [--words] [CHECKOUT]`.

A room is a folder of src/uncollapse, or a loose module beside the folders. An arrow is an import of one room
by another. `--names` lists the top-level names that are defined in two files or more, `--words` the comments
that are neither a sentence nor a unit. Docstrings are judged by ruff (D205, D400, D401).
"""

import argparse
import ast
import json
import subprocess
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
UNIT = 3  # words
DOCSTRINGS = "D205,D400,D401"


def room_of(file: Path, package: Path) -> str:
    """Return the folder of the package that holds a file, or the name of a loose module."""
    return file.relative_to(package).parts[0].removesuffix(".py")


def imported_rooms(file: Path, package: Path) -> Iterator[str]:
    """Yield the room of every import of the package in a file; imports for the type checker do not count."""
    tree = ast.parse(file.read_text())
    checked = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node not in checked:
            first, *rest = node.module.split(".")
            if first == package.name:
                yield from [rest[0]] if rest else (alias.name for alias in node.names)


def find_arrows(package: Path) -> set[tuple[str, str]]:
    """Return every pair of rooms of which the first imports the second."""
    pairs = {
        (room_of(file, package), room)
        for file in package.rglob("*.py")
        if file.name != "__init__.py" or file.parent != package
        for room in imported_rooms(file, package)
    }
    return {(room, other) for room, other in pairs if room != other}


def find_knots(arrows: set[tuple[str, str]]) -> list[set[str]]:
    """Return the sets of rooms in which every room reaches every other one."""
    reach: dict[str, set[str]] = defaultdict(set)
    for room, other in arrows:
        reach[room].add(other)
    for middle in {room for pair in arrows for room in pair}:  # Warshall's algorithm
        for room in list(reach):
            if middle in reach[room]:
                reach[room] |= reach[middle]
    knots = {frozenset({other for other in reach[room] if room in reach[other]}) for room in list(reach)}
    return [set(knot) for knot in knots if knot]


def count_backward_arrows(arrows: set[tuple[str, str]]) -> int:
    """Return the fewest arrows, found greedily, without which no room would reach itself."""
    left, backward = set(arrows), 0
    while knots := find_knots(left):
        inside = [arrow for arrow in sorted(left) if any(set(arrow) <= knot for knot in knots)]
        outgoing = Counter(room for room, _ in inside)
        left.remove(min(inside, key=lambda arrow: (outgoing[arrow[0]], arrow)))
        backward += 1
    return backward


def find_definitions(package: Path) -> dict[str, set[Path]]:
    """Return the files that define each top-level name; names with an underscore in front do not count."""
    places: dict[str, set[Path]] = defaultdict(set)
    for file in package.rglob("*.py"):
        for node in ast.parse(file.read_text()).body:
            names = []
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names = [node.name]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [
                    part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)
                ]
            for name in names:
                if not name.startswith("_"):
                    places[name].add(file)
    return places


def find_comments(file: Path) -> Iterator[tuple[int, str]]:
    """Yield every comment of a file with its line; comment lines that follow one another are one comment."""
    with file.open("rb") as stream:
        tokens = [token for token in tokenize.tokenize(stream.readline) if token.type == tokenize.COMMENT]
    blocks: list[tuple[int, int, bool, str]] = []
    for token in tokens:
        alone, text = not token.line[: token.start[1]].strip(), token.string.lstrip("#!: ").rstrip()
        if alone and blocks and blocks[-1][2] and blocks[-1][1] == token.start[0] - 1:
            first, _, _, before = blocks.pop()
            blocks.append((first, token.start[0], True, f"{before} {text}"))
        else:
            blocks.append((token.start[0], token.start[0], alone, text))
    for first, _, _, text in blocks:
        if not text.startswith(("noqa", "type:", "pyrefly:", "/usr/bin/env")):
            yield first, text


def is_said_well(comment: str) -> bool:
    """Tell whether a comment is a unit or a shape, or begins and ends as a sentence does."""
    sentence = (comment[:1].isupper() or not comment[:1].isalpha()) and comment.rstrip("`)\"'").endswith(
        (".", "?", ":")
    )
    return sentence or len(comment.split()) <= UNIT


def count_docstrings(root: Path) -> int:
    """Return how many docstrings do not begin with a sentence on a line of its own, by ruff."""
    command = [
        "ruff",
        "check",
        "--isolated",
        "--select",
        DOCSTRINGS,
        "--output-format",
        "json",
        "src",
        "stages",
    ]
    report = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    return len({(found["filename"], found["location"]["row"]) for found in json.loads(report)})


def main() -> None:
    """Print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkout", type=Path, nargs="?", default=ROOT)
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--words", action="store_true")
    arguments = parser.parse_args()
    package = arguments.checkout.resolve() / "src/uncollapse"
    files, arrows, places = list(package.rglob("*.py")), find_arrows(package), find_definitions(package)
    rooms = {room_of(file, package) for file in files if file.parent != package or file.stem != "__init__"}
    loose = sorted(file.stem for file in package.glob("*.py") if file.stem != "__init__")
    folders = {(room, other) for room, other in arrows if not {room, other} & set(loose)}
    repeated = {name: where for name, where in places.items() if len(where) > 1}
    comments = [(file, line, text) for file in files for line, text in find_comments(file)]
    odd = [found for found in comments if not is_said_well(found[2])]
    if arguments.names:
        for name, where in sorted(repeated.items(), key=lambda item: (-len(item[1]), item[0])):
            print(f"{name:24} {', '.join(sorted(str(file.relative_to(package)) for file in where))}")
    if arguments.words:
        for file, line, text in odd:
            print(f"{file.relative_to(package.parent.parent)}:{line}: {text}")
    print(f"rooms                                    {len(rooms)}, of which loose modules: {len(loose)}")
    print(f"arrows between rooms                     {len(arrows)}")
    print(f"arrows that run back up                  {count_backward_arrows(arrows)}")
    print(f"knots of rooms (rooms in them)           {[len(knot) for knot in find_knots(arrows)]}")
    print(f"knots of folders                         {[len(knot) for knot in find_knots(folders)]}")
    share = len(repeated) / len(places)
    print(f"top-level names in two files or more     {len(repeated)} of {len(places)}, {share:.1%}")
    print(f"comments that are no sentence, no unit   {len(odd)} of {len(comments)}")
    print(f"docstrings that begin with no sentence   {count_docstrings(arguments.checkout)}")
    lines = sum(len(file.read_text().splitlines()) for file in files)
    print(f"lines                                    {lines}")


if __name__ == "__main__":
    main()
