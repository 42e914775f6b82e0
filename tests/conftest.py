"""What all tests share: one thread each, since several run at a time, and threads that wait for each other in small
products cost far more than they save."""

import os

# Before PyTorch is imported, here or in a process that a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")
