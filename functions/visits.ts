import type { Context } from 'hono'
import * as z from 'zod'
import { utcDay } from './_lib/days.ts'
import type { Env } from './_lib/env.ts'

const Days = z
  .string()
  .regex(/^\d{1,3}$/)
  .transform(Number)
  .pipe(z.number().min(1).max(366))
  .default(30)

/** The totals of the last days, today's included. */
export async function visits(c: Context<{ Bindings: Env }>) {
  const { env } = c
  c.header('Cache-Control', 'no-store')
  const days = Days.safeParse(c.req.query('days'))
  if (!days.success) return c.json({ error: 'Days must be a whole number from 1 to 366' }, 400)
  if (!env.visits) return c.json({ error: 'Database not configured' }, 503)
  try {
    return c.json({ days: await env.visits.days(utcDay(env.now()), days.data) })
  } catch (cause) {
    env.log('Cannot read the visits', cause)
    return c.json({ error: 'Database unavailable' }, 503)
  }
}
