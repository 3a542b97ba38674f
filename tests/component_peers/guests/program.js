// A program of wasi:cli and, beside it, a service of wasi:http that uses the interfaces themselves.
export { run } from './command.js';
export { handler as incomingHandler } from './handler.js';
