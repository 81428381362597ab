#!/usr/bin/env python3
"""Writes a tiny random model in GGUF form, with the metadata and tensor names of published files.

The idea: weights are drawn so that activations keep the size they have in a real model (every
product has inputs and outputs near 1), so an error anywhere shows in the logits and none is
drowned. Quantised tensors are random bits under sane scales: every code of a format occurs, which
no quantiser would give. The same arguments write the same bytes on every machine. Makes no model
that says anything sensible.
"""
import argparse
import array
import math
import os
import random
import struct
import sys

ALIGNMENT = 32
U32, I32, F32, STRING, ARRAY = 4, 5, 6, 8, 9  # GGUF value kinds

# name: GGUF type id, weights per block, bytes per block
TYPES = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144),
         "Q6_K": (14, 256, 210)}
ORIGINAL_CTX = 64  # of the pretended llama3 scaling: small, so that a tiny head has all three bands
EPSILON = 1e-3  # published files have 1e-5 or 1e-6, whose absence would not show
MERGES = ["t h", "th e", "i n", "a n", "an d", "Ġ t", "Ġt h", "Ġth e", "Ġ a", "e r", "o u",
          "in g"]
END = "<|endoftext|>"


# ---- values of GGUF ------------------------------------------------------------------------------


def string(s):
    raw = s.encode()
    return struct.pack("<Q", len(raw)) + raw


def item(kind, value):
    if kind == STRING:
        return string(value)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f"}[kind], value)


def entry(key, kind, value):
    return string(key) + struct.pack("<I", kind) + item(kind, value)


def list_entry(key, kind, values):
    head = string(key) + struct.pack("<IIQ", ARRAY, kind, len(values))
    return head + b"".join(item(kind, v) for v in values)


# ---- weights -------------------------------------------------------------------------------------


def uniform(n, std):
    """n values of mean 0."""
    width = 2 * std * math.sqrt(3)
    draw = random.random
    return [(draw() - 0.5) * width for _ in range(n)]


def f32(values):
    a = array.array("f", values)
    if sys.byteorder == "big":
        a.byteswap()
    return a.tobytes()


def f16(values):
    return struct.pack("<%de" % len(values), *values)


def half(x):
    """A scale around x, never the same twice."""
    return struct.pack("<e", x * random.uniform(0.5, 1.4))


def block_q8_0(std):
    return half(std / 73.9) + random.randbytes(32)  # int8 of any value has deviation 73.9


def block_q4_k(std):
    # d * sc * q - dmin * m with sc, m in 0..63 and q in 0..15: dmin = 7.5 d makes the mean 0; the
    # deviation is then sqrt(E[sc^2] E[q^2] - (E[sc] E[q])^2 + 7.5^2 Var[m]) = 258 d.
    d = std / 258 * random.uniform(0.5, 1.4)
    return struct.pack("<ee", d, 7.5 * d) + random.randbytes(12 + 128)


def block_q6_k(std):
    # d * sc * (q - 32): deviation 73.9 * 18.5. d is often a denormal half, as in real files.
    return random.randbytes(128 + 64 + 16) + half(std / (73.9 * 18.5))


BLOCKS = {"Q8_0": block_q8_0, "Q4_K": block_q4_k, "Q6_K": block_q6_k}


def matrix(type_name, n_rows, n_cols, std):
    _, width, _ = TYPES[type_name]
    if n_cols % width:
        sys.exit("make_tiny: rows of %d are no multiple of %s's %d" % (n_cols, type_name, width))
    n = n_rows * n_cols
    if type_name == "F32":
        return f32(uniform(n, std))
    if type_name == "F16":
        return f16(uniform(n, std))
    block = BLOCKS[type_name]
    return b"".join(block(std) for _ in range(n // width))


# ---- the model -----------------------------------------------------------------------------------


def byte_alphabet():
    """GPT-2's characters for bytes: printable Latin-1 stands for itself, the rest follow U+0100."""
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(b if b in own else next(others)) for b in range(256)]


def rope_freqs(a):
    """Divisors of Llama 3.1's scaling ("rope_type": "llama3" in its config.json)."""
    factor, low, high = 8.0, 1.0, 4.0
    out = []
    for i in range(a.rope_dim // 2):
        wavelength = 2 * math.pi * a.rope_base ** (2 * i / a.rope_dim)
        if wavelength < ORIGINAL_CTX / high:
            out.append(1.0)
        elif wavelength > ORIGINAL_CTX / low:
            out.append(factor)
        else:
            smooth = (ORIGINAL_CTX / wavelength - low) / (high - low)
            out.append(1 / ((1 - smooth) / factor + smooth))
    return out


def tensors(a, n_vocab):
    """(name, type, dims with the row length first, bytes), in a published file's order."""
    n_q, n_kv = a.heads * a.head_dim, a.kv_heads * a.head_dim
    second = a.mix or a.type

    def weight(name, type_name, n_rows, n_cols, std=None):
        data = matrix(type_name, n_rows, n_cols, std or 1 / math.sqrt(n_cols))
        return name, type_name, [n_cols, n_rows], data

    def vector(name, values):
        return name, "F32", [len(values)], f32(values)

    def norm(name):
        return vector(name, [random.uniform(0.5, 1.5) for _ in range(a.embd)])

    yield weight("token_embd.weight", a.type, n_vocab, a.embd, 0.5)
    if a.rope_scaling == "llama3":
        yield vector("rope_freqs.weight", rope_freqs(a))
    for i in range(a.layers):
        b = "blk.%d." % i
        yield norm(b + "attn_norm.weight")
        yield weight(b + "attn_q.weight", a.type, n_q, a.embd)
        yield weight(b + "attn_k.weight", a.type, n_kv, a.embd)
        yield weight(b + "attn_v.weight", second, n_kv, a.embd)
        if a.arch == "qwen2":
            for part, n in (("q", n_q), ("k", n_kv), ("v", n_kv)):
                yield vector(b + "attn_%s.bias" % part, uniform(n, 0.5))
        yield weight(b + "attn_output.weight", a.type, a.embd, n_q)
        yield norm(b + "ffn_norm.weight")
        yield weight(b + "ffn_gate.weight", a.type, a.ff, a.embd)
        yield weight(b + "ffn_up.weight", second, a.ff, a.embd)
        yield weight(b + "ffn_down.weight", second, a.embd, a.ff)
    yield norm("output_norm.weight")
    if not a.tied:
        yield weight("output.weight", a.type, n_vocab, a.embd)


def metadata(a, tokens):
    p = a.arch + "."
    end = len(tokens) - 1
    out = [
        entry("general.architecture", STRING, a.arch),
        entry("general.name", STRING, "tiny random %s" % a.arch),
        entry("general.alignment", U32, ALIGNMENT),
        entry(p + "block_count", U32, a.layers),
        entry(p + "context_length", U32, a.ctx),
        entry(p + "embedding_length", U32, a.embd),
        entry(p + "feed_forward_length", U32, a.ff),
        entry(p + "attention.head_count", U32, a.heads),
        entry(p + "attention.head_count_kv", U32, a.kv_heads),
        entry(p + "attention.key_length", U32, a.head_dim),
        entry(p + "attention.value_length", U32, a.head_dim),
        entry(p + "attention.layer_norm_rms_epsilon", F32, EPSILON),
        entry(p + "rope.dimension_count", U32, a.rope_dim),
        entry(p + "rope.freq_base", F32, a.rope_base),
        entry(p + "vocab_size", U32, len(tokens)),
        entry("tokenizer.ggml.model", STRING, "gpt2"),
        entry("tokenizer.ggml.pre", STRING, "gpt-2"),
        list_entry("tokenizer.ggml.tokens", STRING, tokens),
        list_entry("tokenizer.ggml.token_type", I32, [1] * end + [3]),
        list_entry("tokenizer.ggml.merges", STRING, MERGES),
        entry("tokenizer.ggml.bos_token_id", U32, end),
        entry("tokenizer.ggml.eos_token_id", U32, end),
    ]
    if a.rope_scaling == "linear":
        out.append(entry(p + "rope.scaling.type", STRING, "linear"))
        out.append(entry(p + "rope.scaling.factor", F32, 4.0))
    return out


def write(a):
    random.seed(a.seed)
    tokens = byte_alphabet() + [m.replace(" ", "") for m in MERGES] + [END]
    keys = metadata(a, tokens)
    infos, data, offset = [], [], 0
    for name, type_name, dims, raw in tensors(a, len(tokens)):
        infos.append(string(name) + struct.pack("<I%dQIQ" % len(dims), len(dims), *dims,
                                                TYPES[type_name][0], offset))
        data.append(raw + bytes(-len(raw) % ALIGNMENT))
        offset += len(data[-1])
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(keys)) + b"".join(keys + infos)
    part = "%s.%d" % (a.out, os.getpid())  # renamed when whole: tests may run side by side
    with open(part, "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT))
        f.writelines(data)
    os.replace(part, a.out)


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("out")
    p.add_argument("--arch", choices=("llama", "qwen2"), default="llama")
    p.add_argument("--type", choices=TYPES, default="F32")
    p.add_argument("--mix", choices=TYPES, help="type of attn_v, ffn_up and ffn_down, if another")
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--embd", type=int, default=256)
    p.add_argument("--ff", type=int, default=512)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--kv-heads", type=int, default=2)
    p.add_argument("--head-dim", type=int, default=64)
    p.add_argument("--tied", action="store_true", help="the embedding is the output matrix")
    p.add_argument("--rope-scaling", choices=("none", "linear", "llama3"), default="none")
    p.add_argument("--rope-dim", type=int, help="dimensions that rotate (all of a head)")
    p.add_argument("--rope-base", type=float, default=10000.0)
    p.add_argument("--ctx", type=int, default=512)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    a.rope_dim = a.rope_dim or a.head_dim
    return a


if __name__ == "__main__":
    write(arguments())
