"""Where on a model hub does an hf:// URL lead, and which models are in a repository of it?

hf://ORG/REPO[@REVISION]/path, as huggingface_hub has it, on the hub that HF_ENDPOINT names. Files are read from the
hub's own HTTP address, with the user's token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.frozen import frozen
from shortcut_audit.loaders.remote.http import TRYING_HELPS, Passing, tried
from shortcut_audit.loaders.remote.stores import EXTRA

SCHEME = "hf://"
NAMED = re.compile(r"hf://(\w[\w.-]*/\w[\w.-]*?)(?:@([^/@]+))?(?:/(.*))?", re.ASCII)
SECONDS = 15.0
"""How long the hub may take to list a repository."""

CONFIGURATION = "config.json"


@frozen
class Place:
    """A repository on the hub, or a file in it."""

    repository: str
    revision: str | None
    path: str
    """The path of the file; empty for the repository."""


def place_of(url: str) -> Place:
    """The place that an hf:// URL names. Raises UsageError."""
    found = NAMED.fullmatch(url)
    if found is None:
        raise UsageError("write hf://ORG/REPO, hf://ORG/REPO@REVISION or hf://ORG/REPO/path/to/model.onnx")
    return Place(found[1], found[2], (found[3] or "").strip("/"))


def address(place: Place) -> tuple[str, Mapping[str, str]]:
    """The HTTP address of a file on the hub, and what is to be sent along: the user's token."""
    hub = _hub()
    url: str = hub.hf_hub_url(place.repository, place.path, revision=place.revision)
    headers: dict[str, str] = hub.utils.build_hf_headers()
    return url, headers


def files_of(place: Place) -> list[str]:
    """The paths of all files in a repository. Raises UnreadableModel."""
    hub = _hub()
    from huggingface_hub import errors

    def listed() -> list[str]:
        try:
            about = hub.HfApi().model_info(place.repository, revision=place.revision, timeout=SECONDS)
        except errors.HfHubHTTPError as error:
            status = getattr(error.response, "status_code", None)
            if status in TRYING_HELPS:
                raise Passing(f"HTTP status {status}") from None
            if status in {401, 403, 404}:  # the hub tells nobody which repositories it hides
                raise UnreadableModel("no such repository or revision on the hub, or none that you may read") from None
            raise UnreadableModel(f"the hub does not list it (HTTP status {status})") from None
        except Exception as error:  # noqa: BLE001 -- of whatever HTTP client the hub's library has
            raise Passing(f"the hub gives no answer ({type(error).__name__})") from None
        return [each.rfilename for each in about.siblings or ()]

    return tried(listed)


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise UsageError(f'hf:// needs huggingface_hub: pip install "{EXTRA}"') from None
    return huggingface_hub
