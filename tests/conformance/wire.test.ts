import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareJobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import { RUNTIMES } from '../../scripts/build.ts'
import { createDatabase } from '../database.ts'
import { type Server, startServer } from '../server.ts'
import { contract } from './contract.ts'
import { over } from './over.ts'
import { SECRETS } from './push.ts'
import { runSuite } from './suite.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerswarmp1-wire-'))
})

afterAll(() => rm(folder, { recursive: true }))

describe.each(RUNTIMES)('%s, as it ships', (runtime) => {
  let server: Server
  let database: Awaited<ReturnType<typeof createDatabase>>
  let jobsDir: string

  beforeAll(async () => {
    database = await createDatabase()
    jobsDir = await mkdtemp(join(folder, 'jobs-'))
    await prepareJobsFolder(jobsDir)
    server = await startServer(runtime, folder, {
      DATABASE_URL: database.url,
      GITHUB_WEBHOOK_SECRET: `${SECRETS.new}\n${SECRETS.old}`,
      JOBS_DIR: jobsDir,
    })
  })

  afterAll(async () => {
    await server.stop()
    await database.end()
  })

  it('answers every row of the contract over HTTP', async () => {
    const { ran, failures } = await runSuite(contract, over(server.url))

    expect(failures).toEqual([])
    expect(ran).toEqual(contract.map(({ name }) => name))
  })

  it('keeps its connections few and the total equal to the rows', async () => {
    const [counts] = await database.sql`
      select
        (select sum(unique_visits)::int from visit_days) as total,
        (select count(*)::int from visits) as rows,
        (select count(*)::int from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()) as connections`

    expect(counts?.total).toBe(counts?.rows)
    expect(counts?.rows).toBeGreaterThan(200)
    expect(counts?.connections).toBeGreaterThanOrEqual(1)
    expect(counts?.connections).toBeLessThanOrEqual(4)
  })

  it('stores no address and no user agent', async () => {
    const rows = await database.sql`select * from visits`

    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(['day', 'visitor'])
    expect(rows.every(({ visitor }) => visitor.length === 32)).toBe(true)
  })

  it('queues nothing and answers 503 when the sentinel is missing', async () => {
    const before = await readdir(join(jobsDir, 'new'))
    await rm(join(jobsDir, '.job-folder'))

    const { failures } = await runSuite(
      contract.filter(({ name }) => name.includes('queues a signed push')),
      over(server.url),
    )

    expect(failures).toHaveLength(1)
    expect(failures[0]?.message).toContain('503')
    expect(await readdir(join(jobsDir, 'new'))).toEqual(before)
  })
})
