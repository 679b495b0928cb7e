"""Which bytes does this object store hold? Any filesystem of fsspec, but for HTTP servers."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any

from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.loaders.remote.http import CHANGED, Passing, tried
from shortcut_audit.loaders.remote.ranges import FIRST

PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
}
"""Which package reads which scheme, where fsspec alone does not. `hf` has a module of its own."""

VERSION = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime", "created")
"""By which of its facts a store tells one version of a file from the next, best first."""


def filesystem(url: str) -> tuple[Any, str]:
    """The filesystem that a URL names, and the path in it. Raises UsageError, naming the package that is missing."""
    scheme = url.partition("://")[0].lower()
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(url)
    except ImportError:
        package = PACKAGES.get(scheme)
        with_it = f" and {package}" if package else ""
        raise UsageError(f'{scheme}:// needs the extra "remote"{with_it}: pip install "{EXTRA}"{with_it[4:]}') from None
    except ValueError:
        raise UsageError(f"{scheme}:// names no filesystem that fsspec knows; check the URL") from None
    return system, path


EXTRA = "shortcut-audit[remote]"


class StoredFile:
    """A file in an object store."""

    def __init__(self, url: str) -> None:
        self._system, self._path = filesystem(url)
        about = tried(lambda: asked(lambda: self._system.info(self._path)))
        if about.get("type") != "file" or about.get("size") is None:
            raise UnreadableModel("no file; name a model file, or end the URL of a folder with a slash")
        self.size = int(about["size"])
        self.version = _version(about)
        """What the store tells versions of the file apart by; empty where it does not."""

    def head(self) -> bytes:
        """The first bytes."""
        return self.fetch(0, min(FIRST, self.size))

    def fetch(self, start: int, end: int) -> bytes:
        """The bytes from one offset up to another. Raises UnreadableModel."""

        def work() -> bytes:
            return _whole(asked(lambda: self._system.cat_file(self._path, start=start, end=end)), end - start)

        return tried(work)

    def begin(self, start: int, end: int) -> Future[bytes] | None:
        """The bytes between two offsets, asked for and not waited for; None where a store is asked one thing a time."""
        if not self._system.async_impl:
            return None
        return asyncio.run_coroutine_threadsafe(self._asked(start, end), self._system.loop)

    async def _asked(self, start: int, end: int) -> bytes:
        data = await self._system._cat_file(self._path, start=start, end=end)  # noqa: SLF001 -- fsspec's async API
        return _whole(data, end - start)

    def check_unchanged(self) -> None:
        """Raises UnreadableModel where the file is another one than when it was opened."""
        self._system.invalidate_cache()
        about = tried(lambda: asked(lambda: self._system.info(self._path)))
        if (about.get("size"), _version(about)) != (self.size, self.version):
            raise UnreadableModel(CHANGED)


def _whole(data: Any, length: int) -> bytes:
    if len(data) != length:
        raise Passing(f"the store sends {len(data):,} bytes instead of {length:,}")
    return bytes(data)


def _version(about: dict[str, Any]) -> str:
    return next((str(about[fact]) for fact in VERSION if about.get(fact) is not None), "")


def asked(work: Any) -> Any:
    """What a filesystem answers, its exceptions told in a line without anything of the request: that may be secret."""
    try:
        return work()
    except FileNotFoundError:
        raise UnreadableModel("not found; check the URL") from None
    except PermissionError:
        raise UnreadableModel("access denied; check the credentials") from None
    except (TimeoutError, ConnectionError) as error:
        raise Passing(f"the store gives no answer ({type(error).__name__})") from None
    except UnreadableModel:
        raise
    except Exception as error:  # noqa: BLE001 -- each filesystem has its own: of clients, credentials, addresses
        raise UnreadableModel(f"cannot be fetched ({type(error).__name__}); check URL and credentials") from None
