"""The student: trained on a release, supervised first, then by rewards. It reads Parquet, and asks nobody."""
