"""Frames and a question in, a reply out."""
