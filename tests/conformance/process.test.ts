import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { bundleOptions } from '../../scripts/build.ts'
import { createDatabase } from '../database.ts'
import { COMMANDS, type Server, startServer } from '../server.ts'
import { until } from '../until.ts'
import { startPausableProxy, startSilentServer } from './sockets.ts'

const run = promisify(execFile)
const SALT = 'sixteen characters'

let folder: string
const servers: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerswarmp1-process-'))
})

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  await rm(folder, { recursive: true })
})

async function start(variables: Record<string, string>): Promise<Server> {
  const server = await startServer('node', folder, variables)
  servers.push(server)
  return server
}

describe('the Node adapter', () => {
  it('lists every problem of its configuration by name, shows no secret, and exits with 1', async () => {
    const outfile = join(folder, 'misconfigured.mjs')
    await build({ ...bundleOptions('node'), outfile })
    const env = {
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      GITHUB_WEBHOOK_SECRET_FILE: '/nowhere/secret',
      VISIT_SALT: 'short',
      TRUSTED_PROXY_HOPS: '-1',
      PORT: 'http',
    }

    const failure = await run(COMMANDS.node[0], [outfile], { env }).catch((cause) => cause)

    expect(failure.code).toBe(1)
    expect(failure.stderr.trim().split('\n')).toEqual([
      'Cannot start:',
      '  GITHUB_WEBHOOK_SECRET_FILE: wanted a readable file, got "/nowhere/secret" (ENOENT)',
      '  DATABASE_URL: wanted postgres://user:password@host:port/database, percent-encoded',
      '  VISIT_SALT: wanted at least 16 characters',
      '  TRUSTED_PROXY_HOPS: wanted a whole number from 0 to 10, got "-1"',
      '  PORT: wanted a whole number from 0 to 65535, got "http"',
    ])
  })

  it('says which address is taken and exits with 1', async () => {
    const first = await start({})
    const { port } = new URL(first.url)
    const outfile = join(folder, 'node.mjs')

    const failure = await run(COMMANDS.node[0], [outfile], { env: { PORT: port } }).catch((e) => e)

    expect(failure.code).toBe(1)
    expect(failure.stderr).toContain(`Cannot listen on 127.0.0.1:${port}`)
    expect(failure.stderr).toContain('EADDRINUSE')
  })

  it('answers 503 for visits and serves the rest without a database', async () => {
    const server = await start({})

    const visit = await fetch(`${server.url}/api/visit`)
    const ready = await fetch(`${server.url}/ready`)

    expect(visit.status).toBe(503)
    expect(await visit.json()).toEqual({ error: 'Database not configured' })
    expect(ready.status).toBe(200)
  })

  it('drains on SIGTERM: turns unready, and goes on serving on connections that it closes', async () => {
    const server = await start({ DRAIN_SECONDS: '600' })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    await answered(server.url, '/health', agent)

    server.process?.kill('SIGTERM')
    const ready = await until(
      () => fetch(`${server.url}/ready`),
      ({ status }) => status === 503,
    )
    const health = await answered(server.url, '/health', agent)

    expect(await ready.json()).toEqual({ error: 'Draining' })
    expect(health.statusCode).toBe(200)
    expect(health.headers.connection).toBe('close')
    server.process?.kill('SIGKILL') // ten minutes are too long for a test
  })

  it('after the drain closes, answers what is in flight, and exits with 0', async () => {
    const silent = await startSilentServer()
    const server = await start({
      DATABASE_URL: `postgres://user@127.0.0.1:${silent.port}/db`,
      VISIT_SALT: SALT,
    })
    const exit = once(server.process ?? process, 'exit')
    const inFlight = fetch(`${server.url}/api/visit`)
    await silent.connected

    server.process?.kill('SIGTERM')

    expect((await inFlight).status).toBe(503) // its database never says a word
    expect(await exit).toEqual([0, null])
    silent.stop()
  })

  it('answers 503 when the database falls silent, and 200 once it speaks again', async () => {
    const database = await createDatabase()
    const between = await startPausableProxy(Number(new URL(inject('postgresUrl')).port))
    const address = new URL(database.url)
    address.port = String(between.port)
    const server = await start({ DATABASE_URL: address.href, VISIT_SALT: SALT })
    const first = await fetch(`${server.url}/api/visit`)

    between.pause()
    const silent = await fetch(`${server.url}/api/visit`, { headers: { 'user-agent': 'other' } })
    between.resume()
    const after = await fetch(`${server.url}/api/visit`, { headers: { 'user-agent': 'other' } })

    expect([first.status, silent.status, after.status]).toEqual([200, 503, 200])
    expect((await after.json()).unique_visits).toBe(2)
    between.stop()
    await database.end()
  })

  it('refuses an endless chunked body at the limit, while it is still being sent', async () => {
    const server = await start({ GITHUB_WEBHOOK_SECRET: 'secret' })
    const { hostname, port } = new URL(server.url)
    const call = request({
      hostname,
      port,
      path: '/api/webhook/github',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    })
    call.on('error', () => {}) // it may close the connection on us while we send
    let ended = false
    const answer = once(call, 'response') as Promise<[IncomingMessage]>
    answer.finally(() => {
      ended = true
    })

    for (let megabytes = 0; megabytes < 200 && !ended; megabytes++) {
      if (!call.write(Buffer.alloc(1_048_576))) {
        await Promise.race([once(call, 'drain').catch(() => {}), answer])
      }
    }
    const [response] = await answer

    expect(response.statusCode).toBe(413)
    expect(ended).toBe(true)
    call.destroy()
  })
})

describe('four processes on one empty database', () => {
  it('all come up at once and count the same visitors exactly', async () => {
    const database = await createDatabase()
    const variables = { DATABASE_URL: database.url, VISIT_SALT: SALT }
    const processes = await Promise.all(Array.from({ length: 4 }, () => start(variables)))
    const agents = Array.from({ length: 300 }, (_, i) => `visitor ${i}`)

    const calls = processes.flatMap(({ url }, process) =>
      // Each in another order: unsorted batches would lock each other out.
      agents
        .toSorted((a, b) => hash(`${process}${a}`) - hash(`${process}${b}`))
        .map((agent) => fetch(`${url}/api/visit`, { headers: { 'user-agent': agent } })),
    )
    const responses = await Promise.all(calls)

    expect(responses.map(({ status }) => status)).toEqual(calls.map(() => 200))
    const [row] = await database.sql`
      select (select unique_visits from visit_days) as total, (select count(*)::int from visits) as rows`
    expect(row).toEqual({ total: agents.length, rows: agents.length })
    await database.end()
  })
})

describe('GET /api/visit', () => {
  it('counts on when the tables were dropped under it, those included whom it had seen', async () => {
    const database = await createDatabase()
    const server = await start({ DATABASE_URL: database.url, VISIT_SALT: SALT })
    const visit = async (userAgent: string) =>
      fetch(`${server.url}/api/visit`, { headers: { 'user-agent': userAgent } })
    await visit('regular')

    await database.sql`drop table visits, visit_days`
    const stranger = await visit('stranger')
    const regular = await visit('regular')

    expect(await stranger.json()).toMatchObject({ unique_visits: 1 })
    expect(await regular.json()).toMatchObject({ unique_visits: 2 })
    await database.end()
  })

  it('needs no right to create once the tables exist', async () => {
    const database = await createDatabase()
    const owner = await start({ DATABASE_URL: database.url, VISIT_SALT: SALT })
    await fetch(`${owner.url}/api/visit`)
    await database.sql`create role modest login password 'modest'`
    await database.sql`grant select, insert, update, delete on all tables in schema public to modest`
    const url = new URL(database.url)
    url.username = 'modest'
    url.password = 'modest'

    const server = await start({ DATABASE_URL: url.href, VISIT_SALT: SALT })
    const visit = await fetch(`${server.url}/api/visit`, { headers: { 'user-agent': 'other' } })

    expect(await visit.json()).toMatchObject({ unique_visits: 2 })
    await database.end()
  })
})

describe('VISIT_RETENTION_DAYS', () => {
  it('takes a large day in portions', async () => {
    const database = await createDatabase()
    const first = await start({ DATABASE_URL: database.url, VISIT_SALT: SALT })
    await fetch(`${first.url}/api/visit`)
    await database.sql`
      insert into visits select current_date - 9, sha256(n::text::bytea)
      from generate_series(1, 25000) as n`

    const second = await start({ DATABASE_URL: database.url, VISIT_SALT: SALT })
    await fetch(`${second.url}/api/visit`)

    const rows = () => database.sql`select count(*)::int as rows from visits`
    const [row] = await until(rows, ([row]) => row?.rows <= 5000)
    expect((await until(rows, ([row]) => row?.rows === 1))[0]).toEqual({ rows: 1 })
    expect(row?.rows).toBeLessThanOrEqual(5000)
    await database.end()
  })

  it('takes the hashes of older days and leaves their totals', async () => {
    const database = await createDatabase()
    const first = await start({ DATABASE_URL: database.url, VISIT_SALT: SALT })
    await fetch(`${first.url}/api/visit`)
    await database.sql`
      with old as (
        insert into visits select current_date - age, sha256(age::text::bytea)
        from generate_series(1, 4) as age returning day
      )
      insert into visit_days select day, 1 from old`

    const second = await start({
      DATABASE_URL: database.url,
      VISIT_SALT: SALT,
      VISIT_RETENTION_DAYS: '2',
    })
    await fetch(`${second.url}/api/visit`)

    const left = () => database.sql`
      select count(*)::int as rows, (current_date - min(day)) as oldest from visits`
    const [row] = await until(left, ([row]) => row?.rows <= 3)
    expect(row).toEqual({ rows: 3, oldest: 2 })
    const { days } = await (await fetch(`${second.url}/api/visits?days=5`)).json()
    expect(days.map((day: { unique_visits: number }) => day.unique_visits)).toEqual([1, 1, 1, 1, 1])
    await database.end()
  })
})

describe('NAME_FILE', () => {
  it('holds any secret, and keeps it out of the process list and the environment', async () => {
    const database = await createDatabase()
    const { hostname, port, username, pathname } = new URL(database.url)
    const password = `p@:/?#[]%&=+ ü'"\\$(id)`
    await database.sql.unsafe(
      `create role odd superuser login password '${password.replaceAll("'", "''")}'`,
    )
    await writeFile(join(folder, 'password'), `${password}\n`)
    await writeFile(join(folder, 'salt'), SALT)

    const server = await start({
      POSTGRES_HOST: hostname,
      POSTGRES_PORT: port,
      POSTGRES_DB: pathname.slice(1),
      POSTGRES_USER: 'odd',
      POSTGRES_PASSWORD_FILE: join(folder, 'password'),
      VISIT_SALT_FILE: join(folder, 'salt'),
    })

    expect(username).not.toBe('odd')
    expect((await fetch(`${server.url}/api/visit`)).status).toBe(200)
    const [sessions] = await database.sql`
      select count(*)::int as count from pg_stat_activity where usename = 'odd'`
    expect(sessions?.count).toBeGreaterThan(0)
    const { stdout } = await run('ps', [
      '-Eww',
      '-o',
      'args=',
      '-p',
      String(server.process?.pid),
    ]).catch(() => run('ps', ['eww', '-o', 'args=', '-p', String(server.process?.pid)]))
    expect(stdout).toContain('POSTGRES_PASSWORD_FILE')
    expect(stdout).not.toContain('$(id)')
    await database.end()
  })
})

async function answered(url: string, path: string, agent: Agent): Promise<IncomingMessage> {
  const [response] = (await once(get(`${url}${path}`, { agent }), 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response
}

function hash(text: string): number {
  return [...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1_000_003, 7)
}
