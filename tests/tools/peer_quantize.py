#!/usr/bin/env python3
"""Files quantised by llama.cpp load and generate here.

Usage: peer_quantize.py SETUP PEER_FOLDER LANNER F16_MODEL OUT_FOLDER [MIX...] : the library inside
the npm package node-llama-cpp (installed by SETUP, scripts/peer_setup.sh) quantises F16_MODEL to
each mix; lanner inspects the result, whose tensors must have the types that lanner's own quantiser
chooses, and runs it. Exit 77 with the reason where the package cannot be had.
"""
import ctypes
import glob
import json
import os
import subprocess
import sys

# enum llama_ftype of llama.h
FILE_TYPES = {"Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K_M": 12,
              "Q4_K_S": 14, "Q4_K_M": 15, "Q5_K_S": 16, "Q5_K_M": 17, "Q6_K": 18, "IQ4_NL": 25,
              "IQ4_XS": 30, "BF16": 32}


class Params(ctypes.Structure):
    """struct llama_model_quantize_params: the first two members are set, the rest is kept."""
    _fields_ = [("n_threads", ctypes.c_int32), ("file_type", ctypes.c_int32),
                ("rest", ctypes.c_char * 248)]


def load_peer(folder):
    libraries = glob.glob(os.path.join(folder, "node_modules/@node-llama-cpp/*/bins/*/"))[0]
    for pattern in ("libggml-base.so", "libggml.v*.so", "libllama.v*.so"):
        path = glob.glob(os.path.join(libraries, pattern))[0]
        library = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
    library.llama_model_quantize_default_params.restype = Params
    library.llama_model_quantize.restype = ctypes.c_uint32
    library.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p,
                                             ctypes.POINTER(Params)]
    return library


def tensor_types(lanner, path):
    out = subprocess.run([lanner, "inspect", path, "--tensors", "--json"], capture_output=True,
                         check=True).stdout
    return {t["name"]: t["type"] for t in json.loads(out)["tensors"]}


def main(setup, peer_folder, lanner, source, out, *mixes):
    made = subprocess.run(["bash", setup], capture_output=True)
    if made.returncode != 0:
        print("skipped: llama.cpp cannot be installed:", made.stderr.decode().strip())
        return 77
    peer = load_peer(peer_folder)
    n_failed = 0
    for mix in mixes or FILE_TYPES:
        theirs, ours = os.path.join(out, f"peer-{mix}.gguf"), os.path.join(out, f"ours-{mix}.gguf")
        params = peer.llama_model_quantize_default_params()
        params.n_threads, params.file_type = 2, FILE_TYPES[mix]
        if peer.llama_model_quantize(source.encode(), theirs.encode(), ctypes.byref(params)) != 0:
            sys.exit(f"llama.cpp could not quantise to {mix}")
        subprocess.run([lanner, "quantize", source, ours, mix], capture_output=True, check=True)
        same = tensor_types(lanner, theirs) == tensor_types(lanner, ours)
        run = subprocess.run([lanner, "run", theirs, "-p", "The prince", "-n", "16", "--temp", "0",
                              "--json"], capture_output=True)
        text = json.loads(run.stdout)["text"] if run.returncode == 0 else run.stderr.decode()
        n_failed += not same or run.returncode != 0
        print(f"{mix:7} types {'same' if same else 'DIFFERENT'}, exit {run.returncode}: {text!r}")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
