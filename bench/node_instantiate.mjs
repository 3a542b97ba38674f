// Instantiates a module whose imported functions do nothing: node_instantiate.mjs MODULE. Prints "ok" and the
// nanoseconds from its bytes to the instance, as instantiate.cpp does.
import { readFileSync } from "node:fs";

const bytes = readFileSync(process.argv[2]);
const start = process.hrtime.bigint();
const module = new WebAssembly.Module(bytes);
const imports = {};
for (const { module: from, name, kind } of WebAssembly.Module.imports(module))
    if (kind === "function") (imports[from] ??= {})[name] = () => 0;
new WebAssembly.Instance(module, imports);
console.log("ok", process.hrtime.bigint() - start);
