"""What a run says at its end."""

import json
import re
import sys

from driver import tools
from driver.processes import must

# Lines of an error that are shown; the rest is in the files of the run.
ERROR_LINES_MAX = 12
COLUMNS = "{:<11} {:<19} {:>6} {:>7} {:>16} {:>5}"


def header():
    return COLUMNS.format("language", "suite", "passed", "failed", "not implemented", "s")


def line(outcome):
    """A suite that has ended, on one line."""
    passed, failed, missing = outcome.counts
    failed = failed if outcome.problem is None else "no run"
    seconds = f"{outcome.seconds:.0f}"
    return COLUMNS.format(outcome.language, outcome.suite, passed, failed, missing, seconds)


def table(outcomes):
    """All suites and, for each language with several, their sum."""
    yield header()
    for language in dict.fromkeys(outcome.language for outcome in outcomes):
        of_language = [outcome for outcome in outcomes if outcome.language == language]
        yield from (line(outcome) for outcome in of_language)
        if len(of_language) > 1:
            sums = [sum(counts) for counts in zip(*(o.counts for o in of_language), strict=True)]
            yield COLUMNS.format(language, "all", *sums, "").rstrip()


def details(outcomes):
    """What is not implemented and why, then what has failed and where to look."""
    for outcome in outcomes:
        for result in outcome.with_status("NOT_IMPLEMENTED"):
            reason = result["reason"] or "no reason given"
            yield f"not implemented: {outcome.language} {result['id']}: {reason}"
    for outcome in outcomes:
        if outcome.problem is not None:
            yield f"\n{outcome.language} {outcome.suite} did not run: {shortened(outcome.problem)}"
        for result in outcome.failures:
            function = f" ({result['function']})" if result.get("function") else ""
            yield f"\n{outcome.language} {result['id']}{function} {result['status']}: {result['description']}"
            yield shortened("\n".join(result["errors"]))
        if outcome.failed:
            yield f"  see {outcome.directory.relative_to(tools.ROOT)}"


def shortened(text):
    lines = text.splitlines()
    if len(lines) > ERROR_LINES_MAX:
        lines = ["...", *lines[-ERROR_LINES_MAX:]]
    return "\n".join(f"  {line}" for line in lines)


def versions(program, languages):
    """What was run against what."""
    yield must([program, "--version"]).strip()
    suite = pinned(tools.HERE / "requirements.txt", "aws-durable-execution-conformance-tests")
    yield f"AWS's conformance suite {suite}"
    if "rust" in languages:
        lock = (tools.HERE / "rust" / "Cargo.lock").read_text(encoding="utf-8")
        version = re.search(r'name = "aws-durable-execution-sdk"\nversion = "(.+)"', lock)
        yield f"Rust SDK {version[1] if version else 'unknown'}"
    if "python" in languages:
        version = pinned(tools.HERE / "python" / "requirements.txt", "aws-durable-execution-sdk-python")
        yield f"Python SDK {version} on Python {sys.version.split()[0]}"
    if "typescript" in languages:
        package = json.loads((tools.HERE / "typescript" / "package.json").read_text(encoding="utf-8"))
        version = package["dependencies"]["@aws/durable-execution-sdk-js"]
        yield f"JavaScript SDK {version} on Node.js {must(['node', '--version']).strip()}"


def pinned(requirements, name):
    found = re.search(rf"^{name}==(\S+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"
