// What llama.cpp answers: greedy tokens for a prompt, through the npm package node-llama-cpp.
//   node greedy.mjs PEER_FOLDER MODEL.gguf N_TOKENS PROMPT
// Prints {"prompt": [ids], "tokens": [ids], "text": "..."}. PEER_FOLDER is where
// scripts/peer_setup.sh put the package.
import {createRequire} from "node:module";
import path from "node:path";
import {pathToFileURL} from "node:url";

const [,, folder, modelPath, nTokens, prompt] = process.argv;
const require = createRequire(path.join(path.resolve(folder), "x.js"));
const {getLlama} = await import(pathToFileURL(require.resolve("node-llama-cpp")).href);
const llama = await getLlama({gpu: false, build: "never", progressLogs: false,
                             logLevel: "error", maxThreads: 1});
const model = await llama.loadModel({modelPath, gpuLayers: 0});
const context = await model.createContext({contextSize: 512, batchSize: 512, threads: 1});
const sequence = context.getSequence();

const promptTokens = model.tokenize(prompt);
const bos = model.tokens.bos;
if (model.tokens.shouldPrependBosToken && bos != null && promptTokens[0] !== bos)
    promptTokens.unshift(bos);
const tokens = [];
for await (const token of sequence.evaluate(promptTokens, {temperature: 0, yieldEogToken: false})) {
    tokens.push(token);
    if (tokens.length >= Number(nTokens)) break;
}
const text = model.detokenize(tokens, false, promptTokens);
console.log(JSON.stringify({prompt: promptTokens, tokens, text}));
process.exit(0);
