import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Target } from './suite.ts'

const LARGE = 1_048_576

/** The functions behind an address. */
export function over(url: string): Target {
  return {
    call(path, init) {
      const { body } = init ?? {}
      const isLarge = body instanceof Uint8Array && body.length > LARGE
      return isLarge ? begin(new URL(path, url), init, body) : fetch(new URL(path, url), init)
    },
  }
}

/**
 * Announces the whole body, sends the beginning, and waits for an answer meanwhile: whoever sends on
 * after a refusal may lose the answer together with the connection.
 */
async function begin(url: URL, init: RequestInit | undefined, body: Uint8Array): Promise<Response> {
  const headers = {
    ...(init?.headers as Record<string, string>),
    'content-length': String(body.length),
  }
  const call = request(url, { method: init?.method ?? 'POST', headers })
  call.write(body.subarray(0, LARGE))
  const [answer] = (await once(call, 'response')) as [IncomingMessage]
  const rest = { status: answer.statusCode ?? 0, headers: answer.headers as HeadersInit }
  const response = new Response(await text(answer), rest)
  call.on('error', () => {}).destroy()
  return response
}
