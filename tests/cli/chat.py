#!/usr/bin/env python3
"""The chat of `lanner run` at a pseudo terminal: what a person sees and what the keys do.

Nothing here waits for time to pass: each step waits for the text that shows it is done.
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import stat
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import arguments
import scripted_model

LANNER = STORIES = None  # set by main
LIMIT_S = 120
CTRL_C, CTRL_D, UP = b"\x03", b"\x04", b"\x1b[A"
PASTE = b"\x1b[200~%b\x1b[201~"


class Session:
    """A program on a terminal of 100 x 30. shown: all that it wrote so far."""

    def __init__(self, *words, env=None, stdout=None):
        self.main_end, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        full = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LC_ALL", "LC_CTYPE")}
        full.update({"TERM": "xterm", "LANG": "C.UTF-8", **(env or {})})

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([LANNER, "run", *words], stdin=terminal, stderr=terminal,
                                        stdout=stdout or terminal, env=full,
                                        preexec_fn=own_terminal)
        os.close(terminal)
        self.shown, self.seen = b"", 0

    def read(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.main_end], [], [], left)[0]:
            raise AssertionError(f"nothing more came after {self.shown[self.seen:]!r}")
        try:
            piece = os.read(self.main_end, 65536)
        except OSError:
            piece = b""  # the terminal's other end is closed
        self.shown += piece
        return bool(piece)

    def expect(self, pattern):
        """Waits until pattern (bytes, a regex) comes behind what was expected before."""
        deadline = time.monotonic() + LIMIT_S
        while not (found := re.compile(pattern, re.S).search(self.shown, self.seen)):
            if not self.read(deadline):
                raise AssertionError(f"ended; no {pattern!r} in {self.shown[self.seen:]!r}")
        before = self.shown[self.seen:found.start()]
        self.seen = found.end()
        return before

    def prompt(self):
        """Waits for the prompt of a new line and returns what was shown before it."""
        return self.expect(rb"\x1b\[\?2004h.*?> ")

    def send(self, data):
        os.write(self.main_end, data)

    def ask(self, text):
        """Types a line at the prompt and returns what was shown until the next prompt."""
        self.send(text.encode() + b"\r")
        self.expect(rb"\x1b\[\?2004l")
        return self.prompt()

    def end(self):
        """Waits for the program's end and returns its exit code."""
        deadline = time.monotonic() + LIMIT_S
        while self.read(deadline):
            pass
        return self.process.wait(timeout=LIMIT_S)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.main_end)


class Case(unittest.TestCase):
    """Tests with a folder of their own, where the scripted model and the history lie."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.model = scripted_model.write(self.folder / "scripted.gguf")

    def start(self, *words, model=None, env=None, stdout=None):
        """A session that stands at its first prompt."""
        state = {"XDG_STATE_HOME": str(self.folder / "state")}
        session = Session(model or self.model, "--temp", "0", *words, env={**state, **(env or {})},
                          stdout=stdout)
        self.addCleanup(session.close)
        self.greeting = session.prompt()
        return session

    def saved(self, session):
        """The conversation as /save writes it."""
        path = self.folder / "saved.json"
        session.ask(f"/save {path}")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        return json.loads(path.read_text())

    def messages(self, session):
        return [(m["role"], m["content"]) for m in self.saved(session)["messages"]]


class Answers(Case):
    def test_question_and_answer(self):
        session = self.start()
        self.assertIn(b"scripted (llama, context 512). /help", self.greeting)
        self.assertEqual(session.ask("well?"), b"Hello, friend.\r\n")
        self.assertEqual(self.messages(session),
                         [("user", "well?"), ("assistant", "Hello, friend.")])
        session.send(b"/quit\r")
        self.assertEqual(session.end(), 0)

    def test_reasoning_is_dim_and_kept_apart(self):
        session = self.start()
        shown = session.ask("think")
        reasoning, answer = shown.rsplit(b"</think>\x1b[0m", 1)
        self.assertEqual(answer, b"\r\n\r\nIt is four.\r\n")
        dim = re.sub(rb"\x1b\[2m(.*?)\x1b\[0m", rb"\1", reasoning + b"\x1b[0m", flags=re.S)
        self.assertEqual(dim, b"<think>\r\ntwo and two\r\n")  # everything stood between the two
        last = self.saved(session)["messages"][-1]
        self.assertEqual(last, {"role": "assistant", "content": "It is four.",
                                "reasoning_content": "two and two"})

    def test_no_colour_where_none_is_wanted(self):
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            session = self.start(env=env) if "NO_COLOR" in env else self.start_dumb()
            session.send(b"think\r")
            session.expect(rb"<think>\r\ntwo and two\r\n</think>\r\n\r\nIt is four\.\r\n")
            self.assertNotRegex(session.shown, rb"\x1b\[[0-9;]*m")

    def start_dumb(self):
        session = Session(self.model, "--temp", "0",
                          env={"TERM": "dumb", "XDG_STATE_HOME": str(self.folder)})
        self.addCleanup(session.close)
        session.expect(rb"leaves\.\r\n.*?> ")
        return session

    def test_a_dumb_terminal_gets_no_escape_sequences(self):
        session = self.start_dumb()
        session.send(b"well?\r")
        session.expect(rb"Hello, friend\.\r\n.*?> ")
        session.send(CTRL_D)
        self.assertEqual(session.end(), 0)
        self.assertNotIn(b"\x1b", session.shown)

    def test_a_hostile_model_cannot_reach_the_terminal(self):
        session = self.start()
        shown = session.ask("hostile")
        self.assertEqual(shown.decode(), "before \\x1b]0;owned\\x07 \\x1b[2J \ufffd31m\\u009b31m"
                         "\\u202etxt \\r\\x08\ttab\r\nline after\r\n")
        self.assertIn("\x1b]0;owned\x07", self.messages(session)[1][1])  # kept as it was

    def test_characters_are_whole(self):
        session = self.start()
        self.assertEqual(session.ask("wide").decode(), "你好 🙂 été done\r\n")

    def test_a_pipe_gets_the_answers_only(self):
        reader, writer = os.pipe()
        session = self.start(stdout=writer)
        os.close(writer)
        for text in ("think", "hostile", "/stats", "/quit"):
            session.send(text.encode() + b"\r")
            if text != "/quit":
                session.prompt()
        self.assertEqual(session.end(), 0)
        with open(reader, "rb") as pipe:
            self.assertEqual(pipe.read(), b"<think>\ntwo and two\n</think>\n\nIt is four.\n"
                             b"before \x1b]0;owned\x07 \x1b[2J \xef\xbf\xbd31m\xc2\x9b31m"
                             b"\xe2\x80\xaetxt \r\x08\ttab\nline after\n")

    def test_the_length_limit_is_told(self):
        session = self.start("-n", "3")
        self.assertEqual(session.ask("long"), b"tick tock tuck \r\n"
                         b"\x1b[2m[3 tokens, the limit of -n]\x1b[0m\r\n")

    def test_the_second_question_depends_on_the_first(self):
        words = ("--chat-template", "plain", "-n", "24")
        both = self.start(*words, model=STORIES)
        for text in ("Once upon a time there was a dog.", "The dog"):
            both.ask(text)
        alone = self.start(*words, model=STORIES)
        alone.ask("The dog")
        self.assertEqual([role for role, _ in self.messages(both)], ["user", "assistant"] * 2)
        self.assertNotEqual(self.messages(both)[-1], self.messages(alone)[-1])
        count = lambda s: int(re.search(rb"context +(\d+) of", s.ask("/stats"))[1])
        self.assertGreater(count(both), count(alone) + 24)


class Typing(Case):
    def sent(self, session):
        return self.messages(session)[-2][1]

    def test_several_lines(self):
        session = self.start()
        session.send(b"one\\\r")
        session.expect(rb"\x1b\[\?2004h.*?\. ")
        self.assertEqual(session.ask("two"), b"Hello, friend.\r\n")
        self.assertEqual(self.sent(session), "one\ntwo")
        session.send(b'"""\r')
        for line in ("a \\", "", "/quit", "b"):
            session.expect(rb"\x1b\[\?2004h.*?\. ")
            session.send(line.encode() + b"\r")
        session.expect(rb"\x1b\[\?2004h.*?\. ")
        self.assertEqual(session.ask('"""'), b"Hello, friend.\r\n")
        self.assertEqual(self.sent(session), "a \\\n\n/quit\nb")

    def test_pasted_lines_wait_for_enter(self):
        session = self.start()
        session.send(PASTE % b"first\rsecond\n/quit\n\tlast")
        session.expect(rb"last")
        self.assertNotIn(b"Hello", session.shown)
        self.assertEqual(session.ask("!"), b"Hello, friend.\r\n")
        self.assertEqual(self.sent(session), "first\nsecond\n/quit\n\tlast!")

    def test_wide_characters_are_edited_as_wholes(self):
        session = self.start()
        session.send("a漢字é".encode())
        session.expect("é".encode())
        session.send(b"\x7f\x7f")  # backspace takes the accent, then a character of two columns
        session.expect(rb"\x1b\[6G")  # behind the prompt's two, one and two columns
        session.ask("z")
        self.assertEqual(self.sent(session), "a漢z")

    def test_utf8_in_any_locale(self):
        session = self.start(env={"LANG": "C", "LC_ALL": "C"})
        session.ask("žluťoučký 馬")
        self.assertEqual(self.sent(session), "žluťoučký 馬")

    def test_history_goes_from_session_to_session(self):
        first = self.start()
        first.send(PASTE % b"two\nlines")
        first.expect(rb"lines")
        first.ask(" \\o")
        first.send(CTRL_D)
        self.assertEqual(first.end(), 0)
        path = self.folder / "state" / "lanner" / "history"
        self.assertEqual(path.read_bytes(), b"two\\nlines \\\\o\n")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        second = self.start()
        second.send(UP)
        second.expect(rb"\\o")
        second.ask("!")
        self.assertEqual(self.sent(second), "two\nlines \\o!")


class Keys(Case):
    def test_ctrl_c_stops_the_answer_and_not_the_program(self):
        endless = scripted_model.write(self.folder / "endless.gguf", ctx=1 << 20)
        session = self.start("--ctx", "200000", model=endless)
        session.send(b"long\r")
        session.expect(rb"tock tuck ")
        session.send(CTRL_C)
        self.assertIn(b"[stopped]", session.prompt())
        self.assertEqual(session.ask("well?"), b"Hello, friend.\r\n")
        messages = self.messages(session)
        self.assertRegex(messages[1][1], r"\Atick tock ")
        self.assertEqual(messages[3][1], "Hello, friend.")

    def test_ctrl_c_gives_up_a_line(self):
        session = self.start()
        session.send(b"never")
        session.expect(rb"never")
        session.send(CTRL_C)
        self.assertNotIn(b"again", session.prompt())
        session.send(b'"""\r')
        session.expect(rb"\x1b\[\?2004h.*?\. ")
        session.send(CTRL_C)
        session.prompt()
        self.assertEqual(session.ask("well?"), b"Hello, friend.\r\n")
        self.assertEqual(self.messages(session)[0], ("user", "well?"))

    def test_a_second_ctrl_c_leaves(self):
        session = self.start()
        session.send(CTRL_C)
        self.assertIn(b"Ctrl-C again or Ctrl-D leaves", session.prompt())
        session.ask("/help")
        session.send(CTRL_C)
        self.assertIn(b"Ctrl-C again or Ctrl-D leaves", session.prompt())
        session.send(CTRL_C)
        self.assertEqual(session.end(), 0)

    def test_ctrl_d_leaves(self):
        session = self.start()
        session.send(CTRL_D)
        self.assertEqual(session.end(), 0)


class Commands(Case):
    def test_mistakes_are_told(self):
        session = self.start()
        for text, told in (("/hlep", b"unknown command '/hlep'; did you mean '/help'?"),
                           ("/quit now", b"'/quit' takes nothing behind it"),
                           ("/save", b"'/save' needs a value: /save FILE"),
                           ("/home/me", b"put a blank before it"),
                           ("/load /nowhere", b"/nowhere: cannot open: No such file"),
                           ("/save /nowhere/x", b"/nowhere/x: cannot create: No such file")):
            self.assertIn(told, session.ask(text), text)

    def test_help_names_every_command(self):
        shown = self.start().ask("/help")
        for name in (b"/reset", b"/system", b"/model", b"/save", b"/load", b"/stats", b"/quit",
                     b"/exit"):
            self.assertIn(name, shown)

    def test_reset_and_system(self):
        session = self.start("--system", "Be brief.")
        session.ask("well?")
        session.ask("/reset")
        self.assertEqual(self.messages(session), [("system", "Be brief.")])
        self.assertEqual(session.ask("/system"), b"Be brief.\r\n")
        session.ask("/system  Be long. ")
        session.ask("well?")
        self.assertEqual(self.messages(session)[:2], [("system", "Be long."), ("user", "well?")])
        session.ask('/system ""')
        self.assertIn(b"no system message", session.ask("/system"))
        self.assertEqual([role for role, _ in self.messages(session)], ["user", "assistant"])

    def test_save_and_load(self):
        session = self.start("--system", "Be \"exact\".", "--seed", "18446744073709551615",
                             "--top-k", "7")
        session.ask("think")
        session.ask("wide")
        saved = self.saved(session)
        self.assertEqual(saved["model"], self.model)
        self.assertEqual(saved["sampling"]["temperature"], 0)
        other = self.start("--seed", "5")
        other.ask(f"/load {self.folder / 'saved.json'}")
        self.assertEqual(self.saved(other), saved)
        other.ask("well?")
        self.assertEqual(len(self.messages(other)), len(saved["messages"]) + 2)

    def test_a_file_that_is_no_conversation_changes_nothing(self):
        session = self.start()
        session.ask("well?")
        before = self.messages(session)
        user, answer = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
        for text, told in (
                ("[]", "an object"), ("{\"messages\": [}", "line 1, column 15"),
                ("{}", "'messages'"),
                (json.dumps({"messages": [user, user]}), "messages[1].role"),
                (json.dumps({"messages": [user]}), "messages[0]"),
                (json.dumps({"messages": [user, {"role": "assistant"}]}), "messages[1].content"),
                (json.dumps({"messages": [user, {**answer, "content": 1}]}), "messages[1].content"),
                (json.dumps({"messages": [], "mode": 1}), "'mode' is unknown"),
                (json.dumps({"messages": [], "sampling": {"top_p": 2}}), "top_p"),
                (json.dumps({"messages": [], "sampling": {"top_q": 2}}), "sampling.top_q"),
                ("{\"messages\": [], \"messages\": []}", "duplicate")):
            path = self.folder / "bad.json"
            path.write_text(text)
            shown = session.ask(f"/load {path}").decode()
            self.assertRegex(shown, r"\Alanner: .*bad\.json: [ -~]*\r\n\Z")
            self.assertIn(told, shown)
        self.assertEqual(self.messages(session), before)

    def test_another_model(self):
        other = scripted_model.write(self.folder / "other.gguf",
                                     scripts={"hello": [b"Good ", b"day."]})
        session = self.start()
        session.ask("well?")
        shown = session.ask("/model missing.gguf")
        self.assertRegex(shown, rb"lanner: missing\.gguf: cannot open")
        self.assertEqual(session.ask("well?"), b"Hello, friend.\r\n")
        self.assertIn(b"going on with scripted", session.ask(f"/model {other}"))
        self.assertEqual(session.ask("well?"), b"Good day.\r\n")
        saved = self.saved(session)
        self.assertEqual(saved["model"], other)
        self.assertEqual(len(saved["messages"]), 6)

    def test_stats(self):
        session = self.start()
        self.assertRegex(session.ask("/stats"), rb"no answer yet\r\ncontext +0 of 512 tokens")
        session.ask("well?")
        self.assertRegex(session.ask("/stats"),
                         rb"prompt +12 tokens, 0 of them reused, [\d.]+ tokens/s\r\n"
                         rb"generation +4 tokens, [\d.]+ tokens/s\r\n"
                         rb"context +16 of 512 tokens, 1 turns\r\n"
                         rb"memory +[\d.]+ KiB weights, [\d.]+ KiB context, [\d.]+ MiB in all\r\n"
                         rb"loaded in +[\d.]+ ms\r\n")


class Templates(Case):
    def test_a_model_without_one(self):
        bare = scripted_model.write(self.folder / "bare.gguf", templates={})
        session = self.start(model=bare)
        self.assertIn(b"has no chat template", self.greeting)
        self.assertEqual(session.ask("<|hello|>"), b"Hello, friend.\r\n")

    def test_a_file(self):
        path = self.folder / "mine.jinja"
        path.write_text("{{ messages[-1].content }}<|wide|>")
        session = self.start("--chat-template", str(path))
        self.assertEqual(session.ask("hello").decode(), "你好 🙂 été done\r\n")

    def test_one_that_refuses(self):
        session = self.start(model=scripted_model.write(self.folder / "strict.gguf", templates={
            "": "{% if messages|length > 1 %}{{ raise_exception('enough') }}{% endif %}<|hello|>"}))
        self.assertEqual(session.ask("a"), b"Hello, friend.\r\n")
        self.assertIn(b"lanner: template line 1: enough\r\n", session.ask("b"))
        self.assertEqual(len(self.messages(session)), 2)

    def test_one_that_opens_the_reasoning_itself(self):
        session = self.start(model=scripted_model.write(
            self.folder / "opened.gguf", templates={"": "{{ messages[0].content }}<think>"},
            scripts={"<think>": [b"so</thi", b"nk>", b"\nyes"]}))
        self.assertEqual(session.ask("a"), b"\x1b[2mso\x1b[0m\x1b[2m</think>\x1b[0m\r\nyes\r\n")
        last = self.saved(session)["messages"][-1]
        self.assertEqual((last["reasoning_content"], last["content"]), ("so", "yes"))


class Context(Case):
    def test_overflow_is_an_error_that_helps(self):
        session = self.start("--ctx", "56")
        self.assertEqual(session.ask("well?"), b"Hello, friend.\r\n")
        self.assertEqual(session.ask("well?"), b"Hello, friend.\r\n")
        shown = session.ask("well?")
        self.assertRegex(shown, rb"lanner: \d+ tokens .* the context holds 56: .*--ctx N.*512.*"
                                rb"/reset .*--context-shift")
        self.assertEqual(len(self.messages(session)), 4)
        session.ask("/reset")
        self.assertEqual(session.ask("well?"), b"Hello, friend.\r\n")

    def test_a_shift_drops_whole_turns_and_says_which(self):
        session = self.start("--ctx", "64", "--context-shift", "--system", "S.")
        told = [session.ask(f"well? {i}") for i in range(6)]
        self.assertTrue(all(shown.endswith(b"Hello, friend.\r\n") for shown in told))
        notes = re.findall(rb"nothing of turns (\d+) to (\d+)", b"".join(told))
        self.assertTrue(notes)
        self.assertEqual(notes[0][0], b"1")
        for before, after in zip(notes, notes[1:]):
            self.assertEqual(int(after[0]), int(before[1]) + 1)
        self.assertEqual(len(self.messages(session)), 13)  # nothing is lost from the conversation
        self.assertRegex(session.ask("/stats"), rb"of 64 tokens, [1-3] turns")

    def test_an_answer_that_fills_the_context(self):
        session = self.start("--ctx", "40")
        self.assertIn(b"[the context of 40 tokens is full]", session.ask("long"))


def main():
    global LANNER, STORIES
    LANNER, STORIES, words = arguments.take(__doc__)
    arguments.run(words)


if __name__ == "__main__":
    main()
