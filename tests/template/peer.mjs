// Renders cases with @huggingface/jinja, for oracle.py: peer.mjs NPM_FOLDER UNIX_SECONDS reads a
// JSON list of [template, variables] from standard input and writes the list of texts, null for a
// failure.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const [folder, now] = process.argv.slice(2);
const require = createRequire(resolve(folder, "package.json"));
const { Template } = require("@huggingface/jinja");

// Its strftime_now asks for the time; for this process the clock stands still.
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length ? args : [Number(now) * 1000]));
  }
};

const render = ([template, variables]) => {
  try {
    return new Template(template).render(variables);
  } catch {
    return null;
  }
};
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(render)));
