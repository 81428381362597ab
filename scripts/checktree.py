"""What the check scripts share: which files a tree has, C without its comments, and the report.

A check is a function that takes a Report and adds one line per violation, `file:line: text`. Every
script takes --root, so that tests/style/test_checks.py can show it a tree with a planted mistake.
"""
import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

IGNORED_FOLDERS = {".git", "node_modules", "__pycache__"}


def list_files(root):
    """Sorted paths relative to root: tracked and new files as git sees them, else what is there."""
    git = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    if git.returncode == 0 and (root / ".git").exists():
        names = [os.fsdecode(n) for n in git.stdout.split(b"\0") if n]
        return sorted(n for n in set(names) if (root / n).is_file())
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [d for d in subfolders
                         if d not in IGNORED_FOLDERS
                         and not (Path(folder) == root and d.startswith("build"))]
        found += [str((Path(folder) / n).relative_to(root)) for n in names]
    return sorted(found)


C_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.S)


def strip_c(source, keep_text=False):
    """C with comments (unless keep_text, literals too) blanked; line numbers stay right."""
    def blank(match):
        if match.group("text") is not None:
            return match.group() if keep_text else '""'
        return " " + "\n" * match.group().count("\n")
    return C_TOKEN.sub(blank, source)


class Report:
    """Collects the violations of one script over one tree."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.files = list_files(self.root)
        self.violations = []
        self.notes = []

    def add(self, path, line, text):
        self.violations.append((str(path), line, text))

    def note(self, text):
        """Something a reader of a green result has to know, such as a part that could not run."""
        self.notes.append(text)

    def read(self, path):
        """The text of a file; bytes that are not UTF-8 are a violation and come back as '?'."""
        data = (self.root / path).read_bytes()
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            self.add(path, data[:error.start].count(b"\n") + 1, "not valid UTF-8")
            return data.decode("utf-8", errors="replace")

    def finish(self):
        """Prints everything and returns the exit code."""
        for path, line, text in sorted(self.violations):
            print(f"{path}:{line}: {text}")
        for text in self.notes:
            print(f"note: {text}")
        if self.violations:
            print(f"{len(self.violations)} violations")
            return 1
        print("ok")
        return 0


def run(description, *checks):
    """The main function of a check script."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", default=Path(__file__).resolve().parent.parent,
                        help="the tree to look at (default: this one)")
    report = Report(parser.parse_args().root)
    for check in checks:
        check(report)
    sys.exit(report.finish())
