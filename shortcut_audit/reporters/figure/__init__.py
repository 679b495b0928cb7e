"""What is drawn in the picture of a model, and how is it drawn where nothing else is?

`layout.figure` says what stands where; svg.py, mermaid.py, html/network.py and text/diagram.py draw it.
"""
