"""What a user types: parse, call, print."""
