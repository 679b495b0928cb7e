"""Tests of `shortcut_audit.assembly.shapes`, module by module."""
