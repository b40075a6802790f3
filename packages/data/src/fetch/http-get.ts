import { lookup } from "node:dns";
import { request as requestHttp, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPrivateAddress } from "./private-address.ts";

interface HttpGetOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Until the answer's headers are there. */
  readonly connectTimeoutMs: number;
  /** Longest silence afterwards. */
  readonly stallTimeoutMs: number;
  /** Which addresses a public server may not send us to. */
  readonly isPrivate?: ((address: string) => boolean) | undefined;
}

const redirectLimit = 5;

/** A server sent us where it must not. */
export class RedirectError extends Error {}

/**
 * GET, with redirects followed: never from https to http, and never from a public address to a private one, behind which
 * a router or the metadata of a cloud machine may listen.
 *
 * Not `fetch`, which would unpack a .gz that a server marks with Content-Encoding, so that neither its length, nor a range
 * of it, nor its checksum would be those of the file.
 */
export async function httpGet(url: URL, options: HttpGetOptions): Promise<IncomingMessage> {
  const { isPrivate = isPrivateAddress } = options;
  let target = url;
  let mayBePrivate = true;
  for (let redirects = 0; redirects <= redirectLimit; redirects++) {
    const response = await getOnce(target, { ...options, isRefused: (address) => !mayBePrivate && isPrivate(address) });
    const location = response.headers.location;
    if ((response.statusCode ?? 0) < 300 || (response.statusCode ?? 0) > 399 || location === undefined) return response;
    mayBePrivate &&= isPrivate(response.socket.remoteAddress ?? "");
    response.destroy();
    target = redirected(target, location);
  }
  throw new Error(`more than ${redirectLimit} redirects from ${url.href}`);
}

export function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to === undefined || (to.protocol !== "https:" && to.protocol !== "http:")) throw new RedirectError(`${from.host} redirects to no web address`);
  if (from.protocol === "https:" && to.protocol === "http:") throw new RedirectError(`${from.host} redirects from https to http`);
  return to;
}

interface OneRequest extends HttpGetOptions {
  isRefused(address: string): boolean;
}

function getOnce(url: URL, { headers, signal, connectTimeoutMs, stallTimeoutMs, isRefused }: OneRequest): Promise<IncomingMessage> {
  const request: (url: URL, options: RequestOptions) => ClientRequest = url.protocol === "http:" ? requestHttp : requestHttps;
  const refusal = () => new RedirectError(`a redirect leads from a public address to ${url.host}, which is private`);
  const literal = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(literal) !== 0 && isRefused(literal)) return Promise.reject(refusal());
  // Where the name is looked up, so that no second look-up can have another answer.
  const checkedLookup: LookupFunction = (hostname, lookupOptions, callback) => {
    lookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      if (addresses.some(({ address }) => isRefused(address))) return callback(refusal(), "", 0);
      const [first] = addresses;
      if (lookupOptions.all === true) callback(null, addresses);
      else callback(null, first?.address ?? "", first?.family);
    });
  };
  return new Promise((resolve, reject) => {
    // Connections are not kept: one that another download has opened would spare the look-up.
    const outgoing = request(url, { agent: false, headers, lookup: checkedLookup, ...(signal === undefined ? {} : { signal }) });
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
