#!/usr/bin/env python3
"""Compiles each public header alone, twice in one file, as C11 and as C++17, with every warning on.

So a header that leans on what its user happened to include before, or on an extension, is found.
Also holds the public headers' length limit: what does not fit wants a second header.
"""
import shutil
import subprocess

from checktree import run

LINES_MAX = 400
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
COMPILERS = [("gcc", "c", "c11"), ("g++", "c++", "c++17"),
             ("clang", "c", "c11"), ("clang++", "c++", "c++17")]


def check_headers(report):
    headers = [f for f in report.files if f.startswith("include/lanner/") and f.endswith(".h")]
    if not headers:
        report.add("include/lanner", 1, "no headers found")
    for path in headers:
        n_lines = report.read(path).count("\n")
        if n_lines > LINES_MAX:
            report.add(path, 1, f"{n_lines} lines, at most {LINES_MAX} in a public header")
        name = path.removeprefix("include/")
        source = f"#include <{name}>\n#include <{name}>\n"
        for compiler, language, standard in COMPILERS:
            if not shutil.which(compiler):
                report.note(f"{compiler} is not installed: {name} not compiled with it")
                continue
            result = subprocess.run(
                [compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only",
                 "-I", "include", "-"],
                cwd=report.root, input=source, capture_output=True, text=True, check=False)
            if result.returncode:
                report.add(path, 1, f"does not compile alone as {standard} with {compiler}:\n"
                                    f"{result.stderr.strip()}")


if __name__ == "__main__":
    run(__doc__, check_headers)
