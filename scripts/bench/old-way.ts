import process from 'node:process'
import { type HttpBindings, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { openTcp } from '../../functions/_adapters/sql-tcp.ts'
import { visitorMac } from '../../functions/_adapters/visit-key.ts'
import { caller } from '../../functions/_lib/client.ts'
import { readConfig } from '../../functions/_lib/config.ts'
import { utcDay } from '../../functions/_lib/days.ts'

/** The old way: every request inserts its visitor, then counts the rows of the day. */
const config = readConfig(process.env)
const { sql } = openTcp(config.databaseUrl ?? '')
const mac = visitorMac(config)

const app = new Hono<{ Bindings: HttpBindings }>()

app.get('/api/visit', async (c) => {
  const date = utcDay(new Date())
  const peer = () => c.env.incoming.socket.remoteAddress ?? ''
  const { address, userAgent } = caller(c.req.raw.headers, { peer, trustedProxyHops: 0 })
  const visitor = mac(`${date}\n${address}\n${userAgent}`)
  await sql`
    insert into visits (day, visitor) values (${date}::text::date, decode(${visitor}, 'hex'))
    on conflict do nothing`
  const [row] = await sql<{ unique_visits: number }>`
    select count(*)::int as unique_visits from visits where day = ${date}::text::date`
  return c.json({ date, unique_visits: row?.unique_visits })
})

serve({ fetch: app.fetch, hostname: config.host, port: config.port }, ({ port }) => {
  console.log(`Listening on http://${config.host}:${port}`)
})
