"""Builds the four Lambda bootstraps for Amazon Linux 2023: python3 infra/build.py [--architecture arm64]

They are put where the CDK app looks for them, `artifacts/ARCHITECTURE/FUNCTION/bootstrap`. Zig links them against the C
library of Amazon Linux 2023, whatever this machine has; it comes from PyPI into `target/tools/lambda`. For another
architecture than this machine's, Rust needs its standard library: `rustup target add aarch64-unknown-linux-gnu`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

INFRA = Path(__file__).resolve().parent
ROOT = INFRA.parent
FUNCTIONS = ["validate_order", "authorize_payment", "allocate_inventory", "fulfill_order"]
# In the workspace's Cargo.toml.
PROFILE = "lambda"
# What Lambda calls them, and Rust.
ARCHITECTURES = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
# The C library of Amazon Linux 2023.
GLIBC = (2, 34)
# Names of the versions of symbols, as they stand in a binary that needs them.
GLIBC_VERSION = re.compile(rb"GLIBC_(\d+)\.(\d+)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="x86_64")
    architecture = parser.parse_args().architecture
    target = ARCHITECTURES[architecture]
    try:
        compile_for(target)
        for name in FUNCTIONS:
            print(place(built(target) / name, INFRA / "artifacts" / architecture / name / "bootstrap"))
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: {' '.join(map(str, error.cmd))} failed")


def compile_for(target):
    tools = environment()
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    glibc = ".".join(map(str, GLIBC))
    command = ["cargo", "zigbuild", "--locked", "--profile", PROFILE, "--target", f"{target}.{glibc}"]
    subprocess.run([*command, "--package", "orders", "--bins"], check=True, cwd=ROOT, env={**os.environ, "PATH": path})


def environment():
    """The directory of the tools' programs."""
    venv = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), "tools", "lambda").resolve()
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    requirements = ["--requirement", INFRA / "requirements" / "build.txt"]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, *requirements], check=True)
    return venv / "bin"


def built(target):
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), target, PROFILE).resolve()


def place(binary, bootstrap):
    """Copies a binary, and says how large it is and what C library it needs."""
    bootstrap.parent.mkdir(parents=True, exist_ok=True)
    # A running function may have the old file open.
    bootstrap.unlink(missing_ok=True)
    shutil.copy(binary, bootstrap)
    needed = glibc_of(bootstrap)
    if needed > GLIBC:
        sys.exit(f"error: {bootstrap} needs glibc {needed[0]}.{needed[1]}, and Lambda has {GLIBC[0]}.{GLIBC[1]}")
    size = bootstrap.stat().st_size / 1_000_000
    return f"{bootstrap.relative_to(ROOT)}  {size:.1f} MB  glibc {needed[0]}.{needed[1]}"


def glibc_of(binary):
    """The newest version of the C library that a binary asks for."""
    versions = GLIBC_VERSION.findall(binary.read_bytes())
    return max(((int(major), int(minor)) for major, minor in versions), default=(0, 0))


if __name__ == "__main__":
    main()
