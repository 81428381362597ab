#!/usr/bin/env python3
"""Runs lanner over the hostile corpus.

run_corpus.py LANNER FOLDER [--seconds S] [--memory MIB] [-k WORD]

For every case of FOLDER/cases.json (make_corpus.py) and some special files made here: `lanner
inspect` and `lanner run` must end in time, by themselves, with the exit code that the case asks
for; an error must be exactly one line that names what is wrong and holds no control character,
which a sanitizer's report would break; a success must have generated. --memory limits the address
space (0: no limit, as address sanitizer needs). Prints a line for each failing case and one at the
end. Python 3, standard library only.
"""

import argparse
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile


N_TOKENS = 8


def run(args, options):
    """(exit code or reason, standard output and standard error as bytes)"""
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if options.memory:
            resource.setrlimit(resource.RLIMIT_AS, (options.memory << 20,) * 2)

    try:
        p = subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=options.seconds,
                           preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return f"more than {options.seconds:g} s", b"", b""
    return p.returncode, p.stdout, p.stderr


def generated(stdout):
    """What is wrong with the object that `run --json` printed; None if nothing."""
    try:
        result = json.loads(stdout)
    except ValueError as e:
        return f"no JSON: {e}: {stdout[:300]!r}"
    if len(result["tokens"]) != N_TOKENS and result["finish_reason"] != "eos":
        return f"{len(result['tokens'])} tokens, {result['finish_reason']}"
    return None


def complaint(want, match, code, stderr):
    """What is wrong with this outcome; None if nothing."""
    if isinstance(code, str):
        return code
    if code < 0:
        return f"signal {-code}"
    text = stderr.decode("utf-8", "replace")
    if code == 0:
        return "succeeded" if want == "error" else None
    if want == "ok":
        return f"exit code {code}: {text[:300]!r}"
    if code != 1:
        return f"exit code {code}: {text[:300]!r}"
    if not text.endswith("\n") or text.count("\n") != 1:
        return f"not one line: {text[:600]!r}"
    if re.search(r"[\x00-\x1f\x7f-\x9f\ufffd]", text[:-1]):
        return f"control characters or broken UTF-8: {text[:300]!r}"
    # Without the path, which holds the name of the case.
    if want == "error" and not re.search(match, re.sub(r"\S*\.gguf\b", "", text)):
        return f"does not match {match!r}: {text[:300]!r}"
    return None


def special_files(folder):
    """Paths that are no model at all, with what the line must say."""
    yield "directory", str(folder), "directory"
    yield "missing", str(folder / "missing"), "missing.*No such file"
    yield "empty-name", "", "No such file|empty|model"
    for device in ("zero", "random", "null"):
        yield f"device-{device}", f"/dev/{device}", f"/dev/{device}.*device"
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    yield "fifo", str(fifo), "fifo.*pipe"
    name = str(folder / "socket")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(name)
        yield "socket", name, "socket"
    loop = folder / "loop"
    loop.symlink_to(loop)
    yield "symlink-loop", str(loop), "loop.*[Ss]ymbolic"
    yield "name-with-escapes", str(folder / "\x1b[31m\n"), "No such file"
    yield "name-too-long", str(folder / ("n" * 300)), "name too long"
    under = folder / "file"
    under.write_bytes(b"")
    yield "under-a-file", str(under / "model"), "Not a directory"
    if os.geteuid() != 0:
        secret = folder / "secret"
        secret.write_bytes(b"GGUF")
        secret.chmod(0)
        yield "unreadable", str(secret), "secret.*[Pp]ermission"


def check(options, name, path, want, match):
    """Both commands; want: {"inspect": ..., "run": ...}. A list of complaints."""
    found = []
    lines = {"inspect": ["inspect", path],
             "run": ["run", path, "--raw", "-p", "a", "-n", str(N_TOKENS), "--temp", "0", "--json"]}
    for command, args in lines.items():
        code, stdout, stderr = run([options.lanner] + args, options)
        wrong = complaint(want[command], match, code, stderr)
        if wrong is None and command == "run" and code == 0:
            wrong = generated(stdout)
        if wrong:
            found.append(f"{name}: {command}: {wrong}")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lanner")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--memory", type=int, default=4096,
                        help="MiB of address space; 0: no limit")
    parser.add_argument("-k", dest="word", default="", help="only cases with this in their name")
    options = parser.parse_args()
    n_passed = n_failed = 0

    def count(name, path, want, match):
        nonlocal n_passed, n_failed
        if options.word not in name:
            return
        found = check(options, name, path, want, match)
        n_passed += not found
        n_failed += bool(found)
        for line in found:
            print(line, flush=True)

    for c in json.loads((options.folder / "cases.json").read_text()):
        count(c["name"], str(options.folder / c["file"]), c, c["match"])
    with tempfile.TemporaryDirectory() as folder:
        for name, path, match in special_files(pathlib.Path(folder)):
            count("H08-" + name, path, {"inspect": "error", "run": "error"}, match)
    print(f"{n_passed} passed, {n_failed} failed")
    sys.exit(n_failed > 0 or n_passed == 0)


if __name__ == "__main__":
    main()
