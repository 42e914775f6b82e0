"""What all tests share: one thread each, since several run at a time, and threads that wait for each other in small
products cost far more than they save; and no cache of what was checked."""

import os

# What one test had checked is not remembered for the next, nor for whoever runs them: no folder can be made there. What
# other packages keep stays where it is.
os.environ.setdefault("HF_HOME", os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "huggingface"))
os.environ["XDG_CACHE_HOME"] = os.devnull
# Before PyTorch is imported, here or in a process that a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")
