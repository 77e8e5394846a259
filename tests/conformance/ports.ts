import assert from 'node:assert/strict'
import type { Env, Visits } from '../../functions/_lib/env.ts'
import { isJson, isRefused, visit } from './contract.ts'
import { deliver, pushPayload } from './push.ts'
import type { Case, Target } from './suite.ts'

const down = () => Promise.reject(new Error('the database is down'))
const brokenVisits: Visits = { count: down, days: down, ping: down }

/** What the functions do when something behind them is missing, broken or otherwise. */
export const ports: Case[] = [
  {
    name: 'GET /ready answers 503 while draining, and while the database does not answer',
    async run(target) {
      const draining = replaced(target, { draining: () => true })
      const broken = replaced(target, { visits: brokenVisits })

      await isJson(await draining.call('/ready'), 503, { error: 'Draining' })
      await isJson(await broken.call('/ready'), 503, { error: 'Database unavailable' })
      await isJson(await broken.call('/health'), 200, { status: 'healthy' })
    },
  },
  {
    name: 'GET /api/visit and /api/visits answer 503 without a database, or with a broken one',
    async run(target) {
      const none = replaced(target, { visits: undefined })
      const broken = replaced(target, { visits: brokenVisits })

      for (const path of ['/api/visit', '/api/visits']) {
        await isJson(await none.call(path), 503, { error: 'Database not configured' })
        await isJson(await broken.call(path), 503, { error: 'Database unavailable' })
      }
    },
  },
  {
    name: 'POST /api/webhook/github answers 503 when the job cannot be stored',
    async run(target) {
      const full = replaced(target, { enqueue: () => Promise.reject(new Error('disk full')) })
      const none = replaced(target, { enqueue: undefined })
      const closed = replaced(target, { webhookSecrets: [] })

      await isJson(await deliver(full.call), 503, { error: 'Job could not be stored' })
      await isJson(await deliver(none.call), 503, { error: 'Job folder not configured' })
      await isJson(await deliver(closed.call), 503, { error: 'Webhook not configured' })
    },
  },
  {
    name: 'POST /api/webhook/github stops reading at its limit',
    async run({ call }) {
      let sent = 0
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 1_048_576
          if (sent > 200 * 1_048_576) controller.close()
          else controller.enqueue(new Uint8Array(1_048_576))
        },
      })

      const response = await call('/api/webhook/github', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: endless,
        duplex: 'half',
      } as RequestInit)

      await isRefused(response, 413)
      assert.ok(sent < 40 * 1_048_576, `read ${sent} bytes`)
    },
  },
  {
    name: 'POST /api/webhook/github ignores another repository than the configured one',
    async run(target) {
      const { call } = replaced(target, {
        repository: 'Octo-Org/Hello-World',
        enqueue: async () => 'id',
      })
      const other = pushPayload({ repository: { full_name: 'mallory/hello-world' } })

      assert.equal((await deliver(call)).status, 202)
      await isJson(await deliver(call, { payload: other }), 200, {
        ok: true,
        ignored: 'other repository',
      })
    },
  },
  {
    name: 'what nobody threw on purpose answers 500, tells nothing outside and all to the log',
    async run(target) {
      const lines: string[] = []
      const { call } = replaced(target, {
        now: () => {
          throw new Error('a secret detail')
        },
        log: (message, cause) => lines.push(`${message}: ${cause}`),
      })

      await isJson(await call('/api/visit'), 500, { error: 'Internal error' })
      assert.deepEqual(lines, ['Cannot answer GET /api/visit: Error: a secret detail'])
    },
  },
  {
    name: 'GET /api/visit tells clients apart by the address that our own proxy added',
    async run(target) {
      const behind = replaced(target, { trustedProxyHops: 1, peer: () => '10.0.0.9' })
      const from = async (forwarded: string) => {
        const headers = { 'user-agent': 'forwarded', 'x-forwarded-for': forwarded }
        const response = await behind.call('/api/visit', { headers })
        return ((await response.json()) as { unique_visits: number }).unique_visits
      }
      const first = await from('192.0.2.10')

      assert.equal(await from('203.0.113.5, 192.0.2.10'), first)
      assert.equal(await from('198.51.100.1,198.51.100.2, 192.0.2.10'), first)
      assert.equal(await from('192.0.2.11'), first + 1)
    },
  },
  {
    name: 'GET /api/visit believes no header without a proxy of our own',
    async run(target) {
      const direct = replaced(target, { trustedProxyHops: 0, peer: () => '192.0.2.20' })
      const from = (forwarded: string) =>
        direct.call('/api/visit', {
          headers: { 'user-agent': 'direct', 'x-forwarded-for': forwarded },
        })
      const first = await from('192.0.2.30')

      const second = await from('192.0.2.31')

      assert.deepEqual(await second.json(), await first.json())
    },
  },
  {
    name: 'GET /api/visit starts anew at midnight UTC and keeps the day before',
    async run(target) {
      const at = (moment: string) => replaced(target, { now: () => new Date(moment) })
      const evening = at('2001-02-03T23:59:59.999Z')
      const morning = at('2001-02-04T00:00:00.000Z')

      const counts = [
        await visit(evening, 'night owl'),
        await visit(evening, 'early bird'),
        await visit(morning, 'night owl'),
        await visit(morning, 'night owl'),
      ]

      assert.deepEqual(counts, [1, 2, 1, 1])
      await isJson(await morning.call('/api/visits?days=2'), 200, {
        days: [
          { date: '2001-02-03', unique_visits: 2 },
          { date: '2001-02-04', unique_visits: 1 },
        ],
      })
    },
  },
]

function replaced(target: Target, changes: Partial<Env>): Target {
  if (!target.replace) throw new Error('Cannot replace ports over the wire')
  return target.replace({ log: () => {}, ...changes })
}
