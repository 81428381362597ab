#!/usr/bin/env python3
"""Holds the branch's commit messages to `area: what changes`.

First line: an area, a colon, a summary; at most 72 characters, no period at its end; then a blank
line or nothing. Looks at every commit that can be reached, merges apart (their text is git's): in a
shallow clone that is what is there. A tree that is no git checkout has none, and this says so.
"""
import re
import subprocess

from checktree import run

SUMMARY_MAX = 72
SUMMARY = re.compile(r"[a-z0-9][\w./,+-]*: \S")


def problems(message):
    """What is wrong with a commit message, as texts."""
    lines = message.rstrip("\n").split("\n")
    first = lines[0]
    if not SUMMARY.match(first):
        yield "not of the form 'area: what changes'"
    if len(first) > SUMMARY_MAX:
        yield f"{len(first)} characters in the first line, at most {SUMMARY_MAX}"
    if first.endswith("."):
        yield "a period at the end of the first line"
    if len(lines) > 1 and lines[1] != "":
        yield "the second line is not blank"


def check_commits(report):
    if not (report.root / ".git").exists():
        report.note("not a git checkout: no commits to look at")
        return
    log = subprocess.run(
        ["git", "-C", str(report.root), "log", "--no-merges", "-z", "--format=%h%n%B", "HEAD"],
        capture_output=True, text=True, errors="replace", check=False)
    if log.returncode:
        report.add(".git", 1, f"git log: {log.stderr.strip()}")
        return
    for entry in log.stdout.split("\0"):
        if not entry:
            continue
        commit, _, message = entry.partition("\n")
        for text in problems(message):
            report.add(f"commit {commit}", 1, f"{text}: {message.splitlines()[0]!r}"
                       if message.strip() else "an empty message")


if __name__ == "__main__":
    run(__doc__, check_commits)
