"""Trains the built-in model: tokeniser, data, AdamW + Muon, checkpoints. See README.md.

A run is fixed by its arguments: batches and dropout of a step depend only on
(seed, step), so an interrupted run that is resumed, and a run that is resumed
with a larger --steps before its decay began, equal an uninterrupted one.
"""
import argparse
import ctypes
import json
import math
import os
import pathlib
import time

import numpy as np
import torch

import bpe
import data
from model import Config, Model


def arguments():
    a = argparse.ArgumentParser()
    a.add_argument("--data", default="../shared/data/text")
    a.add_argument("--out", default="/tmp/train/run")
    a.add_argument("--steps", type=int, default=3000)
    a.add_argument("--tokens", type=int, default=12288, help="tokens per step")
    a.add_argument("--layers", type=int, default=3)
    a.add_argument("--ff", type=int, default=768)
    a.add_argument("--dropout", type=float, default=0.1)
    a.add_argument("--muon-lr", type=float, default=0.02)
    a.add_argument("--adam-lr", type=float, default=0.003)
    a.add_argument("--decay", type=float, default=0.1, help="weight decay")
    a.add_argument("--cooldown", type=float, default=0.25, help="last share of steps: lr -> 0")
    a.add_argument("--warmup", type=int, default=50)
    a.add_argument("--bos-share", type=float, default=0.25)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--eval-every", type=int, default=250)
    a.add_argument("--resume", action="store_true")
    a.add_argument("--fp32", action="store_true", help="no bf16 products")
    return a.parse_args()


def keep_memory():
    """Large tensors from the heap, not from mmap: no page faults on every step."""
    libc = ctypes.CDLL(None)
    libc.mallopt(-4, 0)            # M_MMAP_MAX
    libc.mallopt(-1, 2 ** 31 - 1)  # M_TRIM_THRESHOLD


def tokenizer(path, texts, vocab):
    if not path.exists():
        path.write_text(json.dumps({"merges": bpe.train("".join(texts), vocab)}))
    return bpe.Tokenizer(json.loads(path.read_text())["merges"])


def held_out_bits(model, ids, eot, n_bytes, length=512, stride=256, rows=16):
    """Bits per byte: every token once, with <|endoftext|> first and (but for the
    first window) at least length - stride - 1 tokens of context."""
    wins, firsts = [], []
    for at in range(0, len(ids), stride):
        end = min(at + stride, len(ids))
        begin = max(0, end - (length - 1))
        win = np.full(length + 1, eot)
        win[1:1 + end - begin] = ids[begin:end]
        wins.append(win)
        firsts.append((at - begin, end - begin))
    total = 0.0
    with torch.no_grad():
        for i in range(0, len(wins), rows):
            w = torch.from_numpy(np.stack(wins[i:i + rows]))
            nll = model.loss(w[:, :-1], w[:, 1:], reduction="none").view(len(w), -1)
            total += sum(nll[j, a:b].sum().item() for j, (a, b) in enumerate(firsts[i:i + rows]))
    return total / math.log(2) / n_bytes


class Muon:
    """Momentum, then the nearest orthogonal matrix by five Newton-Schulz steps."""

    def __init__(self, params, momentum=0.95):
        self.params, self.momentum = params, momentum
        self.state = [torch.zeros_like(p) for p in params]

    def step(self, lr, decay):
        for p, m in zip(self.params, self.state):
            m.mul_(self.momentum).add_(p.grad)
            g = p.grad.add(m, alpha=self.momentum)
            u = self.orthogonal(g) * max(1, p.shape[0] / p.shape[1]) ** 0.5
            p.data.mul_(1 - lr * decay).add_(u, alpha=-lr)

    @staticmethod
    def orthogonal(g):
        x = g.T if g.shape[0] > g.shape[1] else g
        x = (x / (x.norm() + 1e-7)).bfloat16()
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        return (x.T if g.shape[0] > g.shape[1] else x).float()


def save(path, **state):
    torch.save(state, f"{path}.tmp")
    os.replace(f"{path}.tmp", path)


def main():
    arg = arguments()
    keep_memory()
    torch.set_num_threads(arg.threads)
    torch.manual_seed(arg.seed)
    out = pathlib.Path(arg.out)
    out.mkdir(parents=True, exist_ok=True)
    log = open(out / "log.txt", "a", buffering=1)

    def say(*words):
        print(time.strftime("%H:%M:%S", time.gmtime()), *words, file=log)

    cfg = Config(layers=arg.layers, ff=arg.ff)
    texts, held = data.load(arg.data)
    tok = tokenizer(out / "tokenizer.json", texts, cfg.vocab)
    ids, starts = data.stream(texts, tok)
    val, val_bytes = np.array(tok.encode(held)), len(held.encode())
    model = Model(cfg, bf16=not arg.fp32)
    matrices = [p for n, p in model.p.items() if p.dim() == 2 and n != "token_embd"]
    others = [p for n, p in model.p.items() if p.dim() == 1 or n == "token_embd"]
    muon = Muon(matrices)
    adam = torch.optim.AdamW(others, lr=arg.adam_lr, betas=(0.9, 0.95), weight_decay=0.0)
    first, seen, spent = 0, 0, 0.0
    if arg.resume and (out / "last.pt").exists():
        s = torch.load(out / "last.pt")
        model.load_state_dict(s["model"])
        adam.load_state_dict(s["adam"])
        muon.state, first, seen, spent = s["muon"], s["step"], s["seen"], s["seconds"]
    say(f"{sum(p.numel() for p in model.parameters())} parameters, {len(ids)} training tokens,"
        f" {sum(len(t.encode()) for t in texts)} bytes; held out {len(val)} tokens,"
        f" {val_bytes} bytes; {vars(arg)}; from step {first}")

    def checkpoint(name, step):
        save(out / name, model=model.state_dict(), adam=adam.state_dict(), muon=muon.state,
             step=step, seen=seen, seconds=spent, cfg=vars(cfg), merges=tok.merges,
             args=vars(arg))

    cool = int(arg.steps * (1 - arg.cooldown))  # first step of the decay
    average, began = None, time.time()
    for step in range(first, arg.steps):
        if step == cool:
            checkpoint("stable.pt", step)
        rng = np.random.default_rng([arg.seed, step])
        model.rng = rng
        length = 512 if step % 4 == 3 else 256  # positions up to 511 are trained as well
        x, y = data.batch(ids, starts, tok.eot, arg.tokens // length, length, arg.bos_share, rng)
        loss = model.loss(torch.from_numpy(x), torch.from_numpy(y), arg.dropout)
        loss.backward()
        scale = min(1, (step + 1) / arg.warmup, (arg.steps - step) / (arg.steps - cool + 1))
        muon.step(arg.muon_lr * scale, arg.decay)
        adam.param_groups[0]["lr"] = arg.adam_lr * scale
        adam.step()
        model.zero_grad(set_to_none=True)
        seen += x.size
        value = loss.item()
        average = value if average is None else 0.98 * average + 0.02 * value
        if not math.isfinite(value):
            raise SystemExit("the loss is not finite")
        if (step + 1) % 50 == 0 or step < 5:
            now = time.time()
            spent += now - began
            say(f"step {step + 1} loss {average:.4f} lr {scale:.3f} tokens {seen}"
                f" seconds {spent:.0f}")
            began = now
        if (step + 1) % arg.eval_every == 0 or step + 1 == arg.steps:
            say(f"step {step + 1} held-out bits per byte "
                f"{held_out_bits(model, val, tok.eot, val_bytes):.4f}")
            checkpoint("last.pt", step + 1)
    if first < arg.steps:
        checkpoint("final.pt", arg.steps)


if __name__ == "__main__":
    main()
