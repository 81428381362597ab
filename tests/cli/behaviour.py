#!/usr/bin/env python3
"""What the program does that a printed page cannot show: every option's effect, JSON that is
nothing but JSON, Ctrl-C, terminals, and where the built-in model is found."""
import fcntl
import json
import os
import pathlib
import pty
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import arguments

LANNER = STORIES = None  # set by main
LIMIT_S = 120
F_SETPIPE_SZ = 1031  # Linux; in fcntl since Python 3.10
PROMPT = "Once upon a time"
KEYS = {"text", "tokens", "prompt_tokens", "finish_reason", "timings", "isa", "kernels", "threads",
        "worker_panels", "seed", "model", "ctx", "ubatch"}
TIMINGS = {"load_ms", "queue_ms", "prompt_ms", "prompt_tokens_per_s", "generation_ms",
           "generation_tokens_per_s", "ttft_ms"}


def lanner(*words, text=b"", code=0, env=None, program=None, cwd=None):
    """Runs the program and returns (stdout, stderr) as bytes."""
    done = subprocess.run([program or LANNER, *words], input=text, capture_output=True, cwd=cwd,
                          timeout=LIMIT_S, env={**os.environ, **(env or {})})
    if done.returncode != code:
        raise AssertionError(f"{words}: exit code {done.returncode}, expected {code}\n"
                             f"{done.stderr.decode(errors='replace')}")
    return done.stdout, done.stderr


def run_json(*words, **more):
    """`lanner run --json` on the test model; standard error must stay empty."""
    out, err = lanner("run", STORIES, "--json", "-p", PROMPT, *words, **more)
    if err:
        raise AssertionError(f"{words}: on standard error: {err}")
    return json.loads(out)


def patch_u32(source, path, key, value):
    """Writes a copy of a model in which one 32-bit metadata value is another."""
    data = bytearray(pathlib.Path(source).read_bytes())
    at = data.index(gguf_string(key) + struct.pack("<I", 4)) + 8 + len(key) + 4
    data[at:at + 4] = struct.pack("<I", value)
    pathlib.Path(path).write_bytes(data)


def gguf(path, metadata):
    """Writes a file without tensors; metadata: (key bytes, type number, value bytes)."""
    body = b"GGUF" + struct.pack("<IQQ", 3, 0, len(metadata))
    for key, kind, value in metadata:
        body += struct.pack("<Q", len(key)) + key + struct.pack("<I", kind) + value
    pathlib.Path(path).write_bytes(body + bytes(-len(body) % 32))


def gguf_string(value):
    return struct.pack("<Q", len(value)) + value


class Json(unittest.TestCase):
    def check_one_line(self, out, err):
        self.assertEqual(err, b"")
        self.assertEqual(out.count(b"\n"), 1)
        self.assertTrue(out.endswith(b"\n"))
        return json.loads(out)

    def test_run(self):
        out, err = lanner("run", STORIES, "--json", "-p", PROMPT, "-n", "16", "--logits-hash",
                          "--threads", "2", "--ubatch", "3", "--ctx", "100", "--seed", "7")
        got = self.check_one_line(out, err)
        self.assertEqual(set(got), KEYS | {"logits_hash"})
        self.assertEqual(set(got["timings"]), TIMINGS)
        self.assertEqual(len(got["tokens"]), 16)
        self.assertEqual(got["finish_reason"], "length")
        self.assertEqual((got["threads"], got["ubatch"], got["ctx"], got["seed"]), (2, 3, 100, 7))
        self.assertEqual(len(got["worker_panels"]), 2)
        self.assertGreater(sum(got["worker_panels"]), 0)
        self.assertTrue(got["kernels"])
        self.assertRegex(got["logits_hash"], r"\A[0-9a-f]{16}\Z")
        self.assertEqual(got["model"]["architecture"], "llama")
        self.assertEqual(got["model"]["path"], STORIES)
        for name in TIMINGS - {"queue_ms"}:
            self.assertGreater(got["timings"][name], 0, name)

    def test_run_agrees_with_tokenize(self):
        ids = json.loads(lanner("tokenize", STORIES, "--json", PROMPT)[0])["tokens"]
        self.assertEqual(run_json("-n", "1")["prompt_tokens"], len(ids))
        out, _ = lanner("tokenize", STORIES, "--json", "--no-special", PROMPT)
        bare = json.loads(out)["tokens"]
        self.assertEqual(run_json("-n", "1", "--no-special")["prompt_tokens"], len(bare))
        self.assertEqual(len(bare) + 1, len(ids))

    def test_run_text_is_the_plain_output(self):
        plain, err = lanner("run", STORIES, "-p", PROMPT, "-n", "60", "--seed", "5")
        self.assertEqual(run_json("-n", "60", "--seed", "5")["text"], plain.decode())
        self.assertRegex(err, rb"\Aload: .*\nprompt: .* tokens.*\ngeneration: 60 tokens.*\n\Z")

    def test_inspect(self):
        got = self.check_one_line(*lanner("inspect", STORIES, "--json", "--tensors"))
        self.assertEqual(got["architecture"], "llama")
        self.assertEqual(got["metadata"]["general.architecture"], "llama")
        self.assertEqual(got["file_bytes"], os.path.getsize(STORIES))
        self.assertEqual(len(got["tensors"]), got["n_tensors"])
        self.assertEqual(sum(got["bytes_by_type"].values()),
                         sum(tensor["bytes"] for tensor in got["tensors"]))
        tokens = got["metadata"]["tokenizer.ggml.tokens"]
        self.assertEqual(tokens["items"], got["vocabulary"])
        self.assertEqual(len(tokens["first"]), 8)
        self.assertNotIn("tensors", json.loads(lanner("inspect", STORIES, "--json")[0]))

    def test_version(self):
        got = self.check_one_line(*lanner("--version", "--json"))
        self.assertIn("cpu", got["backends"])
        self.assertEqual(got["isa"], run_json("-n", "1")["isa"])
        text = lanner("--version")[0].decode()
        self.assertTrue(text.startswith(f"lanner {got['version']}\n"))
        self.assertEqual(text.encode(), lanner("version")[0])

    def test_a_failure_prints_no_json(self):
        for words in (["run", "missing.gguf", "-p", "x"], ["inspect", "missing.gguf"],
                      ["tokenize", "missing.gguf", "x"]):
            out, err = lanner(*words, "--json", code=1)
            self.assertEqual(out, b"")
            self.assertRegex(err, rb"\Alanner: .*missing\.gguf.*\n\Z")


class Options(unittest.TestCase):
    """Every option of `run` has the effect its help promises."""

    def test_seed(self):
        first = run_json("-n", "40", "--seed", "1")
        self.assertEqual(run_json("-n", "40", "--seed", "1")["tokens"], first["tokens"])
        self.assertNotEqual(run_json("-n", "40", "--seed", "2")["tokens"], first["tokens"])
        chance, other = run_json("-n", "40"), run_json("-n", "40")
        self.assertNotEqual(chance["seed"], other["seed"])
        self.assertNotEqual(chance["tokens"], other["tokens"])
        self.assertEqual(run_json("-n", "40", "--seed", str(chance["seed"]))["tokens"],
                         chance["tokens"])
        self.assertEqual(run_json("-n", "1", "--seed", str(2**64 - 1))["seed"], 2**64 - 1)

    def test_sampling(self):
        best = run_json("-n", "40", "--temp", "0")["tokens"]
        hot = ["-n", "40", "--temp", "5", "--seed", "3"]
        for one in (["--top-k", "1"], ["--top-p", "0.000001"], ["--min-p", "1"]):
            self.assertEqual(run_json(*hot, *one)["tokens"], best)
        wild = run_json(*hot, "--top-k", "0", "--top-p", "1", "--min-p", "0")
        self.assertNotEqual(wild["tokens"], best)

    def test_results_do_not_depend_on_the_machine_used(self):
        base = run_json("-n", "30", "--seed", "4", "--logits-hash")
        for words in (["--threads", "1"], ["--threads", "3"], ["--ubatch", "1"], ["--ubatch", "7"],
                      ["--isa", "scalar"], ["--ctx", "64"], ["--no-pack"], ["--guesses", "8"]):
            got = run_json("-n", "30", "--seed", "4", "--logits-hash", *words)
            self.assertEqual(got["logits_hash"], base["logits_hash"], words)
            self.assertEqual(got["tokens"], base["tokens"], words)
        kv = [run_json("-n", "30", "--seed", "4", "--logits-hash", *words)["logits_hash"]
              for words in ([], ["--kv-type-k", "F32"], ["--kv-type-v", "F32"],
                            ["--kv-type-k", "F32", "--kv-type-v", "F32"])]
        self.assertEqual(len(set(kv)), 4)  # each really keeps them in another way
        other = run_json("-n", "30", "--seed", "5", "--logits-hash")
        self.assertNotEqual(other["logits_hash"], base["logits_hash"])
        scalar = run_json("-n", "1", "--isa", "scalar")
        self.assertEqual(scalar["isa"], "scalar")
        self.assertTrue(all("scalar" in kernel for kernel in scalar["kernels"].values()))

    def test_logits_hash_in_text_mode(self):
        want = run_json("-n", "5", "--seed", "4", "--logits-hash")["logits_hash"]
        words = ["run", STORIES, "-p", PROMPT, "-n", "5", "--seed", "4"]
        self.assertIn(f"\nlogits hash: {want}\n".encode(), lanner(*words, "--logits-hash")[1])
        self.assertNotIn(b"hash", lanner(*words)[1])

    def test_context_and_length(self):
        full = run_json("-n", "0", "--ctx", "50", "--ignore-eos")
        self.assertEqual((full["finish_reason"], full["ctx"]), ("context", 50))
        self.assertLessEqual(full["prompt_tokens"] + len(full["tokens"]), 51)
        self.assertGreaterEqual(full["prompt_tokens"] + len(full["tokens"]), 50)
        _, err = lanner("run", STORIES, "-p", PROMPT * 20, "--ctx", "50", code=1)
        self.assertRegex(err, rb"\Alanner: .*\b50\b.*\n\Z")
        _, err = lanner("run", STORIES, "-p", PROMPT, "--ctx", "2049", code=2)
        self.assertRegex(err, rb"\Alanner: .*\b2049\b.*\b2048\b.*\n\Z")

    def test_end_of_text(self):
        # This model ends a story by beginning the next: make its start token the ending one.
        with tempfile.TemporaryDirectory() as folder:
            model = str(pathlib.Path(folder) / "ending.gguf")
            patch_u32(STORIES, model, b"tokenizer.ggml.eos_token_id", 1)
            words = ["run", model, "--json", "-p", PROMPT, "-n", "0", "--seed", "1"]
            short = json.loads(lanner(*words)[0])
            long = json.loads(lanner(*words, "--ignore-eos")[0])
        self.assertEqual((short["finish_reason"], long["finish_reason"]), ("eos", "context"))
        n = len(short["tokens"])
        self.assertNotIn(1, short["tokens"])
        self.assertEqual(long["tokens"][:n + 1], short["tokens"] + [1])

    def test_special(self):
        plain = run_json("-n", "1")["prompt_tokens"]
        out, _ = lanner("run", STORIES, "--json", "-p", PROMPT + "</s>", "-n", "1")
        self.assertEqual(json.loads(out)["prompt_tokens"], plain + 1)
        out, _ = lanner("run", STORIES, "--json", "-p", PROMPT + "</s>", "-n", "1", "--no-special")
        self.assertGreater(json.loads(out)["prompt_tokens"], plain + 1)

    def test_empty_prompt(self):
        out, _ = lanner("run", STORIES, "-n", "5", "--json")
        self.assertEqual(json.loads(out)["prompt_tokens"], 1)
        _, err = lanner("run", STORIES, "-p", "", "--no-special", code=2)
        self.assertIn(b"the prompt is empty", err)

    def test_prompt_sources_are_byte_exact(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "prompt"
            path.write_bytes(b"Lily\n")
            def count(*words, text=b""):
                out, _ = lanner("run", STORIES, "--json", "-n", "1", *words, text=text)
                return json.loads(out)["prompt_tokens"]
            with_newline = count("-p", "Lily\n")
            self.assertEqual(count("-f", str(path)), with_newline)
            self.assertEqual(count("-f", "-", text=b"Lily\n"), with_newline)
            self.assertEqual(count(text=b"Lily\n"), with_newline)
            self.assertEqual(count("-p", "Lily"), with_newline - 1)

    def test_echo(self):
        words = ["run", STORIES, "-p", PROMPT, "-n", "5", "--temp", "0"]
        self.assertEqual(lanner(*words, "--echo")[0], PROMPT.encode() + lanner(*words)[0])


class Interrupt(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        model = str(pathlib.Path(self.folder.name) / "endless.gguf")
        patch_u32(STORIES, model, b"llama.context_length", 1 << 20)
        self.long_run = [LANNER, "run", model, "-p", PROMPT, "-n", "0", "--ctx", "100000",
                         "--ignore-eos"]

    def tearDown(self):
        self.folder.cleanup()

    def interrupted(self, *more):
        """Starts a run that would last for minutes, presses Ctrl-C after its first words."""
        process = subprocess.Popen([*self.long_run, *more], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            if "--json" in more:
                time.sleep(1.5)
                first = b""
            else:
                first = process.stdout.read(20)
            self.assertIsNone(process.poll())
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=LIMIT_S)
            return process.returncode, first + out, err, time.monotonic() - start
        finally:
            process.kill()
            process.communicate()

    def test_text(self):
        code, out, err, seconds = self.interrupted()
        self.assertEqual(code, 130)
        self.assertLess(seconds, 2)
        self.assertGreaterEqual(len(out), 20)
        self.assertRegex(err, rb"\Aload: .*\nprompt: .*\ngeneration: \d+ .*, end: cancel\n\Z")

    def test_json(self):
        code, out, err, seconds = self.interrupted("--json")
        self.assertEqual((code, err), (130, b""))
        self.assertLess(seconds, 2)
        got = json.loads(out)
        self.assertEqual(got["finish_reason"], "cancel")
        self.assertTrue(got["tokens"])

    def test_a_reader_that_stands_still(self):
        # The pipe is full and nobody reads: the program sits in a write, which Ctrl-C must end too.
        process = subprocess.Popen(self.long_run, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            size = fcntl.fcntl(process.stdout, F_SETPIPE_SZ, 4096)
            give_up = time.monotonic() + LIMIT_S
            while self.bytes_waiting(process.stdout) < size - 64 and time.monotonic() < give_up:
                time.sleep(0.05)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=2), 130)
            self.assertRegex(process.stderr.read(), rb"generation: \d+ .*, end: cancel\n\Z")
        finally:
            process.kill()
            process.communicate()

    @staticmethod
    def bytes_waiting(pipe):
        return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


class Terminal(unittest.TestCase):
    def on_terminal(self, *words, text=None, env=None):
        """Runs with standard output and error on a terminal, and input too unless text is given."""
        main_end, terminal = pty.openpty()
        process = subprocess.Popen([LANNER, *words], stdout=terminal, stderr=terminal,
                                   stdin=terminal if text is None else subprocess.PIPE,
                                   env={**os.environ, "TERM": "xterm", **(env or {})})
        os.close(terminal)
        if text is not None:
            process.stdin.write(text)
            process.stdin.close()
        shown = b""
        try:
            while piece := os.read(main_end, 65536):
                shown += piece
        except OSError:
            pass  # the terminal's other end is closed: that is how it says "end"
        os.close(main_end)
        return process.wait(timeout=LIMIT_S), shown.replace(b"\r\n", b"\n")

    def test_no_prompt(self):
        code, shown = self.on_terminal("run", "--json")
        self.assertEqual(code, 2)
        self.assertEqual(shown, b"lanner: no prompt, which option '--json' needs: give -p TEXT, -f "
                                b"FILE, or a text on standard input\n")

    def test_no_text(self):
        code, shown = self.on_terminal("tokenize", STORIES)
        self.assertEqual(code, 2)
        self.assertEqual(shown, b"lanner: no text: give it after MODEL, or '-' to read standard "
                                b"input\n")

    def test_the_report_begins_on_its_own_line(self):
        code, shown = self.on_terminal("run", STORIES, "-n", "5", text=PROMPT.encode())
        self.assertEqual(code, 0)
        self.assertRegex(shown, rb"\nload: ")

    def test_no_escape_bytes_where_none_belong(self):
        for env in ({"TERM": "xterm"}, {"TERM": "xterm", "NO_COLOR": "1"}):
            out, err = lanner("run", STORIES, "-p", PROMPT, "-n", "5", env=env)
            self.assertNotIn(b"\x1b", out + err)
            self.assertNotIn(b"\r", out + err)
        _, shown = self.on_terminal("run", STORIES, "-p", PROMPT, "-n", "5", env={"NO_COLOR": "1"})
        self.assertNotIn(b"\x1b", shown)


class Builtin(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name).resolve()
        (self.root / "bin").mkdir()
        self.program = str(self.root / "bin" / "lanner")
        shutil.copy(LANNER, self.program)

    def tearDown(self):
        self.folder.cleanup()

    def path_used(self):
        out, _ = lanner("run", "-p", "One", "-n", "2", "--json", program=self.program, cwd="/")
        return json.loads(out)["model"]["path"]

    def test_beside_the_program_first_then_the_source_tree(self):
        source = pathlib.Path(__file__).resolve().parents[2] / "models" / "lanner-tiny-q8_0.gguf"
        self.assertEqual(self.path_used(), str(source))
        beside = self.root / "share" / "lanner" / "models"
        beside.mkdir(parents=True)
        shutil.copy(STORIES, beside / source.name)
        self.assertEqual(os.path.realpath(self.path_used()), str(beside / source.name))


class Hostile(unittest.TestCase):
    """A file whose strings try to reach the terminal or to break JSON."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = str(pathlib.Path(self.folder.name) / "hostile.gguf")
        gguf(self.path, [
            (b"general.architecture", 8, gguf_string(b"\x1b]0;owned\x07\xff\"")),
            (b"general.name", 8, gguf_string("caf\u00e9\u202e\u009b31m".encode())),
            ("evil.\u202ekey".encode(), 8, gguf_string(b"\0" * 3 + b"\n{\"x\":1}" + b"y" * 200)),
            (b"evil.nan", 6, struct.pack("<f", float("nan"))),
            (b"evil.big", 10, struct.pack("<Q", 2**64 - 1)),
            (b"evil.tiny", 12, struct.pack("<d", 5e-324)),
            (b"evil.list", 9, struct.pack("<IQ", 8, 40) + gguf_string(b"\x1b[0m\xc3") * 40),
        ])

    def tearDown(self):
        self.folder.cleanup()

    def test_text(self):
        out, err = lanner("inspect", self.path, "--tensors")
        text = out.decode("utf-8")  # strict: everything shown is valid
        self.assertEqual(err, b"")
        self.assertEqual([c for c in text if c != "\n" and not c.isprintable()], [])
        self.assertIn(r"evil.\u202ekey", text)
        self.assertIn(r"caf" "\u00e9" r"\u202e\u009b31m", text)
        self.assertIn("18446744073709551615", text)

    def test_json(self):
        got = json.loads(lanner("inspect", self.path, "--json")[0])["metadata"]
        self.assertEqual(got["evil.\u202ekey"], "\0\0\0\n{\"x\":1}" + "y" * 200)
        self.assertEqual(got["general.architecture"], "\x1b]0;owned\x07\ufffd\"")
        self.assertEqual([got["evil.nan"], got["evil.big"], got["evil.tiny"]],
                         [None, 2**64 - 1, 5e-324])
        self.assertEqual(got["evil.list"], {"items": 40, "first": ["\x1b[0m\ufffd"] * 8})

    def test_an_unprintable_key_is_refused_in_one_printable_line(self):
        for key in (b"evil.\x1b[2Jkey", b"evil\0key", b"evil\xff"):
            gguf(self.path, [(key, 8, gguf_string(b"x"))])
            out, err = lanner("inspect", self.path, "--json", code=1)
            self.assertEqual(out, b"")
            self.assertRegex(err.decode("utf-8"), r"\Alanner: [ -~]*\n\Z")

    def test_it_cannot_run_and_says_so_in_one_printable_line(self):
        _, err = lanner("run", self.path, "-p", "x", code=1)
        self.assertRegex(err.decode("utf-8"), r"\Alanner: [ -~]*\n\Z")


def main():
    global LANNER, STORIES
    LANNER, STORIES, words = arguments.take(__doc__)
    arguments.run(words)


if __name__ == "__main__":
    main()
