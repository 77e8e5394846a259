import { describe, expect, it } from 'vitest'
import { batch } from '../../functions/_lib/batch.ts'
import { caller } from '../../functions/_lib/client.ts'
import { createSeen } from '../../functions/_lib/seen.ts'
import { createVisits, type Sql } from '../../functions/_lib/visits.ts'

describe('batch', () => {
  it('lets all who arrive during a run share the next one', async () => {
    const runs: number[][] = []
    const gate = Promise.withResolvers<void>()
    const add = batch(async (items: number[]) => {
      runs.push(items)
      await gate.promise
      return items.length
    })

    const results = [1, 2, 3, 4].map(add)
    gate.resolve()

    expect(await Promise.all(results)).toEqual([1, 3, 3, 3])
    expect(runs).toEqual([[1], [2, 3, 4]])
  })

  it('fails everyone of a failed run and nobody of the next', async () => {
    const add = batch(async (items: string[]) => {
      if (items.includes('bad')) throw new Error('refused')
      return items.length
    })

    const results = await Promise.allSettled(['first', 'bad', 'beside'].map(add))
    const next = await add('next')

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(next).toBe(1)
  })
})

describe('createSeen', () => {
  it('remembers a caller for the day, not for the next one nor the one before', () => {
    const seen = createSeen()
    seen.add('2026-11-23', 'a')

    expect(seen.has('2026-11-23', 'a')).toBe(true)
    expect(seen.has('2026-11-23', 'b')).toBe(false)
    expect(seen.has('2026-11-24', 'a')).toBe(false)
    expect(seen.has('2026-11-22', 'a')).toBe(false)
    seen.add('2026-11-24', 'b')
    expect(seen.has('2026-11-23', 'a')).toBe(false)
    seen.add('2026-11-23', 'late')
    expect(seen.has('2026-11-24', 'b')).toBe(true)
  })

  it('forgets the longest unseen first and keeps whoever comes again', () => {
    const seen = createSeen(2)
    for (const name of ['regular', 'b', 'c', 'd']) {
      seen.add('2026-11-23', name)
      seen.has('2026-11-23', 'regular')
    }
    seen.add('2026-11-23', 'e')
    seen.add('2026-11-23', 'f')

    expect(seen.has('2026-11-23', 'b')).toBe(false)
    expect(seen.has('2026-11-23', 'f')).toBe(true)
  })

  it('does not remember names of kilobytes', () => {
    const seen = createSeen()
    seen.add('2026-11-23', 'x'.repeat(513))

    expect(seen.has('2026-11-23', 'x'.repeat(513))).toBe(false)
  })
})

describe('createVisits', () => {
  const alice = { address: '192.0.2.1', userAgent: 'alice' }

  /** A database that knows one table by heart, to see what is asked of it. */
  function rehearsal() {
    const asked: string[] = []
    const rows = new Set<string>()
    const sql = (async (text: TemplateStringsArray, ...values: unknown[]) => {
      asked.push(text.join('?').trim().split(/\s+/).slice(0, 2).join(' '))
      for (const hex of asked.at(-1) === 'with added' ? JSON.parse(String(values[1])) : []) {
        rows.add(hex)
      }
      return [{ unique_visits: rows.size }]
    }) as unknown as Sql
    const hashed: string[] = []
    const mac = (text: string) => {
      hashed.push(text)
      return text
    }
    const visits = createVisits({ sql, mac, retentionDays: 2, log: () => {} })
    return { visits, asked, hashed }
  }

  it('costs a visitor who was already seen today no write and no hash', async () => {
    const { visits, asked, hashed } = rehearsal()
    await visits.count('2026-11-23', alice)
    expect(asked).toEqual(['do $$', 'with added', 'with old'])
    asked.length = 0

    const total = await visits.count('2026-11-23', alice)

    expect(total).toBe(1)
    expect(asked).toEqual(['select unique_visits'])
    expect(hashed).toEqual(['2026-11-23\n192.0.2.1\nalice'])
  })

  it('writes once for a hundred who come at once', async () => {
    const { visits, asked } = rehearsal()
    await visits.count('2026-11-23', alice)
    asked.length = 0

    const calls = Array.from({ length: 100 }, (_, i) =>
      visits.count('2026-11-23', { address: '192.0.2.2', userAgent: `${i}` }),
    )
    await Promise.all(calls)

    expect(asked).toEqual(['with added', 'with added'])
  })
})

describe('caller', () => {
  const from = (forwarded: string | undefined, trustedProxyHops: number, peer = '10.0.0.9') =>
    caller(new Headers(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }), {
      peer: () => peer,
      trustedProxyHops,
    }).address

  it('counts our own proxies from the right', () => {
    const forged = '203.0.113.1, 198.51.100.7, 192.0.2.1'

    expect(from(forged, 0)).toBe('10.0.0.9')
    expect(from(forged, 1)).toBe('192.0.2.1')
    expect(from(forged, 2)).toBe('198.51.100.7')
  })

  it("takes the socket's peer where the proxy wrote nothing", () => {
    expect(from(undefined, 1)).toBe('10.0.0.9')
    expect(from('', 1)).toBe('10.0.0.9')
    expect(from('192.0.2.1', 2)).toBe('10.0.0.9')
  })

  it('sees an IPv4 client the same through a dual-stack socket', () => {
    expect(from(undefined, 0, '::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(from(undefined, 0, '2001:db8::1')).toBe('2001:db8::1')
  })
})
