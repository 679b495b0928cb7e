"""Which faults may a server have? A real one on the loopback, with any of them."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class Server:
    """What is served, how, and what was asked for."""

    files: dict[str, bytes]
    fault: str = ""
    """The fault of every answer; see `_Handler`."""
    latency: float = 0.0
    """Seconds before each answer."""
    recovers_after: int = 0
    """How many requests the fault lasts, where it passes."""
    tag: str = '"1"'
    """The ETag of every file."""
    url: str = ""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Of each request: path, range and headers."""
    sent: int = 0
    """Bytes of bodies."""
    at_once: int = 0
    most_at_once: int = 0
    """Requests."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def faulty(self) -> str:
        lasts = not self.recovers_after or len(self.asked) <= self.recovers_after
        return self.fault if lasts else ""


@contextmanager
def served(files: dict[str, bytes], fault: str = "", **how: Any) -> Iterator[Server]:
    """A server of these files by their paths; it ends with the context."""
    told = Server(files, fault, **how)

    class Handler(_Handler):
        server_told = told

    http = _Silent(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    http.block_on_close = False
    told.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Silent(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that has hung up is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 2**21  # one packet for head and body: two would wait for each other (Nagle)
    server_told: Server

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        told = self.server_told
        path = self.path.partition("?")[0]
        told.asked.append((self.path, self.headers.get("Range", ""), dict(self.headers.items())))
        with told.lock:
            told.at_once += 1
            told.most_at_once = max(told.most_at_once, told.at_once)
        time.sleep(told.latency)
        with told.lock:
            told.at_once -= 1
        fault = told.faulty()
        if fault.isdecimal():
            self._answer(int(fault), b"no")
        elif fault == "silent":
            time.sleep(5)
        elif fault == "hangs up":
            self.close_connection = True
        elif fault == "redirects for ever":
            self._answer(302, b"", Location=f"{told.url}{path}?again")
        elif fault == "redirects" and "moved" not in self.path:
            self._answer(302, b"", Location=f"{told.url}{path}?moved")
        elif fault == "redirects to a file" and "moved" not in self.path:
            self._answer(302, b"", Location="file:///etc/passwd")
        elif path not in told.files:
            self._answer(404, b"no such file")
        else:
            self._part(told.files[path], fault)

    def _part(self, data: bytes, fault: str) -> None:
        told = self.server_told
        found = RANGE.fullmatch(self.headers.get("Range", ""))
        headers = {"ETag": told.tag, "Accept-Ranges": "bytes"}
        if fault == "changes" and len(told.asked) > 1:
            headers["ETag"] = '"2"'
        changed = self.headers.get("If-Range", headers["ETag"]) != headers["ETag"]
        if found is None or fault == "no ranges" or changed:
            self._answer(200, data, **headers)
            return
        start, last = int(found[1]), min(int(found[2]), len(data) - 1)
        if start >= len(data):
            self._answer(416, b"", **{"Content-Range": f"bytes */{len(data)}"})
            return
        body = data[start : last + 1]
        headers["Content-Range"] = f"bytes {start}-{last}/{len(data)}"
        if fault == "another part":
            headers["Content-Range"] = f"bytes {start + 1}-{last + 1}/{len(data)}"
        elif fault == "no length":
            headers["Content-Range"] = f"bytes {start}-{last}/*"
        elif fault == "no part":
            del headers["Content-Range"]
        elif fault == "grows":
            headers["Content-Range"] = f"bytes {start}-{last}/{len(data) + len(told.asked)}"
        elif fault == "gzip":
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        elif fault == "too much":
            body += b"more"
        elif fault == "too little":
            body = body[:-1]
        self._answer(206, body, cut=fault == "breaks off", **headers)

    def _answer(self, status: int, body: bytes, *, cut: bool = False, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.server_told.sent += len(body)
        self.close_connection |= cut
