// What a program of wasi:cli sees and does, a verb each; several have commas between them.
import { getArguments, getEnvironment } from 'wasi:cli/environment@0.2.10';
import { exit } from 'wasi:cli/exit@0.2.10';
import { getStdin } from 'wasi:cli/stdin@0.2.10';
import { getStdout } from 'wasi:cli/stdout@0.2.10';
import { getDirectories } from 'wasi:filesystem/preopens@0.2.10';
import { now } from 'wasi:clocks/wall-clock@0.2.10';
import { getRandomBytes } from 'wasi:random/random@0.2.10';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function joined(parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

function readAll(stream) {
  const parts = [];
  for (;;) {
    try {
      parts.push(stream.blockingRead(65536n));
    } catch (error) {
      if (error.payload?.tag === 'closed') return joined(parts);
      throw error;
    }
  }
}

function writeAll(stream, content) {
  for (let at = 0; at < content.length; at += 4096)
    stream.blockingWriteAndFlush(content.subarray(at, at + 4096));
}

const folder = () => getDirectories().find(([, name]) => name === '/data')[0];
const open = (path, how, what) => folder().openAt({}, path, how, what);

const verbs = {
  arguments: (...words) => console.log(JSON.stringify(words)),
  environment: (name) => console.log(getEnvironment().find(([key]) => key === name)?.[1] ?? 'unset'),
  upper: () => writeAll(getStdout(), encoder.encode(decoder.decode(readAll(getStdin())).toUpperCase())),
  count: () => console.log(readAll(getStdin()).length),
  repeat: (text, count) => writeAll(getStdout(), encoder.encode(text.repeat(Number(count)))),
  write: (path, content) => {
    const file = open(path, { create: true, truncate: true }, { read: true, write: true });
    console.log(file.write(encoder.encode(content), 0n), file.stat().type, file.stat().size);
  },
  read: (path) => console.log(decoder.decode(readAll(open(path, {}, { read: true }).readViaStream(0n)))),
  append: (path, content) => {
    writeAll(open(path, {}, { write: true }).appendViaStream(), encoder.encode(content));
    verbs.read(path);
  },
  make: (path) => folder().createDirectoryAt(path),
  rename: (from, to) => folder().renameAt(from, folder(), to),
  remove: (path) => folder().unlinkFileAt(path),
  list: (path) => {
    const entries = open(path, { directory: true }, { read: true }).readDirectory();
    const names = [];
    for (let entry; (entry = entries.readDirectoryEntry()); ) names.push(`${entry.name}:${entry.type}`);
    console.log(names.sort().join(' '));
  },
  status: (path) => {
    const { type, size, linkCount } = folder().statAt({ symlinkFollow: false }, path);
    console.log(type, size, linkCount);
  },
  fail: () => { throw new Error('meant to fail'); },
  exit: () => exit({ tag: 'err' }),
  leave: () => exit({ tag: 'ok' }),
  both: () => { console.log('to the one'); console.error('to the other'); },
  clock: () => console.log(Math.abs(Number(now().seconds) * 1000 - Date.now()) < 2000),
  random: () => console.log(getRandomBytes(16n).length, new Set(getRandomBytes(64n)).size > 8),
  timers: async () => {
    const before = performance.now();
    for (const milliseconds of [4, 0, 2]) await new Promise((done) => setTimeout(done, milliseconds));
    console.log(performance.now() - before >= 5);
  },
  digest: async (text) => {
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
    console.log([...sum].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
  },
  ask: async (url, body) => {
    const response = await fetch(url, body && { method: 'POST', body });
    console.log(response.status, response.headers.get('x-target'), await response.text());
  },
  sort: (count) => {
    let state = 1;
    const numbers = Array.from({ length: Number(count) }, () => (state = (state * 48271) % 2147483647));
    console.log(numbers.sort((one, other) => one - other).slice(0, 3).join(' '));
  },
};

function sentences(words) {
  const all = [[]];
  for (const word of words)
    if (word === ',') all.push([]);
    else all.at(-1).push(word);
  return all;
}

export const run = {
  async run() {
    let failed = false;
    for (const [verb, ...words] of sentences(getArguments().slice(1))) {
      try {
        await verbs[verb](...words);
      } catch (error) {
        console.error(error?.payload ?? error?.message);
        failed = true;
      }
    }
    if (failed) throw undefined;
  },
};
