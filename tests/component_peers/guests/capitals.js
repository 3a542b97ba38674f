// A program of streams, for the world of examples/streams: what comes in goes out in capitals.
export async function run(input) {
  return (async function* () {
    for await (const part of input)
      yield part.map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte));
  })();
}
