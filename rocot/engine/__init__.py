"""Runs typed stages over items, durably. It knows neither video nor models."""
