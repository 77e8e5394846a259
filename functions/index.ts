import { type Handler, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Env } from './_lib/env.ts'
import { container, health, ready } from './health.ts'
import { visit } from './visit.ts'
import { visits } from './visits.ts'
import { webhook } from './webhook.ts'

type Handlers = readonly Handler<{ Bindings: Env }>[]
type Route = [method: 'GET' | 'POST', path: string, handlers: Handlers]

const routes: Route[] = [
  ['GET', '/', [container]],
  ['GET', '/health', [health]],
  ['GET', '/ready', [ready]],
  ['GET', '/api/visit', [visit]],
  ['GET', '/api/visits', [visits]],
  ['POST', '/api/webhook/github', webhook],
  ['POST', '/webhook/github', webhook],
]
const allowed = new Map(routes.map(([method, path]) => [path, method]))

/** The functions as one fetch handler: `app.fetch(request, env)`. */
export const app = new Hono<{ Bindings: Env }>()

for (const [method, path, handlers] of routes) app.on(method, [path], ...handlers)

app.notFound((c) => {
  const method = allowed.get(c.req.path)
  if (!method) return c.json({ error: 'Not found' }, 404)
  c.header('Allow', method === 'GET' ? 'GET, HEAD' : method)
  return c.json({ error: 'Method not allowed' }, 405)
})

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status)
  c.env.log(`Cannot answer ${c.req.method} ${c.req.path}`, error)
  return c.json({ error: 'Internal error' }, 500)
})
