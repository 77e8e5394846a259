import assert from 'node:assert/strict'
import { deliver, pushPayload, SECRETS } from './push.ts'
import type { Case, Target } from './suite.ts'

type Visit = { date: string; unique_visits: number; hostname: string }
type Days = { days: { date: string; unique_visits: number }[] }

/** The contract of the routes: what `curl` sees on every runtime. */
export const contract: Case[] = [
  {
    name: 'GET / answers the host name as text',
    async run({ call }) {
      const response = await call('/')

      assert.equal(response.status, 200)
      assert.match(response.headers.get('content-type') ?? '', /^text\/plain/)
      assert.match(await response.text(), /^[\w.-]+$/)
    },
  },
  {
    name: 'GET /health answers healthy',
    async run({ call }) {
      await isJson(await call('/health'), 200, { status: 'healthy' })
    },
  },
  {
    name: 'GET /ready answers ready while the database answers',
    async run({ call }) {
      await isJson(await call('/ready'), 200, { status: 'ready' })
    },
  },
  {
    name: 'GET /api/visit answers the UTC day, the total and the host name, never from a cache',
    async run({ call }) {
      const response = await call('/api/visit', agent('shape'))

      assert.equal(response.status, 200)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      const visit = (await response.json()) as Visit
      assert.deepEqual(Object.keys(visit), ['date', 'unique_visits', 'hostname'])
      assert.equal(visit.date, new Date().toISOString().slice(0, 10))
      assert.ok(visit.unique_visits >= 1)
      assert.equal(visit.hostname, await (await call('/')).text())
    },
  },
  {
    name: 'GET /api/visit counts a visitor once and another one once more',
    async run(target) {
      const first = await visit(target, 'one')
      const again = await visit(target, 'one')
      const other = await visit(target, 'two')

      assert.equal(again, first)
      assert.equal(other, first + 1)
    },
  },
  {
    name: 'GET /api/visit counts 200 concurrent distinct visitors exactly',
    async run(target) {
      const before = await visit(target, 'crowd')

      await Promise.all(Array.from({ length: 200 }, (_, i) => visit(target, `crowd ${i}`)))

      assert.equal(await visit(target, 'crowd'), before + 200)
    },
  },
  {
    name: 'GET /api/visit counts a visitor who calls 200 times at once a single time',
    async run(target) {
      const before = await visit(target, 'eager before')

      await Promise.all(Array.from({ length: 200 }, () => visit(target, 'eager')))

      assert.equal(await visit(target, 'eager'), before + 1)
    },
  },
  {
    name: 'GET /api/visit counts a visitor whose user agent is 4 KB long, and only once',
    async run(target) {
      const before = await visit(target, 'short')

      const first = await visit(target, 'x'.repeat(4096))
      const again = await visit(target, 'x'.repeat(4096))

      assert.deepEqual([first, again], [before + 1, before + 1])
    },
  },
  {
    name: 'GET /api/visits answers the last days, oldest first, days without visits as 0',
    async run(target) {
      const today = await visit(target, 'days')

      const { days } = (await (await target.call('/api/visits?days=3')).json()) as Days

      const date = (age: number) =>
        new Date(Date.now() - age * 86_400_000).toISOString().slice(0, 10)
      assert.deepEqual(days, [
        { date: date(2), unique_visits: 0 },
        { date: date(1), unique_visits: 0 },
        { date: date(0), unique_visits: today },
      ])
    },
  },
  {
    name: 'GET /api/visits answers 30 days unless asked, and 1 to 366 when asked',
    async run({ call }) {
      for (const [query, length] of [
        ['', 30],
        ['?days=1', 1],
        ['?days=366', 366],
      ] as const) {
        const { days } = (await (await call(`/api/visits${query}`)).json()) as Days

        assert.equal(days.length, length)
      }
    },
  },
  {
    name: 'GET /api/visits refuses days outside 1 to 366 and names the range',
    async run({ call }) {
      for (const days of ['0', '367', '-1', '1.5', 'many', '', '1e2', '9999999']) {
        const response = await call(`/api/visits?days=${days}`)

        await isJson(response, 400, { error: 'Days must be a whole number from 1 to 366' })
      }
    },
  },
  {
    name: 'POST /api/webhook/github queues a signed push, at its alias too',
    async run({ call }) {
      for (const path of ['/api/webhook/github', '/webhook/github']) {
        const response = await deliver(call, { path })

        await isQueued(response)
      }
    },
  },
  {
    name: 'POST /api/webhook/github queues a form-encoded push, and images by digest',
    async run({ call }) {
      const images = { api: `ghcr.io/octo-org/hello-world/api@sha256:${'a'.repeat(64)}` }

      await isQueued(await deliver(call, { form: true, payload: pushPayload({ images }) }))
    },
  },
  {
    name: 'POST /api/webhook/github accepts the old secret beside the new one, and no third',
    async run({ call }) {
      await isQueued(await deliver(call, { secret: SECRETS.old }))
      await isRefused(await deliver(call, { secret: 'another' }), 401)
    },
  },
  {
    name: 'POST /api/webhook/github refuses a missing, malformed or foreign signature',
    async run({ call }) {
      const delivery = crypto.randomUUID()
      for (const signature of ['', 'sha256=', 'sha1=abc', `sha256=${'0'.repeat(64)}`]) {
        const headers = { 'x-hub-signature-256': signature }

        await isRefused(await deliver(call, { delivery, headers }), 401)
      }
      // Nothing of that was taken for the delivery itself.
      await isQueued(await deliver(call, { delivery }))
    },
  },
  {
    name: 'POST /api/webhook/github queues a delivery once',
    async run({ call }) {
      const delivery = crypto.randomUUID()
      await isQueued(await deliver(call, { delivery }))

      const again = await deliver(call, { delivery })

      await isJson(again, 200, { ok: true, ignored: 'delivery already seen' })
    },
  },
  {
    name: 'POST /api/webhook/github queues one of 20 concurrent deliveries of the same push',
    async run({ call }) {
      const delivery = crypto.randomUUID()

      const responses = await Promise.all(
        Array.from({ length: 20 }, () => deliver(call, { delivery })),
      )

      const answers = await Promise.all(responses.map((response) => response.json()))
      const jobs = (answers as { job?: string }[]).flatMap(({ job }) => job ?? [])
      assert.ok(jobs.length >= 1)
      assert.equal(new Set(jobs).size, 1)
      assert.ok(responses.every(({ status }) => status === 200 || status === 202))
    },
  },
  {
    name: 'POST /api/webhook/github ignores what is not a push to the deploy branch, and says why',
    async run({ call }) {
      const ignored = [
        [{ event: 'ping', payload: { zen: 'Keep it logically awesome.' } }, 'ping'],
        [{ event: 'issues', payload: { action: 'opened' } }, 'not a push'],
        [{ payload: pushPayload({ ref: 'refs/heads/other' }) }, 'other branch'],
        [{ payload: pushPayload({ ref: 'refs/tags/main' }) }, 'other branch'],
        [{ payload: pushPayload({ deleted: true, after: '0'.repeat(40) }) }, 'branch deleted'],
      ] as const
      for (const [delivery, why] of ignored) {
        await isJson(await deliver(call, delivery), 200, { ok: true, ignored: why })
      }
    },
  },
  {
    name: 'POST /api/webhook/github refuses a body that is not what it claims',
    async run({ call }) {
      await isRefused(await deliver(call, { text: '{"ref":' }), 400)
      await isRefused(await deliver(call, { text: '' }), 400)
      await isRefused(await deliver(call, { text: '{"ref":', form: true }), 400)
      await isRefused(await deliver(call, { text: '[]' }), 400)
      await isRefused(await deliver(call, { payload: { ref: 'refs/heads/main' } }), 400)
      await isRefused(await deliver(call, { payload: pushPayload({ after: 'HEAD' }) }), 400)
      await isRefused(await deliver(call, { payload: pushPayload({ after: '0'.repeat(40) }) }), 400)
      const images = { api: 'ghcr.io/octo-org/hello-world/api:latest' }
      await isRefused(await deliver(call, { payload: pushPayload({ images }) }), 400)
      await isRefused(await deliver(call, { delivery: '../../etc/passwd' }), 400)
    },
  },
  {
    name: 'POST /api/webhook/github refuses other content types',
    async run({ call }) {
      for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/jsonp']) {
        await isRefused(await deliver(call, { headers: { 'content-type': type } }), 415)
      }
      const headers = { 'content-type': 'Application/JSON; charset=utf-8' }
      await isQueued(await deliver(call, { headers }))
    },
  },
  {
    name: 'POST /api/webhook/github refuses more than 25 MB',
    async run({ call }) {
      const response = await call('/api/webhook/github', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new Uint8Array(25 * 1024 * 1024 + 1),
      })

      await isRefused(response, 413)
    },
  },
  {
    name: 'unknown paths answer 404 as JSON',
    async run({ call }) {
      for (const path of ['/nothing', '/api', '/api/visit/', '/api/webhook']) {
        await isJson(await call(path), 404, { error: 'Not found' })
      }
    },
  },
  {
    name: 'other methods answer 405 with Allow',
    async run({ call }) {
      for (const [path, allow] of [
        ['/', 'GET, HEAD'],
        ['/health', 'GET, HEAD'],
        ['/ready', 'GET, HEAD'],
        ['/api/visit', 'GET, HEAD'],
        ['/api/visits', 'GET, HEAD'],
        ['/api/webhook/github', 'POST'],
        ['/webhook/github', 'POST'],
      ] as const) {
        const response = await call(path, { method: 'DELETE' })

        assert.equal(response.headers.get('allow'), allow)
        await isJson(response, 405, { error: 'Method not allowed' })
      }
      assert.equal((await call('/health', { method: 'HEAD' })).status, 200)
    },
  },
]

export async function isJson(response: Response, status: number, body: unknown) {
  const text = await response.text()
  assert.equal(response.status, status, text)
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  assert.deepEqual(JSON.parse(text), body)
}

export async function isRefused(response: Response, status: number) {
  const text = await response.text()
  assert.equal(response.status, status, text)
  const body = JSON.parse(text) as { error: string }
  assert.deepEqual(Object.keys(body), ['error'])
  assert.match(body.error, /^[A-Z].*[^.]$/)
}

export async function isQueued(response: Response): Promise<string> {
  const text = await response.text()
  assert.equal(response.status, 202, text)
  const body = JSON.parse(text) as { ok: boolean; queued: boolean; job: string }
  assert.deepEqual(Object.keys(body), ['ok', 'queued', 'job'])
  assert.ok(body.ok && body.queued)
  assert.match(body.job, /^\d{8}T\d{9}Z-[0-9a-f]{8}$/)
  return body.job
}

export async function visit({ call }: Target, userAgent: string): Promise<number> {
  const response = await call('/api/visit', agent(userAgent))
  assert.equal(response.status, 200, await response.clone().text())
  return ((await response.json()) as Visit).unique_visits
}

function agent(userAgent: string): RequestInit {
  return { headers: { 'user-agent': userAgent } }
}
