"""The remedies: a folder a slot, a file a piece. Each slot's `__init__` says what may stand there."""
