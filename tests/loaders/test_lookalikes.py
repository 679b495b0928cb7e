"""What is said of files of other kinds."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import zipfile
from hashlib import shake_256
from pathlib import Path
from time import process_time

import pytest

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.lookalikes import HEAD, lookalike, lookalike_folder
from shortcut_audit.loaders.onnx.file import load
from tests.loaders.onnx.onnx_models import field, refusal


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return buffer.getvalue()


SAFETENSORS_HEADER = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()


def packed(number: int, *parts: bytes) -> bytes:
    return field(number, b"".join(parts))


KERAS = zipped(**{"metadata.json": '{"keras_version": "3.8.0"}', "config.json": "{}", "model.weights.h5": "HDF"})
CORE_ML = b"\x08\x04" + packed(2, packed(1, field(1, b"image"), packed(3, field(5, b"")))) + packed(502, b"\x08\x01")
"""Model.proto of Core ML: specificationVersion = 1, description = 2 (of it input = 1), mlProgram = 502."""
FROZEN = packed(1, field(1, b"model/input"), field(2, b"Placeholder")) + packed(1, field(1, b"w"), field(2, b"Const"))
"""graph.proto of TensorFlow: node = 1 (of it name = 1, op = 2)."""
CAFFE = field(1, b"ResNet-50") + packed(100, field(1, b"data"), field(2, b"Input"))
"""caffe.proto: name = 1, layer = 100 (of it name = 1, type = 2)."""
PADDLE = packed(1, b"\x08\x00\x10" + b"\xff" * 9 + b"\x01", packed(3, field(1, b"feed")))
"""framework.proto of PaddlePaddle: blocks = 1 (of it idx = 1, parent_idx = 2, -1 for the first, vars = 3)."""
ULTRALYTICS = b'{"description": "Ultralytics YOLOv8n model", "batch": 1}'
"""What Ultralytics writes before the engine: the length of a JSON text in four bytes, and the text."""


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.onnx"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 97\n", "Git LFS pointer, not the file"),
        (b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>", "looks like HTML"),
        (b"\n  <html><head></head></html>", "looks like HTML"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "looks like HTML"),
        (b'{"error": "Entry not found"}', "looks like JSON text, which is no model; export"),
        (b"Classes\nfrom the paper\n", "looks like plain text"),
        (b"ir_version: 8\ngraph { name: 'g' }\n", "an ONNX model written as text"),
        (zipped(archive__data="x", archive__version="3") + b"data.pkl", "a PyTorch archive (zip)"),
        (zipped(m__archive_format="pt2"), "name it .pt2"),
        (zipped(readme="hello"), "a zip archive, not ONNX; unpack it"),
        (KERAS, 'a Keras model (.keras); export the model from Keras: model.export("model.onnx", format="onnx")'),
        (zipped(**{"arr_0.npy": "x"}), "NumPy arrays (.npz), which holds weights but no graph"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'}", "a NumPy array (.npy), one tensor and no graph"),
        (gzip.compress(b"\x08\x08", mtime=0), "a gzip archive; unpack it (gunzip)"),
        (gzip.compress(tarred(), mtime=0), "a tar archive, packed with gzip (.tar.gz); unpack it (tar -xzf)"),
        (tarred(), "a tar archive; unpack it (tar -x)"),
        (pickle.dumps({"weight": [1.0] * 100}, protocol=0), "a Python pickle, old style, which is never loaded"),
        (pickle.dumps({"weight": [1.0] * 100}, protocol=1), "a Python pickle, old style, which is never loaded"),
        (pickle.dumps({"weight": [1.0] * 100}, protocol=2), "a Python pickle, as torch.save writes"),
        (pickle.dumps({"weight": [1.0] * 100}, protocol=4), "which is never loaded, as that runs code"),
        (pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2), "torch.save as PyTorch wrote it before 1.6"),
        (len(SAFETENSORS_HEADER).to_bytes(8, "little") + SAFETENSORS_HEADER + bytes(16), "a safetensors file"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(40), "TensorFlow Lite"),
        (b"\x1c\x00\x00\x00ORTM" + bytes(40), "ONNX Runtime's own format (.ort)"),
        (b"\x1c\x00\x00\x00ET12" + bytes(40), "an ExecuTorch program (.pte)"),
        (b"ftrt\x00\x00" + bytes(40), "a TensorRT engine, compiled for one GPU; export the model to ONNX"),
        (len(ULTRALYTICS).to_bytes(4, "little") + ULTRALYTICS + b"ftrt" + bytes(9), "a TensorRT engine of Ultralytics"),
        (b"\x08\x01\x12\x20\x0a\x10\x22\x05serve" + bytes(40), "a TensorFlow SavedModel"),
        (FROZEN, "a TensorFlow graph (frozen .pb); export the model to ONNX with tf2onnx"),
        (CORE_ML, "a Core ML model (.mlmodel)"),
        (CAFFE, "a Caffe model (.caffemodel); convert it, with its .prototxt"),
        (PADDLE, "a PaddlePaddle program (.pdmodel); export the model to ONNX with paddle2onnx"),
        (b'<?xml version="1.0"?>\n<net name="model" version="11"><layers/></net>', "an OpenVINO model"),
        (b"PK\x03\x04..m/data.pkl..\x80\x02}q\x00(X", "a state dict"),
        (b"PK\x03\x04..m/data.pkl..\x80\x02cmy.net\nNet\nq\x00", "a pickled module (my.net.Net)"),
        (b"PK\x03\x04..m/data.pkl..m/code/__torch__.py", "a TorchScript archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "an HDF5 file, as Keras writes (.h5)"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40) + b"model_config", "a Keras model (.h5)"),
        (b"GGUF\x03\x00\x00\x00" + bytes(40), "GGUF"),
        (b"7767517\n75 83\nInput data 0 1 data\n", "an ncnn model (.param)"),
        (b'name: "ResNet-50"\ninput: "data"\nlayer {\n  name: "conv1"\n}\n', "a Caffe network (.prototxt)"),
        (b'node {\n  name: "x"\n  op: "Placeholder"\n}\n', "a TensorFlow graph written as text (.pbtxt)"),
        (b'{"cells": [], "nbformat": 4}', "a Jupyter notebook"),
        (b'{"architectures": ["LlamaForCausalLM"]}', "the configuration of a model on the Hugging Face hub"),
        (b'{"metadata": {}, "weight_map": {"w": "a.safetensors"}}', "the index of a safetensors file"),
        (b'{"format": "layers-model", "modelTopology": {}}', "a TensorFlow.js model"),
        (b'{"base_code": {"magic": "pir", "version": 1}}', "a PaddlePaddle program (.json)"),
        (
            b'{"schema_version": 1, "tool": {"name": "shortcut-audit"}}',
            "a report of shortcut-audit (JSON); name the model",
        ),
        (b'"""A model."""\n\nimport torch\n', "Python code; name the function in it that makes the model"),
        (b"def build():\n    pass\n", "Python code"),
        (b"model,accuracy\nresnet18,0.7\n", "a table of numbers or words (CSV)"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "a picture; name the model's file"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "a picture"),
    ],
)
def test_a_file_of_another_kind_is_called_by_its_name(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("suffix", "reason"),
    [
        (".bin", "such as OpenVINO and ncnn keep beside a graph (.bin), which holds weights but no graph"),
        (".mnn", "an MNN model; export the model to ONNX from what it was made from"),
        (".onnx", None),
    ],
)
def test_where_the_content_does_not_tell_the_name_does(suffix: str, reason: str | None) -> None:
    said = lookalike(bytes(4096), "export it", suffix)
    assert said is None if reason is None else said is not None and reason in said


def test_the_name_is_asked_by_the_loader(tmp_path: Path) -> None:
    weights = tmp_path / "net.bin"
    weights.write_bytes(bytes(64))
    with pytest.raises(UnreadableModel, match="which holds weights but no graph"):
        load(weights)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("saved_model.pb", "a TensorFlow SavedModel; export the model to ONNX with tf2onnx"),
        ("Manifest.json", "a Core ML package (.mlpackage)"),
        ("config.json", "a checkpoint of a library"),
        ("readme.txt", None),
    ],
)
def test_a_folder_without_a_model_is_told_by_its_files(file: str, reason: str | None) -> None:
    said = lookalike_folder([file])
    assert said is None if reason is None else said is not None and reason in said


@pytest.mark.parametrize(
    "begins",
    [b"\n" * HEAD, b"\x0a\x7f" + b" " * HEAD, b"PK\x03\x04" + b"data.pkl" * 8192, b"(" * HEAD, b"#\n" * 32_768],
)
def test_no_file_is_searched_more_than_once_for_each_kind(begins: bytes) -> None:
    """A search that starts again at each of 65,536 bytes takes some 2 x 10^9 steps, ten seconds and more."""
    began = process_time()
    lookalike(begins, "export it")
    assert process_time() - began < 2


@pytest.mark.parametrize("seed", range(50))
def test_random_bytes_are_refused(tmp_path: Path, seed: int) -> None:
    assert "not an intact ONNX file" in refusal(tmp_path, shake_256(bytes([seed])).digest(4096))
