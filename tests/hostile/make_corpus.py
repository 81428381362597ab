#!/usr/bin/env python3
"""Makes the hostile model files: make_corpus.py FOLDER writes them and FOLDER/cases.json.

Each case is one thing wrong with a file that else is valid, either a tiny llama model that loads
and generates, or where only the container matters a few bytes. cases.json holds for each case:
name, file, what must come of `lanner run` and of `lanner inspect` ("ok", "error", "any": ok or a
clean error), and the regular expression that the error line must match: the key, tensor or property
that is wrong. The names follow the plan of cases: H header, K keys, T tensors, A sizes of the
architecture, V vocabulary. Python 3, standard library only; the same files on every run.
"""

import json
import pathlib
import random
import struct
import sys

from forge import (ARRAY, BOOL, F32, F64, I8, I32, I64, STRING, T_F16, T_F32, T_I8, T_Q4_0, U8,
                   U16, U32, U64, Gguf, Tensor, array, string)

EMBD, HEADS, HEADS_KV, FF = 32, 2, 1, 32
HEAD_DIM = EMBD // HEADS
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6

TOKENS = ([("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)] +
          [(f"<0x{b:02X}>", 0.0, BYTE) for b in range(256)] +
          [(t, -1.0 - i, NORMAL) for i, t in enumerate(
              ["\u2581", "e", "t", "a", "o", "i", "n", "s", "h", "r", "d", "l", "u", "\u2581a",
               "\u2581t", "he",
               "\u2581the", "in", "er", "an", "\u2581s", "re", "on", "at", "\u2581o", "ou", "is",
               "en", "ing"])])

CASES = []


def weights(name, dims, scale=0.2):
    rng = random.Random(name)
    n = dims[0] * (dims[1] if len(dims) > 1 else 1)
    return struct.pack(f"<{n}f", *(rng.uniform(-scale, scale) for _ in range(n)))


def model(tokens=TOKENS):
    """A llama model of one layer that generates (nonsense); 60 KB."""
    g = Gguf()
    g.set("general.architecture", STRING, "llama")
    for key, n in (("context_length", 64), ("embedding_length", EMBD), ("block_count", 1),
                   ("feed_forward_length", FF), ("attention.head_count", HEADS),
                   ("attention.head_count_kv", HEADS_KV), ("rope.dimension_count", HEAD_DIM)):
        g.set("llama." + key, U32, n)
    g.set("llama.attention.layer_norm_rms_epsilon", F32, 1e-5)
    g.set("tokenizer.ggml.model", STRING, "llama")
    g.set("tokenizer.ggml.tokens", ARRAY, array(STRING, [t[0] for t in tokens]))
    g.set("tokenizer.ggml.scores", ARRAY, array(F32, [t[1] for t in tokens]))
    g.set("tokenizer.ggml.token_type", ARRAY, array(I32, [t[2] for t in tokens]))
    for key, n in (("bos", 1), ("eos", 2), ("unknown", 0)):
        g.set(f"tokenizer.ggml.{key}_token_id", U32, n)

    def matrix(name, n_cols, n_rows):
        g.tensors.append(Tensor(name, [n_cols, n_rows], data=weights(name, [n_cols, n_rows])))

    def norm(name):
        g.tensors.append(Tensor(name, [EMBD], data=struct.pack(f"<{EMBD}f", *[1.0] * EMBD)))

    matrix("token_embd.weight", EMBD, len(tokens))
    norm("output_norm.weight")
    norm("blk.0.attn_norm.weight")
    matrix("blk.0.attn_q.weight", EMBD, EMBD)
    matrix("blk.0.attn_k.weight", EMBD, HEADS_KV * HEAD_DIM)
    matrix("blk.0.attn_v.weight", EMBD, HEADS_KV * HEAD_DIM)
    matrix("blk.0.attn_output.weight", EMBD, EMBD)
    norm("blk.0.ffn_norm.weight")
    matrix("blk.0.ffn_gate.weight", EMBD, FF)
    matrix("blk.0.ffn_up.weight", EMBD, FF)
    matrix("blk.0.ffn_down.weight", FF, EMBD)
    return g


def bpe_model(merges=("h e", "l l", "he ll", "hell o")):
    """The same with a byte-level vocabulary."""
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    chars = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    merged = [m.replace(" ", "") for m in ("h e", "l l", "he ll", "hell o")]
    g = model([(t, 0.0, NORMAL) for t in chars + merged] + [("<|endoftext|>", 0.0, CONTROL)])
    g.set("tokenizer.ggml.model", STRING, "gpt2")
    g.set("tokenizer.ggml.pre", STRING, "gpt-2")
    g.set("tokenizer.ggml.merges", ARRAY, array(STRING, list(merges)))
    g.drop("tokenizer.ggml.scores")
    g.drop("tokenizer.ggml.unknown_token_id")
    g.set("tokenizer.ggml.bos_token_id", U32, 260)
    g.set("tokenizer.ggml.eos_token_id", U32, 260)
    return g


def small():
    """A valid container with one key and one tensor."""
    g = Gguf()
    g.set("general.architecture", STRING, "llama")
    g.tensors = [Tensor("w", [8, 2])]
    return g


def case(name, run, match, data, inspect=None, size=None):
    """size: the file is made that long, with a hole at its end."""
    assert all(c["name"] != name for c in CASES), name
    CASES.append({"name": name, "file": name + ".gguf", "run": run, "match": match,
                  "inspect": inspect or ("any" if run == "error" else run),
                  "data": data.build() if isinstance(data, Gguf) else bytes(data), "size": size})


def broken(name, match, data, size=None):
    """The container itself is damaged or unsupported: every command must refuse it."""
    case(name, "error", match, data, "error", size)


def wrong(name, match, data):
    """A valid container with metadata or tensors that do not make a model."""
    case(name, "error", match, data)


def changed(make, **keys):
    """make() with keys changed: name=(kind, value), or None to drop; __ stands for a dot."""
    g = make()
    for key, x in keys.items():
        key = key.replace("__", ".")
        if x is None:
            g.drop(key)
        else:
            g.set(key, *x)
    return g


def headers():
    base = small().build()
    broken("H01-empty", "not a GGUF file", b"")
    for n in range(1, 24):
        broken(f"H02-cut-at-{n}", f"ends at byte {n}\\b" if n < 16 else "header at byte 16",
               base[:n])
    broken("H03-magic-lower", "not a GGUF file", b"gguf" + base[4:])
    broken("H03-magic-swapped", "big-endian", b"FUGG" + base[4:])
    broken("H03-zip", "not a GGUF file", b"PK\3\4" + bytes(64))
    broken("H03-escapes", "not a GGUF file", b"\x1b[2J\x1b[31mhello")
    for version in (0, 1, 4, 2**32 - 1):
        broken(f"H04-version-{version}", f"version {version}\\b",
               b"GGUF" + struct.pack("<I", version) + base[8:])
    broken("H04-version-big-endian", "big-endian", b"GGUF" + struct.pack(">I", 3) + base[8:])
    case("H04-version-2", "ok", "", b"GGUF" + struct.pack("<I", 2) + model().build()[8:])
    for n in (2**63, 2**64 // 96, 2**64 // 96 + 1, 2**64 - 1, 10**9):
        g = small()
        g.n_tensors = n
        broken(f"H05-tensors-{n}", f"{n} tensors", g)
        g = small()
        g.n_values = n
        broken(f"H06-keys-{n}", f"{n} keys", g)
    broken("H07-one-key-then-end", "1 keys", b"GGUF" + struct.pack("<IQQ", 3, 0, 1))
    broken("H09-sparse-zeros", "not a GGUF file", b"", 2**40)
    case("H09-sparse-tail", "ok", "", model(), size=2**40)
    g = small()
    g.add("k", ARRAY, struct.pack("<IQ", U64, 2**26))
    broken("H09-sparse-array", "header is larger", g, 2**40)
    data = model().build()
    broken("H11-header-only", "token_embd.weight", data[:len(model().header())])


def keys():
    def one(payload):
        return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + payload + bytes(64)

    value = struct.pack("<II", U32, 7)
    broken("K01-key-empty", "key 1 .*empty", one(string("") + value))
    broken("K02-key-65536", "65536 bytes long", one(string("k" * 65536) + value))
    broken("K03-key-2e64", "18446744073709551615 bytes long", one(struct.pack("<Q", 2**64 - 1)))
    broken("K04-key-nul", "key 1 .*control character", one(string("a\0b") + value))
    broken("K04-key-escape", "key 1 .*control character", one(string("a\x1b[31m\rb") + value))
    broken("K04-key-utf8", "key 1 .*UTF-8", one(string(b"a\xff\xfe") + value))
    broken("K04-key-newline", "key 1 .*control character", one(string("a\nb") + value))
    for kind in (13, 2**32 - 1):
        broken(f"K05-kind-{kind}", f"'k' .*{kind}", one(string("k") + struct.pack("<I", kind)))
        broken(f"K05-item-kind-{kind}", f"'k' .*{kind}",
               one(string("k") + struct.pack("<IIQ", ARRAY, kind, 1)))
    broken("K06-array-of-arrays", "'k' .*arrays of arrays",
           one(string("k") + struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 100000))
    for name, kind, n in (("K07-strings-2e61", STRING, 2**61), ("K08-u64-wraps", U64, 2**61 + 1),
                          ("K08-f32-wraps", F32, 2**62 + 1), ("K08-u8-2e64", U8, 2**64 - 1),
                          ("K08-strings-few", STRING, 9)):
        broken(name, "'k' .*array items", one(string("k") + struct.pack("<IIQ", ARRAY, kind, n)))
    for n in (65, 2**32, 2**63, 2**64 - 1, 2**64 - 8):
        broken(f"K09-string-{n}", "'k' .*bytes long",
               one(string("k") + struct.pack("<IQ", STRING, n)))
    broken("K09-string-in-array", "'k' .*bytes long",
           one(string("k") + struct.pack("<IIQQ", ARRAY, STRING, 2, 2**40)))
    for name, kind, x in (("same", U32, 7), ("other", STRING, "x")):
        g = small()
        g.set("twice", U32, 7)
        g.add("twice", kind, string(x) if kind == STRING else struct.pack("<I", x))
        broken(f"K10-duplicate-{name}", "'twice' .*same key", g)
    for x in (0, 3, 48, 2**31, 2**32 - 1):
        broken(f"K11-alignment-{x}", "general.alignment",
               changed(small, general__alignment=(U32, x)))
    for name, kind, x in (("i32", I32, 32), ("u64", U64, 2**64 - 1), ("string", STRING, "32"),
                          ("f32", F32, 32.0)):
        broken(f"K11-alignment-{name}", "general.alignment",
               changed(small, general__alignment=(kind, x)))
    g = changed(model, general__alignment=(U32, 4096))
    g.align = 4096
    case("K11-alignment-4096", "ok", "", g)
    broken("K12-bool-2", "'k' .*bool", one(string("k") + struct.pack("<IB", BOOL, 2)))
    broken("K12-bool-255-in-array", "'k' .*bool",
           one(string("k") + struct.pack("<IIQ", ARRAY, BOOL, 2) + b"\1\xff"))
    wrong("K12-add-bos-u8", "add_bos_token", changed(model, tokenizer__ggml__add_bos_token=(U8, 2)))
    inf, nan = float("inf"), float("nan")
    for name, x in (("nan", nan), ("inf", inf), ("minus-inf", -inf), ("zero", 0.0),
                    ("negative", -1.0)):
        wrong(f"K13-eps-{name}", "layer_norm_rms_epsilon",
              changed(model, llama__attention__layer_norm_rms_epsilon=(F32, x)))
        wrong(f"K13-freq-base-{name}", "rope.freq_base",
              changed(model, llama__rope__freq_base=(F32, x)))
        wrong(f"K13-scaling-{name}", "rope.scaling.factor",
              changed(model, llama__rope__scaling__type=(STRING, "linear"),
                      llama__rope__scaling__factor=(F32, x)))
    wrong("K13-freq-base-f64", "rope.freq_base",
          changed(model, llama__rope__freq_base=(F64, 1e300)))
    broken("K14-a-million-keys", "1000000 keys", b"GGUF" + struct.pack("<IQQ", 3, 0, 10**6), 2**25)
    g = model()
    for i in range(20000):
        g.add(f"extra.{i}", U32, struct.pack("<I", i))
    case("K14-20000-keys", "ok", "", g)
    wrong("K15-arch-missing", "general.architecture", changed(model, general__architecture=None))
    wrong("K15-arch-unknown", "general.architecture",
          changed(model, general__architecture=(STRING, "no")))
    wrong("K15-arch-empty", "general.architecture",
          changed(model, general__architecture=(STRING, "")))
    wrong("K15-arch-u32", "general.architecture", changed(model, general__architecture=(U32, 1)))
    wrong("K15-arch-65k", "general.architecture",
          changed(model, general__architecture=(STRING, "llama" * 13000)))
    wrong("K15-arch-escapes", "general.architecture",
          changed(model, general__architecture=(STRING, "\x1b]0;owned\7\r\n\x1b[2J")))
    wrong("K15-arch-format", "general.architecture",
          changed(model, general__architecture=(STRING, "%s%n%x")))
    for name, no, count, total in (("missing-parts", 0, 2, 22), ("65535-parts", 0, 65535, 11),
                                   ("no-beyond-count", 5, 3, 11), ("second-part", 1, 2, 22),
                                   ("wrong-total", 0, 1, 12)):
        broken(f"K16-split-{name}", "split|part", changed(
            model, split__no=(U16, no), split__count=(U16, count),
            split__tensors__count=(I32, total)))
    broken("K16-split-negative", "split.count", changed(model, split__count=(I32, -1)))
    broken("K16-split-string", "split.count",
           changed(model, split__count=(STRING, "../../etc/passwd")))
    case("K16-split-merged", "ok", "", changed(
        model, split__no=(U16, 0), split__count=(U16, 0), split__tensors__count=(I32, 11)))
    case("K17-unknown-keys", "ok", "", changed(
        model, x=(STRING, "\x1b[31m\0\xff"), y=(ARRAY, array(STRING, ["\n"] * 99)), z=(F64, nan)))


def tensors():
    def shaped(label, match, **fields):
        g = small()
        for field, x in fields.items():
            setattr(g.tensors[0], field, x)
        broken(label, match, g)

    for n in (0, 5, 2**32 - 1):
        shaped(f"T01-dims-{n}", f"'w'.*{n} dimensions", n_dims=n)
    shaped("T02-zero", "'w'.*dimension 1 is 0", dims=[8, 0])
    shaped("T02-minus-one", "'w'", dims=[8, -1])
    shaped("T03-product-wraps", "'w'.*overflows", dims=[1, 2**32, 2**32, 2])
    shaped("T03-product-wraps-to-1", "'w'", dims=[3, 0xAAAAAAAAAAAAAAAB])
    shaped("T04-bytes-wrap", "'w'.*overflows", dims=[2**62])
    shaped("T04-bytes-wrap-rows", "'w'.*overflows", dims=[2**31, 2**31])
    shaped("T05-pad-wraps", "'w'.*end of the file", dims=[(2**64 - 1) // 4])
    shaped("T06-q4_0-wraps", "'w'", dims=[5124095576030431008], kind=T_Q4_0)
    shaped("T07-block", "'w'.*multiple", dims=[48], kind=T_Q4_0)
    shaped("T07-block-256", "'w'.*multiple", dims=[32, 8], kind=12)
    for kind in (4, 5, 31, 36, 40, 2**31, 2**32 - 1):
        shaped(f"T08-type-{kind}", f"'w'.*type {kind}\\b", kind=kind)
    shaped("T09-unaligned", "'w'.*33", offset=33)
    for offset in (32, 2**62, 2**63, 2**64 - 32, 2**64 - 64):
        shaped(f"T10-offset-{offset}", "'w'.*end of the file", offset=offset)
    broken("T10-one-byte-short", "'w'.*end of the file", small().build()[:-1])
    for name, offsets in (("same", (0, 0)), ("by-a-block", (0, 32)), ("reversed", (32, 0))):
        g = small()
        g.tensors = [Tensor("one", [16]), Tensor("two", [16])]
        g.tensors[0].offset, g.tensors[1].offset = offsets
        broken(f"T11-overlap-{name}", "one.*two|two.*one", g)
    g = small()
    g.tensors = [Tensor("t", [8]) for _ in range(2)]
    broken("T12-duplicate-name", "'t' .*same name|'t': .*same name", g)
    g = small()
    g.tensors = [Tensor(f"t{i}", [8]) for i in range(1000)]
    for t in g.tensors:
        t.offset = 0
    broken("T11-all-at-0", "overlap", g)
    shaped("T13-name-empty", "tensor 1 .*empty", name="")
    shaped("T13-name-257", "tensor 1 .*257 bytes", name="n" * 257)
    shaped("T13-name-nul", "tensor 1 .*control character", name="w\0")
    shaped("T13-name-escape", "tensor 1 .*control character", name="\x1b[31mw")
    shaped("T13-name-utf8", "tensor 1 .*UTF-8", name=b"\xc0\x80")
    broken("T13-name-2e32", "tensor 1 .*4294967296 bytes", b"GGUF" +
           struct.pack("<IQQQ", 3, 1, 0, 2**32) + bytes(64))
    g = small()
    g.tensors = [Tensor("one", [2**60], T_I8, b""), Tensor("two", [2**60], T_I8, b"")]
    g.tensors[1].offset = 2**60
    broken("T14-sum-of-sizes", "'one'|'two'", g)
    g = Gguf()
    g.tensors = [Tensor(f"t.{i}", [1]) for i in range(50000)]
    wrong("T15-50000-tensors", "general.architecture", g)
    g = model()
    g.tensors += [Tensor(f"extra.{i}", [1]) for i in range(2000)]
    wrong("T15-extra-tensors", "extra", g)
    for t in model().tensors:
        g = model()
        g.tensors = [u for u in g.tensors if u.name != t.name]
        wrong(f"T16-missing-{t.name}", t.name.replace(".", "\\."), g)
    for name, dims in (("token_embd.weight", [EMBD, 200]), ("token_embd.weight", [EMBD // 2, 576]),
                       ("output_norm.weight", [EMBD * 2]),
                       ("blk.0.attn_q.weight", [EMBD, EMBD - 1]),
                       ("blk.0.attn_k.weight", [EMBD, EMBD]), ("blk.0.attn_v.weight", [1, 1]),
                       ("blk.0.attn_output.weight", [EMBD * 2, EMBD // 2]),
                       ("blk.0.ffn_down.weight", [FF, EMBD + 1]),
                       ("blk.0.ffn_gate.weight", [EMBD, 1]),
                       ("blk.0.ffn_norm.weight", [1]), ("blk.0.attn_norm.weight", [EMBD, 2])):
        g = model()
        t = g.tensor(name)
        t.dims, t.data = dims, bytes(4 * dims[0] * (dims[1] if len(dims) > 1 else 1))
        wrong(f"T17-shape-{name}-{'x'.join(map(str, dims))}", name.replace(".", "\\."), g)
    for name, kind, size in (("output_norm.weight", T_Q4_0, 18),
                             ("blk.0.attn_norm.weight", T_I8, EMBD),
                             ("token_embd.weight", 27, 8 * EMBD * len(TOKENS)),
                             ("blk.0.attn_q.weight", 16, 0),
                             ("blk.0.ffn_up.weight", T_I8, EMBD * FF)):
        g = model()
        t = g.tensor(name)
        t.kind, t.data = kind, bytes(size)
        (broken if kind == 16 else wrong)(f"T18-type-{name}-{kind}", name.replace(".", "\\."), g)
    g = model()
    t = g.tensor("blk.0.attn_q.weight")
    t.kind = T_F16
    t.data = struct.pack(f"<{EMBD * EMBD}e", *[0.01] * (EMBD * EMBD))
    case("T18-f16-matrix", "ok", "", g)
    data = model().build()
    for at in range(4096, len(data), 4096):
        broken(f"T19-cut-at-{at}", "tensor|array items|bytes", data[:at])
    for name, bits in (("nan", 0x7FC00000), ("inf", 0x7F800000), ("snan", 0x7F800001)):
        g = model()
        g.tensor("output_norm.weight").data = struct.pack("<I", bits) * EMBD
        wrong(f"T21-norm-{name}", "output_norm.weight|not finite", g)
        g = model()
        g.tensor("blk.0.ffn_up.weight").data = struct.pack("<I", bits) * (EMBD * FF)
        case(f"T21-matrix-{name}", "error", "NaN|finite", g, "ok")
    g = model()
    g.tensor("blk.0.ffn_up.weight").data = struct.pack("<f", 3e38) * (EMBD * FF)
    case("T21-matrix-huge", "error", "NaN|finite", g, "ok")
    g = model()
    for t in g.tensors:
        t.data = bytes(len(t.data))
    case("T22-all-zero", "ok", "", g)


def sizes():
    def llama(name, outcome=wrong, match=None, **keys_):
        only = next(iter(keys_)).replace("__", "\\.")
        outcome(name, match or only, changed(model, **{"llama__" + k: v for k, v in keys_.items()}))

    big = (("2e31", 2**31), ("2e32-1", 2**32 - 1))
    for name, n in (("0", 0), ("33", 33), ("65536", 65536)) + big:
        llama(f"A01-heads-{name}", match="head|attn|rope|length", attention__head_count=(U32, n))
    llama("A01-heads-missing", attention__head_count=None)
    llama("A01-heads-string", attention__head_count=(STRING, "2"))
    llama("A01-heads-negative", attention__head_count=(I32, -2))
    for name, n in (("0", 0), ("3", 3), ("4", 4)) + big:
        llama(f"A02-heads-kv-{name}", match="head|attn", attention__head_count_kv=(U32, n))
    g = changed(model, llama__attention__head_count=(U32, 4),
                llama__attention__head_count_kv=(U32, 3),
                llama__rope__dimension_count=(U32, 8))
    wrong("A02-heads-kv-not-dividing", "head_count_kv", g)
    for name, n in (("0", 0), ("2", 2), ("513", 513)) + big:
        llama(f"A03-blocks-{name}", match="block_count|blk\\.1", block_count=(U32, n))
    llama("A03-blocks-missing", block_count=None)
    llama("A03-blocks-2e40", block_count=(U64, 2**40))
    llama("A03-blocks-bool", block_count=(BOOL, 1))
    for name, n in (("0", 0), ("31", 31), ("64", 64)) + big:
        llama(f"A04-embd-{name}", match="embedding_length|token_embd|rope|head|norm|blk",
              embedding_length=(U32, n))
    llama("A04-embd-missing", embedding_length=None)
    llama("A04-embd-float", embedding_length=(F32, 32.0))
    for name, n in (("0", 0), ("31", 31), ("2e32-1", 2**32 - 1)):
        llama(f"A04-ff-{name}", match="feed_forward_length|ffn", feed_forward_length=(U32, n))
    llama("A04-ff-missing", feed_forward_length=None)
    llama("A06-context-0", context_length=(U32, 0))
    llama("A06-context-2e40", context_length=(U64, 2**40))
    llama("A06-context-negative", context_length=(I64, -1))
    llama("A06-context-missing", context_length=None)
    for name, n in (("0", 0), ("15", 15), ("18", 18), ("2e32-1", 2**32 - 1)):
        llama(f"A07-rope-{name}", rope__dimension_count=(U32, n))
    llama("A07-rope-part", lambda n, m, g: case(n, "ok", m, g), rope__dimension_count=(U32, 8))
    llama("A07-rope-scaling-unknown", match="rope.scaling.type",
          rope__scaling__type=(STRING, "\x1b[5m"))
    for name, items in (("empty", []), ("shorter", [1]), ("longer", [1] * 1000)):
        llama(f"A08-per-layer-{name}", match="head_count_kv|block_count|blk",
              attention__head_count_kv=(ARRAY, array(I32, items)), block_count=(U32, 2))
    for name, key, n in (("key", "attention__key_length", 0),
                         ("key-2e32-1", "attention__key_length", 2**32 - 1),
                         ("value", "attention__value_length", 8),
                         ("value-0", "attention__value_length", 0)):
        llama(f"A09-length-{name}", match="key_length|value_length|head|attn", **{key: (U32, n)})
    for n in (0, 1, 287, 289, 2**32 - 1):
        llama(f"A10-vocab-size-{n}", vocab_size=(U32, n))
    llama("A10-vocab-size-right", lambda n, m, g: case(n, "ok", m, g),
          vocab_size=(U32, len(TOKENS)))
    g = model()
    g.tensors.append(Tensor("output.weight", [EMBD, 100]))
    wrong("A10-output-rows", "output\\.weight", g)
    for arch in ("mamba", "bert", "llama\0", "LLAMA"):
        wrong(f"A11-arch-{arch.strip(chr(0))}{len(arch)}", "general.architecture",
              changed(model, general__architecture=(STRING, arch)))


def vocabularies():
    n = len(TOKENS)
    prefix = "tokenizer__ggml__"

    def vocab(name, match, outcome=wrong, make=model, **keys_):
        outcome(name, match, changed(make, **{prefix + k: v for k, v in keys_.items()}))

    def good(name, match, g):
        case(name, "ok", match, g)

    def texts(changes):
        out = [t[0] for t in TOKENS]
        for i, s in changes.items():
            out[i] = s
        return (ARRAY, array(STRING, out))

    def kinds(changes):
        out = [t[2] for t in TOKENS]
        for i, kind in changes.items():
            out[i] = kind
        return (ARRAY, array(I32, out))

    vocab("V01-tokens-missing", "tokens", tokens=None)
    vocab("V01-tokens-empty", "tokens", tokens=(ARRAY, array(STRING, [])))
    vocab("V01-tokens-string", "tokens", tokens=(STRING, "a"))
    vocab("V01-tokens-ints", "tokens", tokens=(ARRAY, array(U32, range(n))))
    vocab("V01-model-missing", "tokenizer.ggml.model", model=None)
    vocab("V01-model-unknown", "tokenizer.ggml.model", model=(STRING, "\x1b[31mnone"))
    for key, kind in (("scores", F32), ("token_type", I32)):
        for name, m in (("none", 0), ("shorter", n - 1), ("longer", n + 1), ("1000", 1000)):
            vocab(f"V02-{key}-{name}", key, **{key: (ARRAY, array(kind, [1] * m))})
        for name, other, x in (("i8", I8, 1), ("u8", U8, 1), ("string", STRING, ""),
                               ("f64", F64, 1.0),
                               ("bool", BOOL, 1)):
            vocab(f"V03-{key}-{name}", key, **{key: (ARRAY, array(other, [x] * n))})
        vocab(f"V03-{key}-scalar", key, **{key: (kind, 1)})
    vocab("V03-scores-nan", "scores", scores=(ARRAY, array(F32, [float("nan")] * n)))
    vocab("V03-scores-equal", "", good, scores=(ARRAY, array(F32, [0.0] * n)))
    for kind in (-1, 7, 2**31 - 1):
        vocab(f"V03-token-type-{kind}", "token_type", token_type=kinds({270: kind}))
    vocab("V05-duplicates", "", good, tokens=texts({270: "a", 271: "a", 272: "\u2581the"}))
    vocab("V05-all-equal", "", good, tokens=texts({i: "a" for i in range(259, n)}))
    vocab("V05-bpe-duplicates", "", good, make=lambda: bpe_model(("h e", "h e", "l l")))
    for key in ("bos", "eos", "unknown", "eot", "padding"):
        for name, x in (("n", (U32, n)), ("2e31", (U32, 2**31)), ("2e32-2", (U32, 2**32 - 2)),
                        ("negative", (I32, -2)), ("2e63", (U64, 2**63)), ("string", (STRING, "1"))):
            vocab(f"V06-{key}-{name}", f"{key}_token_id", **{f"{key}_token_id": x})
    vocab("V07-add-bos-without", "add_bos_token", make=bpe_model, add_bos_token=(BOOL, 1),
          bos_token_id=None)
    for name, s in (("minus", "<0x-1>"), ("letters", "<0xZZ>"), ("cut", "<0x"),
                    ("long", "<0x0100>"),
                    ("empty", ""), ("spaces", "<0x 1>")):
        vocab(f"V08-byte-{name}", "tokens", tokens=texts({70: s}))
    for name, line in (("no-space", "hello"), ("empty", ""), ("space", " "), ("left-empty", " h"),
                       ("right-empty", "h ")):
        wrong(f"V09-merge-{name}", "merges", bpe_model(("h e", line)))
    wrong("V09-merges-missing", "merges", changed(bpe_model, tokenizer__ggml__merges=None))
    wrong("V09-merges-ints", "merges",
          changed(bpe_model, tokenizer__ggml__merges=(ARRAY, array(I32, [1, 2]))))
    case("V09-merge-unknown-parts", "any", "merges", bpe_model(("h e", "zzzz yyyy")))
    case("V09-merges-10000", "ok", "", bpe_model(["h e"] * 10000))
    case("V09-good", "ok", "", bpe_model())
    case("V10-text-1MiB", "any", "tokens",
         changed(model, tokenizer__ggml__tokens=texts({280: "x" * 2**20})))
    vocab("V10-text-empty", "", good, tokens=texts({280: ""}))
    vocab("V10-text-nul", "", good, tokens=texts({280: "a\0b"}))
    vocab("V10-text-invalid", "", good, tokens=texts({i: b"\xff\xc0\x80" for i in range(259, n)}))
    vocab("V10-text-escapes", "", good, tokens=texts({i: "\x1b[31m" for i in range(259, n)}))
    for name, pre in (("unknown", "nobody-knows"), ("escapes", "\x1b[31m\n"), ("empty", "")):
        wrong(f"V11-pre-{name}", "pre|splitter",
              changed(bpe_model, tokenizer__ggml__pre=(STRING, pre)))
    wrong("V11-pre-u32", "tokenizer.ggml.pre", changed(bpe_model, tokenizer__ggml__pre=(U32, 1)))
    vocab("V12-no-byte-tokens", "", good, tokens=texts({i: f"b{i}" for i in range(3, 259)}),
          token_type=kinds({i: NORMAL for i in range(3, 259)}))
    case("V13-cyclic-merges", "any", "merges",
         bpe_model(("h e", "e h", "he he", "hehe he", "e e", "ee ee")))
    vocab("V14-overlapping-added", "", good,
          tokens=texts({i: "a" * (i - 258) for i in range(259, n)}),
          token_type=kinds({i: USER for i in range(259, n)}))
    for count in (1, 3):
        wrong(f"V15-vocabulary-{count}", "tokens|token_embd|scores|token_id|bos|eos",
              changed(model, tokenizer__ggml__tokens=(ARRAY, array(STRING, ["a"] * count))))
    broken("V15-vocabulary-2e28", "tokens' .*array items", changed(
        model, tokenizer__ggml__tokens=(ARRAY, struct.pack("<IQ", STRING, 2**28))))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_corpus.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    case("valid", "ok", "", model())
    for group in (headers, keys, tensors, sizes, vocabularies):
        group()
    for c in CASES:
        data, size = c.pop("data"), c.pop("size")
        with open(folder / c["file"], "wb") as f:
            f.write(data)
            if size is not None:
                f.truncate(size)
    (folder / "cases.json").write_text(json.dumps(CASES, indent=1))
    print(f"{len(CASES)} cases in {folder}")


if __name__ == "__main__":
    main()
