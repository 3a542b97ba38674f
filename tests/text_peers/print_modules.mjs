// Prints every valid module of the official suite with the peers: wabt (folded, since its flat form is not always
// grammatical) and jco (which knows all proposals). One file per module and peer:
//   <output>/<peer>/<suite file with _ for />.<number of the command>.wat
// usage: node print_modules.mjs <suite folder> <output folder>, run where the packages are installed
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.cwd(), 'package.json'));
const wabt = await require('wabt')();
const jco = await import(pathToFileURL(require.resolve('@bytecodealliance/jco')));

const [suite, output] = process.argv.slice(2);
const valid = new Set(['module', 'module_definition', 'assert_unlinkable', 'assert_uninstantiable']);
const features = Object.fromEntries([
  'exceptions', 'mutable_globals', 'sat_float_to_int', 'sign_extension', 'simd', 'threads', 'function_references',
  'multi_value', 'tail_call', 'bulk_memory', 'reference_types', 'annotations', 'code_metadata', 'gc', 'memory64',
  'multi_memory', 'extended_const', 'relaxed_simd',
].map((name) => [name, true]));

function printWithWabt(bytes) {
  const module = wabt.readWasm(bytes, { ...features, readDebugNames: true });
  try {
    module.applyNames();
    return module.toText({ foldExprs: true, inlineExport: false });
  } finally {
    module.destroy();
  }
}

const peers = { wabt: printWithWabt, jco: (bytes) => jco.print(bytes) };
const counts = Object.fromEntries(Object.keys(peers).map((name) => [name, 0]));
for (const name of Object.keys(peers)) fs.mkdirSync(path.join(output, name), { recursive: true });

const files = fs.readdirSync(path.join(suite, 'core'), { recursive: true }).filter((file) => file.endsWith('.json'));
for (const file of files) {
  const { commands } = JSON.parse(fs.readFileSync(path.join(suite, 'core', file)));
  for (const [number, command] of commands.entries()) {
    if (!valid.has(command.type) || command.module_type !== 'binary') continue;
    const bytes = new Uint8Array(Buffer.from(command.binary, 'base64'));
    for (const [name, print] of Object.entries(peers)) {
      let text;
      try {
        text = await print(bytes);
      } catch {
        continue; // a proposal this peer does not know
      }
      const label = `core/${file}`.replaceAll('/', '_');
      fs.writeFileSync(path.join(output, name, `${label}.${number}.wat`), text);
      counts[name] += 1;
    }
  }
}
console.log(`printed: ${JSON.stringify(counts)}`);
