"""Tests of the reporters, and the reports that they are shown."""
