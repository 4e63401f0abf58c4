"""Answers held against the truth of a benchmark, whoever gave them: a file, a release, or a student's completions."""
