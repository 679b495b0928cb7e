"""What starts the command, as `shortcut-audit` and as `python -m shortcut_audit`?"""

import gc
import signal

COLLECTED_AFTER = 100_000
"""Containers that are made before Python looks for cyclic garbage among them. What is imported is none: with Python's
700, a start looks fifty times for what it never finds."""


def main() -> None:
    """The console script. Until the command line is there, Ctrl-C ends the process as it ends any, without a word.

    Python ends with status 1 where an exception is left alone, which here means findings: what cannot even be imported
    could not audit, status 2.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(COLLECTED_AFTER)
    try:
        from shortcut_audit.command import cli

        cli.main()
    except Exception as error:  # noqa: BLE001 -- the boundary, also where memory is short: nothing of ours is asked
        import os

        os.write(2, f"shortcut-audit: cannot run ({type(error).__name__}: {error})\n".encode(errors="replace"))
        os._exit(2)


if __name__ == "__main__":
    main()
