#!/usr/bin/env python3
"""A synthetic model of 0.5 G parameters has the size of the published file, is the same for any
number of threads, and runs: with one token generated it has been through every tensor."""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

SHAPE = "qwen2.5-0.5b"
FILE_BYTES = 397807520  # of the published Q4_K_M file


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def main(lanner):
    with tempfile.TemporaryDirectory() as folder:
        one, two = os.path.join(folder, "one.gguf"), os.path.join(folder, "two.gguf")
        run(lanner, "synth", SHAPE, one, "--threads", "1")
        size = os.path.getsize(one)
        print(f"{SHAPE}: {size} bytes, published {FILE_BYTES}")
        assert abs(size - FILE_BYTES) < FILE_BYTES / 1000
        run(lanner, "synth", SHAPE + ":Q4_K_M", two, "--threads", "2")
        assert digest(one) == digest(two)
        os.remove(two)
        listed = {s["shape"]: s for s in json.loads(run(lanner, "synth", "--list", "--json"))}
        inspected = json.loads(run(lanner, "inspect", one, "--json"))
        assert sum(inspected["bytes_by_type"].values()) == listed[SHAPE]["bytes_by_type"]["Q4_K_M"]
        assert inspected["parameters"] == listed[SHAPE]["parameters"]
        out = json.loads(run(lanner, "run", one, "-p", "Hello, world", "-n", "1", "--temp", "0",
                             "--json"))
        print("token", out["tokens"])
        assert len(out["tokens"]) == 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
