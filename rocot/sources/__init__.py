"""Where videos and their ground truth come from."""
