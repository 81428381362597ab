// llama.cpp as the tests of this folder see it: the package node-llama-cpp, installed by
// scripts/peer_setup.sh, with one thread and no accelerator. Where it cannot be had is a reason to
// skip.

import { spawnSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";

export const SKIP = 77;
export const N_CTX = 512; // as in cases.h: it decides between LongRoPE's lists

export function skip(reason) {
    console.log(`skipped: ${reason}`);
    process.exit(SKIP);
}

// setup: peer_setup.sh; folder: where it puts the package.
export async function connect(setup, folder) {
    const made = spawnSync("bash", [setup], { encoding: "utf8" });
    if (made.status !== 0)
        skip(`llama.cpp cannot be installed: ${made.stderr.trim().split("\n").at(-1)}`);
    const entry = path.join(folder, "node_modules/node-llama-cpp/dist/index.js");
    const { getLlama } = await import(pathToFileURL(entry));
    return getLlama({ gpu: false, build: "never", logLevel: "error" });
}

// What use(model, sequence) returns, for one model and an empty sequence.
export async function withModel(llama, file, use) {
    const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
    const context = await model.createContext(
        { contextSize: N_CTX, threads: 1, flashAttention: false, swaFullCache: true });
    const result = await use(model, context.getSequence());
    await model.dispose();
    return result;
}

// Its logits after each of the tokens, which follow what the sequence has: arrays by token id.
export async function logitsAfter(sequence, tokens) {
    const wanted = tokens.map((token) => [token, { generateNext: { logits: true } }]);
    const outputs = await sequence.controlledEvaluate(wanted);
    return outputs.map(({ next }) => {
        const row = [];
        for (const [token, logit] of next.logits)
            row[token] = logit;
        return row;
    });
}
