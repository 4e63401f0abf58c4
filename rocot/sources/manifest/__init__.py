"""Manifests: what `rocot import` writes and a recipe's sources read, one record a source video."""
