"""Tests of `shortcut_audit.shapes`, module by module."""
