import type { Context } from 'hono'
import type { Env } from './_lib/env.ts'

/** Which container answers, on the API's own port. */
export function container(c: Context<{ Bindings: Env }>) {
  return c.text(c.env.hostname, 200, { 'Content-Type': 'text/plain; charset=UTF-8' })
}

/** Alive: touches nothing, so it tells of this process alone. */
export function health(c: Context<{ Bindings: Env }>) {
  return c.json({ status: 'healthy' })
}

/** Ready for traffic: 503 while draining, so that the load balancer leaves before we close. */
export async function ready(c: Context<{ Bindings: Env }>) {
  if (c.env.draining()) return c.json({ error: 'Draining' }, 503)
  try {
    await c.env.visits?.ping()
  } catch (cause) {
    c.env.log('Cannot reach the database', cause)
    return c.json({ error: 'Database unavailable' }, 503)
  }
  return c.json({ status: 'ready' })
}
