"""What ``catlang`` can be told to do: one module a command, imported only when it is called."""
