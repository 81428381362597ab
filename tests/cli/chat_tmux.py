#!/usr/bin/env python3
"""A whole conversation in a real terminal (tmux), as a person holds it, compared with the one kept
in docs/screens/chat.txt.

The model generates until it is stopped, so where Ctrl-C falls differs from run to run: of a stopped
answer the shorter must begin the longer, and figures are not compared. Each step waits for the text
that shows it is done. With --set the file is rewritten: read the diff before keeping it.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from behaviour import patch_u32  # noqa: E402

LIMIT_S = 200  # for all of it; less than ctest's limit, so that tmux is always ended
KEPT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "screens" / "chat.txt"
FIRST, SECOND = "Once upon a time there was a dog called Max.", "Then Max saw"
N_COMPARED = 12  # tokens of the second answer


class Terminal:
    """tmux with a server of its own, 100 x 30, running one command."""

    def __init__(self, command, folder):
        self.name = f"lanner-{os.getpid()}"
        self.give_up = time.monotonic() + LIMIT_S
        conf = pathlib.Path(folder) / "tmux.conf"
        conf.write_text("set -g remain-on-exit on\nset -g status off\nset -g history-limit 2000\n"
                        "set -g default-terminal screen\n")
        self.tmux("-f", str(conf), "new-session", "-d", "-x", "100", "-y", "30", command,
                  cwd=folder)

    def tmux(self, *words, cwd=None):
        return subprocess.run(["tmux", "-L", self.name, *words], check=True, capture_output=True,
                              text=True, cwd=cwd, timeout=LIMIT_S,
                              env={**os.environ, "TERM": "screen"}).stdout

    def text(self):
        """All that was shown, wrapped lines joined."""
        lines = self.tmux("capture-pane", "-p", "-J", "-S", "-").split("\n")
        return "\n".join(line.rstrip() for line in lines).rstrip("\n")

    def wait(self, pattern):
        while not re.search(pattern, text := self.text(), re.S):
            if time.monotonic() > self.give_up:
                raise SystemExit(f"waited in vain for {pattern!r} in:\n{text}")
            time.sleep(0.01)
        return text

    def type(self, text):
        self.tmux("send-keys", "-l", text)
        self.tmux("send-keys", "Enter")

    def key(self, name):
        self.tmux("send-keys", name)

    def close(self):
        subprocess.run(["tmux", "-L", self.name, "kill-server"], capture_output=True)


def converse(terminal):
    """Holds the conversation and returns all that was shown."""
    ready = r"\n>\Z"
    terminal.wait(ready)
    terminal.type(FIRST)
    terminal.wait(re.escape(FIRST) + r"\n(?:\s*\S+\s){15}")
    terminal.key("C-c")
    terminal.wait(r"\[stopped\]" + ready)
    terminal.type(SECOND)
    terminal.wait(re.escape(SECOND) + r"\n(?:\s*\S+\s){30}")
    terminal.key("C-c")
    terminal.wait(r"\[stopped\].*\[stopped\]" + ready)
    for command, told in (("/stats", r"loaded in +[\d.]+ ms"),
                          ("/model missing.gguf", r"missing\.gguf: cannot open[^\n]*"),
                          ("/model other.gguf", r"going on with[^\n]*"),
                          ("/save chat.json", r"saved 4 messages to chat\.json")):
        terminal.type(command)
        terminal.wait(re.escape(command) + ".*" + told + ready)
    terminal.type("/quit")
    return terminal.wait(r"exit code \d+")


def complete(lanner, model, prompt, n):
    """The n tokens that follow a raw prompt, as text."""
    done = subprocess.run([lanner, "run", model, "--raw", "--json", "--temp", "0", "-n", str(n),
                           "-f", "-"], input=prompt.encode(), capture_output=True, check=True,
                          timeout=LIMIT_S)
    return json.loads(done.stdout)["text"]


def check_dependence(lanner, folder):
    """The second answer is the one to both questions, and not the one to the second alone."""
    messages = json.loads((folder / "chat.json").read_text())["messages"]
    first, answer, second, got = (m["content"] for m in messages)
    model = str(folder / "endless.gguf")
    both = complete(lanner, model, first + answer + "\n" + second, N_COMPARED)
    alone = complete(lanner, model, second, N_COMPARED)
    if not got.startswith(both) or got.startswith(alone):
        raise SystemExit(f"the second answer: {got[:80]!r}\nto both questions: {both!r}\n"
                         f"to the second alone: {alone!r}")


def stable(text):
    """The parts to compare: (stopped answers, the rest without figures)."""
    answers = re.findall(r"(?:Max\.|saw)\n(.*?)\n\[stopped\]", text, re.S)
    rest = re.sub(r"(Max\.|saw)\n.*?\n\[stopped\]", r"\1\n[stopped]", text, flags=re.S)
    rest = re.sub(r"(?m)^Pane is dead.*$", "", rest).rstrip("\n")
    return answers, re.sub(r"\d+(\.\d+)?", "#", rest)


def compare(got, kept):
    (answers, rest), (old_answers, old_rest) = stable(got), stable(kept)
    first, old_first = answers[0].rstrip(), old_answers[0].rstrip()
    n = min(len(first), len(old_first)) - 8  # "^C" stands within the last word
    if len(answers) != 2 or n < 40 or first[:n] != old_first[:n] or rest != old_rest:
        raise SystemExit(f"this was shown:\n{got}\n\n{KEPT} has:\n{kept}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lanner", required=True, help="the program")
    parser.add_argument("--shared-data", required=True, help="folder of test data from outside")
    parser.add_argument("--set", action="store_true", help=f"rewrite {KEPT.name}")
    args = parser.parse_args()
    stories = pathlib.Path(args.shared_data) / "models" / "stories260K.gguf"
    if not pathlib.Path(args.shared_data).is_dir():
        print(f"skipped: no {args.shared_data}")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        patch_u32(stories, folder / "endless.gguf", b"llama.context_length", 1 << 20)
        shutil.copy(folder / "endless.gguf", folder / "other.gguf")
        (folder / "lanner").symlink_to(pathlib.Path(args.lanner).resolve())
        command = "lanner run endless.gguf --chat-template plain --ctx 20000 --temp 0"
        terminal = Terminal(f"export PATH=$PWD:$PATH XDG_STATE_HOME=$PWD/state LC_ALL=C.UTF-8; "
                            f"echo '$ {command}'; {command}; echo \"exit code $?\"", folder)
        try:
            got = converse(terminal)
        finally:
            terminal.close()
        check_dependence(args.lanner, folder)
    if "exit code 0" not in got:
        raise SystemExit(f"did not end well:\n{got}")
    if args.set:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(re.sub(r"\n*Pane is dead.*\Z", "", got, flags=re.S) + "\n")
        return
    compare(got, KEPT.read_text())


if __name__ == "__main__":
    main()
