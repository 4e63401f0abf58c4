"""From video files to frames at asked times."""
