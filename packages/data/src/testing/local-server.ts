import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface LocalServer {
  readonly url: string;
  /** The Range header of each request, in order; "" where there was none. */
  readonly ranges: string[];
}

/** A server on this machine, for one test. The answers are used up one by one; the last one stays. */
export async function localServer(...answers: Answer[]): Promise<LocalServer> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? "");
    answers[Math.min(ranges.length, answers.length) - 1]?.(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`, ranges };
}

/** Serves content as a good server does: whole, or from where the Range header says. */
export function serve(content: Uint8Array, headers: Record<string, string> = {}): Answer {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from >= content.length && from > 0) {
      response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
      return;
    }
    const part = content.subarray(from);
    const range = from > 0 ? { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { "content-length": part.length, ...range, ...headers }).end(part);
  };
}

/** Serves the first bytes of content that is announced as a whole, then cuts the connection. */
export function serveThenCut(content: Uint8Array, bytes: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-length": content.length, ...headers });
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
  };
}
