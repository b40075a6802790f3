import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";

interface HttpGetOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Until the answer's headers are there. */
  readonly connectTimeoutMs: number;
  /** Longest silence afterwards. */
  readonly stallTimeoutMs: number;
}

const redirectLimit = 5;

/**
 * GET, with redirects followed. Not `fetch`, which would unpack a .gz that a server marks with Content-Encoding, so that
 * neither its length, nor a range of it, nor its checksum would be those of the file.
 */
export async function httpGet(url: URL, options: HttpGetOptions): Promise<IncomingMessage> {
  let target = url;
  for (let redirects = 0; redirects <= redirectLimit; redirects++) {
    const response = await getOnce(target, options);
    const location = response.headers.location;
    if ((response.statusCode ?? 0) < 300 || (response.statusCode ?? 0) > 399 || location === undefined) return response;
    response.destroy();
    target = new URL(location, target);
  }
  throw new Error(`more than ${redirectLimit} redirects from ${url.href}`);
}

function getOnce(url: URL, { headers, signal, connectTimeoutMs, stallTimeoutMs }: HttpGetOptions): Promise<IncomingMessage> {
  const request = url.protocol === "http:" ? requestHttp : requestHttps;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, ...(signal === undefined ? {} : { signal }) });
    const timer = setTimeout(
      () => outgoing.destroy(new Error(`no answer from ${url.host} within ${connectTimeoutMs / 1000} s`)),
      connectTimeoutMs,
    );
    outgoing.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.on("response", (response) => {
      clearTimeout(timer);
      response.socket.setTimeout(stallTimeoutMs, () =>
        response.destroy(new Error(`${url.host} sent nothing for ${stallTimeoutMs / 1000} s`)),
      );
      resolve(response);
    });
    outgoing.end();
  });
}
