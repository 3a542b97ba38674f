// node.mjs MODULE EXPORT TIMES: nanoseconds of each.
import { readFileSync } from 'node:fs'
const [path, name, times] = process.argv.slice(2)
const { instance } = await WebAssembly.instantiate(readFileSync(path))
const run = instance.exports[name]
for (let i = 0; i < 10; ++i) run(Number(times) / 10)
const before = process.hrtime.bigint()
run(Number(times))
console.log(Number(process.hrtime.bigint() - before) / Number(times))
