"""How do PyTorch's graphs become drafts?

One ATen vocabulary for everything that PyTorch users hold. A reader (pt2/document.py, torch/program.py) turns its
source into an `AtenProgram` (graph.py); `translate.draft_of` turns that into a `Draft`, whoever wrote it. Nothing here
imports torch.

    graph        the nouns: nodes and arguments as ATen has them
    call         what a rule of the vocabulary is given, and writes
    vocabulary   the one table: which canonical ops an ATen op stands for; its rules are in arithmetic, functions,
                 reductions, contraction, layers, movement, indexing, recurrence, fourier, creation, quantisation
    views        which ATen ops look into their operand's memory instead of making a tensor of their own
    aliases      what a tensor holds after in-place ops wrote to it, or to what it is a view of
    control      bodies of cond, while_loop, scan and their like
    translate    the walk over the nodes
"""
