// A service as browsers know them: an event with a request, and a promise of a response.
const routes = {
  '/text': async (request, url) =>
    new Response(`${request.method} ${url.pathname}${url.search} [${await request.text()}]\n`, {
      headers: { 'content-type': 'text/plain', 'x-seen': request.headers.get('x-ask') ?? 'nothing' },
    }),
  '/json': async (request) => {
    const { numbers } = await request.json();
    return Response.json({ sum: numbers.reduce((one, other) => one + other, 0) });
  },
  '/stream': async () =>
    new Response(new ReadableStream({
      async start(controller) {
        for (let count = 0; count < 5; ++count) {
          await new Promise((done) => setTimeout(done, 5));
          controller.enqueue(new TextEncoder().encode(`part ${count}\n`));
        }
        controller.close();
      },
    })),
  '/through': async (request) => new Response(request.body, { headers: { 'content-type': 'application/octet-stream' } }),
  '/large': async (request, url) => new Response('y'.repeat(Number(url.searchParams.get('bytes')))),
  '/status': async (request, url) => new Response('status\n', { status: Number(url.searchParams.get('code')) }),
  '/empty': async () => new Response(null, { status: 204 }),
  '/elsewhere': async () => new Response('not here\n', { status: 302, headers: { location: '/text' } }),
  '/cookies': async () => {
    const headers = new Headers();
    headers.append('set-cookie', 'one=1');
    headers.append('set-cookie', 'two=2; Path=/');
    return new Response('sweet\n', { headers });
  },
  '/digest': async (request) => {
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await request.arrayBuffer()));
    return new Response([...sum].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
  },
  '/throw': async () => { throw new Error('meant to fail'); },
};

addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const route = routes[url.pathname];
  event.respondWith(route ? route(event.request, url) : new Response('no such thing\n', { status: 404 }));
});
