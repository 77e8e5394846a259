import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { describe, expect, it } from 'vitest'
import type { Env } from '../../functions/_lib/env.ts'
import type { Job } from '../../functions/_lib/job.ts'
import { isSigned } from '../../functions/_lib/signature.ts'
import { app } from '../../functions/index.ts'
import { deliver } from '../conformance/push.ts'

/** @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
const VECTOR = {
  secret: "It's a Secret to Everybody",
  body: new TextEncoder().encode('Hello, World!'),
  header: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
}

describe('isSigned', () => {
  it("accepts GitHub's documented vector", async () => {
    expect(await isSigned(VECTOR.body, VECTOR.header, [VECTOR.secret])).toBe(true)
  })

  it('accepts it when another secret stands before or after', async () => {
    expect(await isSigned(VECTOR.body, VECTOR.header, ['new', VECTOR.secret])).toBe(true)
    expect(await isSigned(VECTOR.body, VECTOR.header, [VECTOR.secret, 'old'])).toBe(true)
  })

  it('refuses another body, secret, digest or form of the header', async () => {
    const { body, header, secret } = VECTOR
    const wrong = [
      [new TextEncoder().encode('Hello, World'), header, [secret]],
      [body, header, ["it's a secret to everybody"]],
      [body, header, []],
      [body, undefined, [secret]],
      [body, header.replace('7571', '7572'), [secret]],
      [body, header.slice(7), [secret]],
      [body, header.replace('sha256', 'sha1'), [secret]],
      [body, `${header}00`, [secret]],
      [body, ` ${header}`, [secret]],
    ] as const
    for (const [bytes, signature, secrets] of wrong) {
      expect(await isSigned(bytes, signature, [...secrets])).toBe(false)
    }
  })
})

const events = examples as unknown as {
  name: string
  examples: { ref?: string; deleted?: boolean }[]
}[]
const deliveries = events.flatMap(({ name, examples }) =>
  examples.map((payload, i) => ({ event: name, payload, name: `${name} ${i}` })),
)

describe("POST /api/webhook/github with GitHub's example payloads", () => {
  it.each(deliveries)(
    '$name: queues the pushes to master and nothing else',
    async ({ event, payload }) => {
      const jobs: Job[] = []
      const call = async (path: string, init: RequestInit) =>
        app.fetch(new Request(`http://api.example${path}`, init), envThatKeeps(jobs))

      const response = await deliver(call, { event, payload, secret: 'secret' })

      const due = event === 'push' && payload.ref === 'refs/heads/master' && !payload.deleted
      expect(response.status).toBe(due ? 202 : 200)
      expect(
        jobs.map(({ repository, ref, commit, who }) => [repository, ref, commit, who]),
      ).toEqual(
        due
          ? [
              [
                'Codertocat/Hello-World',
                'refs/heads/master',
                '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
                'Codertocat',
              ],
            ]
          : [],
      )
    },
  )

  it('has pushes to master among them, and at least 200 other payloads', () => {
    const due = deliveries.filter(({ payload }) => payload.ref === 'refs/heads/master')

    expect(due.length).toBeGreaterThan(0)
    expect(deliveries.length - due.length).toBeGreaterThan(200)
  })
})

function envThatKeeps(jobs: Job[]): Env {
  return {
    hostname: 'test',
    webhookSecrets: ['secret'],
    deployBranch: 'master',
    repository: undefined,
    trustedProxyHops: 0,
    peer: () => '192.0.2.1',
    visits: undefined,
    enqueue: async (job) => {
      jobs.push(job)
      return job.id
    },
    draining: () => false,
    now: () => new Date(),
    log: () => {},
  }
}
