"""Is a model on a server read as it would be here, by little of it, and never half?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from onnx import TensorProto

from shortcut_audit import audit, load
from shortcut_audit.command.cli import execute
from shortcut_audit.errors import UnreadableModel
from tests.loaders.remote.server import served
from tests.resnets import Drawing

pytest.importorskip("aiohttp")

from shortcut_audit.loaders.remote import http

SAMPLES = Path(__file__).parents[3] / "samples"
LARGE = 1_000_000
"""Bytes of a model with weights that is fetched in several pieces."""

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.01)


def grown(data: bytes) -> bytes:
    """A model with this many bytes more that nobody knows: field 100 of the message, of LARGE bytes."""
    assert LARGE < 2**21
    length = bytes([LARGE & 127 | 128, LARGE >> 7 & 127 | 128, LARGE >> 14])
    return data + b"\xa2\x06" + length + bytes(LARGE)


@pytest.mark.parametrize(
    "name", ["resnet18.onnx", "resnet50.onnx", "transformer.onnx", "resnet18.pt2", "transformer.pt2"]
)
def test_the_report_is_the_same(name: str) -> None:
    here = SAMPLES / name
    with served({f"/{name}": here.read_bytes()}) as server:
        url = f"{server.url}/{name}"
        assert replace(audit(url), source="") == replace(audit(here), source="")
        assert {asked.partition("=")[0] for _, asked, _ in server.asked} == {"bytes"}


@pytest.mark.parametrize("name", ["resnet18.onnx", "resnet18.pt2"])
def test_the_graph_that_is_handed_out_is_the_same(name: str) -> None:
    here = load(SAMPLES / name)
    with served({f"/{name}": (SAMPLES / name).read_bytes()}) as server:
        there = load(f"{server.url}/{name}")
        assert server.asked
    assert list(there.nodes(data=True)) == list(here.nodes(data=True))
    assert list(there.edges) == list(here.edges)
    assert sum(bool(data["merge"]) for _, data in there.nodes(data=True)) == 8


def test_what_was_read_is_said_and_is_little(capsys: Capture) -> None:
    with served({"/a.onnx": grown((SAMPLES / "resnet18.onnx").read_bytes())}) as server:
        assert execute([f"{server.url}/a.onnx"]) == 0
        fetched, requests = server.sent, len(server.asked)
    assert (fetched, requests) == (131_072, 2)  # all but the unknown field, and the start of that: 64 KiB each
    said = capsys.readouterr()
    assert said.err == f"shortcut-audit: {server.url}/a.onnx: read 0.1 of 1.1 MB in 2 requests\n"
    assert "8 shortcuts" in said.out


def test_layers_that_repeat_are_asked_for_at_once() -> None:
    """Sixteen matrices of 300 x 300 floats, 360,000 bytes each: a leap each, all but the first three at once."""
    drawing, value = Drawing(1, 300), "x"
    for _ in range(16):
        value = drawing.op("MatMul", value, drawing.weight(300, 300))
    for weight in drawing.weights:
        weight.CopyFrom(TensorProto(name=weight.name, dims=weight.dims, data_type=1, raw_data=bytes(360_000)))
    with served({"/deep.onnx": drawing.model(value).SerializeToString()}, latency=0.05) as server:
        assert audit(f"{server.url}/deep.onnx").totals.parameters == 1_440_000  # 16 x 90,000
        assert server.most_at_once >= 4
        assert server.sent < 500_000  # of 5.8 MB: the first 64 KiB, and 16 leaps


FAULTS = [
    ("404", "not found; check the URL (HTTP status 404)", 1),
    ("403", "access denied (HTTP status 403)", 1),
    ("401", "access denied: credentials are missing or wrong (HTTP status 401)", 1),
    ("500", "cannot be fetched: HTTP status 500 (3 tries)", 3),
    ("429", "cannot be fetched: HTTP status 429 (3 tries)", 3),
    ("redirects for ever", "leads from one URL to the next, more than 5 times", 5),
    ("redirects to a file", "no URL that can be read, or leads to one; check it", 1),
    ("no ranges", "the server sends whole files only (no range requests); download it, and audit the file", 1),
    ("no part", "the server does not say which part of the file it sends, or how long the file is", 1),
    ("no length", "the server does not say which part of the file it sends, or how long the file is", 1),
    ("another part", "the server sends bytes 1 to 65536 instead of those from 0 on", 1),
    ("gzip", "the server sends it packed (Content-Encoding), so that parts of it cannot be read", 1),
    ("too much", "the server sends more than it says", 1),
    ("too little", "cannot be fetched: the server sends 65,535 bytes, and says 65,536 (3 tries)", 3),
    ("breaks off", "cannot be fetched: the connection broke off (ClientPayloadError) (3 tries)", 3),
    ("changes", "has changed while it was read; try again", 2),
    ("grows", "has changed while it was read; try again", 2),
]


@pytest.mark.parametrize(("fault", "line", "requests"), FAULTS)
def test_a_fault_is_one_line_and_nothing_half_is_believed(
    fault: str, line: str, requests: int, capsys: Capture
) -> None:
    with served({"/a.onnx": grown((SAMPLES / "resnet18.onnx").read_bytes() + b"")}, fault) as server:
        assert execute(["-q", f"{server.url}/a.onnx"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"shortcut-audit: {server.url}/a.onnx: {line}\n")
    assert len(server.asked) == requests


@pytest.mark.parametrize("fault", ["hangs up", "silent"])
def test_a_server_that_says_nothing(fault: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    with served({}, fault) as server:
        assert execute(["-q", f"{server.url}/a.onnx"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_nobody_listens(capsys: Capture) -> None:
    with served({}) as server:
        url = f"{server.url}/a.onnx"
    assert execute([url]) == 2
    line = "cannot be fetched: the server cannot be reached (Connection refused) (3 tries)"
    assert capsys.readouterr().err == f"shortcut-audit: {url}: {line}\n"


@pytest.mark.parametrize("fault", ["500", "breaks off", "too little"])
def test_a_fault_that_passes_costs_nothing_but_a_try(fault: str) -> None:
    data = (SAMPLES / "resnet50.onnx").read_bytes()
    with served({"/a.onnx": data}, fault, recovers_after=2) as server:
        assert audit(f"{server.url}/a.onnx").summary.shortcuts == 16
        assert len(server.asked) == 3


def test_a_redirect_is_followed_once(capsys: Capture) -> None:
    """What it leads to is asked for from then on."""
    with served({"/a.onnx": grown((SAMPLES / "resnet18.onnx").read_bytes())}, "redirects") as server:
        assert execute(["-q", f"{server.url}/a.onnx"]) == 0
    paths = [path for path, *_ in server.asked]
    assert paths[0] == "/a.onnx"
    assert set(paths[1:]) == {"/a.onnx?moved"}


@pytest.mark.parametrize("verbose", [[], ["-vv"]])
@pytest.mark.parametrize("form", ["text", "json", "sarif", "html", "github", "markdown"])
@pytest.mark.parametrize("fault", ["", "403", "no ranges"])
def test_credentials_are_sent_and_shown_nowhere(form: str, fault: str, verbose: list[str], capsys: Capture) -> None:
    with served({"/a.onnx": (SAMPLES / "resnet18.onnx").read_bytes()}, fault) as server:
        url = server.url.replace("//", "//reader:pa55word@")
        execute([f"{url}/a.onnx?X-Amz-Signature=5ecret&part=1", "--format", form, *verbose])
    path, _, headers = server.asked[0]
    assert path == "/a.onnx?X-Amz-Signature=5ecret&part=1"
    assert headers["Authorization"] == "Basic cmVhZGVyOnBhNTV3b3Jk"  # base64 of reader:pa55word
    said = capsys.readouterr()
    for secret in ("pa55word", "reader", "5ecret"):
        assert secret not in said.out + said.err
    assert "part=1" in said.out + said.err


def test_a_url_is_read_only_where_the_user_wrote_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from a configuration, which may have come with what is to be judged, nor as a baseline."""
    monkeypatch.chdir(tmp_path)
    Path("net.onnx").write_bytes((SAMPLES / "resnet18.onnx").read_bytes())
    with served({"/a.onnx": (SAMPLES / "resnet18.onnx").read_bytes()}) as server:
        for setting in (f'models = ["{server.url}/a.onnx"]', f'baseline = "{server.url}/a.onnx"'):
            Path("pyproject.toml").write_text(f"[tool.shortcut-audit]\n{setting}\n")
            assert execute([] if "models" in setting else ["net.onnx"]) == 2
        assert server.asked == []


def test_html_is_recognised(capsys: Capture) -> None:
    with served({"/a.onnx": b"<!doctype html><title>Sign in</title>" * 10}) as server:
        assert execute(["-q", f"{server.url}/a.onnx"]) == 2
    assert "it looks like HTML" in capsys.readouterr().err


def test_an_empty_file(capsys: Capture) -> None:
    with served({"/a.onnx": b""}) as server:
        assert execute(["-q", f"{server.url}/a.onnx"]) == 2
    assert "it is empty, or has become shorter" in capsys.readouterr().err


def test_workers_read_over_the_network_too(capsys: Capture) -> None:
    data = (SAMPLES / "resnet18.onnx").read_bytes()
    with served({"/a.onnx": data, "/b.onnx": data}) as server:
        assert execute(["-q", "--jobs", "2", *(f"{server.url}/{name}.onnx" for name in "abc")]) == 2
    said = capsys.readouterr()
    assert f"{server.url}/a.onnx" in said.out
    assert f"{server.url}/b.onnx" in said.out
    assert said.err == f"shortcut-audit: {server.url}/c.onnx: not found; check the URL (HTTP status 404)\n"


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    import sys

    for name in ("fsspec", "fsspec.core"):
        monkeypatch.setitem(sys.modules, name, None)
    assert execute(["https://127.0.0.1/a.onnx"]) == 2
    line = 'URLs need the extra "remote": pip install "shortcut-audit[remote]"'
    assert capsys.readouterr().err == f"shortcut-audit: https://127.0.0.1/a.onnx: {line}\n"


def test_a_bounded_number_of_tries() -> None:
    outcomes = iter([http.Passing("busy")] * 9)

    def work() -> bytes:
        raise next(outcomes)

    with pytest.raises(UnreadableModel, match=r"cannot be fetched: busy \(3 tries\)"):
        http.tried(work)
    assert len(list(outcomes)) == 6
