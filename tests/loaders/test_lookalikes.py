"""What is said of files of other kinds."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from hashlib import shake_256
from pathlib import Path

import pytest

from tests.loaders.onnx.onnx_models import refusal


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return buffer.getvalue()


SAFETENSORS_HEADER = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 97\n", "run `git lfs pull`"),
        (b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>", "looks like HTML"),
        (b"\n  <html><head></head></html>", "looks like HTML"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "looks like HTML"),
        (b'{"error": "Entry not found"}', "looks like JSON"),
        (b"ir_version: 8\ngraph { name: 'g' }\n", "looks like plain text"),
        (zipped(archive__data="x", archive__version="3") + b"data.pkl", "a PyTorch archive (zip)"),
        (zipped(m__archive_format="pt2"), "name it .pt2"),
        (zipped(readme="hello"), "a zip archive"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "gunzip"),
        (pickle.dumps({"weight": [1.0] * 100}, protocol=2), "pickle"),
        (pickle.dumps({"weight": [1.0] * 100}, protocol=4), "never loaded, as that runs code"),
        (len(SAFETENSORS_HEADER).to_bytes(8, "little") + SAFETENSORS_HEADER + bytes(16), "a safetensors file"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(40), "TensorFlow Lite"),
        (b"\x1c\x00\x00\x00ORTM" + bytes(40), "ONNX Runtime's own format (.ort)"),
        (b"ftrt\x00\x00" + bytes(40), "a TensorRT engine"),
        (b"\x08\x01\x12\x20\x0a\x10\x22\x05serve" + bytes(40), "a TensorFlow SavedModel"),
        (b'<?xml version="1.0"?>\n<net name="model" version="11"><layers/></net>', "an OpenVINO model"),
        (b"PK\x03\x04..m/data.pkl..\x80\x02}q\x00(X", "a state dict"),
        (b"PK\x03\x04..m/data.pkl..\x80\x02cmy.net\nNet\nq\x00", "a pickled module (my.net.Net)"),
        (b"PK\x03\x04..m/data.pkl..m/code/__torch__.py", "a TorchScript archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "HDF5"),
        (b"GGUF\x03\x00\x00\x00" + bytes(40), "GGUF"),
    ],
)
def test_a_file_of_another_kind_is_called_by_its_name(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refusal(tmp_path, content)


@pytest.mark.parametrize("seed", range(50))
def test_random_bytes_are_refused(tmp_path: Path, seed: int) -> None:
    assert "not an intact ONNX file" in refusal(tmp_path, shake_256(bytes([seed])).digest(4096))
