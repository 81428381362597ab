"""Trains the built-in model: tokeniser, data, AdamW + Muon, checkpoints. See README.md.

A run is fixed by its arguments: batches and dropout of a step depend only on
(seed, step, thread), so an interrupted run that is resumed, and a run that is resumed
with a larger --steps before its decay began, equal an uninterrupted one.
"""
import argparse
import concurrent.futures
import ctypes
import json
import math
import os
import pathlib
import time

# Two threads that each run half a batch, not two threads within each operator: on a shared
# machine the barriers of the latter cost up to ten times the work. Before torch is loaded.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch

import bpe
import data
from model import Config, Model


def arguments():
    a = argparse.ArgumentParser()
    a.add_argument("--data", default="../shared/data/text")
    a.add_argument("--out", default="/tmp/train/run")
    a.add_argument("--steps", type=int, default=1650)
    a.add_argument("--tokens", type=int, default=12288, help="tokens per step")
    a.add_argument("--layers", type=int, default=5)
    a.add_argument("--ff", type=int, default=512)
    a.add_argument("--dropout", type=float, default=0.2)
    a.add_argument("--muon-lr", type=float, default=0.02)
    a.add_argument("--adam-lr", type=float, default=0.003)
    a.add_argument("--decay", type=float, default=0.1, help="weight decay")
    a.add_argument("--cooldown", type=float, default=0.24, help="last share of steps: lr -> 0")
    a.add_argument("--warmup", type=int, default=50)
    a.add_argument("--bos-share", type=float, default=0.25)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--eval-every", type=int, default=250)
    a.add_argument("--resume", metavar="FILE", help="go on from this checkpoint")
    a.add_argument("--fp32", action="store_true", help="no bf16 products")
    return a.parse_args()


def keep_memory():
    """Large tensors from the heap, not from mmap: no page faults on every step."""
    libc = ctypes.CDLL(None)
    libc.mallopt(-4, 0)            # M_MMAP_MAX
    libc.mallopt(-1, 2 ** 31 - 1)  # M_TRIM_THRESHOLD
    libc.mallopt(-8, 1)            # M_ARENA_MAX: arenas of threads cannot hold large tensors


def tokenizer(path, texts, vocab):
    if not path.exists():
        path.write_text(json.dumps({"merges": bpe.train("".join(texts), vocab)}))
    return bpe.Tokenizer(json.loads(path.read_text())["merges"])


def gradients(model, params, x, y, dropout, rng):
    """Loss and gradients of one thread's share of the batch."""
    torch.set_num_threads(1)
    loss = model.loss(torch.from_numpy(x), torch.from_numpy(y), dropout, rng=rng)
    return loss.item(), torch.autograd.grad(loss, params)


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

    def update(self, p, m, lr, decay):
        torch.set_num_threads(1)
        m.mul_(self.momentum).add_(p.grad)
        u = self.orthogonal(p.grad.add(m, alpha=self.momentum))
        scale = max(1, p.shape[0] / p.shape[1]) ** 0.5
        p.data.mul_(1 - lr * decay).add_(u, alpha=-lr * scale)

    def step(self, lr, decay, pool):
        jobs = [pool.submit(self.update, p, m, lr, decay)
                for p, m in zip(self.params, self.state)]
        for job in jobs:
            job.result()

    @staticmethod
    def orthogonal(g):
        x = g.T if g.shape[0] > g.shape[1] else g
        x = (x / (x.norm() + 1e-7)).bfloat16()
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        return (x.T if g.shape[0] > g.shape[1] else x).float()


class Run:
    """Everything that a checkpoint holds, and the text."""

    def __init__(self, arg, out):
        self.arg, self.out, self.cfg = arg, out, Config(layers=arg.layers, ff=arg.ff)
        texts, held = data.load(arg.data)
        self.tok = tokenizer(out / "tokenizer.json", texts, self.cfg.vocab)
        self.ids, self.starts = data.stream(texts, self.tok)
        self.val, self.val_bytes = np.array(self.tok.encode(held)), len(held.encode())
        torch.manual_seed(arg.seed)
        self.model = Model(self.cfg, bf16=not arg.fp32)
        self.params = list(self.model.parameters())
        named = list(self.model.p.items())
        self.muon = Muon([p for n, p in named if p.dim() == 2 and n != "token_embd"])
        self.adam = torch.optim.AdamW(
            [p for n, p in named if p.dim() == 1 or n == "token_embd"],
            lr=arg.adam_lr, betas=(0.9, 0.95), weight_decay=0.0)
        self.pool = concurrent.futures.ThreadPoolExecutor(arg.threads)
        self.step, self.seen, self.seconds = 0, 0, 0.0
        self.log = open(out / "log.txt", "a", buffering=1)

    def say(self, *words):
        print(time.strftime("%H:%M:%S", time.gmtime()), *words, file=self.log)

    def save(self, name):
        path = self.out / name
        torch.save(dict(
            model=self.model.state_dict(), adam=self.adam.state_dict(), muon=self.muon.state,
            step=self.step, seen=self.seen, seconds=self.seconds, cfg=vars(self.cfg),
            merges=self.tok.merges, args=vars(self.arg)), f"{path}.tmp")
        os.replace(f"{path}.tmp", path)

    def load(self, path):
        s = torch.load(path)
        self.model.load_state_dict(s["model"])
        self.adam.load_state_dict(s["adam"])
        self.muon.state = s["muon"]
        self.step, self.seen, self.seconds = s["step"], s["seen"], s["seconds"]

    def train_step(self, scale):
        """One optimiser step with the learning rates times scale; the mean loss."""
        arg, step = self.arg, self.step
        rng = np.random.default_rng([arg.seed, step])
        length = 512 if step % 4 == 3 else 256  # positions up to 511 are trained as well
        x, y = data.batch(self.ids, self.starts, self.tok.eot, arg.tokens // length, length,
                          arg.bos_share, rng)
        n = arg.threads
        parts = [self.pool.submit(gradients, self.model, self.params, x[i::n], y[i::n],
                                  arg.dropout, np.random.default_rng([arg.seed, step, i]))
                 for i in range(n)]
        losses, grads = zip(*(part.result() for part in parts))
        for p, *g in zip(self.params, *grads):
            p.grad = sum(g) / n
        self.muon.step(arg.muon_lr * scale, arg.decay, self.pool)
        self.adam.param_groups[0]["lr"] = arg.adam_lr * scale
        self.adam.step()
        self.step += 1
        self.seen += x.size
        return sum(losses) / n

    def report(self):
        bits = held_out_bits(self.model, self.val, self.tok.eot, self.val_bytes)
        self.say(f"step {self.step} held-out bits per byte {bits:.4f}")


def main():
    arg = arguments()
    keep_memory()
    torch.set_num_threads(1)
    out = pathlib.Path(arg.out)
    out.mkdir(parents=True, exist_ok=True)
    run = Run(arg, out)
    if arg.resume:
        run.load(arg.resume)
    run.say(f"{sum(p.numel() for p in run.params)} parameters, {len(run.ids)} training tokens;"
            f" held out {len(run.val)} tokens, {run.val_bytes} bytes; {vars(arg)};"
            f" from step {run.step}")
    cool = int(arg.steps * (1 - arg.cooldown))  # first step of the decay
    average, began = None, time.time()
    while run.step < arg.steps:
        if run.step == cool:
            run.save("stable.pt")
        scale = min(1, (run.step + 1) / arg.warmup,
                    (arg.steps - run.step) / (arg.steps - cool + 1))
        loss = run.train_step(scale)
        if not math.isfinite(loss):
            raise SystemExit("the loss is not finite")
        average = loss if average is None else 0.98 * average + 0.02 * loss
        run.seconds, began = run.seconds + time.time() - began, time.time()
        if run.step % 50 == 0:
            run.say(f"step {run.step} loss {average:.4f} lr {scale:.3f} tokens {run.seen}"
                    f" seconds {run.seconds:.0f}")
        if run.step % arg.eval_every == 0 or run.step == arg.steps:
            run.report()
            run.save("last.pt")
    run.save("final.pt")


if __name__ == "__main__":
    main()
