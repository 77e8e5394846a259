import type { Caller, Env } from './env.ts'

/**
 * Who is calling: the address that our own outermost proxy wrote into X-Forwarded-For, or the
 * socket's peer where no proxy of ours stands before us. What a client wrote there itself stands
 * further left and is never read.
 * @see https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#selecting_an_ip_address
 */
export function caller(headers: Headers, env: Pick<Env, 'peer' | 'trustedProxyHops'>): Caller {
  return {
    address: plainAddress(forwarded(headers, env.trustedProxyHops) ?? env.peer()),
    userAgent: headers.get('user-agent') ?? '',
  }
}

function forwarded(headers: Headers, hops: number): string | undefined {
  if (hops === 0) return undefined
  const entries = headers.get('x-forwarded-for')?.split(',') ?? []
  return entries.at(-hops)?.trim() || undefined
}

// A dual-stack socket shows an IPv4 client as ::ffff:192.0.2.1.
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
