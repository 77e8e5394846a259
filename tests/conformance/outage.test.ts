import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RUNTIMES } from '../../scripts/build.ts'
import { freePort, type LocalPostgres, startPostgres } from '../../scripts/postgres.ts'
import { type Server, startServer } from '../server.ts'

let folder: string
let port: number
let database: LocalPostgres

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerswarmp1-outage-'))
  port = await freePort()
  database = await startPostgres(folder, { port })
})

afterAll(async () => {
  await database.stop()
  await rm(folder, { recursive: true })
})

describe.each(RUNTIMES)('GET /api/visit on %s', (runtime) => {
  let server: Server

  beforeAll(async () => {
    server = await startServer(runtime, folder, {
      DATABASE_URL: database.url,
      VISIT_SALT: 'sixteen characters',
    })
  })

  afterAll(() => server.stop())

  it('answers 503 during an outage, and 200 to the next request after it', async () => {
    const visit = (userAgent: string) =>
      fetch(`${server.url}/api/visit`, { headers: { 'user-agent': userAgent } })
    const before = await total(await visit(`${runtime} before`))
    await crowd(visit, `${runtime} crowd`)

    await database.stop()
    const during = await Promise.all([visit(`${runtime} during`), visit(`${runtime} before`)])
    const ready = await fetch(`${server.url}/ready`)
    database = await startPostgres(folder, { port })
    const after = await visit(`${runtime} after`)

    expect(during.map(({ status }) => status)).toEqual([503, 503])
    expect(await during[0]?.json()).toEqual({ error: 'Database unavailable' })
    expect(ready.status).toBe(503)
    expect(await total(after)).toBe(before + 51)
    await crowd(visit, `${runtime} later crowd`)
    expect(await connections()).toBeLessThanOrEqual(4)
  })

  it('answers 503 when its connections are cut while it writes, and counts exactly after', async () => {
    const visit = (userAgent: string) =>
      fetch(`${server.url}/api/visit`, { headers: { 'user-agent': userAgent } })
    const agents = Array.from({ length: 100 }, (_, i) => `${runtime} cut ${i}`)
    const before = await total(await visit(`${runtime} cut`))

    const calls = agents.map((userAgent) => visit(userAgent))
    await cutConnections()
    const first = await Promise.all(calls)
    const again = await Promise.all(agents.map((userAgent) => visit(userAgent)))

    expect(first.every(({ status }) => status === 200 || status === 503)).toBe(true)
    expect(again.map(({ status }) => status)).toEqual(agents.map(() => 200))
    expect(await total(await visit(`${runtime} cut`))).toBe(before + agents.length)
  })
})

async function crowd(visit: (userAgent: string) => Promise<Response>, name: string) {
  await Promise.all(Array.from({ length: 50 }, (_, i) => visit(`${name} ${i}`)))
}

async function total(response: Response): Promise<number> {
  const body = (await response.json()) as { unique_visits: number }
  expect(response.status, JSON.stringify(body)).toBe(200)
  return body.unique_visits
}

async function asked<T>(ask: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(database.url, { max: 1, connection: { application_name: 'asking' } })
  try {
    return await ask(sql)
  } finally {
    await sql.end()
  }
}

function connections(): Promise<number> {
  return asked(async (sql) => {
    const rows = await sql`select 1 from pg_stat_activity
      where datname = current_database() and application_name <> 'asking'`
    return rows.length
  })
}

function cutConnections(): Promise<unknown> {
  return asked(
    (sql) => sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name <> 'asking'`,
  )
}
