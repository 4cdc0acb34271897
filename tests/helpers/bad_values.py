"""Values in params.yaml that are wrong or hostile: content, and the words of the line about it."""

from small_params import TEXT, other

NAMES = "a name should consist of letters, digits, _, "
MANY = ", ".join(f"m{i}" for i in range(5001))

VALUES: dict[str, tuple[str, str]] = {
    "a space in a name": (
        other("[mnist5k, kjv]", "[mnist 5k]"),
        f"grid.datasets.0: {NAMES}.*rename 'mnist 5k'",
    ),
    "a command in a name": (
        other("[vae, control_vae]", '["$(touch owned)"]'),
        f"grid.models.0: {NAMES}.*rename",
    ),
    "backquotes in a name": (other("[vae, control_vae]", '["`id`"]'), f"grid.models.0: {NAMES}"),
    "a semicolon in a name": (other("[plain, skip]", '["plain;id"]'), f"grid.methods.0: {NAMES}"),
    "a quote in a name": (other("[plain, skip]", """["pl'ain"]"""), f"grid.methods.0: {NAMES}"),
    "two quotes in a name": (other("[plain, skip]", """['pl"ain']"""), f"grid.methods.0: {NAMES}"),
    "an option as a name": (
        other("[mnist5k, kjv]", "[--help]"),
        f"grid.datasets.0: {NAMES}.*rename '--help'",
    ),
    "a hyphen in a name": (other("[mnist5k, kjv]", "[mnist-5k]"), f"grid.datasets.0: {NAMES}"),
    "a folder above": (other("[vae, control_vae]", "[../vae]"), f"grid.models.0: {NAMES}.*rename '../vae'"),
    "an absolute path": (other("[mnist5k, kjv]", "[/etc/passwd]"), f"grid.datasets.0: {NAMES}"),
    "a hidden name": (
        other("[plain, skip]", "[.git]"),
        f"grid.methods.0: {NAMES}.*begin with neither",
    ),
    "a name of DVC's variables": (other("[mnist5k, kjv]", '["${grid}"]'), f"grid.datasets.0: {NAMES}"),
    "two lines in a name": (
        other("[mnist5k, kjv]", '["a\\nb"]'),
        rf"grid.datasets.0: {NAMES}.*rename 'a\\nb'",
    ),
    "a line end after a name": (other("[mnist5k, kjv]", '["kjv\\n"]'), rf"grid.datasets.0: {NAMES}"),
    "letters that only look right": (other("[mnist5k, kjv]", "[кjv]"), f"grid.datasets.0: {NAMES}"),
    "no name": (other("[mnist5k, kjv]", "['']"), f"grid.datasets.0: {NAMES}.*rename ''"),
    "a name longer than that of a file": (other("[mnist5k, kjv]", f"[{'a' * 300}]"), f"{NAMES}.*at most 64"),
    "a value of many pages": (other("[mnist5k, kjv]", f"[{'a b' * 9999}]"), r"rename 'a ba ba b.*\.\.\."),
    "two lines in a key": (
        other("methods:\n", 'methods:\n  "a\\nb": 3\n'),
        r"methods.a\\nb: .*valid dictionary|mapping",
    ),
    "names for a mapping": (
        other("datasets:\n  mnist5k:", "datasets: [kjv]\nx:\n  mnist5k:"),
        "x: no such name 'x'",
    ),
    "an axis that is a number": (
        other("[vae, control_vae]", "7"),
        "grid.models: input should be a valid list; it is 7",
    ),
    "more cells than anyone can train": (
        other("[plain, skip]", f"[{MANY}]").replace(
            "methods:\n", "methods:\n" + "".join(f"  m{i}: {{}}\n" for i in range(5001))
        ),
        "grid: asks for 20,004 cells; the most is 10,000, so name fewer",
    ),
    "a seed that is no whole number": (
        other("[0, 1, 2, 3]", "[0.5]"),
        "grid.seeds.0: input should be a valid integer",
    ),
    "a seed beyond 32 bits": (
        other("[0, 1, 2, 3]", "[4294967296]"),
        r"grid.seeds: should be less than 2\^32, not \[4294967296\]",
    ),
    "seeds that are names": (other("[0, 1, 2, 3]", "[a]"), "grid.seeds.0: input should be a valid integer"),
    "a piece elsewhere": (
        other("{use: bernoulli}", "{use: ../../evil}"),
        "likelihood.use: no such name '../../evil'",
    ),
    "a piece that is no piece": (
        other("{use: bernoulli}", "{use: __init__}"),
        "use: no such name '__init__'",
    ),
    "a piece that is a list": (
        other("{use: bernoulli}", "{use: [bernoulli]}"),
        "use: no such name .*; valid: bern",
    ),
    "no piece": (
        other("{use: bernoulli}", "{}"),
        r"datasets.mnist5k.likelihood: should name a piece, such as {use",
    ),
    "an infinite learning rate": (
        other("0.003", ".inf"),
        "training.learning_rate: input should be a finite number",
    ),
    "a share for a count": (other("valid: 500", "valid: 0.1"), "datasets.mnist5k.split.valid: .*integer"),
    "a set point below zero": (
        other("kl_target: 18.0", "kl_target: -18.0"),
        "datasets.mnist5k.kl_target: .*greater than 0",
    ),
    "another device": (
        TEXT + "device: tpu\n",
        "device: input should be 'auto', 'cpu' or 'cuda'; it is 'tpu'",
    ),
    "half a sample": (other("{most: 50}", "{most: 0.5}"), "evaluation.most: input should be a valid integer"),
    "a share of one": (
        other("{most: 50}", "{delta: 1}"),
        "evaluation.delta: input should be less than 1; it is 1",
    ),
    "a machine without a core": (
        other("    kl_target: 18.0", "    resources: {cpus: 0}\n    kl_target: 18.0"),
        "datasets.mnist5k.resources.cpus: input should be greater than 0; it is 0",
    ),
}
