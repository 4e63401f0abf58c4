"""From judged items to shards, and from shards to a verdict."""
