"""The archive: what is refused and why, and that nothing but the description is looked at."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.loaders.pt2 import archive as pt2
from shortcut_audit.loaders.pt2.archive import load
from tests.loaders.aten.programs import drawing
from tests.loaders.pt2.pt2_archives import archive, document, refusal

NODES = ["f = Conv(x, conv.w)", "y = Add(x, f)"]


def packed(path: Path, **files: bytes) -> Path:
    """A zip archive of these files, "/" in their names written "__" and "." written "_DOT_"."""
    with zipfile.ZipFile(path, "w") as made:
        for name, data in files.items():
            made.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    return path


def test_a_model_is_read(tmp_path: Path) -> None:
    draft = load(archive(tmp_path))
    assert drawing(draft) == NODES
    assert (draft.format, draft.origin) == ("pt2", "torch.export schema 8.20, torch 2.13.0")
    assert draft.source == str(tmp_path / "model.pt2")


def test_the_layout_of_older_releases_is_read(tmp_path: Path) -> None:
    """Until PyTorch 2.7 the description stood at the top of the archive."""
    path = tmp_path / "model.pt2"
    content = json.dumps(document()).encode()
    packed(path, serialized_exported_program_DOT_json=content, serialized_state_dict_DOT_pt=b"PK\x03\x04")
    assert drawing(load(path)) == NODES


def test_nothing_of_the_framework_is_imported(tmp_path: Path) -> None:
    """Holds where torch is installed; elsewhere nothing could be imported."""
    program = (
        "import sys, pathlib; from shortcut_audit.loaders.pt2 import archive; "
        f"archive.load(pathlib.Path({str(archive(tmp_path))!r})); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "shortcut_audit.loaders.pt2.archive" in run.stdout.split()
    assert {"torch", "sympy", "pickle", "onnx"}.isdisjoint(run.stdout.split())


def test_payloads_are_never_opened(tmp_path: Path) -> None:
    """Weights marked as pickles, and a payload whose checksum is wrong: neither is looked at."""
    config = {
        "config": {"conv.w": {"path_name": "weight_0", "is_param": True, "use_pickle": True, "tensor_meta": None}}
    }
    more = {
        "data__weights__model_weights_config.json": json.dumps(config).encode(),
        "data__weights__weight_0": b"cos\nsystem\n(S'exit 1'\ntR." * 100,
    }
    path = archive(tmp_path, None, **more)
    damaged = path.read_bytes().replace(b"cos\nsystem", b"cos\nSYSTEM", 1)
    path.write_bytes(damaged)
    assert drawing(load(path)) == NODES


def test_compiled_code_beside_the_model_is_noted(tmp_path: Path) -> None:
    draft = load(archive(tmp_path, None, data__aotinductor__model__model_so=b"\x7fELF"))
    assert drawing(draft) == NODES
    assert draft.notes == ("the archive holds compiled code too (AOTInductor), which was not looked at",)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"m__code____torch__.py": b"", "m__constants_DOT_pkl": b"", "m__data_DOT_pkl": b""}, "TorchScript"),
        ({"m__data_DOT_pkl": b"", "m__data__0": b""}, "torch.save archive"),
        ({"m__data__aotinductor__model__a_DOT_so": b""}, "AOTInductor package"),
        ({"readme": b""}, "a zip archive without models/*.json"),
        (
            {"m__models__a_DOT_json": b"{}", "m__models__b_DOT_json": b"{}"},
            "several models (m/models/a.json, m/models/b.json)",
        ),
    ],
)
def test_other_archives_are_named(files: dict[str, bytes], reason: str, tmp_path: Path) -> None:
    assert reason in refusal(packed(tmp_path / "model.pt2", **files))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"\x80\x04\x95", "a Python pickle, as torch.save writes, which is never loaded"),
        (b"<!DOCTYPE html>", "looks like HTML"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
        (b"\x08\x07\x12\x07pytorch", "looks like an ONNX model"),
        (b"\x00\x01" * 100, "no known format"),
        (b"{}", "looks like JSON text"),
        (b"PK\x03\x04" + b"\0" * 4000, "truncated zip archive"),
    ],
)
def test_other_files_are_named(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    assert reason in refusal(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.999])
def test_a_truncated_archive_is_refused(share: float, tmp_path: Path) -> None:
    path = archive(tmp_path, None, data__weights__weight_0=bytes(5000))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "truncated zip archive" in refusal(path)


def test_damage_inside_the_description_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path)
    data = bytearray(path.read_bytes())
    data[80:90] = bytes(10)
    path.write_bytes(data)
    assert "cannot be unpacked" in refusal(path) or "damaged" in refusal(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no JSON document"),
        (b"{", "is no JSON document"),
        (b"\xff\xfe\x00", "is no JSON document"),
        (b"[" * 100_000, "is no JSON document"),
        (b"9" * 5000, "is no JSON document"),
        (b"[]", "damaged description of the graph"),
        (b"[" + b"[]," * 1_500_000 + b"0]", "holds more than 3,000,000 values"),
    ],
    ids=["empty", "open", "no UTF-8", "deep", "long number", "a list", "many"],
)
def test_a_description_that_is_none_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    assert reason in refusal(archive(tmp_path, content))


def test_a_description_is_measured_before_it_is_inflated(tmp_path: Path) -> None:
    """300 MiB of blanks deflate to some 300 kB."""
    path = tmp_path / "model.pt2"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open("m/models/model.json", "w") as entry:
        for _ in range(300):
            entry.write(b" " * 2**20)
    assert path.stat().st_size < 400_000
    assert "inflates to 314,572,800 bytes, more than 25,165,824" in refusal(path)


def test_a_description_is_inflated_no_further_than_it_says(tmp_path: Path) -> None:
    """An entry that states 100 bytes and inflates to more: its checksum no longer fits."""
    path = archive(tmp_path, b" " * 100_000)
    data = path.read_bytes().replace((100_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(data)
    assert "cannot be unpacked (Bad CRC-32" in refusal(path)


def test_a_long_list_of_contents_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    size = 5 * 2**20
    path.write_bytes(b"PK\x03\x04" + bytes(size) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 4, 0))
    assert "list of contents takes 5,242,880 bytes, more than 4,194,304" in refusal(path)


def directory_64(size: int, offset: int) -> bytes:
    """The last records of an archive over 4 GB (APPNOTE.TXT, 4.3.14 to 4.3.16), the old one of which says nothing."""
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, offset)
    return record + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + b"PK\x05\x06" + bytes(18)


@pytest.mark.parametrize(
    ("size", "reason"),
    [(2**31, "list of contents takes 2,147,483,648 bytes"), (2**63, "damaged"), (2**64 - 1, "damaged")],
)
def test_a_list_of_contents_is_measured_where_it_is_read(size: int, reason: str, tmp_path: Path) -> None:
    """zipfile follows the record of archives over 4 GB, whatever the old one says. (The file takes no disk space.)"""
    path = tmp_path / "model.pt2"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(2**31)
        file.seek(0, os.SEEK_END)
        file.write(directory_64(size, 0))
    assert reason in refusal(path)


def test_an_archive_over_4_gb_tells_its_sizes_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    path = archive(tmp_path)
    assert drawing(load(path)) == NODES
    monkeypatch.setattr(pt2, "READ_LIMIT", 50)
    assert "list of contents takes" in refusal(path)
    path.write_bytes(path.read_bytes().replace(b"PK\x06\x07\0\0\0\0", b"PK\x06\x07\0\0\0\0" + b"\xff" * 8)[:-8])
    assert "archive" in refusal(path)


def test_an_encrypted_description_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    path.write_bytes(data)
    assert "cannot be unpacked" in refusal(path)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "model.pt2"
    os.mkfifo(pipe)
    assert "a device, pipe or socket, not a file" in refusal(pipe)
    assert "a directory, not a file" in refusal(tmp_path)
    assert "No such file" in refusal(tmp_path / "absent.pt2")
    loop = tmp_path / "loop.pt2"
    loop.symlink_to(loop)
    assert "cannot be opened" in refusal(loop)


# -- tied weights ---------------------------------------------------------------------------------------------------

TIED = """
    x: 4x4
    a: parameter 4x4
    b: parameter 4x4
    y = aten.linear.default(input=x, weight=a) -> 4x4
    z = aten.linear.default(input=y, weight=b) -> 4x4
    return z
"""


def weights(
    device: str = "cpu", offsets: tuple[int, int] = (0, 0), payloads: tuple[str, str] = ("weight_0",) * 2
) -> bytes:
    def entry(payload: str, offset: int) -> dict[str, Any]:
        meta = {"sizes": [{"as_int": 4}] * 2, "storage_offset": {"as_int": offset}, "device": {"type": device}}
        return {"path_name": payload, "is_param": True, "use_pickle": False, "tensor_meta": meta}

    named = zip(("conv.a", "conv.b"), payloads, offsets, strict=True)
    return json.dumps({"config": {name: entry(payload, offset) for name, payload, offset in named}}).encode()


@pytest.mark.parametrize(
    ("config", "read"),
    [
        (weights(), ["conv.a", "conv.a"]),
        (weights(payloads=("weight_0", "weight_1")), ["conv.a", "conv.b"]),
        (weights(offsets=(0, 16)), ["conv.a", "conv.b"]),  # two parts of one storage
        (weights(device="meta"), ["conv.a", "conv.b"]),  # tensors without a payload all name the first
        (b"[]", ["conv.a", "conv.b"]),
        (b'{"config": {"conv.a": 3, "conv.b": {"path_name": []}}}', ["conv.a", "conv.b"]),
    ],
    ids=["tied", "apart", "parts", "meta", "no list", "damaged"],
)
def test_parameters_that_share_a_payload_are_one(config: bytes, read: list[str], tmp_path: Path) -> None:
    path = archive(tmp_path, document(TIED), **{"data__weights__model_weights_config.json": config})
    assert [node.inputs[1] for node in load(path).nodes] == read
