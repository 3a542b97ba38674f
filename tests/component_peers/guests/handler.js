// A service with the functions of wasi:http: what the request says comes back, and every way to answer it.
import { Fields, IncomingBody, OutgoingBody, OutgoingResponse, ResponseOutparam } from 'wasi:http/types@0.2.10';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function joined(parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

function readAll(request) {
  const body = request.consume();
  const stream = body.stream();
  const parts = [];
  try {
    for (;;) parts.push(stream.blockingRead(65536n));
  } catch (error) {
    if (error.payload?.tag !== 'closed') throw error;
  }
  stream[Symbol.dispose]();
  IncomingBody.finish(body);
  return joined(parts);
}

function begin(out, status, fields = []) {
  const response = new OutgoingResponse(Fields.fromList(fields.map(([name, value]) => [name, encoder.encode(value)])));
  response.setStatusCode(status);
  const body = response.body();
  ResponseOutparam.set(out, { tag: 'ok', val: response });
  return body;
}

function write(body, content) {
  const stream = body.write();
  for (let at = 0; at < content.length; at += 4096)
    stream.blockingWriteAndFlush(content.subarray(at, at + 4096));
  stream[Symbol.dispose]();
}

function answer(out, status, text, fields) {
  const body = begin(out, status, fields);
  write(body, encoder.encode(text));
  OutgoingBody.finish(body, undefined);
}

function describe(request) {
  const method = request.method();
  const all = request.headers().entries().map(([name, value]) => [name.toLowerCase(), value]);
  const fields = all.filter(([name]) => name.startsWith('x-'));
  return JSON.stringify({
    method: method.val ?? method.tag,
    target: request.pathWithQuery(),
    scheme: request.scheme()?.tag,
    fields: fields.map(([name, value]) => [name, decoder.decode(value)]).sort(),
    body: decoder.decode(readAll(request)),
  });
}

const routes = {
  '/describe': (request, out) => answer(out, 200, describe(request), [['content-type', 'application/json']]),
  '/status': (request, out, query) => answer(out, Number(query), 'status\n'),
  '/fields': (request, out) => answer(out, 200, '', [['x-one', '1'], ['x-two', 'a'], ['x-two', 'b']]),
  '/echo': (request, out) => {
    const content = readAll(request);
    const body = begin(out, 200, [['content-length', String(content.length)]]);
    write(body, content);
    OutgoingBody.finish(body, undefined);
  },
  '/large': (request, out, query) => answer(out, 200, 'x'.repeat(Number(query))),
  '/error': (request, out) => ResponseOutparam.set(out, { tag: 'err', val: { tag: 'internal-error', val: 'meant' } }),
  '/nothing': () => {},
  '/throw': () => { throw new Error('meant to fail'); },
};

export const handler = {
  handle(request, out) {
    const [path, query = ''] = request.pathWithQuery().split('?');
    const route = routes[path];
    if (route) route(request, out, query);
    else answer(out, 404, 'no such thing\n');
  },
};
