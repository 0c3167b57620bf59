"""What a run needs is installed once below `target/tools`, from pinned lists, and again when a list changes."""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from driver.processes import must

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
TARGET = ROOT / "target"
TOOLS = TARGET / "tools"
VALIDATOR = TOOLS / "conformance"
PYTHON = TOOLS / "conformance-python"
TYPESCRIPT = TOOLS / "conformance-typescript"
RUST = TARGET / "conformance"
# Where the templates say that the Rust handlers are.
BOOTSTRAP = RUST / "rust" / "bootstrap"


def validator():
    """A Python with AWS's suite."""
    install_python(VALIDATOR, HERE / "requirements.txt", "--no-deps", "--ignore-requires-python")


def python():
    """A Python with AWS's SDK and runtime client."""
    install_python(PYTHON, HERE / "python" / "requirements.txt")


def install_python(home, requirements, *options):
    with Installation(home, digest([requirements], sys.version)) as installation:
        if installation.done:
            return
        say(f"installing {requirements.relative_to(ROOT)}")
        must([sys.executable, "-m", "venv", home])
        install = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input"]
        must([*install, "--disable-pip-version-check", "--require-hashes", *options, "-r", requirements])


def typescript():
    """The TypeScript handlers, compiled, beside AWS's SDK and runtime client for Node.js."""
    source = HERE / "typescript"
    lists = [source / name for name in ("package.json", "package-lock.json")]
    version = must(["node", "--version"])
    with Installation(TYPESCRIPT, digest(lists, version)) as installation:
        if not installation.done:
            # aws-lambda-ric is compiled, with make, a C++ compiler and the cmake of the suite's Python.
            say("installing conformance/typescript/package-lock.json, about a minute")
            validator()
            TYPESCRIPT.mkdir(parents=True)
            for file in lists:
                shutil.copy(file, TYPESCRIPT)
            path = f"{VALIDATOR / 'bin'}{os.pathsep}{os.environ['PATH']}"
            must(
                ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=TYPESCRIPT,
                env={**os.environ, "PATH": path},
            )
    shutil.rmtree(TYPESCRIPT / "src", ignore_errors=True)
    shutil.rmtree(TYPESCRIPT / "dist", ignore_errors=True)
    shutil.copytree(source / "src", TYPESCRIPT / "src")
    shutil.copy(source / "tsconfig.json", TYPESCRIPT)
    must(["npm", "run", "--silent", "build"], cwd=TYPESCRIPT)


def rust():
    """The Rust handlers, where their templates look for them."""
    say("building conformance/rust")
    manifest = HERE / "rust" / "Cargo.toml"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(RUST)}
    must(["cargo", "build", "--locked", "--quiet", "--manifest-path", manifest], env=environment)
    BOOTSTRAP.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: a process may be running the old one.
    fresh = BOOTSTRAP.with_suffix(f".{os.getpid()}")
    shutil.copy(RUST / "debug" / "bootstrap", fresh)
    fresh.replace(BOOTSTRAP)


def server():
    """The program `durable-orders`."""
    say("building durable-orders")
    must(["cargo", "build", "--locked", "--quiet", "--package", "durable-orders"], cwd=ROOT)
    return Path(os.environ.get("CARGO_TARGET_DIR", TARGET)) / "debug" / "durable-orders"


class Installation:
    """A directory that is complete if its stamp says so; one that is not is made anew."""

    def __init__(self, home, stamp):
        self.home = home
        self.stamp = stamp
        self.file = home / ".installed"

    def __enter__(self):
        self.done = self.file.is_file() and self.file.read_text(encoding="utf-8") == self.stamp
        if not self.done:
            shutil.rmtree(self.home, ignore_errors=True)
        return self

    def __exit__(self, kind, _error, _traceback):
        if kind is None and not self.done:
            self.file.write_text(self.stamp, encoding="utf-8")


def digest(files, more):
    """What an installation is made of."""
    hashed = hashlib.sha256(more.encode())
    for file in files:
        hashed.update(file.read_bytes())
    return hashed.hexdigest()


def say(text):
    print(text, file=sys.stderr, flush=True)
