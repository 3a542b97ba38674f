// Runs what `jco transpile --instantiation sync` made of a component, with that program's own WASI.
//   node peer.mjs run <script> <folder, which is /data> <words>...   a program of wasi:cli
//   node peer.mjs serve <script>                                     a service of wasi:http; the first line is its port
// Run where the packages are installed.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.cwd(), 'package.json'));
const [verb, script, ...rest] = process.argv.slice(2);
const wasi = (part) => import(pathToFileURL(require.resolve(`@bytecodealliance/preview2-shim/${part}`)));
const { instantiate } = await import(pathToFileURL(script));
const { WASIShim } = await wasi('instantiation');
const modules = new Map();

function module(name) {
  if (!modules.has(name))
    modules.set(name, new WebAssembly.Module(fs.readFileSync(path.join(path.dirname(script), name))));
  return modules.get(name);
}

const instance = () => instantiate(module, new WASIShim().getImportObject());

async function run(folder, words) {
  const [{ _setArgs }, { _setPreopens }] = await Promise.all([wasi('cli'), wasi('filesystem')]);
  _setArgs(['program', ...words]);
  _setPreopens({ '/data': folder });
  try {
    await instance().run.run();
  } catch {
    return 1; // the program has said why
  }
  await new Promise((done) => setTimeout(done)); // so that standard output is out
  return 0;
}

async function serve() {
  const { HTTPServer } = await wasi('http');
  const server = new HTTPServer({ handle: (request, out) => instance().incomingHandler.handle(request, out) });
  await server.listen(0, '127.0.0.1');
  console.log(server.address().port);
}

if (verb === 'run') process.exit(await run(rest[0], rest.slice(1)));
else await serve();
