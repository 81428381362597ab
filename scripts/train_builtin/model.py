"""The built-in model in PyTorch: Llama architecture, tied embedding, bf16 products.

RoPE turns the interleaved pairs (2i, 2i+1): GGUF's 'llama' convention, so that
the weights are exported without a permutation.
"""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Config:
    def __init__(self, **kw):
        self.vocab, self.dim, self.layers, self.ff = 2048, 256, 5, 512
        self.heads, self.kv_heads, self.context = 4, 2, 512
        self.eps, self.rope_base = 1e-5, 10000.0
        self.__dict__.update(kw)


class RMSNorm(torch.autograd.Function):
    """Hand-written backward: three passes over memory instead of about ten."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        r = torch.rsqrt((x * x).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, r)
        return x * r * weight

    @staticmethod
    def backward(ctx, g):
        x, weight, r = ctx.saved_tensors
        n = x * r
        gw = g * weight
        dx = r * (gw - n * (gw * n).mean(-1, keepdim=True))
        return dx, (g * n).flatten(0, -2).sum(0), None


class Model(nn.Module):
    def __init__(self, cfg, bf16=True):
        super().__init__()
        self.cfg, self.dtype = cfg, torch.bfloat16 if bf16 else torch.float32
        d, kv = cfg.dim, cfg.dim // cfg.heads * cfg.kv_heads

        def mat(rows, cols, std=None):
            return nn.Parameter(torch.randn(rows, cols) * (cols ** -0.5 if std is None else std))

        # Names are those of the GGUF tensors with "." replaced, see export_gguf.py.
        self.p = nn.ParameterDict({"token_embd": mat(cfg.vocab, d, 0.02),
                                   "output_norm": nn.Parameter(torch.ones(d))})
        for i in range(cfg.layers):
            self.p.update({
                f"blk_{i}_attn_norm": nn.Parameter(torch.ones(d)),
                f"blk_{i}_attn_q": mat(d, d), f"blk_{i}_attn_k": mat(kv, d),
                f"blk_{i}_attn_v": mat(kv, d), f"blk_{i}_attn_output": mat(d, d, 0.0),
                f"blk_{i}_ffn_norm": nn.Parameter(torch.ones(d)),
                f"blk_{i}_ffn_gate": mat(cfg.ff, d), f"blk_{i}_ffn_up": mat(cfg.ff, d),
                f"blk_{i}_ffn_down": mat(d, cfg.ff, 0.0)})
        hd = d // cfg.heads
        freq = cfg.rope_base ** (-torch.arange(0, hd, 2).double() / hd)
        angle = torch.arange(cfg.context).double()[:, None] * freq
        self.rot = torch.polar(torch.ones_like(angle), angle).to(torch.complex64)
        mask = torch.full((cfg.context, cfg.context), float("-inf")).triu(1)
        self.mask = mask.to(self.dtype)

    @staticmethod
    def drop(x, p, rng):
        """Dropout; numpy's random bits are much faster than torch's on a CPU."""
        if not p:
            return x
        keep = np.frombuffer(rng.bytes(x.numel()), np.uint8) >= round(p * 256)
        return x * (torch.from_numpy(keep).view(x.shape) * (256 / (256 - round(p * 256))))

    def linear(self, x, *names):
        w = [self.p[n].to(self.dtype) for n in names]
        return F.linear(x.to(self.dtype), w[0] if len(w) == 1 else torch.cat(w))

    def rope(self, x, t):
        z = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
        return torch.view_as_real(z * self.rot[:t, None]).flatten(-2).to(self.dtype)

    def forward(self, ids, drop=0.0, rng=None):
        """ids (batch, time) -> the final normalised hidden state (batch, time, dim)."""
        cfg, (b, t) = self.cfg, ids.shape
        h, kv, hd = cfg.heads, cfg.kv_heads, cfg.dim // cfg.heads
        rep = h // kv
        mask = self.mask[:t, :t].repeat(rep, 1)
        x = self.drop(F.embedding(ids, self.p["token_embd"]), drop, rng)
        for i in range(cfg.layers):
            n = RMSNorm.apply(x, self.p[f"blk_{i}_attn_norm"], cfg.eps)
            qkv = self.linear(n, *(f"blk_{i}_attn_{c}" for c in "qkv"))
            qk, v = qkv.view(b, t, h + 2 * kv, hd).split([h + kv, kv], 2)
            q, k = self.rope(qk, t).split([h, kv], 2)
            # The rep query heads of one KV head stand below each other: no copy of k and v.
            q = q.reshape(b, t, kv, rep, hd).permute(0, 2, 3, 1, 4).reshape(b * kv, rep * t, hd)
            k = k.permute(0, 2, 3, 1).reshape(b * kv, hd, t)
            v = v.permute(0, 2, 1, 3).reshape(b * kv, t, hd)
            s = torch.baddbmm(mask, q, k, alpha=hd ** -0.5).softmax(-1)
            o = torch.bmm(s, v).view(b, kv, rep, t, hd).permute(0, 3, 1, 2, 4).reshape(b, t, -1)
            x = x + self.drop(self.linear(o, f"blk_{i}_attn_output"), drop, rng)
            n = RMSNorm.apply(x, self.p[f"blk_{i}_ffn_norm"], cfg.eps)
            gate, up = self.linear(n, f"blk_{i}_ffn_gate", f"blk_{i}_ffn_up").chunk(2, -1)
            x = x + self.drop(self.linear(F.silu(gate) * up, f"blk_{i}_ffn_down"), drop, rng)
        return RMSNorm.apply(x, self.p["output_norm"], cfg.eps)

    def logits(self, hidden):
        return self.linear(hidden, "token_embd").float()

    def loss(self, ids, targets, drop=0.0, rng=None, reduction="mean"):
        logits = self.logits(self(ids, drop, rng))
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction=reduction)
