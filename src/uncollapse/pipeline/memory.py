"""How the C library keeps freed memory."""

import ctypes


def keep_memory() -> None:
    """Keep large arrays that were freed for the next of their kind. The C library of Linux would give each back to the system and have it
    zeroed page by page at the next step: a step of the LSTM takes 1.4 times as long."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        most, trim = -4, -1  # M_MMAP_MAX, M_TRIM_THRESHOLD of malloc.h
        mallopt(most, 0)
        mallopt(trim, 2**31 - 1)
