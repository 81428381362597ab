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
import shlex
import struct
import sys

ALIGNMENT = 32
U32, I32, F32, STRING, ARRAY = 4, 5, 6, 8, 9  # GGUF value kinds

# name: GGUF type id, weights per block, bytes per block
TYPES = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q4_0": (2, 32, 18), "Q4_1": (3, 32, 20),
         "Q5_0": (6, 32, 22), "Q5_1": (7, 32, 24), "Q8_0": (8, 32, 34), "Q2_K": (10, 256, 84),
         "Q3_K": (11, 256, 110), "Q4_K": (12, 256, 144), "Q5_K": (13, 256, 176),
         "Q6_K": (14, 256, 210), "IQ4_NL": (20, 32, 18), "IQ4_XS": (23, 256, 136),
         "BF16": (30, 1, 2), "MXFP4": (39, 32, 17)}
IQ4_LEVELS = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
FP4_LEVELS = (0, 0.5, 1, 1.5, 2, 3, 4, 6)
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


def bf16(values):
    raw = f32(values)
    out = bytearray(len(raw) // 2)
    out[0::2], out[1::2] = raw[2::4], raw[3::4]
    return bytes(out)


def rms(levels):
    return math.sqrt(sum(v * v for v in levels) / len(levels))


def half(x, signed=False):
    """A scale around x, never the same twice."""
    sign = random.choice((-1, 1)) if signed else 1
    return struct.pack("<e", sign * x * random.uniform(0.5, 1.4))


def halves(d, factor):
    """A scale around d, and a minimum that makes the mean of a block 0."""
    d *= random.uniform(0.5, 1.4)
    return struct.pack("<ee", d, factor * d)


# Blocks of random bits whose values have about this deviation. Divisors are the deviation for d = 1
# of a uniform code times, where a format has them, uniform scales; q - 8 and its like have a mean
# of half a step, which a random sign of d makes harmless.


def block_q4_0(std):
    return half(std / 4.64, True) + random.randbytes(16)


def block_q4_1(std):
    return halves(std / 4.61, -7.5) + random.randbytes(16)


def block_q5_0(std):
    return half(std / 9.25, True) + random.randbytes(4 + 16)


def block_q5_1(std):
    return halves(std / 9.23, -15.5) + random.randbytes(4 + 16)


def block_q8_0(std):
    return half(std / 73.9) + random.randbytes(32)


def block_q2_k(std):
    # d * sc * q - dmin * m with sc, m in 0..15 and q in 0..3: dmin = 1.5 d makes the mean 0; the
    # deviation is then sqrt(E[sc^2] E[q^2] - (E[sc] E[q])^2 + 1.5^2 Var[m]) = 13.9 d.
    return random.randbytes(16 + 64) + halves(std / 13.9, 1.5)


def block_q3_k(std):
    # d * (sc - 32) * (q - 4): deviation 18.5 * 2.35
    return random.randbytes(32 + 64 + 12) + half(std / (18.5 * 2.35))


def block_q4_k(std):
    # as Q2_K with sc, m in 0..63 and q in 0..15
    return halves(std / 258, 7.5) + random.randbytes(12 + 128)


def block_q5_k(std):
    return halves(std / 527, 15.5) + random.randbytes(12 + 32 + 128)


def block_q6_k(std):
    # d * sc * (q - 32): deviation 73.9 * 18.5. d is often a denormal half, as in real files.
    return random.randbytes(128 + 64 + 16) + half(std / (73.9 * 18.5))


def block_iq4_nl(std):
    return half(std / rms(IQ4_LEVELS), True) + random.randbytes(16)


def block_iq4_xs(std):
    return half(std / (18.5 * rms(IQ4_LEVELS))) + random.randbytes(2 + 4 + 128)


def block_mxfp4(std):
    exponent = round(math.log2(std / rms(FP4_LEVELS))) + random.randrange(-1, 2)
    return bytes([127 + exponent]) + random.randbytes(16)


FLOATS = {"F32": f32, "F16": f16, "BF16": bf16}
BLOCKS = {"Q4_0": block_q4_0, "Q4_1": block_q4_1, "Q5_0": block_q5_0, "Q5_1": block_q5_1,
          "Q8_0": block_q8_0, "Q2_K": block_q2_k, "Q3_K": block_q3_k, "Q4_K": block_q4_k,
          "Q5_K": block_q5_k, "Q6_K": block_q6_k, "IQ4_NL": block_iq4_nl, "IQ4_XS": block_iq4_xs,
          "MXFP4": block_mxfp4}


def matrix(type_name, n_rows, n_cols, std):
    _, width, _ = TYPES[type_name]
    if n_cols % width:
        sys.exit("make_tiny: rows of %d are no multiple of %s's %d" % (n_cols, type_name, width))
    n = n_rows * n_cols
    if type_name in FLOATS:
        return FLOATS[type_name](uniform(n, std))
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
        if wavelength < a.original_ctx / high:
            out.append(1.0)
        elif wavelength > a.original_ctx / low:
            out.append(factor)
        else:
            smooth = (a.original_ctx / wavelength - low) / (high - low)
            out.append(1 / ((1 - smooth) / factor + smooth))
    return out


GEMMA = ("gemma2", "gemma3")
QK_NORM = ("qwen3", "qwen3moe", "gemma3")


def vector(name, values):
    return name, "F32", [len(values)], f32(values)


def norm(name, n):
    return vector(name, [random.uniform(0.5, 1.5) for _ in range(n)])


def weight(name, type_name, n_rows, n_cols, std=None):
    data = matrix(type_name, n_rows, n_cols, std or 1 / math.sqrt(n_cols))
    return name, type_name, [n_cols, n_rows], data


def experts(a, name, type_name, n_rows, n_cols):
    name, type_name, _, data = weight(name, type_name, n_rows * a.experts, n_cols)
    return name, type_name, [n_cols, n_rows, a.experts], data


def router(a, name):
    """Scores of deviation 2: the expert used second has a fifth of the weight, not half or none.
    Drawn apart, so that a model of one expert has the weights of the dense one."""
    state = random.getstate()
    random.seed("%s of %d" % (name, a.seed))
    out = vector(name, uniform(a.experts * a.embd, 2 / math.sqrt(a.embd)))
    random.setstate(state)
    return out[0], out[1], [a.embd, a.experts], out[3]


def attention(a, b, second):
    n_q, n_kv = a.heads * a.head_dim, a.kv_heads * a.head_dim
    yield norm(b + "attn_norm.weight", a.embd)
    if a.arch == "phi3":
        yield weight(b + "attn_qkv.weight", a.type, n_q + 2 * n_kv, a.embd)
    else:
        yield weight(b + "attn_q.weight", a.type, n_q, a.embd)
        yield weight(b + "attn_k.weight", a.type, n_kv, a.embd)
        yield weight(b + "attn_v.weight", second, n_kv, a.embd)
    if a.arch == "qwen2":
        for part, n in (("q", n_q), ("k", n_kv), ("v", n_kv)):
            yield vector(b + "attn_%s.bias" % part, uniform(n, 0.5))
    if a.arch in QK_NORM:
        yield norm(b + "attn_q_norm.weight", a.head_dim)
        yield norm(b + "attn_k_norm.weight", a.head_dim)
    yield weight(b + "attn_output.weight", a.type, a.embd, n_q)
    if a.arch in GEMMA:
        yield norm(b + "post_attention_norm.weight", a.embd)


def net(a, b, second):
    yield norm(b + "ffn_norm.weight", a.embd)
    if a.experts:
        yield router(a, b + "ffn_gate_inp.weight")
        yield experts(a, b + "ffn_gate_exps.weight", a.type, a.ff, a.embd)
        yield experts(a, b + "ffn_up_exps.weight", second, a.ff, a.embd)
        yield experts(a, b + "ffn_down_exps.weight", second, a.embd, a.ff)
        return
    if a.arch == "phi3":
        yield weight(b + "ffn_up.weight", a.type, 2 * a.ff, a.embd)
    else:
        yield weight(b + "ffn_gate.weight", a.type, a.ff, a.embd)
        yield weight(b + "ffn_up.weight", second, a.ff, a.embd)
    yield weight(b + "ffn_down.weight", second, a.embd, a.ff)
    if a.arch in GEMMA:
        yield norm(b + "post_ffw_norm.weight", a.embd)


def tensors(a, n_vocab):
    """(name, type, dims with the row length first, bytes), in a published file's order."""
    # Gemma multiplies the embedding by sqrt(n_embd), and its output matrix is the embedding.
    yield weight("token_embd.weight", a.type, n_vocab, a.embd,
                 1 / math.sqrt(a.embd) if a.arch in GEMMA else 0.5)
    if a.rope_scaling == "llama3":
        yield vector("rope_freqs.weight", rope_freqs(a))
    if a.rope_scaling == "longrope":
        for which, most in (("long", 8), ("short", 2)):
            yield vector("rope_factors_%s.weight" % which,
                         [random.uniform(1, most) for _ in range(a.rope_dim // 2)])
    for i in range(a.layers):
        yield from attention(a, "blk.%d." % i, a.mix or a.type)
        yield from net(a, "blk.%d." % i, a.mix or a.type)
    yield norm("output_norm.weight", a.embd)
    if not a.tied:
        yield weight("output.weight", a.type, n_vocab, a.embd)


def optional_metadata(a, p):
    if a.rope_scaling in ("linear", "yarn"):
        yield entry(p + "rope.scaling.type", STRING, a.rope_scaling)
    if a.rope_scaling in ("linear", "yarn", "untyped"):
        yield entry(p + "rope.scaling.factor", F32, a.rope_factor)
    if a.rope_scaling in ("yarn", "longrope"):
        yield entry(p + "rope.scaling.original_context_length", U32, a.original_ctx)
    if a.attn_factor:
        yield entry(p + "rope.scaling.attn_factor", F32, a.attn_factor)
    if a.window:
        yield entry(p + "attention.sliding_window", U32, a.window)
    if a.attn_cap:
        yield entry(p + "attn_logit_softcapping", F32, a.attn_cap)
    if a.final_cap:
        yield entry(p + "final_logit_softcapping", F32, a.final_cap)
    if a.experts:
        yield entry(p + "expert_count", U32, a.experts)
        yield entry(p + "expert_used_count", U32, a.experts_used)
    if a.arch == "qwen3moe":
        yield entry(p + "expert_feed_forward_length", U32, a.ff)


def metadata(a, tokens):
    p = a.arch + "."
    end = len(tokens) - 1
    return [
        entry("general.architecture", STRING, a.arch),
        entry("general.name", STRING, "tiny random model"),
        entry("general.alignment", U32, ALIGNMENT),
        entry(p + "block_count", U32, a.layers),
        entry(p + "context_length", U32, a.ctx),
        entry(p + "embedding_length", U32, a.embd),
        # Files of qwen3moe have here the width of a dense net that no layer has.
        entry(p + "feed_forward_length", U32, a.ff * (3 if a.arch == "qwen3moe" else 1)),
        entry(p + "attention.head_count", U32, a.heads),
        entry(p + "attention.head_count_kv", U32, a.kv_heads),
        entry(p + "attention.key_length", U32, a.head_dim),
        entry(p + "attention.value_length", U32, a.head_dim),
        entry(p + "attention.layer_norm_rms_epsilon", F32, EPSILON),
        entry(p + "rope.dimension_count", U32, a.rope_dim),
        entry(p + "rope.freq_base", F32, a.rope_base),
        entry(p + "vocab_size", U32, len(tokens)),
        *optional_metadata(a, p),
        entry("tokenizer.ggml.model", STRING, "gpt2"),
        entry("tokenizer.ggml.pre", STRING, "gpt-2"),
        list_entry("tokenizer.ggml.tokens", STRING, tokens),
        list_entry("tokenizer.ggml.token_type", I32, [1] * end + [3]),
        list_entry("tokenizer.ggml.merges", STRING, MERGES),
        entry("tokenizer.ggml.bos_token_id", U32, end),
        entry("tokenizer.ggml.eos_token_id", U32, end),
    ]


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


def parser():
    p = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Without arguments: such lines from standard input, a model each.")
    p.add_argument("out")
    p.add_argument("--arch", default="llama",
                   choices=("llama", "qwen2", "qwen3", "qwen3moe", "gemma2", "gemma3", "phi3"))
    p.add_argument("--type", choices=TYPES, default="F32")
    p.add_argument("--mix", choices=TYPES, help="type of attn_v, ffn_up and ffn_down, if another")
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--embd", type=int, default=256)
    p.add_argument("--ff", type=int, default=512, help="width of the net, or of an expert's")
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--kv-heads", type=int, default=2)
    p.add_argument("--head-dim", type=int, default=64)
    p.add_argument("--tied", action="store_true", help="the embedding is the output matrix")
    p.add_argument("--experts", type=int, default=0)
    p.add_argument("--experts-used", type=int, default=2)
    p.add_argument("--window", type=int, default=0)
    p.add_argument("--attn-cap", type=float, default=0)
    p.add_argument("--final-cap", type=float, default=0)
    p.add_argument("--rope-scaling", default="none",
                   choices=("none", "linear", "untyped", "llama3", "yarn", "longrope"))
    p.add_argument("--rope-factor", type=float, default=4.0, help="of linear, untyped and yarn")
    p.add_argument("--original-ctx", type=int, default=64,
                   help="before the scaling: small, so that a tiny head has every kind of pair")
    p.add_argument("--attn-factor", type=float, default=0, help="size of cos and sin")
    p.add_argument("--rope-dim", type=int, help="dimensions that rotate (all of a head)")
    p.add_argument("--rope-base", type=float, default=10000.0)
    p.add_argument("--ctx", type=int, default=512)
    p.add_argument("--seed", type=int, default=1)
    return p


def main():
    p = parser()
    for line in [sys.argv[1:]] if len(sys.argv) > 1 else map(shlex.split, sys.stdin):
        a = p.parse_args(line)
        a.rope_dim = a.rope_dim or a.head_dim
        a.tied = a.tied or a.arch in GEMMA
        write(a)


if __name__ == "__main__":
    main()
