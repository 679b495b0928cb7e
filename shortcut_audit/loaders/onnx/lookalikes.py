"""What is a file that is no ONNX model?

Asked only after the walk over the protobuf has failed, so it need not be sure: it explains a refusal and causes none.
"""

from __future__ import annotations

import re

from shortcut_audit.loaders.onnx.fields import Data

PYTORCH_REMEDY = (
    "if torch.export.save wrote it, name it .pt2; if it is TorchScript that you trust, add --torchscript and --input; "
    "otherwise export the model with torch.onnx or torch.export"
)
EXPORT = "export the model to ONNX"
FROM_CODE = "export the model with torch.onnx or torch.export, or name the code that makes it: package.module:factory"

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for; run `git lfs pull`"),
    (b"\x1f\x8b", "a gzip archive; unpack it (gunzip)"),
    (b"BZh", "a bzip2 archive; unpack it"),
    (b"\xfd7zXZ\x00", "an xz archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it"),
    (b"\x89HDF", f"an HDF5 file, as Keras writes; {EXPORT}"),
    (b"\x93NUMPY", f"a NumPy array; {EXPORT}"),
    (b"ftrt", f"a TensorRT engine, compiled for one GPU; {EXPORT} from what it was built from"),
    (b"ptrt", f"a TensorRT engine, compiled for one GPU; {EXPORT} from what it was built from"),
    (b"GGUF", f"a GGUF file, which holds weights but no graph; {EXPORT}"),
    (b"\x80\x02", f"a Python pickle, as torch.save writes; it is never loaded, as that runs code; {EXPORT}"),
    (b"\x80\x03", f"a Python pickle; it is never loaded, as that runs code; {EXPORT}"),
    (b"\x80\x04", f"a Python pickle; it is never loaded, as that runs code; {EXPORT}"),
    (b"\x80\x05", f"a Python pickle; it is never loaded, as that runs code; {EXPORT}"),
)
"""How such files begin, and what to say of them."""

FLATBUFFERS = {
    b"TFL3": f"a TensorFlow Lite model; {EXPORT} from what it was converted from",
    b"ORTM": "a model in ONNX Runtime's own format (.ort); audit the .onnx file that it was converted from",
}
"""Files that carry their identifier in bytes 4 to 8."""


def lookalike(data: Data) -> str | None:
    """What the file seems to be instead of ONNX, and what to do; None where nothing is recognised."""
    head = data[:65536]
    for magic, what in MAGIC:
        if head.startswith(magic):
            return what
    if head.startswith(b"PK\x03\x04"):
        return _zip(head)
    if head[8:10] == b'{"':
        return f"a safetensors file, which holds weights but no graph; {EXPORT}"
    if head[4:8] in FLATBUFFERS:
        return FLATBUFFERS[head[4:8]]
    if head.startswith(b"\x08\x01\x12") and any(word in head for word in (b"serve", b"saved_model", b"NoOp")):
        return f"a TensorFlow SavedModel (saved_model.pb); {EXPORT} with tf2onnx"
    return _text(head)


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


def _text(head: bytes) -> str | None:
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head[:512]):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if start.startswith((b"<?xml", b"<net ")) and b"<net " in head[:4096]:
        return f"an OpenVINO model (.xml); {EXPORT} from what it was converted from"
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")):
        return "it looks like HTML, such as an error page of a download; download the model again"
    if start.startswith((b"{", b"[")):
        return f"it looks like JSON text; {EXPORT}"
    return f"it looks like plain text; {EXPORT}"
