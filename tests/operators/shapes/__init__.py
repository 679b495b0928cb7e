"""Tests of `shortcut_audit.operators.shapes`, module by module."""
