#!/usr/bin/env python3
"""Holds the tree to its architecture: who may include whom, and what may be used where.

The layers are read from src/LAYERS, the only place that states them; everything else that a file
may or may not do because of where it lies is a row of RULES. Comments and literals do not count.
The words of a program are matched, not understood: a call through a renamed pointer passes.
"""
import re

from checktree import run, strip_c

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
# Folders beside src/: the folders they may include besides themselves and include/lanner.
OUTSIDE = {
    "include": set(),
    "app": {"base", "os"},
    "server": {"base", "os", "app"},
    "cli": {"base", "os", "app", "server"},  # of server/ only server.h, see check_outside
}
ISA_FOLDER = re.compile(r"src/kernels/(?!scalar/)[a-z0-9]+/")


def call(*names):
    """Matches a use of any of these functions, not a member of that name and not lnr_<name>."""
    return re.compile(r"(?<![\w.])(?<!->)(?:" + "|".join(names) + r")\s*\(")


OURS = ("src/", "include/", "app/", "server/", "cli/", "bench/")

# what, where it is looked for, where it is allowed (regex on the path), and the pattern
RULES = [
    ("an x86 or ARM intrinsic outside kernels/<isa>/", OURS, ISA_FOLDER,
     re.compile(r"\b_mm\d*_(?!pause\b|getcsr\b|setcsr\b)\w+|\b__m(?:64|128|256|512)[id]?\b"
                r"|\bv(?:ld|st)[1-4]q?_\w+|\b__builtin_ia32_\w+")),
    ("_mm_pause, _mm_getcsr and _mm_setcsr belong in os/ and kernels/<isa>/", OURS,
     re.compile(r"src/os/|" + ISA_FOLDER.pattern), call("_mm_pause", "_mm_getcsr", "_mm_setcsr")),
    ("inline assembly outside os/, cpu/ and kernels/<isa>/", OURS,
     re.compile(r"src/(?:os|cpu)/|" + ISA_FOLDER.pattern),
     re.compile(r"\b(?:__asm__|__asm|asm)\b")),
    ("getenv is for app/ only", OURS, re.compile(r"app/"), call("getenv", "secure_getenv")),
    ("heap memory comes from base/alloc.h", OURS, re.compile(r"src/base/alloc\.c$|src/os/"),
     call("malloc", "calloc", "realloc", "reallocarray", "free", "aligned_alloc", "posix_memalign",
          "strdup", "strndup", "asprintf", "vasprintf")),
    ("the library ends no process; return an lnr_status", ("src/",),
     re.compile(r"src/base/fail\.c$"),
     call("abort", "exit", "_exit", "_Exit", "quick_exit", "assert")),
    ("the library prints nothing", ("src/",), re.compile(r"src/base/fail\.c$"),
     call("printf", "fprintf", "vprintf", "vfprintf", "dprintf", "puts", "putchar", "fputs",
          "perror")),
    ("libm's transcendental functions differ between machines; use base/math.h", ("src/",),
     re.compile(r"(?!)"),
     call(*(f + s for s in ("", "f") for f in (
         "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin",
         "acos", "atan", "atan2", "sinh", "cosh", "tanh", "pow", "cbrt", "erf", "hypot")))),
]

# base/fail.c holds the one place that may print and abort, behind LNR_ASSERTS: how often, exactly.
FAIL_C_ALLOWED = {"abort": 1, "fprintf": 1}
FAIL_C_WATCHED = ("abort", "exit", "assert", "printf", "fprintf", "puts", "fputs")

INTRINSIC_HEADER = re.compile(r"(?:[a-z]mm|imm|x86|avx\w*)intrin\.h$|arm_(?:neon|sve)\.h$")
PLATFORM_FOLDERS = re.compile(r"src/(?:os|cpu)/|src/kernels/(?:kernels\.def|select\w*\.[ch])$")
PLATFORM_IF = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b(?:[^\n]*\\\n)*[^\n]*", re.M)
PLATFORM_NAME = re.compile(
    r"\b(?:__linux__|__gnu_linux__|__unix__|__APPLE__|_WIN32|_WIN64|__FreeBSD__|_MSC_VER|__GLIBC__"
    r"|__x86_64__|__i386__|__aarch64__|__arm__|_M_X64|_M_ARM64|__ARM_\w+|__AVX\w*__|__SSE\w*__"
    r"|__FMA__|__F16C__|__BMI2?__|LNR_(?:ARCH|SIMD)_\w+)\b")
BUILD_FLAG = re.compile(r"-ffast-math|-Ofast|-march=native|-funsafe-math-optimizations")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def read_layers(report):
    """src/LAYERS as {folder: set of folders}; each mistake in it is a violation."""
    layers = {}
    path = "src/LAYERS"
    if path not in report.files:
        report.add(path, 1, "missing")
        return layers
    for number, line in enumerate(report.read(path).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, allowed = line.partition(":")
        if not colon:
            report.add(path, number, "expected 'folder: folders'")
            continue
        layers[name.strip()] = set(allowed.split())
    for name, allowed in layers.items():
        for other in sorted(allowed - layers.keys()):
            report.add(path, 1, f"'{name}' may include '{other}', which has no line of its own")
    find_cycle(report, path, layers)
    return layers


def find_cycle(report, path, layers):
    """Takes away, again and again, the folders that include only folders taken before."""
    left = {name: allowed & layers.keys() for name, allowed in layers.items()}
    while left:
        free = [name for name, allowed in left.items() if not allowed & left.keys()]
        if not free:
            report.add(path, 1, "a cycle among: " + " ".join(sorted(left)))
            return
        for name in free:
            del left[name]


def c_files(report, *prefixes):
    return [f for f in report.files if f.endswith((".c", ".h", ".def")) and f.startswith(prefixes)]


def resolve(report, path, name):
    """The file that a quoted include means: beside the includer, else under src/ or the root."""
    beside = path.rsplit("/", 1)[0] + "/" + name
    for candidate in (beside, "src/" + name, name):
        if candidate in report.files:
            return candidate
    return None


def includes(report, path):
    text = strip_c(report.read(path), keep_text=True)
    for match in INCLUDE.finditer(text):
        yield line_of(text, match.start(2)), match.group(1) == '"', match.group(2)


def check_src(report):
    layers = read_layers(report)
    for path in c_files(report, "src/"):
        folder = path.split("/")[1]
        if path.count("/") < 2:
            report.add(path, 1, "every source file lies in a folder of src/LAYERS")
            continue
        if folder not in layers:
            report.add(path, 1, f"folder '{folder}' has no line in src/LAYERS")
            continue
        for line, quoted, name in includes(report, path):
            if not quoted:
                if INTRINSIC_HEADER.search(name) and not ISA_FOLDER.match(path) and not (
                        path.startswith("src/os/") and name == "xmmintrin.h"):
                    report.add(path, line, f"<{name}> belongs in kernels/<isa>/")
                if name == "cpuid.h" and not path.startswith("src/cpu/"):
                    report.add(path, line, "<cpuid.h> belongs in cpu/")
                continue
            target = resolve(report, path, name)
            parts = (target or "src/" + name).split("/")
            if parts[0] != "src":
                report.add(path, line, f'"{name}" is outside src/')
            elif parts[1] != folder and parts[1] not in layers[folder]:
                report.add(path, line, f"'{folder}' may not include '{parts[1]}' (\"{name}\")")


def check_outside(report):
    for path in c_files(report, "include/", "app/", "server/", "cli/"):
        folder = path.split("/")[0]
        for line, quoted, name in includes(report, path):
            if not quoted:
                continue
            if folder == "include":
                report.add(path, line, f'"{name}": public headers include <lanner/...> only')
                continue
            target = resolve(report, path, name) or name
            parts = target.removeprefix("src/").split("/")
            fine = parts[0] == folder or parts[0] in OUTSIDE[folder]
            if folder == "cli" and parts[0] == "server":
                fine = target == "server/server.h"
            if not fine:
                report.add(path, line, f'{folder}/ may not include "{name}"; is the API too small?')


def check_rules(report):
    for path in c_files(report, *OURS):
        code = strip_c(report.read(path))
        for what, where, allowed, pattern in RULES:
            if not path.startswith(where) or allowed.match(path):
                continue
            for match in pattern.finditer(code):
                report.add(path, line_of(code, match.start()), f"{match.group().strip()}: {what}")
        if not PLATFORM_FOLDERS.match(path):
            for match in PLATFORM_IF.finditer(code):
                if name := PLATFORM_NAME.search(match.group()):
                    report.add(path, line_of(code, match.start()),
                               f"#if on {name.group()} outside os/, cpu/ and kernels.def")
        if path == "src/base/fail.c":
            check_fail_c(report, path, code)


def check_included_sources(report):
    for path in c_files(report, *OURS, "tests/"):
        for line, _, name in includes(report, path):
            if name.endswith(".c"):
                report.add(path, line, f"{name}: a source file is compiled, not included")


def check_fail_c(report, path, code):
    for name in FAIL_C_WATCHED:
        uses = list(call(name).finditer(code))
        for match in uses[FAIL_C_ALLOWED.get(name, 0):]:
            report.add(path, line_of(code, match.start()),
                       f"{name}: only lnr_assert_failed may print and abort, once")


def check_cmake(report):
    """The same rules at build time: links, flags, and that bootstrap.sh knows each library."""
    layers = read_layers(type(report)(report.root))  # its mistakes are reported by check_src
    layers |= {name: allowed | {"api"} for name, allowed in OUTSIDE.items()}
    bootstrap = "scripts/bootstrap.sh"
    probes = report.read(bootstrap) if bootstrap in report.files else ""
    for path in report.files:
        if not path.endswith(("CMakeLists.txt", ".cmake", "CMakePresets.json")):
            continue
        text = re.sub(r"(?m)^\s*#.*$", "", report.read(path))
        for match in BUILD_FLAG.finditer(text):
            report.add(path, line_of(text, match.start()), f"{match.group()}: other bits elsewhere")
        for match in re.finditer(r"lanner_layer\(\s*(\w+)([^)]*)\)", text):
            name = match.group(1)
            folder = name.split("_")[0]  # backend_cpu lies in backend/
            for other in re.findall(r"\blnr_(\w+)", match.group(2)):
                if other.split("_")[0] not in layers.get(folder, set()) | {folder}:
                    report.add(path, line_of(text, match.start()),
                               f"'{name}' may not link '{other}', says src/LAYERS")
        for match in re.finditer(r"pkg_check_modules\(([^)]*)\)", text):
            for library in re.findall(r"\b[a-z][\w.+-]*", match.group(1)):
                if f"has_lib {library}" not in probes:
                    report.add(path, line_of(text, match.start()),
                               f"{bootstrap} does not probe for the library '{library}'")


if __name__ == "__main__":
    run(__doc__, check_src, check_outside, check_rules, check_included_sources, check_cmake)
