"""Rendered surveillance scenes with exact truth: rocot's embedded default input. See docs/scenes.md.

Importing the package is light; numpy, Pillow and PyAV are imported when a split is asked for.
"""
