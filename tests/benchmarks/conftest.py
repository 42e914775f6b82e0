"""The benchmarks are run by `run.py`; only `test_tiny.py` is for pytest."""

collect_ignore_glob = ["run.py", "harness.py", "networks.py", "*_case.py"]
