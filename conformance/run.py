"""Runs AWS's conformance suite for durable functions against this server.

For example `python3 conformance/run.py --language python --suite step wait`. README.md says how to read the outcome.
"""

import argparse
import signal
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from driver import processes, report, suite, tools

# Suites at a time. Two cores are busy with three, as most of a suite is waiting.
JOBS_DEFAULT = 3
JOBS_MAX = 10
INTERRUPTED = 130


def main():
    arguments = parse()
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return run(arguments)
    except KeyboardInterrupt:
        print("interrupted; ending what runs", file=sys.stderr)
        return INTERRUPTED
    except processes.Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        processes.end_all()


def interrupt(_signal, _frame):
    raise KeyboardInterrupt


def run(arguments):
    jobs = [job for name in arguments.suite for job in offered(name, arguments.language)]
    if not jobs:
        raise processes.Failed("there is no such suite in this language")
    languages = [language for language in suite.LANGUAGES if any(job[0] == language for job in jobs)]
    prepare(languages)
    if arguments.tools_only:
        return 0
    program = arguments.server or tools.server()
    outcomes = run_jobs(program, jobs, arguments)
    outcomes.sort(key=lambda outcome: jobs.index((outcome.language, outcome.suite)))
    outcomes.sort(key=lambda outcome: languages.index(outcome.language))
    for part in (report.table(outcomes), report.details(outcomes), report.versions(program, languages)):
        if lines := list(part):
            print("", *lines, sep="\n")
    return 1 if any(outcome.failed for outcome in outcomes) else 0


def offered(name, language):
    """A suite in the language, or in all."""
    has = suite.BEYOND_LANGUAGES if name == suite.BEYOND else suite.LANGUAGES
    return [(each, name) for each in has if language in (each, "all")]


def prepare(languages):
    """Installs and builds what the languages need."""
    tools.validator()
    for language in languages:
        getattr(tools, language)()


def run_jobs(program, jobs, arguments):
    """Runs the suites, a few at a time, and says it when one has ended."""
    print(report.header(), flush=True)
    pool = ThreadPoolExecutor(max_workers=arguments.jobs)
    try:
        running = [pool.submit(suite.run, program, *job, arguments.keep) for job in jobs]
        outcomes = []
        for future in as_completed(running):
            outcomes.append(future.result())
            print(report.line(outcomes[-1]), flush=True)
        return outcomes
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    languages = (*suite.LANGUAGES, "all")
    parser.add_argument("--language", choices=languages, default="all", help="only handlers in this language")
    names = (*suite.SUITES, suite.BEYOND)
    parser.add_argument("--suite", nargs="+", choices=names, default=names, help="only these suites")
    parser.add_argument(
        "--jobs", type=jobs, default=JOBS_DEFAULT, help="suites at a time, instead of %(default)s"
    )
    parser.add_argument("--server", type=Path, help="this program instead of a fresh build of durable-orders")
    parser.add_argument("--keep", action="store_true", help="keep the data directories of suites that passed")
    parser.add_argument("--tools-only", action="store_true", help="install what is needed, and stop")
    arguments = parser.parse_args()
    if arguments.server is not None:
        arguments.server = arguments.server.resolve()
    return arguments


def jobs(text):
    number = int(text)
    if not 1 <= number <= JOBS_MAX:
        raise argparse.ArgumentTypeError(f"1 to {JOBS_MAX}")
    return number


if __name__ == "__main__":
    sys.exit(main())
