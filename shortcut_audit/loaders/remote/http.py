"""Which bytes does this server send, and is each answer what was asked for?

Requests go through the session of fsspec's HTTP filesystem, with the credentials and settings that it is configured
with. Its own reader takes whatever comes, a whole file instead of a part as well; here, an answer counts only if it is
the part that was asked for, unpacked, of the file that the first answer was of.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.remote.ranges import FIRST

if TYPE_CHECKING:
    from aiohttp import ClientResponse

CONNECT_SECONDS, READ_SECONDS = 10.0, 15.0
"""How long a server may take to be reached, and from one sign of life to the next."""

REQUEST_SECONDS = 60.0
"""How long one request may take, however slowly it trickles."""

TRIES, PAUSE_SECONDS = 3, 0.3
"""How often a request is made before it has failed, and how long it is waited before the second; then twice as long."""

REDIRECTS = 5

TRYING_HELPS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses by which a server says that another time it may do better."""

SAID = {
    401: "access denied: credentials are missing or wrong",
    403: "access denied",
    404: "not found; check the URL",
    410: "not there any more",
    416: "the server has no such part of it; it is empty, or has become shorter",
}

PART = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)")

Made = TypeVar("Made")


class Passing(Exception):
    """A fault that may be gone at the next try; the text says what it is."""


def tried(work: Callable[[], Made]) -> Made:
    """What comes of some work over a network, tried again where that may help. Raises UnreadableModel."""
    for pause in range(TRIES):
        try:
            return work()
        except Passing as fault:
            if pause + 1 == TRIES:
                raise UnreadableModel(f"cannot be fetched: {fault} ({TRIES} tries)") from None
        time.sleep(PAUSE_SECONDS * 2**pause)
    raise AssertionError


class HttpFile:
    """A file on an HTTP server."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        from fsspec.core import url_to_fs

        self._system, _ = url_to_fs(url)
        self._url = self._at = url
        self._headers = dict(headers or {})
        """Sent to the URL itself, never to where it leads."""
        self._version: tuple[str, str] | None = None
        self.size = 0

    @property
    def version(self) -> str:
        """What the server tells versions of the file apart by; empty where it does not."""
        return " ".join(filter(None, self._version or ()))

    def head(self) -> bytes:
        """The first bytes. The size of the file is known from then on."""
        return tried(lambda: self._request(0, FIRST))

    def fetch(self, start: int, end: int) -> bytes:
        """The bytes from one offset up to another. Raises UnreadableModel."""
        return tried(lambda: self._request(start, end))

    def begin(self, start: int, end: int) -> Future[bytes]:
        """The bytes from one offset up to another, asked for and not waited for, without a second try."""
        return asyncio.run_coroutine_threadsafe(self._asked(start, end), self._system.loop)

    def _request(self, start: int, end: int) -> bytes:
        import aiohttp
        from fsspec.asyn import sync

        try:
            return bytes(sync(self._system.loop, self._asked, start, end))
        except (TimeoutError, aiohttp.ServerTimeoutError):
            raise Passing("the server gives no answer in time") from None
        except aiohttp.TooManyRedirects:
            raise UnreadableModel(f"leads from one URL to the next, more than {REDIRECTS} times") from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            raise UnreadableModel("no URL that can be read, or leads to one; check it") from None
        except aiohttp.ClientConnectorCertificateError:
            raise UnreadableModel("the server's certificate is not trusted") from None
        except aiohttp.ClientConnectorError as error:
            raise Passing(f"the server cannot be reached ({_why(error.os_error)})") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Passing(f"the connection broke off ({type(error).__name__})") from None

    async def _asked(self, start: int, end: int) -> bytes:
        from aiohttp import ClientTimeout

        session = await self._system.set_session()
        settings = dict(self._system.kwargs)
        headers = {**settings.pop("headers", {}), "Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        if self._at == self._url:
            headers |= self._headers
        if self._version is not None and self._version[0].startswith('"'):  # a weak tag cannot vouch for parts
            headers["If-Range"] = self._version[0]
        settings.pop("timeout", None)
        timeout = ClientTimeout(REQUEST_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
        url = self._system.encode_url(self._at)
        asked = session.get(url, headers=headers, timeout=timeout, max_redirects=REDIRECTS, **settings)
        async with asked as answer:
            if answer.status >= 400 and self._at != self._url:  # where it led to was good for some time only
                self._at = self._url
                raise Passing(f"HTTP status {answer.status}")
            self._check_way(answer)
            expected = self._part(answer, start, end)
            data = await _body(answer, expected)
        if answer.history:
            self._at = str(answer.url)
        return data

    def _check_way(self, answer: ClientResponse) -> None:
        """Whether the way to the answer may be trusted as the URL is: once encrypted, always encrypted."""
        schemes = [each.url.scheme for each in (*answer.history, answer)]
        if "https" in schemes and "http" in schemes[schemes.index("https") :]:
            raise UnreadableModel("leads from https to a URL that is not encrypted")

    def _part(self, answer: ClientResponse, start: int, end: int) -> int:
        """How many bytes this answer to the question for a part must have. Raises where it is no answer to it."""
        version = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
        if answer.status == 200 and self._version not in {None, version}:
            raise UnreadableModel(CHANGED)
        self._check_status(answer)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise UnreadableModel("the server sends it packed (Content-Encoding), so that parts of it cannot be read")
        part = PART.fullmatch(answer.headers.get("Content-Range", ""))
        if part is None or part[3] == "*":
            raise UnreadableModel("the server does not say which part of the file it sends, or how long the file is")
        first, last, size = (int(number) for number in part.groups())
        if self._version is None:
            self._version, self.size = version, size
        if (version, size) != (self._version, self.size):
            raise UnreadableModel(CHANGED)
        if (first, last) != (start, min(end, size) - 1):
            raise UnreadableModel(f"the server sends bytes {first} to {last} instead of those from {start} on")
        return last - first + 1

    def _check_status(self, answer: ClientResponse) -> None:
        status = answer.status
        if status == 206:
            return
        if status == 200:
            raise UnreadableModel(
                "the server sends whole files only (no range requests); download it, and audit the file"
            )
        if status in TRYING_HELPS:
            raise Passing(f"HTTP status {status}")
        raise UnreadableModel(f"{SAID.get(status, 'cannot be fetched')} (HTTP status {status})")


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else "no such host"


CHANGED = "has changed while it was read; try again"


async def _body(answer: ClientResponse, expected: int) -> bytes:
    """The answer's body, no byte more or less than it must have."""
    pieces: list[Any] = []
    length = 0
    async for piece in answer.content.iter_any():
        pieces.append(piece)
        length += len(piece)
        if length > expected:
            raise UnreadableModel("the server sends more than it says")
    if length < expected:
        raise Passing(f"the server sends {length:,} bytes, and says {expected:,}")
    return b"".join(pieces)
