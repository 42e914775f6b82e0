"""What ``catlang`` can be told to do: one module a command, imported only when it is called."""

#: Each command: its module, with ``USAGE`` and ``run(arguments) -> int``, and what it does in a few words.
COMMANDS = {
    "check": ("catlang.commands.check", "say what is wrong in files and folders"),
    "fmt": ("catlang.commands.fmt", "write files in the one style there is"),
    "compile": ("catlang.commands.compile", "write a morphism as PyTorch source"),
    "import": ("catlang.commands.import_", "write a spec from an exported program of PyTorch"),
    "show": ("catlang.commands.show", "draw a morphism as a string diagram"),
    "cost": ("catlang.commands.cost", "say what a morphism costs, by its instances"),
    "laws": ("catlang.commands.laws", "say how the laws of models end: proved, refuted or not known"),
    "diff": ("catlang.commands.diff", "say what changed in meaning between two files"),
    "weights": ("catlang.commands.weights", "set the weights of a morphism beside a checkpoint"),
    "explain": ("catlang.commands.explain", "say what a code of a mistake means, with examples"),
    "new": ("catlang.commands.new", "make a folder with a spec, a training run and a test"),
    "repl": ("catlang.commands.repl", "show types and run values, a line at a time"),
    "completion": ("catlang.commands.completion", "print a script that completes words in a shell"),
}
