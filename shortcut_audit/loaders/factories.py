"""Is this the name of a factory, the user's own code, rather than of a file?"""

from __future__ import annotations

import re

FACTORY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
"""package.module:function. A colon stands in no ordinary path but a Windows drive's, and there a slash follows."""


def is_factory(source: str) -> bool:
    """Whether a source is spelt like a factory, "package.module:function"."""
    return FACTORY.fullmatch(source) is not None
