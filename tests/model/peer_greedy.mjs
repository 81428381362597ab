// The same file, prompt and greedy choice must give the same tokens in lanner and in llama.cpp.
// What two engines that share no code agree on is hardly a mistake of one; equal text, not equal
// bits: their sums round differently, so where the two best tokens are nearly tied, either may win.
//
//   node peer_greedy.mjs SETUP PEER_FOLDER LANNER DATA TINY_FOLDER BUILTIN
//
// Exit 77 with the reason: the package cannot be had here, or DATA, the folder of outside files, is
// absent.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

import { connect, logitsAfter, N_CTX, skip, withModel } from "./peer.mjs";

const [setup, peerFolder, lanner, data, tiny, builtin] = process.argv.slice(2);

// Of the best logit; peer_reference.mjs measures such differences to be 5e-4, in 62 layers 6e-3.
const NEAR_TIE = 5e-3;

// Trained models, and tiny random ones of every family. The random ones are F32: for the other
// formats llama.cpp rounds activations in its own way, and on random weights the best two tokens
// are often closer than that. The longest prompt exceeds the windows of 48; phi3 has none in
// llama.cpp, so what has one in lanner is not asked to go that far.
const shortPrompts = ["the thing and an hour", "in the hand"];
const prompts = [...shortPrompts, `${"the hour that the hand is on, ".repeat(5)}and`];
const cases = [
    ...["Once upon a time", "The little dog was", '"Where are you going?" said'].flatMap(
        (prompt) => [path.join(data, "models/stories260K.gguf"), builtin].map(
            (file) => ({ file, prompt, n: 64 }))),
    ...["llama-f32", "llama-f32-odd", "llama-f32-yarn", "qwen2-f32-odd", "qwen2-f32-yarn",
        "qwen3-f32", "qwen3-f32-yarn", "gemma2-f32", "gemma2-f32-27b", "gemma3-f32",
        "gemma3-f32-27b", "phi3-f32", "phi3-f32-short", "qwen3moe-f32", "mixtral-f32"].flatMap(
        (name) => (name === "phi3-f32-short" ? shortPrompts : prompts).map(
            (prompt) => ({ file: path.join(tiny, `${name}.gguf`), prompt, n: 24 }))),
];

function lannerRun(c) {
    const out = execFileSync(lanner, ["run", c.file, "--raw", "--temp", "0", "-n", String(c.n),
        "--ctx", String(N_CTX), "-p", c.prompt, "--json"], { encoding: "utf8" });
    const { text, tokens, prompt_tokens } = JSON.parse(out);
    return { text, tokens, prompt_tokens };
}

async function peerRun(model, sequence, c) {
    const prompt = model.tokenize(c.prompt);
    if (model.tokens.shouldPrependBosToken)
        prompt.unshift(model.tokens.bos);
    const tokens = [];
    for await (const token of sequence.evaluate(prompt, { temperature: 0 })) {
        tokens.push(token);
        if (tokens.length === c.n)
            break;
    }
    return { prompt, tokens, text: model.detokenize(tokens, false, prompt) };
}

// Where two lists of tokens part: what llama.cpp thinks of both choices there.
async function tieAt(llama, c, prompt, ours, theirs) {
    const at = ours.findIndex((token, i) => token !== theirs[i]);
    const common = [...prompt, ...theirs.slice(0, at)];
    const rows = await withModel(
        llama, c.file, (model, sequence) => logitsAfter(sequence, common));
    const row = rows.at(-1);
    const [our, their] = [row[ours[at]], row[theirs[at]]];
    console.log(`  part at token ${at}: logit ${our} of ${ours[at]}, ${their} of ${theirs[at]}`);
    return Math.abs(their - our) <= NEAR_TIE * Math.abs(their);
}

async function compare(llama, c) {
    const ours = lannerRun(c);
    const theirs = await withModel(
        llama, c.file, (model, sequence) => peerRun(model, sequence, c));
    const { prompt } = theirs;
    const what = `${path.basename(c.file)}, ${prompt.length} and ${c.n} tokens`;
    if (ours.text === theirs.text && ours.tokens.join() === theirs.tokens.join()
        && ours.prompt_tokens === prompt.length) {
        console.log(`same: ${what}`);
        return true;
    }
    console.log(`  lanner    ${JSON.stringify(ours)}\n  llama.cpp ${JSON.stringify(theirs)}`);
    const isTie = ours.prompt_tokens === prompt.length && ours.tokens.length === c.n
        && ours.tokens.join() !== theirs.tokens.join()
        && await tieAt(llama, c, prompt, ours.tokens, theirs.tokens);
    console.log(`${isTie ? "nearly tied" : "DIFFERENT"}: ${what}`);
    return isTie;
}

async function main() {
    if (!existsSync(path.join(data, "README.md")))
        skip(`${data} is not there`);
    const llama = await connect(setup, peerFolder);
    let nFailed = 0;
    for (const c of cases)
        nFailed += await compare(llama, c) ? 0 : 1;
    await llama.dispose();
    process.exit(nFailed ? 1 : 0);
}

await main();
