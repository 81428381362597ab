#!/usr/bin/env python3
"""Runs every `build/lanner` line of README's code blocks: test_readme.py LANNER.

What a newcomer copies has to work. MODEL.gguf and MODEL-F16.gguf stand for the built-in model,
SMALLER.gguf for a file to be made; a line counts as working if it exits with 0 and prints
something.
"""
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def commands():
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if "build/lanner" in line]


def main(lanner):
    with tempfile.TemporaryDirectory() as folder:
        return run_all({"build/lanner": shlex.quote(lanner),
                        "MODEL-F16.gguf": "models/lanner-tiny-f16.gguf",
                        "MODEL.gguf": "models/lanner-tiny-q8_0.gguf",
                        "SMALLER.gguf": f"{folder}/smaller.gguf"})


def run_all(stands_for):
    failed = 0
    for line in commands():
        command = line
        for word, meaning in stands_for.items():
            command = command.replace(word, meaning)
        result = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True,
                                check=False, timeout=60)
        if result.returncode or not result.stdout.strip():
            print(f"README: {line}\n  exit code {result.returncode}\n{result.stderr}")
            failed += 1
    print(f"{len(commands())} commands, {failed} failed")
    return 1 if failed or not commands() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
