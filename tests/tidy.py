"""Rules about the source tree that no compiler knows. Prints what breaks them and exits 1.

Run from anywhere: python3 tests/tidy.py
"""

import re
import sys
from pathlib import Path

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 100

SKIPPED_DIRECTORIES = {".git", "target", "node_modules", "durable-orders-data", "cdk.out", "artifacts"}
TEXT = {"", ".md", ".rs", ".py", ".sh", ".ts", ".toml", ".yml", ".yaml", ".json", ".txt"}
CODE = {".rs", ".py", ".sh", ".ts"}
LOCK_FILES = {"Cargo.lock", "package-lock.json"}
# This file and its test spell out what nobody else may.
EXEMPT = {"tests/tidy.py", "tests/test_tidy.py"}

UNFINISHED = re.compile(r"\btodo!|\bunimplemented!|\bFIXME\b|\bXXX\b")
FOREIGN_PATHS = re.compile(r"/work/|\.\./shared\b")
REGISTRIES = re.compile(
    r"(static|index)\.crates\.io|\bpypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org"
)
NOT_IN_PAPERS = re.compile(r"(?<!User-)\bagents?\b|\bissue #?\d+", re.IGNORECASE)
# A file named in a paper: `engine/commit.rs`, from wherever its path begins.
NAMED_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:rs|py|md|toml|txt))`")
# A bound by its name, and where all of them are listed.
BOUND = re.compile(r"\bconst (\w+_MAX\w*|MAX_\w+):")
BOUNDED = re.compile(r"(orders|runtime/\w+|cli)/src/")
LIMITS = "docs/limits.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")

# Text in a module that must not have it. The state machine is told the time and does no I/O; the rest of the runtime
# reads the wall clock in one place.
WALLS = [
    ("runtime/core/src/", re.compile(r"\btokio\b|\basync\b|std::(time|fs|net|thread)"), set()),
    ("runtime/", re.compile(r"SystemTime::now"), {"runtime/service/src/clock.rs"}),
]
# Manifests and the crates that they must not know: arrows between crates point down only.
RUNTIME = {
    "durable-core",
    "durable-store",
    "durable-functions",
    "durable-logs",
    "durable-metrics",
    "durable-sidefile",
    "durable-service",
    "durable-template",
}
ARROWS = {
    "orders": RUNTIME | {"durable-orders"},
    "runtime/core": {"durable-store", "durable-functions", "durable-service", "orders", "tokio"},
    "runtime/store": {"durable-functions", "durable-service", "orders"},
    "runtime/functions": {"durable-core", "durable-store", "durable-service", "orders"},
    "runtime/sidefile": (RUNTIME - {"durable-sidefile"}) | {"orders", "durable-orders", "tokio"},
    "runtime/logs": (RUNTIME - {"durable-logs", "durable-sidefile"}) | {"orders", "durable-orders", "tokio"},
    "runtime/metrics": (RUNTIME - {"durable-metrics", "durable-sidefile"}) | {"orders", "durable-orders", "tokio"},
    "runtime/service": {"orders", "durable-orders"},
    "runtime/template": (RUNTIME - {"durable-template"}) | {"orders", "durable-orders", "tokio"},
}

# Comments, strings and characters: what may hold a brace that is none.
NOT_CODE = re.compile(
    r"""
    //[^\n]* | /\*.*?\*/
    | b?r(?P<hashes>\#*)".*?"(?P=hashes)
    | b?"(?:\\.|[^"\\])*"
    | b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\])'
    """,
    re.VERBOSE | re.DOTALL,
)
FUNCTION = re.compile(r"\bfn\s+(\w+)")


def code_only(text):
    """Rust with comments and literals blanked out; the lines stay where they are."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def functions(text):
    """Yields name, first line and number of lines of each function with a body."""
    code = code_only(text)
    for match in FUNCTION.finditer(code):
        end = body_end(code, match.end())
        if end is not None:
            first = code.count("\n", 0, match.start()) + 1
            yield match[1], first, code.count("\n", match.start(), end) + 1


def body_end(code, start):
    """Where the body of a function ends, from behind its name; None if it has no body."""
    parentheses = braces = 0
    for position in range(start, len(code)):
        char = code[position]
        if char in "([":
            parentheses += 1
        elif char in ")]":
            parentheses -= 1
        elif char == ";" and not parentheses and not braces:
            return None
        elif char == "{":
            braces += 1
        elif char == "}":
            braces -= 1
            if braces == 0:
                return position
    return None


def check_rust(path, text):
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{path}: {lines} lines, the limit is {FILE_LINES_MAX}: does it have one job?"
    for name, line, length in functions(text):
        if length > FUNCTION_LINES_MAX:
            yield f"{path}:{line}: fn {name} has {length} lines, the limit is {FUNCTION_LINES_MAX}"
    for place, pattern, allowed in WALLS:
        if path.startswith(place) and "/tests/" not in path and path not in allowed:
            yield from matches(path, code_only(text), pattern, "does not belong here")


def check_text(path, text):
    suffix, name = Path(path).suffix, Path(path).name
    if suffix in CODE:
        yield from matches(path, text, UNFINISHED, "is unfinished work")
    yield from matches(path, text, FOREIGN_PATHS, "leads out of the project")
    if name not in LOCK_FILES:
        yield from matches(path, text, REGISTRIES, "names a package registry's host")
    if suffix == ".md":
        yield from matches(path, text, NOT_IN_PAPERS, "is not about the project")


def matches(path, text, pattern, complaint):
    for match in pattern.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield f"{path}:{line}: '{match[0]}' {complaint}"


def check_links(root, path, text):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    for target in LINK.findall(prose):
        target = target.split("#")[0]
        if target and not ELSEWHERE.match(target) and not (root / path).parent.joinpath(target).exists():
            yield f"{path}: the link to {target} leads nowhere"


def check_named_files(path, text, known):
    for name in NAMED_FILE.findall(text):
        if not any(f"/{file}".endswith(f"/{name}") for file in known):
            yield f"{path}: there is no file {name}"


def check_bounds(path, text, limits):
    for name in BOUND.findall(text):
        if f"`{name}`" not in limits:
            yield f"{path}: the bound {name} is not in {LIMITS}"


def check_manifest(path, text):
    place = path.removesuffix("/Cargo.toml")
    # What only tests use may come from anywhere.
    text = text.split("[dev-dependencies]")[0]
    for crate in sorted(ARROWS.get(place, ())):
        if re.search(rf"^{crate}\b", text, re.MULTILINE):
            yield f"{path}: {place} must not know {crate}"


def check(root, path, known, limits):
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    if path not in EXEMPT:
        yield from check_text(path, text)
    if path.endswith(".rs"):
        yield from check_rust(path, text)
    if BOUNDED.match(path):
        yield from check_bounds(path, code_only(text), limits)
    if path.endswith(".md"):
        yield from check_links(root, path, text)
        yield from check_named_files(path, text, known)
    if path.endswith("Cargo.toml"):
        yield from check_manifest(path, text)


def files(root):
    for path in sorted(root.iterdir()):
        if path.name in SKIPPED_DIRECTORIES:
            continue
        if path.is_dir():
            yield from files(path)
        elif path.is_file() and path.suffix in TEXT:
            yield path


def complaints(root):
    known = [path.relative_to(root).as_posix() for path in files(root)]
    limits = (root / LIMITS).read_text(encoding="utf-8") if LIMITS in known else ""
    for path in known:
        yield from check(root, path, known, limits)


def main():
    found = list(complaints(Path(__file__).resolve().parent.parent))
    print("\n".join(found) or "tidy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
