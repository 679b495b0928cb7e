"""What can go wrong that the user must hear about?

Every error that this package raises on purpose is a `ShortcutAuditError`, and its text is one line that says
what is wrong and, where there is one, what to do. The command line turns each into exit status 2.
"""

PROGRAM = "shortcut-audit"
"""The name of the command, under which it speaks of what concerns no one source."""


class ShortcutAuditError(Exception):
    """Base of every error raised on purpose; `str(error)` is one line for the user."""


class UnreadableModel(ShortcutAuditError):
    """The file is no model that can be read: missing, empty, truncated, another format, a broken graph, over a cap."""


class UsageError(ShortcutAuditError):
    """What was asked for cannot be done as asked: an unknown dimension, an ill-formed shape, a missing extra."""


class Lacking(UsageError):
    """A model has none of the inputs or dimensions that are given sizes."""

    def __init__(self, message: str, keys: tuple[str, ...]) -> None:
        super().__init__(message)
        self.keys = keys
        """What gives these sizes: "dims.batch", "inputs.x"."""


class ConfigError(ShortcutAuditError):
    """The configuration or the baseline cannot be used."""


class Lost(UsageError):
    """Nothing more can be audited where the rest was to be audited; the text says why."""
