#!/usr/bin/env python3
"""How `lanner run` makes a prompt: chat templates and which of them, the system message, and what
happens when the context is too small."""
import json
import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

import arguments
import scripted_model

LANNER = STORIES = None  # set by main
LIMIT_S = 120
SYSTEM_FIRST = ("{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}"
                "{% if add_generation_prompt %}[assistant]{% endif %}")


def lanner(*words, text=b"", code=0):
    """Runs the program and returns (stdout, stderr) as text."""
    done = subprocess.run([LANNER, *words], input=text, capture_output=True, timeout=LIMIT_S)
    if done.returncode != code:
        raise AssertionError(f"{words}: exit code {done.returncode}, expected {code}\n"
                             f"{done.stderr.decode(errors='replace')}")
    return done.stdout.decode(), done.stderr.decode()


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model = scripted_model.write(self.folder / "scripted.gguf")

    def run_model(self, *words, model=None, **more):
        return lanner("run", model or self.model, "--temp", "0", *words, **more)

    def refused(self, *words, model=None):
        out, err = self.run_model(*words, model=model, code=2)
        self.assertEqual(out, "")
        self.assertRegex(err, r"\Alanner: [^\n]*\n\Z")
        return err


class Templates(Case):
    def test_a_prompt_is_a_message(self):
        out, _ = self.run_model("-p", "well?", "--echo")
        self.assertEqual(out, "<user>well?\n<|hello|>Hello, friend.")
        for words, text in ((["-f", "-"], b"wide"), ([], b"wide")):
            self.assertEqual(self.run_model(*words, text=text)[0], "你好 🙂 été done")

    def test_raw_uses_none(self):
        out, _ = self.run_model("-p", "<|wide|>", "--raw", "--echo")
        self.assertEqual(out, "<|wide|>你好 🙂 été done")

    def test_system(self):
        out, _ = self.run_model("-p", "well?", "--echo", "--system", "Be kind.")
        self.assertEqual(out, "<system>Be kind.\n<user>well?\n<|hello|>Hello, friend.")

    def test_one_of_several(self):
        out, _ = self.run_model("-p", "wide", "--echo", "--template", "shouting")
        self.assertEqual(out, "WIDE<|hello|>Hello, friend.")
        self.assertEqual(self.run_model("-p", "x", "--template", "default")[0], "Hello, friend.")
        self.assertIn("no chat template called 'shout'; there are: 'default', 'shouting'",
                      self.refused("-p", "x", "--template", "shout"))
        bare = scripted_model.write(self.folder / "bare.gguf", templates={})
        self.assertIn("no chat template called 'shouting'; there are: none",
                      self.refused("-p", "x", "--template", "shouting", model=bare))

    def test_render_knows_them_too(self):
        messages = self.folder / "messages.json"
        messages.write_text(json.dumps([{"role": "user", "content": "wide"}]))
        self.assertEqual(lanner("render", self.model, str(messages))[0], "<user>wide\n<|wide|>")
        self.assertEqual(lanner("render", self.model, str(messages), "--template", "shouting")[0],
                         "WIDE<|hello|>")
        _, err = lanner("render", self.model, str(messages), "--template", "no", code=1)
        self.assertIn("there are: 'default', 'shouting'", err)
        source = self.folder / "mine.jinja"
        source.write_text("x")
        _, err = lanner("render", str(source), str(messages), "--template", "no", code=1)
        self.assertIn("option '--template' chooses among those of a model file", err)

    def test_one_of_ones_own(self):
        path = self.folder / "mine.jinja"
        path.write_text("{{ messages[0].content }}{{ eos_token }}<|wide|>")
        out, _ = self.run_model("-p", "x", "--echo", "--chat-template", str(path))
        self.assertEqual(out, f"x{scripted_model.END}<|wide|>你好 🙂 été done")
        out, _ = self.run_model("-p", "x", "--system", "s", "--echo", "--chat-template", "chatml",
                                "-n", "1")
        self.assertTrue(out.startswith("<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nx"
                                       "<|im_end|>\n<|im_start|>assistant\n"), out)
        self.assertIn("knows plain and chatml, or a file; /nowhere: cannot open",
                      self.run_model("-p", "x", "--chat-template", "/nowhere", code=1)[1])
        path.write_text("{% if %}")
        self.assertIn("mine.jinja: template line 1",
                      self.run_model("-p", "x", "--chat-template", str(path), code=1)[1])

    def test_one_that_cannot_be_used_is_not_passed_over(self):
        broken = scripted_model.write(self.folder / "broken.gguf", templates={"": "{% if x %}"})
        self.assertIn("template line 1", self.run_model("-p", "x", model=broken, code=1)[1])
        self.run_model("-p", "x", "--raw", "-n", "1", model=broken)

    def test_what_does_not_go_together(self):
        for words, told in ((["--raw", "--system", "s"], "'--raw' and '--system'"),
                            (["--raw", "--template", "s"], "'--raw' and '--template'"),
                            (["--raw", "--chat-template", "s"], "'--raw' and '--chat-template'"),
                            (["--template", "a", "--chat-template", "s"], "'--chat-template'"),
                            (["--no-special"], "'--no-special' needs '--raw'"),
                            (["--keep", "3"], "'--keep' needs '--context-shift'"),
                            (["--context-shift", "--logits-hash"], "'--logits-hash'")):
            self.assertIn(told, self.refused("-p", "x", *words))
        self.assertIn("has no chat template, which option '--system' needs",
                      self.refused("-p", "x", "--system", "s", model=STORIES))

    def test_start_token_once(self):
        path = self.folder / "mine.jinja"
        path.write_text(SYSTEM_FIRST)
        count = lambda *words: json.loads(self.run_model(
            "--json", "-n", "1", "-p", "Lily", *words, model=STORIES)[0])["prompt_tokens"]
        plain = count()
        self.assertEqual(count("--chat-template", "plain"), plain)
        bare = json.loads(lanner("tokenize", STORIES, "--json", "--no-special",
                                 "[user]Lily\n[assistant]")[0])["tokens"]
        self.assertEqual(count("--chat-template", str(path)), len(bare) + 1)


class OnTerminal(Case):
    def shown(self, *words):
        main_end, terminal = pty.openpty()
        process = subprocess.Popen([LANNER, "run", self.model, "--temp", "0", *words],
                                   stdout=terminal, stderr=subprocess.DEVNULL,
                                   stdin=subprocess.DEVNULL,
                                   env={**os.environ, "TERM": "xterm", "NO_COLOR": ""})
        os.close(terminal)
        shown = b""
        try:
            while piece := os.read(main_end, 65536):
                shown += piece
        except OSError:
            pass  # the terminal's other end is closed
        os.close(main_end)
        self.assertEqual(process.wait(timeout=LIMIT_S), 0)
        return shown.replace(b"\r\n", b"\n")

    def test_a_completion_cannot_reach_it_either(self):
        for words in (["-p", "hostile"], ["-p", "<|hostile|>", "--raw"]):
            shown = self.shown(*words)
            self.assertIn(rb"before \x1b]0;owned\x07 \x1b[2J", shown)
            self.assertNotRegex(shown, rb"[\x00-\x08\x0b-\x1f\x7f]")

    def test_reasoning_is_dim(self):
        self.assertRegex(self.shown("-p", "think"),
                         rb"(?s)\A\x1b\[2m<think>.*</think>\x1b\[0m\n\nIt is four\.\n\Z")
        self.assertNotIn(b"\x1b", self.shown("-p", "<|think|>", "--raw"))


class Context(Case):
    def test_overflow_names_both_numbers_and_what_helps(self):
        _, err = self.run_model("-p", "x" * 50, "--ctx", "30", "--raw", code=1)
        self.assertRegex(err, r"\Alanner: 50 tokens .* the context holds 30: '--ctx N' .*512; "
                              r"'--context-shift' .*\n\Z")
        _, err = self.run_model("-p", "x" * 600, "--raw", code=1)
        self.assertRegex(err, r"\Alanner: 600 tokens .* the context holds 512: '--context-shift'")

    def test_without_a_shift_the_context_ends_the_text(self):
        out, err = self.run_model("-p", "long", "--ctx", "30", "-n", "0")
        self.assertTrue(out.startswith("tick tock tuck "))
        self.assertIn("end: context", err)

    def test_a_shift_goes_on_and_says_what_it_dropped(self):
        out, err = self.run_model("-p", "<|long|>", "--raw", "--ctx", "32", "-n", "100",
                                  "--context-shift", "--keep", "4")
        self.assertEqual(out, "tick tock tuck " * 33 + "tick ")
        notes = err.split("\n")[:-4]
        self.assertTrue(notes)
        self.assertEqual(set(notes), {"lanner: context of 32 tokens full: dropped tokens 5 to 18 "
                                      "of 32, kept the first 4 and the last 14"})
        self.assertIn("generation: 100 tokens", err)

    def test_what_is_kept(self):
        def kept(*words, model=None):
            _, err = self.run_model("-n", "40", "--ctx", "40", "--context-shift", *words,
                                    model=model)
            return int(err.split("kept the first ")[1].split()[0])

        self.assertEqual(kept("-p", "long", "--system", "S."), len("<system>S.\n"))
        self.assertEqual(kept("-p", "long"), 0)  # the model has no start token
        self.assertEqual(kept("-p", "Lily", "--ignore-eos", model=STORIES), 1)
        self.assertEqual(kept("-p", "long", "--keep", "9"), 9)
        self.assertIn("keeping the first 39 tokens leaves no room in a context of 40: at most 38",
                      self.run_model("-p", "long", "-n", "0", "--ctx", "40", "--context-shift",
                                     "--keep", "39", code=2)[1])

    def test_a_shift_is_a_new_request_with_what_is_left(self):
        """Its tokens equal those behind a prompt of the kept start token and the last tokens."""
        n_checked = 0
        for ctx in range(40, 60):
            words = ["-p", "Once upon a time", "--ctx", str(ctx), "--ignore-eos", "--json"]
            full = json.loads(self.run_model("-n", "0", *words, model=STORIES)[0])
            text = "Once upon a time" + full["text"]
            left = (self.tokens("Once upon a time") + full["tokens"])[-((ctx - 1) // 2):]
            starts = [i + 1 for i, c in enumerate(text) if c == " "]
            start = next((i for i in starts if self.tokens(text[i:])[1:] == left), None)
            if start is None:
                continue  # what is left begins within a word: no text has just these tokens
            n = len(full["tokens"])
            whole = json.loads(self.run_model("-n", str(n + 8), *words, "--context-shift",
                                              model=STORIES)[0])
            after = json.loads(self.run_model("-p", text[start:], "-n", "8", "--json",
                                              model=STORIES)[0])
            self.assertEqual((full["finish_reason"], whole["finish_reason"]), ("context", "length"))
            self.assertEqual(whole["tokens"], full["tokens"] + after["tokens"])
            n_checked += 1
        self.assertGreater(n_checked, 0)

    @staticmethod
    def tokens(text):
        return json.loads(lanner("tokenize", STORIES, "--json", text)[0])["tokens"]

    def test_a_prompt_that_is_too_long_is_shifted_too(self):
        out, err = self.run_model("-p", "x" * 50 + "<|wide|>", "--raw", "--ctx", "30",
                                  "--context-shift")
        self.assertEqual(out, "你好 🙂 été done")
        self.assertIn("dropped tokens 1 to 36 of 51, kept the first 0 and the last 15", err)


def main():
    global LANNER, STORIES
    LANNER, STORIES, words = arguments.take(__doc__)
    arguments.run(words)


if __name__ == "__main__":
    main()
