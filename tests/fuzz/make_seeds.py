#!/usr/bin/env python3
"""Makes small inputs for every fuzz target: make_seeds.py FOLDER writes FOLDER/TARGET/NAME.

A seed shows the fuzzer a construct that chance would not find. Python 3, standard library only.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "hostile"))
import forge  # noqa: E402
from forge import (ARRAY, BOOL, F32, F64, I8, I16, I32, I64, STRING, U8, U16, U32,  # noqa: E402
                   U64, Gguf, Tensor, array)


def gguf_seeds():
    yield "empty", b""
    yield "nothing", Gguf().build()
    g = Gguf()
    g.version = 2
    yield "version2", g.build()

    g = Gguf()
    for kind, x in ((U8, 1), (I8, -1), (U16, 2), (I16, -2), (U32, 3), (I32, -3), (F32, 0.5),
                    (BOOL, 1), (U64, 4), (I64, -4), (F64, 0.25), (STRING, "x")):
        g.set(f"k{kind}", kind, x)
    yield "scalars", g.build()

    for kind, items in ((U8, [1, 2]), (I32, [1, -1]), (F32, [0.5]), (BOOL, [0, 1]),
                        (STRING, ["a", "", "bc"]), (F64, []), (U64, [2**63])):
        g = Gguf()
        g.set("a", ARRAY, array(kind, items))
        yield f"array{kind}", g.build()

    g = Gguf()
    g.set("general.alignment", U32, 64)
    g.align = 64
    g.tensors = [Tensor("a", [4]), Tensor("b", [32, 2], forge.T_Q4_0), Tensor("c", [2, 2, 2, 2])]
    yield "tensors", g.build()

    g = Gguf()
    g.set("split.count", U16, 2)
    g.set("split.no", U16, 0)
    g.set("split.tensors.count", I32, 1)
    g.tensors = [Tensor("a", [1])]
    yield "split", g.build()

    g = Gguf()
    g.set("general.architecture", STRING, "llama")
    g.set("llama.block_count", U32, 1)
    g.set("tokenizer.ggml.tokens", ARRAY, array(STRING, ["<s>", "a", "b"]))
    g.set("tokenizer.ggml.scores", ARRAY, array(F32, [0.0, -1.0, -2.0]))
    g.tensors = [Tensor("token_embd.weight", [4, 3]), Tensor("output_norm.weight", [4])]
    yield "model", g.build()


def tokenizer_seeds():
    """The first byte chooses the vocabulary (bits 0, 1 and 4) and the flags (bits 2 and 3)."""
    texts = ("", "the  king's 1234 things\n\n", "<s>a<user> b<|im_end|>",
             "\u2581\u4e2d\u6587 \U0001f600e\u0301", "aaaaaaaaaaaaaaaa", "\t \r\n don't",
             "CamelCASE caf\u00e9\u200b \uac00\u01c5!unaffable", "  1 \u0639\u0631 \uff01/\n")
    for i, text in enumerate(texts):
        for first in range(32):
            yield f"{i}-{first}", bytes([first]) + text.encode()
    for name, data in (("invalid", b"\x04\xff\xc0\x80 \xed\xa0\x80 \xf0\x9f\x98"),
                       ("spm", b"\0hello the <user> caf\xc3\xa9"),
                       ("spm-all", b"\x0d<s>the ing<|im_end|>aaaa\xff\xff  7\n"),
                       ("qwen2", b"\2I'LL 123 \r\n\n  x\xe1\xa0\x8e"),
                       ("default", b"\3a=b $5, it's 12345 \xed\xa0\x80"),
                       ("bert", b"\x18The caf\xc3\xa9! [SEP] un<user>affable \xe6\x97\xa5\xff")):
        yield name, data


def template_seeds():
    """The first byte chooses the variables; 128: the rest is variables."""
    sources = (
        "{% for m in messages %}{{ m.role + ': ' + m.content | trim }}{% if not loop.last %}\n"
        "{% endif %}{% endfor %}{{ '>' if add_generation_prompt }}",
        "{%- macro f(a, b=1) -%}{{ a }}{{ b }}{{ caller() if caller }}{%- endmacro -%}"
        "{% call(x) f(1, b=2) %}{{ x }}{% endcall %}{{ f(*[1], **{'b': 3}) }}",
        "{% set ns = namespace(x=0) %}{% for k, v in tools[0].function.parameters | dictsort "
        "recursive %}{% set ns.x = ns.x + loop.index %}{% break %}{% else %}{% continue %}"
        "{% endfor %}{{ ns.x ** 2 // 3 % 5 ~ f }}",
        "{{ l[::-1] | map('string') | select('in', ['a', '1']) | list | tojson(indent=2) }}",
        "{% set x %}a{{ 'b' * 3 }}{% endset %}{{ x[1:].split('b', 1) }}{{ x is string }}",
        "{% raw %}{{ }}{% endraw %}{# c #}{{ strftime_now('%Y-%m-%d') }}{% filter upper %}e"
        "{% endfilter %}{% with a = 1 %}{{ a }}{% endwith %}{{ raise_exception('x') }}",
        "{{ (1, 2.5e-3, 0x1f, none, True) }}{{ {'a': [1]}.items() | list | groupby(0) }}")
    for i, source in enumerate(sources):
        for first in range(3):
            yield f"source{i}-{first}", bytes([first]) + source.encode()
    for i, text in enumerate(('{"a": [1, -2.5e-7, null, true, "\\ud83d\\udc1f"], "b": {"c": []}}',
                              '{"a": "x\\u0000y\\n", "b": 9223372036854775807}')):
        yield f"json{i}", b"\x80" + text.encode()


def decode_seeds():
    """The first byte chooses the format, the second the rows; 16 of them, 1 and 3 rows."""
    noise = bytes((i * 167 + i // 251) % 256 for i in range(4096))
    for first in range(16):
        for rows in (0, 2):
            yield f"noise{first}-{rows}", bytes([first, rows]) + noise[first:]
    yield "zeros", bytes(1024)
    yield "ones", b"\x0a\x00" + b"\xff" * 1024


TARGETS = {"gguf": gguf_seeds, "tokenizer": tokenizer_seeds,
           "template": template_seeds, "decode": decode_seeds}


def main():
    for target, seeds in TARGETS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
