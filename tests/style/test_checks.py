#!/usr/bin/env python3
"""Shows that each check script can fail: a small clean tree passes, every planted mistake is found.

A mistake is one file added or replaced in a copy of the clean tree; the script's own words for it,
at the right file and line, are what is expected. A rule without a row here is one that nobody has
seen work.
"""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
TO_DO = "TO" + "DO"  # in two parts, so that check_style does not find it in this file

CLEAN = {
    ".clang-format": (SCRIPTS.parent / ".clang-format").read_text(),
    "CMakeLists.txt": "# all\nlanner_layer(gguf SOURCES gguf.c LINKS lnr_base)\n"
                      "pkg_check_modules(X REQUIRED IMPORTED_TARGET libsome-8)\n",
    "scripts/bootstrap.sh": "#!/bin/sh\n# Installs.\nneed libsome-dev has_lib libsome-8\n",
    "include/lanner/status.h": "/* Status. */\n#ifndef S_H\n#define S_H\nint lnr_status(void);\n"
                               "#endif\n",
    "src/LAYERS": "# layers\nbase:\nos: base\ncpu: base\ngguf: base os\nkernels: base cpu\n",
    "src/base/alloc.c": "/* Heap. */\n#include <stdlib.h>\n\nvoid lnr_free(void *p) {\n"
                        "    free(p);\n}\n",
    "src/base/base.h": "/* Base. */\nint base(void);\n",
    "src/base/fail.c": "/* Failing. */\nvoid lnr_assert_failed(void) {\n"
                       "    fprintf(stderr, \"x\");\n    abort();\n}\n",
    "src/gguf/gguf.c": "/* GGUF; may not call malloc() or exit(). */\n#include \"base/base.h\"\n"
                       "#include <lanner/status.h>\n\n"
                       "static const char *text = \"abort() exit()\";\n",
    "src/kernels/avx2/dot_avx2.c": "/* Dot. */\n#include <immintrin.h>\n\nstatic __m256i x;\n",
    "src/kernels/kernels.def": "#if LNR_ARCH_X86_64\n#endif\n",
    "app/config.c": "/* Config. */\nconst char *home(void) {\n    return getenv(\"HOME\");\n}\n",
    "cli/main.c": "/* Main. */\n#include \"app/config.h\"\n#include <lanner/status.h>\n",
}

# script, file, its new content, and what the script has to say about it
MISTAKES = [
    # check_layers
    ("layers", "src/base/up.c", '/* Up. */\n#include "gguf/gguf.h"\n',
     "src/base/up.c:2: 'base' may not include 'gguf'"),
    ("layers", "src/new/x.c", "/* X. */\n", "src/new/x.c:1: folder 'new' has no line"),
    ("layers", "src/x.c", "/* X. */\n", "src/x.c:1: every source file lies in a folder"),
    ("layers", "src/LAYERS", "base: os\nos: base\n", "a cycle among: base os"),
    ("layers", "src/LAYERS", "base: more\n", "may include 'more', which has no line"),
    ("layers", "src/gguf/out.c", '/* X. */\n#include "app/config.c"\n', "is outside src/"),
    ("layers", "cli/deep.c", '/* X. */\n#include "gguf/gguf.h"\n',
     'cli/deep.c:2: cli/ may not include "gguf/gguf.h"'),
    ("layers", "cli/serve.c", '/* X. */\n#include "server/route.h"\n', 'may not include "server'),
    ("layers", "app/up.c", '/* X. */\n#include "cli/main.h"\n', 'app/ may not include "cli/'),
    ("layers", "include/lanner/in.h", '/* X. */\n#include "base/base.h"\n', "public headers"),
    ("layers", "src/gguf/simd.c", "/* X. */\n#include <immintrin.h>\n", "<immintrin.h> belongs in"),
    ("layers", "src/gguf/simd.c", "/* X. */\nint x = _mm256_add_epi32(a, b);\n",
     "src/gguf/simd.c:2: _mm256_add_epi32: an x86 or ARM intrinsic"),
    ("layers", "src/kernels/scalar/v.c", "/* X. */\n__m128 x;\n", "__m128: an x86 or ARM"),
    ("layers", "src/gguf/id.c", "/* X. */\n#include <cpuid.h>\n", "<cpuid.h> belongs in cpu/"),
    ("layers", "src/gguf/pause.c", "/* X. */\nvoid f(void) { _mm_pause(); }\n", "belong in os/"),
    ("layers", "src/base/a.c", '/* X. */\nvoid f(void) { __asm__("nop"); }\n', "inline assembly"),
    ("layers", "src/gguf/env.c", '/* X. */\nchar *p = getenv("A");\n',
     "src/gguf/env.c:2: getenv(: getenv is for app/ only"),
    ("layers", "cli/env.c", '/* X. */\nchar *p = getenv("A");\n', "getenv is for app/ only"),
    ("layers", "src/gguf/heap.c", "/* X. */\nvoid *p = malloc(3);\n", "heap memory comes from"),
    ("layers", "src/gguf/heap.c", "/* X.\n */\nvoid f(void *p) { free(p); }\n",
     "src/gguf/heap.c:3: free(: heap memory comes from"),
    ("layers", "src/gguf/die.c", "/* X. */\nvoid f(void) { exit (1); }\n", "ends no process"),
    ("layers", "src/gguf/die.c", "/* X. */\nvoid f(int i) { assert(i); }\n", "ends no process"),
    ("layers", "src/gguf/say.c", '/* X. */\nvoid f(void) { printf("x"); }\n', "prints nothing"),
    ("layers", "src/base/fail.c", "/* X. */\nvoid f(void) { abort(); abort(); }\n",
     "abort: only lnr_assert_failed"),
    ("layers", "src/gguf/math.c", "/* X. */\nfloat f(float x) { return expf(x); }\n",
     "expf(: libm's transcendental"),
    ("layers", "src/gguf/one.c", '/* X. */\n#include "gguf.c"\n', "is compiled, not included"),
    ("layers", "tests/one.c", '/* X. */\n#include "../src/gguf/gguf.c"\n', "is compiled, not"),
    ("layers", "src/gguf/os.c", "/* X. */\n#ifdef __linux__\n#endif\n",
     "src/gguf/os.c:2: #if on __linux__ outside os/"),
    ("layers", "src/gguf/os.c", "/* X. */\n#if defined(A) && \\\n    defined(__AVX2__)\n#endif\n",
     "#if on __AVX2__ outside os/"),
    ("layers", "CMakeLists.txt", "# X\nset(CMAKE_C_FLAGS -ffast-math)\n", "-ffast-math: other"),
    ("layers", "src/CMakeLists.txt", "lanner_layer(base SOURCES a.c LINKS lnr_gguf)\n",
     "'base' may not link 'gguf'"),
    ("layers", "CMakeLists.txt", "pkg_check_modules(Y REQUIRED libother)\n",
     "does not probe for the library 'libother'"),
    # check_style
    ("style", "src/base/blank.c", "/* X. */\nint x; \n", "src/base/blank.c:2: trailing blanks"),
    ("style", "README.md", "# A \n", "README.md:1: trailing blanks"),
    ("style", "src/base/tab.c", "/* X. */\n\tint x;\n", "src/base/tab.c:2: a tab"),
    ("style", "src/base/end.c", "/* X. */\nint x;", "no newline at the end"),
    ("style", "src/base/end.c", "/* X. */\nint x;\n\n", "blank lines at the end"),
    ("style", "src/base/wide.c", "/* X. */\n/* " + "x" * 97 + " */\n", "103 columns, at most 100"),
    ("style", "src/base/bidi.c", "/* X. */\nint x; /* \u202e */\n", "invisible character U+202E"),
    ("style", "docs/x.md", "zero\u200bwidth\n", "docs/x.md:1: invisible character U+200B"),
    ("style", "docs/x.md", "no\u00a0break\n", "odd space character U+00A0"),
    ("style", "src/base/esc.c", "/* X. */\n/* \x1b */\n", "control character U+001B"),
    ("style", "src/base/bytes.c", b"/* X. */\n/* \xff */\n", "src/base/bytes.c:2: not valid UTF-8"),
    ("style", "src/base/open.c", f"/* X. */\n/* {TO_DO}: later */\n", "without an issue number"),
    ("style", "src/base/bare.c", "int x;\n", "src/base/bare.c:1: no opening comment"),
    ("style", "scripts/bare.py", "#!/usr/bin/env python3\nimport os\n", "no opening comment"),
    ("style", "scripts/bare.sh", "#!/bin/sh\nset -e\n", "no opening comment"),
    ("style", "src/text/gen/t.c", "/* X. */\n", "names its generator on line 1"),
    ("style", "src/base/long.c", "/* X. */\n" + "int x;\n" * 1000, "1001 lines in a file"),
    ("style", "src/base/fn.c", "/* X. */\nstatic int\nf(int a,\n  int b) {\n" + "    a++;\n" * 147
     + "}\n", "src/base/fn.c:2: f has 151 lines, at most 150"),
    ("style", "scripts/fn.py", '"""X."""\n\n\ndef f():\n' + "    pass\n" * 150, "f has 151 lines"),
    ("style", "scripts/bad.py", '"""X."""\ndef f(:\n', "scripts/bad.py:2: Python:"),
    ("style", "src/base/shape.c", "/* X. */\nint  x;\n", "src/base/shape.c:2: not as clang-format"),
    ("style", "docs/x.md", "# X\nSee `src/base/gone.c`.\n",
     "docs/x.md:2: names src/base/gone.c, which is not there"),
    ("style", "docs/x.md", "See [here](../src/base/gone.c#a).\n", "names src/base/gone.c, which"),
    # check_headers
    ("headers", "include/lanner/needy.h", "/* X. */\nsize_t lnr_n(void);\n",
     "needy.h:1: does not compile alone as c11 with gcc"),
    ("headers", "include/lanner/c.h", "/* X. */\n#ifndef C_H\n#define C_H\nint lnr_f(int class);\n"
     "#endif\n", "does not compile alone as c++17"),
    ("headers", "include/lanner/twice.h", "/* X. */\nenum { LNR_TWICE };\n", "as c11 with gcc"),
    ("headers", "include/lanner/long.h", "/* X. */\n" * 401, "401 lines, at most 400"),
]

COMMITS = [
    ("Fix things", "not of the form"),
    ("base: " + "x" * 67, "73 characters in the first line"),
    ("base: say why.", "a period at the end"),
    ("base: say why\nat once", "the second line is not blank"),
]


def plant(root, files):
    for name, content in files.items():
        path = Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def check(name, root):
    result = subprocess.run([sys.executable, SCRIPTS / f"check_{name}.py", "--root", root],
                            capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


class Trees(unittest.TestCase):
    def test_clean_tree_passes(self):
        with tempfile.TemporaryDirectory() as root:
            plant(root, CLEAN)
            for name in ("layers", "style", "headers", "commits"):
                self.assertEqual(check(name, root)[0], 0, check(name, root)[1])

    def test_each_mistake_is_found(self):
        for name, path, content, expected in MISTAKES:
            with self.subTest(check=name, expected=expected), tempfile.TemporaryDirectory() as root:
                plant(root, {**CLEAN, path: content})
                rc, output = check(name, root)
                self.assertIn(expected, output)
                self.assertEqual(rc, 1)

    def test_paths_that_are_there_pass(self):
        with tempfile.TemporaryDirectory() as root:
            text = ("`src/base/`, `src/base/fail.c`, `src/<name>/x.c`, `a/b`, `src/base/ x`, "
                    "[up](../cli/main.c), [web](https://example.org)\n")
            plant(root, {**CLEAN, "docs/x.md": text})
            self.assertEqual(check("style", root), (0, "ok\n"))

    def test_an_open_end_with_an_issue_number_passes(self):
        with tempfile.TemporaryDirectory() as root:
            plant(root, {**CLEAN, "src/base/x.c": f"/* X. */\n/* {TO_DO}(#12): later */\n"})
            self.assertEqual(check("style", root)[0], 0)


class Commits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.git("init", "-q")

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.root, "-c", "user.name=t", "-c", "user.email=t@t.invalid",
                        "-c", "commit.gpgsign=false", *arguments], check=True, capture_output=True)

    def commit(self, message):
        self.git("commit", "-q", "--allow-empty", "--no-verify", "-m", message)

    def test_good_messages_pass(self):
        self.commit("kernels/avx2: undo the bias once per block\n\nWhy.")
        self.commit("build,ci: " + "x" * 62)
        self.assertEqual(check("commits", self.root)[0], 0)

    def test_each_bad_message_is_found(self):
        for message, expected in COMMITS:
            with self.subTest(expected=expected):
                self.commit(message)
                rc, output = check("commits", self.root)
                self.assertIn(expected, output)
                self.assertEqual(rc, 1)
                self.git("checkout", "-q", "--orphan", f"next{len(expected)}")


class Symbols(unittest.TestCase):
    SOURCE = ("#define API __attribute__((visibility(\"default\")))\n"
              "API int lnr_one(void) { return 1; }\nint hidden(void) { return 2; }\n")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def build(self, source, shared):
        plant(self.root, {"x.c": source})
        compile_c = ["gcc", "-fPIC", "-fvisibility=hidden"]
        if shared:
            subprocess.run([*compile_c, "-shared", "x.c", "-o", "liblanner.so"], cwd=self.root,
                           check=True)
        else:
            subprocess.run([*compile_c, "-c", "x.c"], cwd=self.root, check=True)
            subprocess.run(["ar", "rc", "liblnr_api.a", "x.o"], cwd=self.root, check=True)

    def symbols(self, exports=None):
        if exports is not None:
            plant(self.root, {"exports.txt": exports})
        command = [SCRIPTS / "check_symbols.sh", self.root, self.root / "exports.txt"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr

    def test_equal_lists_pass(self):
        for shared in (False, True):
            self.build(self.SOURCE, shared)
            self.assertEqual(self.symbols("# ours\nlnr_one\n")[0], 0)

    def test_each_difference_is_found(self):
        foreign = self.SOURCE + "API int arena(void) { return 3; }\n"
        for shared in (False, True):
            with self.subTest(shared=shared):
                self.build(self.SOURCE, shared)
                self.assertIn("lnr_two is in", self.symbols("lnr_one\nlnr_two\n")[1])
                self.assertIn("lnr_one is exported but not in", self.symbols("lnr_two\n")[1])
                self.assertEqual(self.symbols("lnr_two\n")[0], 1)
                self.build(foreign, shared)
                rc, output = self.symbols("lnr_one\narena\n")
                self.assertIn("exported without lnr_: arena", output)
                self.assertEqual(rc, 1)

    def test_missing_parts(self):
        self.assertEqual(self.symbols()[0], 77)  # nothing built
        self.build(self.SOURCE, shared=False)
        self.assertEqual(self.symbols()[0], 0)  # static, no list yet: the prefix is all there is
        self.build(self.SOURCE, shared=True)
        self.assertIn("a shared library but no", self.symbols()[1])


if __name__ == "__main__":
    unittest.main()
