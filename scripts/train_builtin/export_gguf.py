"""Writes a checkpoint of train.py as GGUF v3, once with F16 and once with Q8_0 matrices.

Row lengths are multiples of 256, so no tensor needs another type; norms stay F32.
"""
import argparse
import os
import pathlib
import struct

import numpy as np
import torch

import bpe

U32, F32, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5  # GGUF metadata types
GGML_F32, GGML_F16, GGML_Q8_0 = 0, 1, 8
ALIGN = 32


def text(s):
    b = s.encode("utf-8")
    return struct.pack("<Q", len(b)) + b


def value(kind, v):
    if kind == STRING:
        return text(v)
    return struct.pack({U32: "<I", F32: "<f", BOOL: "<?", I32: "<i"}[kind], v)


def entry(key, kind, v):
    head = text(key)
    if isinstance(v, list):
        return (head + struct.pack("<IIQ", ARRAY, kind, len(v))
                + b"".join(value(kind, x) for x in v))
    return head + struct.pack("<I", kind) + value(kind, v)


def q8_0(x):
    """Blocks of 32: the scale max|x| / 127 as F16, then 32 signed bytes."""
    x = x.reshape(-1, 32).astype(np.float32)
    d = np.abs(x).max(1, keepdims=True) / np.float32(127)
    inv = np.divide(1, d, out=np.zeros_like(d), where=d > 0)
    out = np.zeros(len(x), np.dtype([("d", "<f2"), ("q", "i1", 32)]))
    out["d"], out["q"] = d[:, 0], np.rint(x * inv)
    return out.tobytes()


def metadata(cfg, merges, quantised):
    tok = bpe.Tokenizer(merges)
    n = len(tok.tokens)
    head = cfg["dim"] // cfg["heads"]
    return [
        ("general.architecture", STRING, "llama"),
        ("general.name", STRING, "lanner-tiny"),
        ("general.description", STRING,
         "English prose; trained on War and Peace and tiny Shakespeare"),
        ("general.license", STRING, "mit"),
        ("general.file_type", U32, 7 if quantised else 1),
        ("general.quantization_version", U32, 2),
        ("llama.context_length", U32, cfg["context"]),
        ("llama.embedding_length", U32, cfg["dim"]),
        ("llama.block_count", U32, cfg["layers"]),
        ("llama.feed_forward_length", U32, cfg["ff"]),
        ("llama.attention.head_count", U32, cfg["heads"]),
        ("llama.attention.head_count_kv", U32, cfg["kv_heads"]),
        ("llama.rope.dimension_count", U32, head),
        ("llama.rope.freq_base", F32, cfg["rope_base"]),
        ("llama.attention.layer_norm_rms_epsilon", F32, cfg["eps"]),
        ("llama.vocab_size", U32, n),
        ("tokenizer.ggml.model", STRING, "gpt2"),
        ("tokenizer.ggml.pre", STRING, "gpt-2"),
        ("tokenizer.ggml.tokens", STRING, tok.tokens),
        ("tokenizer.ggml.token_type", I32, [3 if i == tok.eot else 1 for i in range(n)]),
        ("tokenizer.ggml.merges", STRING, merges),
        ("tokenizer.ggml.bos_token_id", U32, tok.eot),
        ("tokenizer.ggml.eos_token_id", U32, tok.eot),
        ("tokenizer.ggml.add_bos_token", BOOL, True),
        ("tokenizer.ggml.add_eos_token", BOOL, False),
    ]


def tensor_name(parameter):
    """p.blk_0_attn_q -> blk.0.attn_q.weight"""
    name = parameter.removeprefix("p.")
    if name.startswith("blk_"):
        name = name.replace("blk_", "blk.", 1).replace("_", ".", 1)
    return name + ".weight"


def write(path, state, quantised):
    meta = metadata(state["cfg"], state["merges"], quantised)
    infos, blobs, offset = b"", [], 0
    for name, w in state["model"].items():
        w = w.float().numpy()
        if w.ndim == 1:
            kind, blob = GGML_F32, w.astype("<f4").tobytes()
        elif quantised:
            kind, blob = GGML_Q8_0, q8_0(w)
        else:
            kind, blob = GGML_F16, w.astype("<f2").tobytes()
        infos += text(tensor_name(name)) + struct.pack("<I", w.ndim)
        infos += struct.pack(f"<{w.ndim}Q", *reversed(w.shape))  # GGUF: row length first
        infos += struct.pack("<IQ", kind, offset)
        blobs.append(blob + bytes(-len(blob) % ALIGN))
        offset += len(blobs[-1])
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(blobs), len(meta))
    head += b"".join(entry(*m) for m in meta) + infos
    head += bytes(-len(head) % ALIGN)
    with open(f"{path}.tmp", "wb") as f:
        f.write(head + b"".join(blobs))
    os.replace(f"{path}.tmp", path)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("checkpoint")
    a.add_argument("--out", default="models")
    a.add_argument("--name", default="lanner-tiny")
    arg = a.parse_args()
    state = torch.load(arg.checkpoint, map_location="cpu")
    for quantised, suffix in ((False, "f16"), (True, "q8_0")):
        path = pathlib.Path(arg.out) / f"{arg.name}-{suffix}.gguf"
        write(path, state, quantised)
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
