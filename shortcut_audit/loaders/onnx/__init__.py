"""Which graph does an ONNX file hold? file.py is the way in."""
