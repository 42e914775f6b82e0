"""Many files: each read once, checked side by side, and remembered until it or what it imports changes."""
