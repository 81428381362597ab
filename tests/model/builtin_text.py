#!/usr/bin/env python3
"""The built-in model writes English: what it samples is made of words of its training text.

Usage: builtin_text.py LANNER DATA : DATA is the folder of outside files with the two books. 2,000
tokens are sampled with the program's default settings, in five runs with different seeds; at least
95 % of their words must occur in the training text, and no two runs may give the same text. Exit 77
where DATA is absent.
"""
import json
import os
import re
import subprocess
import sys

N_RUNS, N_TOKENS, KNOWN_MIN = 5, 400, 0.95
HELD_OUT = 160_116  # last bytes of war-and-peace.txt, not trained on: see models/README.md


def words(text):
    return re.findall(r"[^\W\d_]+", text.lower())


def training_words(data):
    with open(os.path.join(data, "text/war-and-peace.txt"), "rb") as f:
        text = f.read()[:-HELD_OUT]
    with open(os.path.join(data, "text/tinyshakespeare.txt"), "rb") as f:
        text += b"\n" + f.read()
    return set(words(text.decode(errors="replace")))


def sample(lanner, seed):
    command = [lanner, "run", "-p", "The", "-n", str(N_TOKENS), "--seed", str(seed),
               "--ignore-eos", "--json"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    if len(answer["tokens"]) != N_TOKENS:
        sys.exit(f"seed {seed}: {len(answer['tokens'])} tokens instead of {N_TOKENS}")
    return "The" + answer["text"]


def main(lanner, data):
    if not os.path.isdir(data):
        print(f"skipped: {data} is not there")
        return 77
    known = training_words(data)
    texts = [sample(lanner, seed) for seed in range(1, N_RUNS + 1)]
    # The last word of a run may be cut by the limit.
    sampled = [word for text in texts for word in words(text)[:-1]]
    share = sum(word in known for word in sampled) / len(sampled)
    print(f"{N_RUNS * N_TOKENS} tokens, {len(sampled)} words, {100 * share:.2f} % known")
    print("unknown:", ", ".join(sorted({word for word in sampled if word not in known})) or "none")
    if len(set(texts)) != N_RUNS:
        print("two seeds gave the same text")
        return 1
    return 0 if share >= KNOWN_MIN and len(sampled) > 500 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
