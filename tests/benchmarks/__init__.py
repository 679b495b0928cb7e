"""How long does an audit take, beside the tools that one would use instead, and how does that grow with the model?

    python -m tests.benchmarks [--runs 7] [--only resnet50]     side by side: whole processes, interleaved

Nothing here is asserted by the test suite: a machine's speed is no property of the code. What grows is held to its
exponent in counted work, by test_growth.py.
"""
