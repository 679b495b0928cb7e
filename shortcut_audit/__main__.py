"""What starts the command, as `shortcut-audit` and as `python -m shortcut_audit`?"""

import signal


def main() -> None:
    """The console script. Until the command line is there, Ctrl-C ends the process as it ends any, without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from shortcut_audit.command import cli

    cli.main()


if __name__ == "__main__":
    main()
