#!/usr/bin/env python3
"""lanner's greedy text equals llama.cpp's for the same file and prompt.

Usage: same_text.py LANNER SOURCE_FOLDER MODEL... : both run greedily from several prompts; prompt
tokens, answer tokens and text must be the same. Where the peer cannot be installed (no network, no
Node 20) the test is skipped (77) and says why.
"""
import json
import os
import subprocess
import sys

PROMPTS = ["Once upon a time", "The little dog was", "\"Where are you going?\" said"]
N_TOKENS = 64


def lanner_answer(lanner, model, prompt):
    command = [lanner, "run", model, "--raw", "--temp", "0", "-n", str(N_TOKENS), "--json",
               "-p", prompt]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    ids = subprocess.run([lanner, "tokenize", model, prompt, "--json"], capture_output=True,
                         check=True).stdout
    return {"prompt": json.loads(ids)["tokens"], "tokens": answer["tokens"],
            "text": answer["text"]}


def peer_answer(source, model, prompt):
    command = ["node", os.path.join(source, "tests/peer/greedy.mjs"),
               os.path.join(source, "build/peer"), model, str(N_TOKENS), prompt]
    done = subprocess.run(command, capture_output=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"the peer failed on {model}: {done.stderr.decode()}")
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def main(lanner, source, *models):
    setup = subprocess.run(["bash", os.path.join(source, "scripts/peer_setup.sh")],
                           capture_output=True)
    if setup.returncode != 0:
        print("skipped, the peer is not to be had:", setup.stderr.decode().strip())
        return 77
    n_different = 0
    for model in models:
        for prompt in PROMPTS:
            ours, theirs = lanner_answer(lanner, model, prompt), peer_answer(source, model, prompt)
            same = ours == theirs
            n_different += not same
            print(f"{'same     ' if same else 'DIFFERENT'} {os.path.basename(model)}: {prompt!r}")
            if not same:
                print("  lanner", ours)
                print("  peer  ", theirs)
    return 1 if n_different else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
