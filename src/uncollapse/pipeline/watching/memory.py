"""How the C library keeps freed memory."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h


def keep_memory() -> None:
    """Have malloc keep large arrays that were freed for the next arrays of their size.

    glibc gives each back to the system, which fills it with zeros, page by page, at the next step: a step of
    the LSTM takes 1.4 times as long. The other way to set this, environment variables, works only if they
    are set before the process starts, so it would be in the hands of who calls the stage. Nothing happens
    with other C libraries.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
