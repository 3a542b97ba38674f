// Makes a component of each case twice, with trellis and with the peer, from a module in which trellis has put the
// world; and lets both print what both components say. One file per case, maker and reader:
//   <output>/<case>.<maker>.<reader>.wit
// usage: node make_components.mjs <trellis> <cases> <output>, run where the package is installed
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.cwd(), 'package.json'));
const jco = await import(pathToFileURL(require.resolve('@bytecodealliance/jco')));

const [trellis, cases, output] = process.argv.slice(2);
const component = (...words) => execFileSync(trellis, ['component', ...words], { encoding: 'utf8' });
fs.mkdirSync(output, { recursive: true });

for (const file of fs.readdirSync(cases).filter((name) => name.endsWith('.wit'))) {
  const name = path.basename(file, '.wit');
  const inside = path.join(output, `${name}.wasm`);
  component('embed', '--wit', path.join(cases, file), path.join(cases, `${name}.wat`), '-o', inside);
  const made = (maker) => path.join(output, `${name}.${maker}.wasm`);
  component('new', inside, '-o', made('trellis'));
  fs.writeFileSync(made('peer'), await jco.componentNew(fs.readFileSync(inside), []));
  for (const maker of ['trellis', 'peer']) {
    fs.writeFileSync(path.join(output, `${name}.${maker}.trellis.wit`), component('wit', made(maker)));
    fs.writeFileSync(path.join(output, `${name}.${maker}.peer.wit`), await jco.componentWit(fs.readFileSync(made(maker))));
  }
  console.log(name);
}
