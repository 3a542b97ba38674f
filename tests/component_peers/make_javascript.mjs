// Makes a component of a JavaScript program and the world beside it. The interfaces are those that the JavaScript
// engine itself was made for, which trellis finds inside it.
// usage: node make_javascript.mjs <trellis> <source> <output> [<program that runs the initialisation>], run where the
// packages are installed
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const [trellis, source, output, wizerBin] = process.argv.slice(2);
const tool = path.resolve('node_modules/@bytecodealliance/componentize-js');
const { componentize } = await import(pathToFileURL(path.join(tool, 'src/componentize.js')));

const engine = path.join(tool, 'lib/starlingmonkey_embedding.wasm');
const inside = execFileSync(trellis, ['component', 'wit', engine], { encoding: 'utf8' });
const interfaces = inside.slice(inside.indexOf('package wasi:'));
const world = fs.readFileSync(source.replace(/js$/, 'wit'), 'utf8');
const { component } = await componentize({
  sourcePath: source,
  witWorld: `${world}\n${interfaces}`,
  worldName: path.basename(source, '.js'),
  ...(wizerBin && { wizerBin }),
});
fs.writeFileSync(output, component);
