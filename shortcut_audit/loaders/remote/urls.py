"""Is this source a URL, and how may it be shown?

What a URL holds of credentials is used to read it and is shown nowhere.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://", re.ASCII)
"""A scheme of two letters or more (one is a Windows drive), and what makes it no factory's name and no file's."""

SIGNING = (
    r"(?i)([?&;][^=&;]*(?:token|sig|signature|secret|password|passwd|credential|auth|key|policy|session|code)[^=&;]*=)"
    r"[^&;#]*"
)
"""A parameter of a URL that signs it, as presigned URLs of object stores have them, or may well do so."""

HIDDEN = "..."


def is_url(source: str) -> bool:
    """Whether a source is spelt like a URL, "scheme://..."."""
    return URL.match(source) is not None


def shown(url: str) -> str:
    """The URL without user, password and whatever signs it."""
    scheme, mark, rest = url.partition("://")
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    host = rest[:end].rpartition("@")[2]
    return re.sub(SIGNING, rf"\g<1>{HIDDEN}", f"{scheme}{mark}{host}{rest[end:]}")


def secrets_of(url: str) -> tuple[str, ...]:
    """What of a URL must be shown nowhere: the URL itself where it holds any, its user information, its signatures."""
    if shown(url) == url:
        return ()
    user = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0].rpartition("@")[0]
    signatures = (found[0].removeprefix(found[1]) for found in re.finditer(SIGNING, url))
    return tuple(sorted({text for text in (url, user, user.partition(":")[2], *signatures) if text}, key=len)[::-1])


def suffix_of(url: str) -> str:
    """The suffix of the file that a URL names, in lower case: ".onnx"."""
    return PurePosixPath(re.split(r"[?#]", url, maxsplit=1)[0]).suffix.lower()
