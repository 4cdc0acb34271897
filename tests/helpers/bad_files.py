"""Files in place of params.yaml that are broken or hostile: content, and the words of the line about it."""

from small_params import TEXT, other

ITEMS = ", ".join(["*{0}"] * 9)
LAUGHS = "a: &a [lol, lol]\n" + "".join(
    f"{new}: &{new} [{ITEMS.format(old)}]\n" for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
DEEP = "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*{'a' if i == 0 else f'b{i - 1}'}]\n" for i in range(30))
GRID = "seeds: [0, 1, 2, 3]\n"

FILES: dict[str, tuple[str | bytes, str]] = {
    "aliases of aliases": (
        LAUGHS + TEXT,
        r"line 7: more than 1,000,000 characters once aliases are replaced; use",
    ),
    "a long text and many aliases": (
        f"a: &a {'x' * 20_000}\nb: [{', '.join(['*a'] * 60)}]\n",
        "line 2: more than 1,000,000 characters once aliases",
    ),
    "an alias inside of its anchor": (
        "a: &a [*a]\n",
        r"line 1: \*a names nothing that is complete before it; write",
    ),
    "an alias of nothing": ("a: *b\n", r"line 1: \*b names nothing"),
    "a tag that runs a command": (
        "a: !!python/object/apply:os.system ['touch owned']\n",
        "line 1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' means nothing here; take it out",
    ),
    "a tag of another kind of value": (
        "grid: !!binary aGVsbG8=\n",
        "the tag 'tag:yaml.org,2002:binary' means",
    ),
    "a tag on a mapping": ("grid: !thing {a: 1}\n", "the tag '!thing' means nothing here; take it out"),
    "a key twice in the grid": (
        other(GRID, GRID + "  seeds: [4]\n"),
        "line 7: the key 'seeds' stands twice; take",
    ),
    "a method twice": (
        other("methods:\n  plain: {}", "methods:\n  plain: {}\n  plain: {}"),
        "the key 'plain' stands",
    ),
    "a list in lists in lists": (
        "a: " + "[" * 5000,
        "line 1: more than 20 mappings or lists in one another; write",
    ),
    "deep by its aliases": (DEEP, "more than 20 mappings or lists in one another; write it flatter"),
    "larger than any list of entries": (
        TEXT + "# " + "x" * 1_000_000,
        "has more than 1,000,000 bytes; it should be a short list of entries",
    ),
    "Latin-1": (
        TEXT.replace("grid:", "# gr\xf6\xdfer\ngrid:").encode("latin-1"),
        "not YAML: line 2 is not UTF-8; save it",
    ),
    "UTF-16": (TEXT.encode("utf-16"), "not YAML: line 1 is not UTF-8; save it in this encoding"),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "not YAML: .*control characters are not allowed"),
    "a zip": (b"PK\x03\x04\x14\x00\x00\x00\xff\xfe", "not YAML"),
    "NULs": (TEXT.encode() + b"\0\0\0", "not YAML: .*control characters are not allowed"),
    "an escape sequence": ("a: \x1b[31mred\n", "not YAML: .*control characters are not allowed"),
    "two documents": (TEXT + "---\n" + TEXT, "not YAML: line 33: but found another document"),
    "a tab as indentation": (
        "grid:\n\tdatasets: [a]\n",
        "not YAML: line 2: found character that cannot start any token",
    ),
    "a quote that is left open": ("grid: 'a\n", "not YAML: line 2: found unexpected end of stream"),
    "a key that is a list": ("? [a, b]\n: 1\n", "line 1: a key should be a name"),
    "a key that is an alias": ("a: &a b\n*a : 1\n", "line 2: a key should be a name"),
    "a whole number of 5,000 digits": (
        other("[0, 1, 2", f"[{'9' * 5000}, 1, 2"),
        "line 6: Exceeds the limit",
    ),
    "a date that is none": (other("[0, 1, 2", "[2026-99-99, 1, 2"), "line 6: month must be in 1..12"),
    "no text at all": (b"", "should be a mapping, such as {name: value}, not None"),
    "a text": (b"hello", "should be a mapping, such as {name: value}, not 'hello'"),
}
