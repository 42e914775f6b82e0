"""Objects, the colours of wires, and when two of them are the same."""
