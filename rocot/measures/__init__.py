"""What is reckoned over many rows: rates, each with its interval. The report and the evaluation share it."""
