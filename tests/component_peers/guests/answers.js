// A service of WASI 0.3: the body of its answer is a stream, which goes on when the function is done.
import { Fields, Request, Response } from 'wasi:http/types@0.3.0';
import { waitFor } from 'wasi:clocks/monotonic-clock@0.3.0';

const bytesOf = (text) => Uint8Array.from([...text].map((character) => character.charCodeAt(0)));
const settled = (value, type) => wit.Future.from({ tag: 'ok', val: value }, type).readable;

function answer(status, body) {
  const fields = Fields.fromList([['x-made', bytesOf('by a stream')]]);
  const [response] = Response.new(fields, body, settled(undefined, wit.Future.RESULT_OPTION_OTHER_ERROR_CODE));
  response.setStatusCode(status);
  return response;
}

async function* slowly(input) {
  yield bytesOf('what came: ');
  await waitFor(2_000_000);
  yield* input;
  yield bytesOf('\n');
}

export const handler = {
  async handle(request) {
    const path = request.getPathWithQuery();
    if (path === '/nowhere') return answer(404, undefined);
    const [input] = Request.consumeBody(request, settled(undefined, wit.Future.RESULT_VOID_ERROR_CODE));
    return answer(200, slowly(input));
  },
};
