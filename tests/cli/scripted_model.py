#!/usr/bin/env python3
"""Writes a tiny model that says exactly what a script tells it to, for tests of what is shown.

The idea: attention and feed-forward are zero, so the next token depends on the last one alone, and
embedding and output matrices are made so that each token of a script leads to the next. The chat
template ends a prompt by a control token that starts the script which the last message names; a
message that names none gets the script "hello".
"""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "model"))
from make_tiny import ALIGNMENT, F32, I32, MERGES, STRING, U32  # noqa: E402
from make_tiny import byte_alphabet, entry, f32, list_entry, string  # noqa: E402

NORMAL, CONTROL = 1, 3  # token types
EMBD, CTX = 128, 512
END = "<|end_of_answer|>"

# name: the pieces that are generated, one token each; a last piece of LOOP goes back to the first
LOOP = None
SCRIPTS = {
    "hello": [b"Hello", b", ", b"friend."],
    "think": [b"<", b"think", b">\n", b"two and ", b"two", b"\n</th", b"ink>", b"\n\n", b"It is ",
              b"four."],
    "hostile": [b"before \x1b]0;ow", b"ned\x07 \x1b", b"[2J \x9b31m\xc2\x9b", b"31m\xe2\x80",
                b"\xaetxt \r\x08", b"\ttab\nline ", b"after"],
    "wide": [b"\xe4\xbd", b"\xa0\xe5\xa5\xbd", b" \xf0\x9f", b"\x99\x82", b" \xc3",
             b"\xa9t\xc3\xa9", b" done"],
    "long": [b"tick ", b"tock ", b"tuck ", LOOP],
}

TEMPLATE = """
{%- for m in messages -%}
<{{ m.role }}>{{ m.content }}
{% endfor -%}
{%- if add_generation_prompt -%}
{%- set ns = namespace(script='hello') -%}
{%- for s in SCRIPTS if s in messages[-1].content -%}{%- set ns.script = s -%}{%- endfor -%}
{{ '<|' + ns.script + '|>' }}
{%- endif -%}
"""
SHOUTING = "{% for m in messages %}{{ m.content | upper }}{% endfor %}<|hello|>"


def start_token(name):
    return name if name.startswith("<") else f"<|{name}|>"


class Vocabulary:
    def __init__(self, scripts):
        alphabet = byte_alphabet()
        self.tokens = alphabet + [m.replace(" ", "") for m in MERGES]
        self.types = [NORMAL] * len(self.tokens)
        self.end = self.add(END, CONTROL)
        self.next = {}
        for name, pieces in scripts.items():
            first = last = self.add(start_token(name), CONTROL)
            for piece in pieces:
                if piece is LOOP:
                    self.next[last] = first + 1
                    break
                token = self.add("".join(alphabet[b] for b in piece), NORMAL)
                self.next[last] = token
                last = token
            else:
                self.next[last] = self.end

    def add(self, text, kind):
        self.tokens.append(text)
        self.types.append(kind)
        return len(self.tokens) - 1


def tensors(v):
    """(name, dims with the row length first, floats)"""
    column = {token: i for i, token in enumerate(v.next)}
    if len(column) > EMBD:
        sys.exit("scripted_model: the scripts are too long")
    embedding, output = ([0.0] * (len(v.tokens) * EMBD) for _ in range(2))
    for token, i in column.items():
        embedding[token * EMBD + i] = 1.0
        output[v.next[token] * EMBD + i] = 1.0
    zero, one = [0.0] * (EMBD * EMBD), [1.0] * EMBD
    yield "token_embd.weight", [EMBD, len(v.tokens)], embedding
    for part in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        yield f"blk.0.{part}.weight", [EMBD, EMBD], zero
    for part in ("attn_norm", "ffn_norm"):
        yield f"blk.0.{part}.weight", [EMBD], one
    yield "output_norm.weight", [EMBD], one
    yield "output.weight", [EMBD, len(v.tokens)], output


def metadata(v, scripts, templates, ctx):
    out = [
        entry("general.architecture", STRING, "llama"),
        entry("general.name", STRING, "scripted"),
        entry("llama.block_count", U32, 1),
        entry("llama.context_length", U32, ctx),
        entry("llama.embedding_length", U32, EMBD),
        entry("llama.feed_forward_length", U32, EMBD),
        entry("llama.attention.head_count", U32, 1),
        entry("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        entry("tokenizer.ggml.model", STRING, "gpt2"),
        entry("tokenizer.ggml.pre", STRING, "gpt-2"),
        list_entry("tokenizer.ggml.tokens", STRING, v.tokens),
        list_entry("tokenizer.ggml.token_type", I32, v.types),
        list_entry("tokenizer.ggml.merges", STRING, MERGES),
        entry("tokenizer.ggml.eos_token_id", U32, v.end),
    ]
    for name, source in templates.items():
        key = "tokenizer.chat_template" + (f".{name}" if name else "")
        out.append(entry(key, STRING, source.replace("SCRIPTS", repr(list(scripts)))))
    return out


def write(path, scripts=None, templates=None, ctx=CTX):
    """templates: {name: source}, "" for the default one."""
    scripts = scripts or SCRIPTS
    templates = {"": TEMPLATE, "shouting": SHOUTING} if templates is None else templates
    v = Vocabulary(scripts)
    keys = metadata(v, scripts, templates, ctx)
    infos, data, offset = [], [], 0
    for name, dims, values in tensors(v):
        infos.append(string(name) + struct.pack("<I%dQIQ" % len(dims), len(dims), *dims, 0, offset))
        raw = f32(values)
        data.append(raw + bytes(-len(raw) % ALIGNMENT))
        offset += len(data[-1])
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(keys)) + b"".join(keys + infos)
    pathlib.Path(path).write_bytes(head + bytes(-len(head) % ALIGNMENT) + b"".join(data))
    return str(path)


if __name__ == "__main__":
    write(sys.argv[1])
