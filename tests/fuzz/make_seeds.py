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
    """The first byte chooses the vocabulary (2 bits) and the flags (2 bits)."""
    texts = ("", "the  king's 1234 things\n\n", "<s>a<user> b<|im_end|>",
             "\u2581\u4e2d\u6587 \U0001f600e\u0301", "aaaaaaaaaaaaaaaa", "\t \r\n don't")
    for i, text in enumerate(texts):
        for first in range(16):
            yield f"{i}-{first}", bytes([first]) + text.encode()
    yield "invalid", b"\x04\xff\xc0\x80 \xed\xa0\x80 \xf0\x9f\x98"


TARGETS = {"gguf": gguf_seeds, "tokenizer": tokenizer_seeds}


def main():
    for target, seeds in TARGETS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
