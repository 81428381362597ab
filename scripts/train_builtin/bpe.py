"""Byte-level BPE (the GPT-2 scheme): training, encoding, decoding. Standard library only.

A token is written as a string over GPT-2's byte-to-unicode alphabet, the way
GGUF's tokenizer.ggml.tokens and tokenizer.ggml.merges spell it.
"""
import collections
import re

EOT = "<|endoftext|>"

# GPT-2's pre-tokeniser. Python's re has no \p{L}; [^\W\d_] is the letters, \d the digits.
PATTERN = re.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def byte_alphabet():
    """Byte -> printable character, in GPT-2's order (printable bytes first)."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in keep]
    return {**{b: chr(b) for b in keep}, **{b: chr(256 + i) for i, b in enumerate(rest)}}


BYTE_TO_CHAR = byte_alphabet()
CHAR_TO_BYTE = {c: b for b, c in BYTE_TO_CHAR.items()}


def spell(text):
    return "".join(BYTE_TO_CHAR[b] for b in text.encode("utf-8"))


def train(text, vocab_size):
    """Learn the merges; the vocabulary is 256 bytes, the merges and one control token."""
    words = collections.Counter(PATTERN.findall(text))
    seqs = [list(spell(w)) for w in words]
    counts = list(words.values())
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for i, seq in enumerate(seqs):
        for pair in zip(seq, seq[1:]):
            pairs[pair] += counts[i]
            where[pair].add(i)
    merges = []
    while len(merges) < vocab_size - 257:
        best = max(pairs, key=lambda p: (pairs[p], p))  # ties: by spelling, so it is repeatable
        merges.append(best)
        for i in where.pop(best):
            old = seqs[i]
            new = merge(old, best)
            for pair in zip(old, old[1:]):
                pairs[pair] -= counts[i]
            for pair in zip(new, new[1:]):
                pairs[pair] += counts[i]
                where[pair].add(i)
            seqs[i] = new
        del pairs[best]
    return [f"{a} {b}" for a, b in merges]


def merge(seq, pair):
    out, i = [], 0
    while i < len(seq):
        if i + 1 < len(seq) and (seq[i], seq[i + 1]) == pair:
            out.append(seq[i] + seq[i + 1])
            i += 2
        else:
            out.append(seq[i])
            i += 1
    return out


class Tokenizer:
    def __init__(self, merges):
        self.merges = merges
        self.rank = {tuple(m.split(" ")): i for i, m in enumerate(merges)}
        self.tokens = [*BYTE_TO_CHAR.values(), *("".join(m.split(" ")) for m in merges), EOT]
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.eot = self.ids[EOT]
        self.cache = {}

    def word(self, w):
        if w not in self.cache:
            seq = list(spell(w))
            while len(seq) > 1:
                best = min(zip(seq, seq[1:]), key=lambda p: self.rank.get(p, 1 << 30))
                if best not in self.rank:
                    break
                seq = merge(seq, best)
            self.cache[w] = [self.ids[t] for t in seq]
        return self.cache[w]

    def encode(self, text):
        return [t for w in PATTERN.findall(text) for t in self.word(w)]

    def decode(self, ids):
        chars = "".join(self.tokens[i] for i in ids if i != self.eot)
        return bytes(CHAR_TO_BYTE[c] for c in chars).decode("utf-8", "replace")
