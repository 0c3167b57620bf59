"""Runs the cases beyond AWS's suite and writes a report of the suite's form. `run.py` starts it."""

import argparse
import json
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import adverse
import cases
from runtime import Runtime

# Cases at a time.
WORKERS = 4


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--report-file", required=True, type=Path)
    arguments = parser.parse_args()
    runtime = Runtime(arguments.stack)
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        results = list(pool.map(lambda case: run(case, runtime), (*cases.CASES, *adverse.CASES)))
    report = json.dumps({"results": results}, indent=2)
    arguments.report_file.with_suffix(".json").write_text(report, encoding="utf-8")
    return 0 if all(result["status"] == "PASSED" for result in results) else 1


def run(case, runtime):
    """Runs one case; whatever goes wrong in it is its failure."""
    name = case.__name__.replace("_", "-")
    result = {"id": name, "description": case.__doc__.splitlines()[0], "reason": None}
    try:
        case(runtime)
        return {**result, "status": "PASSED", "errors": []}
    except Exception:
        return {**result, "status": "FAILED", "errors": traceback.format_exc().splitlines()}


if __name__ == "__main__":
    sys.exit(main())
