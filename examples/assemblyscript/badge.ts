// Answers /badge?label=build&value=passing with a badge, as SVG. The query string's pieces are the program's arguments.
// AssemblyScript has no library for WASI; the functions needed are declared here. Nothing is ever freed
// (--runtime stub): an instance lives for one request.

@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, bytes: usize): i32;
@external("wasi_snapshot_preview1", "args_get")
declare function args_get(pointers: usize, bytes: usize): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(file: i32, vectors: usize, count: i32, written: usize): i32;

const most_characters = 60;

/** What the compiler calls where something can't go on (--use abort). */
export function stop(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}

function print(text: string): void {
  const bytes = String.UTF8.encode(text);
  const vector = memory.data(8);
  const written = memory.data(4);
  for (let done: u32 = 0, all: u32 = bytes.byteLength; done < all; done += load<u32>(written)) {
    store<usize>(vector, changetype<usize>(bytes) + done);
    store<u32>(vector, all - done, 4);
    if (fd_write(1, vector, 1, written) != 0) unreachable();
  }
}

function program_arguments(): string[] {
  const sizes = memory.data(8);
  if (args_sizes_get(sizes, sizes + 4) != 0) unreachable();
  const pointers = new StaticArray<usize>(load<u32>(sizes));
  const bytes = new ArrayBuffer(load<u32>(sizes, 4));
  if (args_get(changetype<usize>(pointers), changetype<usize>(bytes)) != 0) unreachable();
  const all: string[] = [];
  for (let i = 0; i < pointers.length; ++i) {
    let end = pointers[i];
    while (load<u8>(end) != 0) ++end;
    all.push(String.UTF8.decodeUnsafe(pointers[i], end - pointers[i]));
  }
  return all;
}

function value_of_digit(c: i32): i32 {
  if (c >= 48 && c <= 57) return c - 48;
  const letter = c | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Decodes + and %XX; null if that is not UTF-8, or has characters that XML can't have. */
function decoded(text: string): string | null {
  const from = Uint8Array.wrap(String.UTF8.encode(text));
  const to = new Uint8Array(from.length);
  let length = 0;
  for (let i = 0; i < from.length; ++i) {
    let c: i32 = from[i] == 43 ? 32 : from[i];
    if (c == 37) {
      const high = i + 2 < from.length ? value_of_digit(from[i + 1]) : -1;
      const low = i + 2 < from.length ? value_of_digit(from[i + 2]) : -1;
      if (high < 0 || low < 0) return null;
      c = high * 16 + low;
      i += 2;
    }
    if (c < 32) return null;
    to[length++] = <u8>c;
  }
  const result = String.UTF8.decode(to.buffer.slice(0, length));
  return is_same(String.UTF8.encode(result), to, length) && is_xml(result) ? result : null;
}

/** No half of a pair stands alone, and nothing that is no character; control characters were refused before. */
function is_xml(text: string): bool {
  for (let i = 0; i < text.length; ++i) {
    const c = text.codePointAt(i);
    if ((c >= 0xd800 && c <= 0xdfff) || c == 0xfffe || c == 0xffff) return false;
    if (c > 0xffff) ++i;
  }
  return true;
}

function is_same(bytes: ArrayBuffer, other: Uint8Array, length: i32): bool {
  return bytes.byteLength == length && memory.compare(changetype<usize>(bytes), other.dataStart, length) == 0;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** The argument behind "name=", decoded; `missing` if there is none, null if it can't be used. */
function field(name: string, missing: string): string | null {
  const all = program_arguments();
  for (let i = 1; i < all.length; ++i) {
    if (!all[i].startsWith(name + "=")) continue;
    const text = decoded(all[i].substring(name.length + 1));
    return text !== null && text.length <= most_characters ? text : null;
  }
  return missing;
}

function colour(value: string): string {
  if (value == "passing") return "#2c7a2c";
  return value == "failing" ? "#b02a2a" : "#35608f";
}

/** One half: a box with its text in the middle. */
function half(left: i32, text: string, fill: string): string {
  const width = 8 * text.length + 12;
  return (
    `<rect x="${left}" width="${width}" height="20" fill="${fill}"/>` +
    `<text x="${left + width / 2}" y="14" text-anchor="middle" fill="#fff">${escaped(text)}</text>\n`
  );
}

export function _start(): void {
  const label = field("label", "trellis");
  const value = field("value", "passing");
  if (label === null || value === null) {
    print("status: 400\ncontent-type: text/plain\n\nlabel and value are texts of at most 60 characters\n");
    return;
  }
  const middle = 8 * label.length + 12;
  const width = middle + 8 * value.length + 12;
  print(
    `content-type: image/svg+xml\n\n<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" ` +
      `font-family="monospace" font-size="12">\n` +
      half(0, label, "#444") +
      half(middle, value, colour(value)) +
      "</svg>\n",
  );
}
