// A program of WASI 0.3: its output is a stream that waits for others as it goes.
import { getArguments } from 'wasi:cli/environment@0.3.0';
import { exitWithCode } from 'wasi:cli/exit@0.3.0';
import { readViaStream } from 'wasi:cli/stdin@0.3.0';
import { writeViaStream } from 'wasi:cli/stdout@0.3.0';
import { now, waitFor } from 'wasi:clocks/monotonic-clock@0.3.0';
import { getDirectories } from 'wasi:filesystem/preopens@0.3.0';

const bytesOf = (text) => Uint8Array.from([...text].map((character) => character.charCodeAt(0)));

async function* count(input) {
  let bytes = 0;
  for await (const part of input) bytes += part.length;
  yield bytesOf(`${bytes}\n`);
}

const verbs = {
  arguments: async function* (words) { yield bytesOf(words.join('|') + '\n'); },
  pass: async function* () { yield* readViaStream()[0]; },
  count: async function* () { yield* count(readViaStream()[0]); },
  wait: async function* () {
    const before = now();
    await waitFor(5_000_000);
    yield bytesOf(`${Number(now()) - Number(before) >= 5_000_000}\n`);
  },
  file: async function* ([path]) {
    const [folder] = getDirectories()[0];
    const file = await folder.openAt({}, path, {}, { read: true });
    yield* file.readViaStream(0)[0];
  },
  exit: async function* ([code]) { exitWithCode(Number(code)); },
};

export const run = {
  async run() {
    const [, verb, ...words] = getArguments();
    await writeViaStream(verbs[verb](words)).read();
  },
};
