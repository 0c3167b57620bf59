"""The parts of `run.py`: tools, processes, servers, suites and the report."""
