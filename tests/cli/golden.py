#!/usr/bin/env python3
"""Runs the scripts under cases/ and compares what they print with the files beside them.

A case is NAME.sh, run by sh in an empty folder with `lanner` first in PATH. What it must print
stands in NAME.sh.stdout.exact or .glob (and .stderr.*); no file: nothing. A .glob line matches with
shell wildcards, a line `...` any number of lines. Comments in the script say what else holds:
    # exit: 2             the script's exit code (default 0)
    # needs: shared-data  skipped, and said so, where ../shared/data is absent
With --set-exact the .exact files are rewritten from what came out: read the diff before keeping it.
"""
import argparse
import difflib
import fnmatch
import os
import pathlib
import re
import subprocess
import sys
import tempfile

CASES = pathlib.Path(__file__).parent / "cases"
LIMIT_S = 60


def glob_matches(pattern, lines):
    """Whether the pattern lines match all lines; "..." stands for any number of them."""
    if not pattern:
        return not lines
    if pattern[0] == "...":
        return any(glob_matches(pattern[1:], lines[i:]) for i in range(len(lines) + 1))
    return bool(lines) and fnmatch.fnmatchcase(lines[0], pattern[0]) \
        and glob_matches(pattern[1:], lines[1:])


def compare(script, stream, got, set_exact):
    """One line per difference."""
    exact = script.with_name(f"{script.name}.{stream}.exact")
    glob = script.with_name(f"{script.name}.{stream}.glob")
    if glob.exists():
        pattern = glob.read_text().splitlines()
        text = got.decode("utf-8", "backslashreplace")
        if glob_matches(pattern, text.splitlines()):
            return []
        return [f"{stream} does not match {glob.name}:", *text.splitlines()]
    want = exact.read_bytes() if exact.exists() else b""
    if got == want:
        return []
    if set_exact:
        exact.write_bytes(got)
        return []
    decode = lambda b: b.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    return [f"{stream} differs:"] + [line.rstrip("\n") for line in difflib.unified_diff(
        decode(want), decode(got), "expected", "printed")]


def run_case(script, env, set_exact):
    code = int((re.search(r"^# exit: (\d+)$", script.read_text(), re.M) or ["", "0"])[1])
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(["sh", str(script)], cwd=folder, env=env, capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return [f"not done after {LIMIT_S} s"]
    problems = [] if done.returncode == code else [f"exit code {done.returncode}, expected {code}"]
    problems += compare(script, "stdout", done.stdout, set_exact)
    return problems + compare(script, "stderr", done.stderr, set_exact)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lanner", required=True, help="the program")
    parser.add_argument("--shared-data", required=True, help="folder of test data from outside")
    parser.add_argument("--set-exact", action="store_true", help="rewrite the .exact files")
    parser.add_argument("pattern", nargs="?", default="*", help="cases to run: 'usage/*'")
    args = parser.parse_args()
    data = pathlib.Path(args.shared_data).resolve()
    env = {"PATH": f"{pathlib.Path(args.lanner).resolve().parent}:{os.defpath}", "TERM": "xterm",
           "STORIES": str(data / "models" / "stories260K.gguf"), "LC_ALL": "C.UTF-8",
           **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}
    n_run = n_failed = 0
    for script in sorted(CASES.rglob("*.sh")):
        name = str(script.relative_to(CASES).with_suffix(""))
        if not fnmatch.fnmatchcase(name, args.pattern):
            continue
        if "# needs: shared-data" in script.read_text() and not data.is_dir():
            print(f"skipped {name}: no {data}")
            continue
        problems = run_case(script, env, args.set_exact)
        n_run += 1
        n_failed += bool(problems)
        if problems:
            print(f"FAILED {name}\n  " + "\n  ".join(problems))
    print(f"{n_run} cases, {n_failed} failed")
    return 1 if n_failed or n_run == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
