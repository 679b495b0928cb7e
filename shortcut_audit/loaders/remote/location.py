"""What model lies at this URL?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.loaders.remote.http import tried
from shortcut_audit.loaders.remote.hub import CONFIGURATION, SCHEME, address, files_of, place_of
from shortcut_audit.loaders.remote.ranges import Ranges, Transfer
from shortcut_audit.loaders.remote.stores import EXTRA
from shortcut_audit.loaders.remote.urls import suffix_of

if TYPE_CHECKING:
    from shortcut_audit.loaders.remote.http import HttpFile
    from shortcut_audit.loaders.remote.stores import StoredFile

MODEL_SUFFIXES = (".onnx", ".pt2")
JSON_LIMIT = 2**20
"""Bytes of a configuration. Real ones have a few thousand."""


@dataclass(slots=True)
class Location:
    """Where a model lies, as the user wrote it, credentials and all; and what it took to read it."""

    url: str = field(repr=False)
    transfer: Transfer = field(default_factory=Transfer)

    @property
    def suffix(self) -> str:
        """The suffix of the file, in lower case; empty for a repository on a hub."""
        return suffix_of(self.url) if not self.is_repository else ""

    @property
    def is_repository(self) -> bool:
        """Whether the URL names no file, but a repository of a model hub: the model is in its configuration."""
        return self.url.startswith(SCHEME) and not place_of(self.url).path

    @contextmanager
    def opened(self) -> Iterator[Ranges]:
        """The file there, of which parts can be read. Raises UnreadableModel and UsageError."""
        from shortcut_audit.loaders.remote.stores import StoredFile

        is_http = self.url.startswith((SCHEME, "http://", "https://"))
        file = _http(self.url) if is_http else StoredFile(self.url)
        ranges = self._ranges_of(file)
        try:
            yield ranges
        finally:
            ranges.close()
        if isinstance(file, StoredFile):  # HTTP says with each part which version it is of
            file.check_unchanged()

    def version(self) -> str:
        """What tells the file that lies there now from others; empty where nothing does. Raises as `opened` does."""
        if self.is_repository:
            return ""
        with self.opened():
            return self.transfer.version

    def _ranges_of(self, file: HttpFile | StoredFile) -> Ranges:
        head = file.head()
        self.transfer.requests += 1
        self.transfer.size += file.size
        self.transfer.version = f"{file.size}-{file.version}" if file.version else ""
        self.transfer.fetched += len(head)
        if not file.size:
            raise UnreadableModel("empty file; export the model again")
        return Ranges(file.fetch, file.size, head, self.transfer, file.begin)

    def configuration(self) -> bytes:
        """The text of the configuration that stands in a repository of a hub."""
        place = place_of(self.url)
        file = _http(f"{SCHEME}{place.repository}{f'@{place.revision}' if place.revision else ''}/{CONFIGURATION}")
        data = self._ranges_of(file)
        if len(data) > JSON_LIMIT:
            raise UnreadableModel(f"its {CONFIGURATION} has more than {JSON_LIMIT >> 20} MiB")
        return data.read(0, len(data))


def _http(url: str) -> HttpFile:
    try:
        from shortcut_audit.loaders.remote.http import HttpFile

        return HttpFile(*address(place_of(url))) if url.startswith(SCHEME) else HttpFile(url)
    except ImportError:
        raise UsageError(f'URLs need the extra "remote": pip install "{EXTRA}"') from None


def models_at(url: str) -> list[str]:
    """The URLs of the models that a URL means: of a file that file, of a repository or a folder all models below it.

    A repository without an ONNX or .pt2 file is itself the model: the one that its configuration describes. Raises
    UnreadableModel and UsageError.
    """
    if url.startswith(SCHEME):
        return _in_repository(url)
    is_folder, is_pattern = url.endswith("/"), bool(re.search(r"[*\[]", url.partition("?")[0]))
    if url.startswith(("http://", "https://")) or not (is_folder or is_pattern):
        return [url]
    from shortcut_audit.loaders.remote.stores import asked, filesystem

    system, path = filesystem(url)
    found = tried(lambda: asked(lambda: system.glob(path) if is_pattern else system.find(path)))
    models = sorted(name for name in found if suffix_of(name) in MODEL_SUFFIXES)
    if not models:
        raise UnreadableModel(f"no model ({', '.join(MODEL_SUFFIXES)}) there; check the URL")
    return [system.unstrip_protocol(name) for name in models]


def _in_repository(url: str) -> list[str]:
    place = place_of(url)
    if suffix_of(url) in MODEL_SUFFIXES and place.path:
        return [url]
    files = files_of(place)
    if place.path in files:
        return [url]
    folder = f"{place.path}/" if place.path else ""
    models = sorted(name for name in files if name.startswith(folder) and suffix_of(name) in MODEL_SUFFIXES)
    base = f"{SCHEME}{place.repository}{f'@{place.revision}' if place.revision else ''}"
    if models:
        return [f"{base}/{name}" for name in models]
    if not place.path and CONFIGURATION in files:
        return [base]
    raise UnreadableModel(f"no model ({', '.join(MODEL_SUFFIXES)}) there, and no {CONFIGURATION}; check the URL")
