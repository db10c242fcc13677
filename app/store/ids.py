"""Ids the server gives: UUID version 7, whose order is the order of their making (RFC 9562 §5.7)."""

import os
import time

_last = 0


def new_id() -> str:
    """A fresh id, later ones sorting after earlier ones; new rows lie side by side in every index."""
    global _last  # noqa: PLW0603 one counter per process keeps ids of the same millisecond in order
    _last = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
    milliseconds, step = divmod(_last, 4096)
    low = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{milliseconds << 80 | 7 << 76 | step << 64 | 2 << 62 | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
