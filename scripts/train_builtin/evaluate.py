"""Measures a GGUF file of the built-in model, reading nothing but the file itself.

An independent forward pass in numpy (no PyTorch, none of the training code but
the tokeniser and the split of the text): bits per byte of the held-out text, and
the share of words of sampled text that occur in the training text.
"""
import argparse
import math
import re
import struct

import numpy as np

import bpe
import data


class Reader:
    def __init__(self, path):
        self.b, self.at = open(path, "rb").read(), 0

    def take(self, fmt):
        v = struct.unpack_from("<" + fmt, self.b, self.at)
        self.at += struct.calcsize("<" + fmt)
        return v if len(v) > 1 else v[0]

    def text(self):
        n = self.take("Q")
        self.at += n
        return self.b[self.at - n:self.at].decode("utf-8")

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind == 9:
            inner, n = self.take("IQ")
            return [self.value(inner) for _ in range(n)]
        return self.take({4: "I", 5: "i", 6: "f", 7: "?"}[kind])


def read_gguf(path):
    r = Reader(path)
    magic, version, tensors, pairs = r.take("4sIQQ")
    assert magic == b"GGUF" and version == 3
    meta = {}
    for _ in range(pairs):
        key = r.text()
        meta[key] = r.value(r.take("I"))
    infos = []
    for _ in range(tensors):
        name, dims = r.text(), r.take("I")
        infos.append((name, [r.take("Q") for _ in range(dims)][::-1], *r.take("IQ")))
    base, weights = r.at + -r.at % 32, {}
    for name, shape, kind, offset in infos:
        n = math.prod(shape)
        if kind == 8:
            block = np.dtype([("d", "<f2"), ("q", "i1", 32)])
            v = np.frombuffer(r.b, block, n // 32, base + offset)
            w = v["d"].astype(np.float32)[:, None] * v["q"]
        else:
            w = np.frombuffer(r.b, {0: "<f4", 1: "<f2"}[kind], n, base + offset)
        weights[name] = w.astype(np.float32).reshape(shape)
    return meta, weights


class Model:
    def __init__(self, path):
        self.meta, self.w = read_gguf(path)
        m = {k.removeprefix("llama."): v for k, v in self.meta.items()}
        self.layers, self.eps = m["block_count"], m["attention.layer_norm_rms_epsilon"]
        self.heads, self.kv = m["attention.head_count"], m["attention.head_count_kv"]
        self.hd, self.context = m["rope.dimension_count"], m["context_length"]
        freq = m["rope.freq_base"] ** (-np.arange(0, self.hd, 2) / self.hd)
        angle = np.arange(self.context)[:, None] * freq
        self.cos, self.sin = np.cos(angle), np.sin(angle)
        self.tok = bpe.Tokenizer(self.meta["tokenizer.ggml.merges"])
        assert self.tok.tokens == self.meta["tokenizer.ggml.tokens"]

    def norm(self, x, name):
        r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps)
        return x * r * self.w[name + ".weight"]

    def mul(self, x, name):
        return x @ self.w[name + ".weight"].T

    def rope(self, x, at):
        cos, sin = (t[at:at + len(x), None].astype(np.float32) for t in (self.cos, self.sin))
        out = np.empty_like(x)
        out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
        out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
        return out

    def forward(self, ids, cache=None):
        """Logits for each of ids; cache (a list per layer) holds earlier keys and values."""
        cache = cache if cache is not None else [None] * self.layers
        x = self.w["token_embd.weight"][ids]
        at = 0 if cache[0] is None else len(cache[0][0])
        future = np.arange(at + len(ids)) > np.arange(at, at + len(ids))[:, None]
        for i in range(self.layers):
            b = f"blk.{i}."
            n = self.norm(x, b + "attn_norm")
            q = self.rope(self.mul(n, b + "attn_q").reshape(len(ids), self.heads, -1), at)
            k = self.rope(self.mul(n, b + "attn_k").reshape(len(ids), self.kv, -1), at)
            v = self.mul(n, b + "attn_v").reshape(len(ids), self.kv, -1)
            if cache[i] is not None:
                k, v = np.concatenate([cache[i][0], k]), np.concatenate([cache[i][1], v])
            cache[i] = k, v
            out = []
            for h in range(self.heads):
                g = h // (self.heads // self.kv)
                s = q[:, h] @ k[:, g].T / np.float32(math.sqrt(self.hd))
                s = np.where(future, -np.inf, s)
                s = np.exp(s - s.max(-1, keepdims=True))
                out.append(s / s.sum(-1, keepdims=True) @ v[:, g])
            x = x + self.mul(np.concatenate(out, -1), b + "attn_output")
            n = self.norm(x, b + "ffn_norm")
            gate = self.mul(n, b + "ffn_gate")
            gate = gate / (1 + np.exp(-gate)) * self.mul(n, b + "ffn_up")
            x = x + self.mul(gate, b + "ffn_down")
        return self.mul(self.norm(x, "output_norm"), "token_embd")


def nll(model, window, count):
    """Sum of -log p of the last count tokens of window, in nats."""
    logits = model.forward(window[:-1])[-count:]
    top = logits.max(-1, keepdims=True)
    logsum = np.log(np.exp(logits - top).sum(-1)) + top[:, 0]
    return float((logsum - logits[np.arange(count), window[-count:]]).astype(np.float64).sum())


def bits_per_byte(model, text, stride=256):
    """Every token is scored once, the window begins with <|endoftext|>, 512 long at most."""
    ids, total = np.array(model.tok.encode(text)), 0.0
    for at in range(0, len(ids), stride):
        end = min(at + stride, len(ids))
        begin = max(0, end - (model.context - 1))
        total += nll(model, np.concatenate([[model.tok.eot], ids[begin:end]]), end - at)
    return total / math.log(2) / len(text.encode())


def sample(model, count, seed, temperature=0.8, top_k=40, top_p=0.95, prompt=""):
    """count tokens; after <|endoftext|> or a full context it starts afresh."""
    rng, out, cache = np.random.default_rng(seed), [], None
    while len(out) < count:
        if cache is None or out[-1] == model.tok.eot or len(cache[0][0]) == model.context:
            cache, feed = [None] * model.layers, [model.tok.eot, *model.tok.encode(prompt)]
        logits = model.forward(np.array(feed), cache)[-1] / temperature
        best = np.argsort(-logits)[:top_k]
        p = np.exp(logits[best] - logits[best[0]])
        p /= p.sum()
        p[np.cumsum(p) - p > top_p] = 0  # the token that crosses top_p stays
        out.append(int(rng.choice(best, p=p / p.sum())))
        feed = out[-1:]
    return out


def words(text):
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("gguf", nargs="+")
    a.add_argument("--data", default="../shared/data/text")
    a.add_argument("--seeds", type=int, default=3)
    a.add_argument("--show", type=int, default=600, help="characters of each sample shown")
    arg = a.parse_args()
    texts, held = data.load(arg.data)
    known = set(words(" ".join(texts)))
    for path in arg.gguf:
        model = Model(path)
        print(f"{path}: held-out bits per byte {bits_per_byte(model, held):.4f}"
              f" ({len(held.encode())} bytes)", flush=True)
        for seed in range(1, arg.seeds + 1):
            # A cut (end of context or of the 2,000 tokens) may split a word: not special-cased.
            text = model.tok.decode(sample(model, 2000, seed))
            found = words(text)
            good = sum(w in known for w in found)
            print(f"seed {seed}: {good} of {len(found)} words known, {good / len(found):.2%}")
            print("    " + text[:arg.show].replace("\n", "\n    "), flush=True)


if __name__ == "__main__":
    main()
