// The same file, prompt and greedy choice must give the same tokens in lanner and in llama.cpp
// (through the package node-llama-cpp, installed by scripts/peer_setup.sh). What two engines that
// share no code agree on is hardly a mistake of one; equal text, not equal bits: their sums round
// differently.
//
//   node peer_greedy.mjs SETUP PEER_FOLDER LANNER DATA TINY_FOLDER BUILTIN
//
// Exit 77 with the reason: the package cannot be had here, or DATA, the folder of outside files, is
// absent.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const SKIP = 77;
const [setup, peerFolder, lanner, data, tiny, builtin] = process.argv.slice(2);

// Trained models, and tiny random ones for what it lacks: scaled positions, biases, pairs half a
// head apart. The random ones are F32: for the other formats llama.cpp rounds activations in its
// own way, and on random weights the best two tokens are often closer than that.
const cases = [
    ...["Once upon a time", "The little dog was", '"Where are you going?" said'].flatMap(
        (prompt) => [path.join(data, "models/stories260K.gguf"), builtin].map(
            (file) => ({ file, prompt, n: 64 }))),
    ...["llama-f32", "llama-f32-odd", "qwen2-f32-odd"].map((name) => (
        { file: path.join(tiny, `${name}.gguf`), prompt: "the thing and an hour", n: 24 })),
];

function skip(reason) {
    console.log(`skipped: ${reason}`);
    process.exit(SKIP);
}

function lannerRun(c) {
    const out = execFileSync(lanner, ["run", c.file, "--raw", "--temp", "0", "-n", String(c.n),
        "-p", c.prompt, "--json"], { encoding: "utf8" });
    const { text, tokens, prompt_tokens } = JSON.parse(out);
    return { text, tokens, prompt_tokens };
}

async function peerRun(llama, c) {
    const model = await llama.loadModel({ modelPath: c.file, gpuLayers: 0 });
    const context = await model.createContext(
        { contextSize: 256, threads: 1, flashAttention: false });
    const prompt = model.tokenize(c.prompt);
    if (model.tokens.shouldPrependBosToken)
        prompt.unshift(model.tokens.bos);
    const tokens = [];
    for await (const token of context.getSequence().evaluate(prompt, { temperature: 0 })) {
        tokens.push(token);
        if (tokens.length === c.n)
            break;
    }
    const text = model.detokenize(tokens, false, prompt);
    await model.dispose();
    return { text, tokens, prompt_tokens: prompt.length };
}

async function main() {
    if (!existsSync(path.join(data, "README.md")))
        skip(`${data} is not there`);
    const made = spawnSync("bash", [setup], { encoding: "utf8" });
    if (made.status !== 0)
        skip(`llama.cpp cannot be installed: ${made.stderr.trim().split("\n").at(-1)}`);
    const entry = path.join(peerFolder, "node_modules/node-llama-cpp/dist/index.js");
    const { getLlama } = await import(pathToFileURL(entry));
    const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
    let n_failed = 0;
    for (const c of cases) {
        const ours = JSON.stringify(lannerRun(c));
        const theirs = JSON.stringify(await peerRun(llama, c));
        const same = ours === theirs;
        console.log(`${same ? "same" : "DIFFERENT"}: ${path.basename(c.file)}, ${c.n} tokens`);
        if (!same) {
            n_failed++;
            console.log(`  lanner    ${ours}\n  llama.cpp ${theirs}`);
        }
    }
    await llama.dispose();
    process.exit(n_failed ? 1 : 0);
}

await main();
