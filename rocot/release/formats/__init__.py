"""Rows in the forms of other trainers: pure functions, a module a trainer. docs/formats.md shows each in use."""
