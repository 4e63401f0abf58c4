"""Shared storage at a URL, by fsspec: whole files go there and come back, and nothing is opened in place."""
