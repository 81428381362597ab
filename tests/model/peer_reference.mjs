// The reference computes what llama.cpp computes: logits at every position of the tiny models. So
// the engine, which is compared with the reference far more closely, has a meaning that does not
// come from this project.
//
//   node peer_reference.mjs SETUP PEER_FOLDER REFERENCE TINY_FOLDER
//
// Not for last digits: llama.cpp computes in floats, looks gelu and exp up in tables of halves, and
// rounds activations its own way for each format. Exit 77 with the reason: it cannot be had here.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { connect, logitsAfter, N_CTX, withModel } from "./peer.mjs";

const [setup, peerFolder, reference, tiny] = process.argv.slice(2);
const N_TOKENS = 160;

// Why a model is not asked of llama.cpp; undefined: it is.
function whyNot(model) {
    if (/--rope-dim/.test(model.args) && !/--arch phi3/.test(model.args))
        return "it aborts where heads do not turn whole";
    if (/longrope/.test(model.args) && !/--attn-factor/.test(model.args))
        return "it takes 1 where the file does not say the size of cos and sin";
    return undefined;
}

// Bounds on a row's error, max |llama.cpp - reference| / max |reference|, of the median row and of
// the share of rows that must keep the second: a rounding may choose another expert, a jump.
function boundsOf(args) {
    if (/--layers (46|62)/.test(args))
        return { median: 5e-3, worst: 3e-2, share: 1 };
    const share = /--experts/.test(args) ? 0.9 : 1;
    if (/--type BF16/.test(args)) // it rounds activations to eight bits, too
        return { median: 1e-2, worst: 3e-2, share };
    if (!/--type/.test(args) || /--type F16/.test(args))
        return { median: 2e-3, worst: 1e-2, share };
    return { median: 0.06, worst: 0.2, share };
}

// name and arguments of each model that `test_logits make` wrote
function tinyModels() {
    const lines = readFileSync(path.join(tiny, "cases.txt"), "utf8").trim().split("\n");
    return lines.map((line) => {
        const [, name, args] = line.match(/([^/]+)\.gguf' (.*)$/);
        return { name, args, file: path.join(tiny, `${name}.gguf`) };
    });
}

function referenceLogits(model, tokens) {
    // llama.cpp gives phi3 no window (its issue 13676), whatever the file says.
    const flags = /--arch phi3/.test(model.args) ? ["--no-window"] : [];
    const out = execFileSync(
        reference,
        [model.file, ...flags, "--ctx", String(N_CTX), "--logits", ...tokens.map(String)],
        { encoding: "utf8", maxBuffer: 1 << 26 });
    return out.trim().split("\n").map((line) => line.trim().split(" ").map(Number));
}

function rowError(theirs, ours) {
    const errors = ours.map((value, i) => Math.abs(theirs[i] - value));
    return Math.max(...errors) / Math.max(...ours.map(Math.abs));
}

const highest = (row) => row.indexOf(Math.max(...row));

async function compare(llama, model) {
    const theirs = await withModel(llama, model.file, async (loaded, sequence) => {
        const n = loaded.fileInfo.metadata.tokenizer.ggml.tokens.length;
        const tokens = Array.from({ length: N_TOKENS }, (_, i) => (i * i * 7 + 31 * i) % n);
        return { tokens, logits: await logitsAfter(sequence, tokens) };
    });
    const ours = referenceLogits(model, theirs.tokens);
    const errors = ours.map((row, i) => rowError(theirs.logits[i], row)).sort((a, b) => a - b);
    const nSame = ours.filter((row, i) => highest(row) === highest(theirs.logits[i])).length;
    const bounds = boundsOf(model.args);
    const median = errors[N_TOKENS >> 1];
    const worst = errors[Math.floor(bounds.share * (N_TOKENS - 1))];
    const holds = median <= bounds.median && worst <= bounds.worst;
    console.log(`${holds ? "same" : "DIFFERENT"}: ${model.name}, ` +
        `median ${median.toExponential(1)}, worst ${worst.toExponential(1)}, ` +
        `the same best token ${nSame} times of ${N_TOKENS}`);
    return holds;
}

async function main() {
    const llama = await connect(setup, peerFolder);
    let nFailed = 0;
    for (const model of tinyModels()) {
        const reason = whyNot(model);
        if (reason)
            console.log(`left out: ${model.name}: ${reason}`);
        else if (!await compare(llama, model).catch((e) => console.log(model.name, e)))
            nFailed++;
    }
    await llama.dispose();
    process.exit(nFailed ? 1 : 0);
}

await main();
