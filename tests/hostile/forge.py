"""GGUF files made byte by byte, right and wrong ones: used by make_corpus.py and the fuzz seeds.

A file is kept as lists of values and tensors until build(), so that a case changes one thing of a
valid file. Everything that could be checked is left unchecked on purpose. Python 3, standard
library only.
"""

import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMATS = {U8: "<B", I8: "<b", U16: "<H", I16: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<B",
           U64: "<Q", I64: "<q", F64: "<d"}

T_F32, T_F16, T_Q4_0, T_Q8_0, T_I8 = 0, 1, 2, 8, 24
BLOCKS = {T_F32: (1, 4), T_F16: (1, 2), T_Q4_0: (32, 18), T_Q8_0: (32, 34), T_I8: (1, 1)}


def string(s):
    data = s.encode() if isinstance(s, str) else s
    return struct.pack("<Q", len(data)) + data


def scalar(kind, x):
    return string(x) if kind == STRING else struct.pack(FORMATS[kind], x)


def array(kind, items, n=None):
    """The bytes of an array value; n lies about the number of items."""
    return (struct.pack("<IQ", kind, len(items) if n is None else n) +
            b"".join(scalar(kind, x) for x in items))


class Tensor:
    def __init__(self, name, dims, kind=T_F32, data=None):
        self.name, self.dims, self.kind = name, list(dims), kind
        self.offset = None  # None: behind the tensor before
        self.n_dims = None  # None: len(dims)
        if data is None:
            weights, size = BLOCKS.get(kind, (1, 1))
            n = 1
            for d in dims:
                n *= d
            data = bytes(n // weights * size)
        self.data = data


class Gguf:
    def __init__(self):
        self.magic, self.version = b"GGUF", 3
        self.n_tensors = self.n_values = None  # None: the truth
        self.values = []   # [key, kind, bytes]
        self.tensors = []
        self.align = 32

    def add(self, key, kind, payload):
        self.values.append([key, kind, payload])

    def set(self, key, kind, x):
        """Replaces the value of key, or adds it. x: a Python value; for ARRAY from array()."""
        payload = x if kind == ARRAY else scalar(kind, x)
        for v in self.values:
            if v[0] == key:
                v[1:] = [kind, payload]
                return
        self.add(key, kind, payload)

    def drop(self, key):
        self.values = [v for v in self.values if v[0] != key]

    def tensor(self, name):
        return next(t for t in self.tensors if t.name == name)

    def header(self):
        out = [self.magic, struct.pack("<I", self.version)]
        for n, items in ((self.n_tensors, self.tensors), (self.n_values, self.values)):
            out.append(struct.pack("<Q", len(items) if n is None else n))
        for key, kind, payload in self.values:
            out += [string(key), struct.pack("<I", kind), payload]
        at = 0
        for t in self.tensors:
            n_dims = len(t.dims) if t.n_dims is None else t.n_dims
            out += [string(t.name), struct.pack("<I", n_dims)]
            out += [struct.pack("<Q", d & (2**64 - 1)) for d in t.dims]
            out.append(struct.pack("<IQ", t.kind, at if t.offset is None else t.offset))
            at += -(-len(t.data) // self.align) * self.align
        return b"".join(out)

    def build(self):
        out = bytearray(self.header())
        for t in self.tensors:
            out += bytes(-len(out) % self.align)
            out += t.data
        return bytes(out)
