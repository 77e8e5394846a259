import type { Context } from 'hono'
import { caller } from './_lib/client.ts'
import { utcDay } from './_lib/days.ts'
import type { Env } from './_lib/env.ts'

/** Counts the caller, once a day, and tells the day's total. */
export async function visit(c: Context<{ Bindings: Env }>) {
  const { env } = c
  c.header('Cache-Control', 'no-store')
  if (!env.visits) return c.json({ error: 'Database not configured' }, 503)
  const date = utcDay(env.now())
  try {
    const unique_visits = await env.visits.count(date, caller(c.req.raw.headers, env))
    return c.json({ date, unique_visits, hostname: env.hostname })
  } catch (cause) {
    env.log('Cannot count a visit', cause)
    return c.json({ error: 'Database unavailable' }, 503)
  }
}
