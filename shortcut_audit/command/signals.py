"""How does the command begin and end as a process?

With three open descriptors, whatever the caller has closed; and, when it is told to stop, by an exception that lets
whoever has something to clean up do so.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType


class Stopped(BaseException):
    """A signal asks the run to end. Nothing but the command line catches it; who has something to clean up does."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Within, Ctrl-C and SIGTERM raise Stopped, unless the caller has them ignored; afterwards they just end."""
    stopping = [each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) is not signal.SIG_IGN]
    for each in stopping:
        signal.signal(each, _stop)
    yield
    settle()
    for each in stopping:
        signal.signal(each, signal.SIG_DFL)  # all is done: nothing is left to clean up


def _stop(number: int, frame: FrameType | None) -> None:
    """Raises Stopped, now and every half second: what is raised in a destructor, or in some imports, is lost."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda _, frame: _stop(number, frame))
        signal.setitimer(signal.ITIMER_REAL, 0.5)
    raise Stopped(number)


def settle() -> None:
    """The run is ending: no need to ask again."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def fill_descriptors() -> None:
    """Opens what is closed of stdin, stdout and stderr, lest the next file or pipe be taken for one of them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free, which is this one
