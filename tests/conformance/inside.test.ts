import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { prepareJobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import type { Values } from '../../functions/_lib/config.ts'
import { parseJob } from '../../functions/_lib/job.ts'
import { bundleOptions, type Runtime } from '../../scripts/build.ts'
import { startWorkerd } from '../../scripts/workerd.ts'
import { createDatabase } from '../database.ts'
import { COMMANDS } from '../server.ts'
import { contract } from './contract.ts'
import { startNeonProxy } from './neon-proxy.ts'
import { ports } from './ports.ts'
import { SECRETS } from './push.ts'
import type { Result } from './suite.ts'

const run = promisify(execFile)

let folder: string
let neon: Awaited<ReturnType<typeof startNeonProxy>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerswarmp1-conformance-'))
  neon = await startNeonProxy(Number(new URL(inject('postgresUrl')).port))
})

afterAll(async () => {
  neon.stop()
  await rm(folder, { recursive: true })
})

describe.each([
  ['node', 'tcp'],
  ['bun', 'tcp'],
  ['deno', 'tcp'],
  ['workerd', 'tcp'],
  ['node', 'neon'],
  ['workerd', 'neon'],
] as const)('the conformance suite inside %s, database over %s', (runtime, driver) => {
  it('passes whole, and what it left behind agrees with what it was told', async () => {
    const database = await createDatabase()
    const jobsDir = await mkdtemp(join(folder, 'jobs-'))
    await prepareJobsFolder(jobsDir)

    const { ran, failures } = await runInside(runtime, jobsDir, {
      DATABASE_URL: database.url,
      DATABASE_DRIVER: driver,
      NEON_WS_PROXY: neon.address,
      GITHUB_WEBHOOK_SECRET: `${SECRETS.new},${SECRETS.old}`,
      JOBS_DIR: jobsDir,
    })

    expect(failures).toEqual([])
    expect(ran).toEqual([...contract, ...ports].map(({ name }) => name))
    const totals = await database.sql`
      select to_char(day, 'YYYY-MM-DD') as day, unique_visits as total from visit_days order by 1`
    const rows = await database.sql`
      select to_char(day, 'YYYY-MM-DD') as day, count(*)::int as total from visits group by 1 order by 1`
    expect([...totals]).toEqual([...rows])
    expect(rows.length).toBe(3)
    const queued = (await readdir(join(jobsDir, 'new'))).sort()
    expect(queued).toEqual(queued.filter((name) => /^\d{8}T\d{9}Z-[0-9a-f]{8}\.json$/.test(name)))
    const jobs = await Promise.all(
      queued.map(async (name) => parseJob(await readFile(join(jobsDir, 'new', name), 'utf8'))),
    )
    expect(new Set(jobs.map(({ delivery }) => delivery)).size).toBe(QUEUED_BY_THE_SUITE)
    expect(jobs.length).toBe(QUEUED_BY_THE_SUITE)
    await database.end()
  })
})

/** The pushes that the suite is told are queued. */
const QUEUED_BY_THE_SUITE = 8

async function runInside(runtime: Runtime, jobsDir: string, variables: Values): Promise<Result> {
  const entry = `tests/conformance/${runtime === 'workerd' ? 'workerd' : 'process'}-entry.ts`
  const outfile = join(jobsDir, 'suite.mjs')
  await build({ ...bundleOptions(runtime, entry), outfile, sourcemap: 'inline' })
  if (runtime === 'workerd') {
    const workerd = startWorkerd({ script: await readFile(outfile, 'utf8'), variables, jobsDir })
    const response = await workerd.dispatchFetch('http://suite/')
    const text = await response.text()
    await workerd.dispose()
    return JSON.parse(text)
  }
  const [program, ...words] = COMMANDS[runtime]
  const env = { PATH: process.env.PATH, ...variables }
  const { stdout } = await run(program, [...words, outfile], { env, timeout: 50_000 })
  return JSON.parse(stdout)
}
