// What node's documentation shows as its first server: node_hello.mjs PORT
import { createServer } from "node:http";
const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.end("hello, world\n");
});
server.listen(Number(process.argv[2]), "127.0.0.1");
