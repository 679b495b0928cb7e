"""What does a whole process take: seconds of wall time, seconds of processor time, bytes of memory at its peak?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Taken:
    """What one run took, by the operating system's own account."""

    wall: float
    processor: float
    peak: int
    status: int


def run(command: list[str], timeout: float = 600) -> Taken:
    """Runs a command whose output nobody reads. Its memory is that of the process itself, its children apart."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - begun > timeout:
            process.kill()
        time.sleep(0.001)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Taken(time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, process.returncode)


def medians(runs: list[Taken]) -> Taken:
    """The median of each figure; the worst status."""
    return Taken(
        median(r.wall for r in runs),
        median(r.processor for r in runs),
        int(median(r.peak for r in runs)),
        max(abs(r.status) for r in runs),
    )
