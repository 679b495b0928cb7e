"""What is a file that is no model of the kind that it was taken for?

Asked only after it could not be read as such, so it need not be sure: it explains a refusal and causes none.
"""

from __future__ import annotations

import re

PYTORCH_REMEDY = (
    "if torch.export.save wrote it, name it .pt2; if it is TorchScript that you trust, add --torchscript and --input; "
    "otherwise export the model with torch.onnx or torch.export"
)
EXPORT = "export the model to ONNX"
FROM_CODE = "export the model with torch.onnx or torch.export, or name the code that makes it: package.module:factory"
FROM_SOURCE = f"{EXPORT} from what it was made from"

HEAD = 65_536
"""Bytes from the beginning of a file that are looked at."""

PICKLE = "a Python pickle, as torch.save writes, which is never loaded, as that runs code"
MAGIC: tuple[tuple[bytes, str, str | None], ...] = (
    (b"version https://", "a Git LFS pointer, not the file it stands for", "run `git lfs pull`"),
    (b"\x1f\x8b", "a gzip archive", "unpack it (gunzip)"),
    (b"BZh", "a bzip2 archive", "unpack it"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it"),
    (b"\x89HDF", "an HDF5 file, as Keras writes", None),
    (b"\x93NUMPY", "a NumPy array", None),
    (b"ftrt", "a TensorRT engine, compiled for one GPU", FROM_SOURCE),
    (b"ptrt", "a TensorRT engine, compiled for one GPU", FROM_SOURCE),
    (b"GGUF", "a GGUF file, which holds weights but no graph", None),
    *((b"\x80" + bytes([protocol]), PICKLE, None) for protocol in range(2, 6)),
)
"""How such files begin, what they are, and what to do if that is not the same for all."""

FLATBUFFERS = {
    b"TFL3": f"a TensorFlow Lite model; {FROM_SOURCE}",
    b"ORTM": "a model in ONNX Runtime's own format (.ort); audit the .onnx file that it was converted from",
}
"""Files that carry their identifier in bytes 4 to 8."""


def lookalike(head: bytes, remedy: str) -> str | None:
    """What a file that begins like this seems to be, and what to do; None where nothing is recognised."""
    for magic, what, special in MAGIC:
        if head.startswith(magic):
            return f"{what}; {special or remedy}"
    if head.startswith(b"PK\x03\x04"):
        return _zip(head)
    if head[8:10] == b'{"':
        return f"a safetensors file, which holds weights but no graph; {remedy}"
    if head[4:8] in FLATBUFFERS:
        return FLATBUFFERS[head[4:8]]
    if head.startswith(b"\x08\x01\x12") and any(word in head for word in (b"serve", b"saved_model", b"NoOp")):
        return f"a TensorFlow SavedModel (saved_model.pb); {EXPORT} with tf2onnx"
    return _text(head, remedy)


PICKLED = re.compile(rb"data\.pkl.*?\x80\x02(?:c([\w.]{1,200})\n(\w{1,200})\n|\})", re.DOTALL)
"""What the pickle of a PyTorch archive opens with: a class of some module, or a dictionary."""


def _zip(head: bytes) -> str:
    pickled = PICKLED.search(head[:8192])
    if b"constants.pkl" in head or b"/code/" in head:
        return f"a TorchScript archive, not ONNX; {PYTORCH_REMEDY}"
    if pickled is not None:
        module, name = (part.decode("ascii", "replace") if part else "" for part in pickled.groups())
        if module in {"", "collections"}:
            return f"a state dict, as torch.save writes, which holds weights but no graph; {FROM_CODE}"
        return f"a pickled module ({module}.{name}); it is never loaded, as that runs code; {FROM_CODE}"
    if b".pkl" in head or b"archive_format" in head or b"models/model.json" in head:
        return f"a PyTorch archive (zip), not ONNX; {PYTORCH_REMEDY}"
    return f"a zip archive, not ONNX; unpack it, or {PYTORCH_REMEDY}"


def _text(head: bytes, remedy: str) -> str | None:
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head[:512]):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if start.startswith((b"<?xml", b"<net ")) and b"<net " in head[:4096]:
        return f"an OpenVINO model (.xml); {FROM_SOURCE}"
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")):
        return "it looks like HTML, such as an error page of a download; download the model again"
    if start.startswith((b"{", b"[")):
        return f"it looks like JSON text; {remedy}"
    return f"it looks like plain text; {remedy}"
