"""The rules of the gate, a file for each family. Each is pure, and says what is wrong with a sample, or None."""
