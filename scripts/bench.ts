import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabases } from './bench/databases.ts'
import { writeDocument } from './bench/document.ts'
import { readBenchFlags } from './bench/flags.ts'
import { wrkVersion } from './bench/load.ts'
import { describeMachine, pinning, versions } from './bench/machine.ts'
import { measure } from './bench/measure.ts'
import { createResults, noise, progress, type Row, table, targetTable } from './bench/report.ts'
import { checkTargets, RUNS } from './bench/runs.ts'
import { buildServers, stopServers } from './bench/servers.ts'
import { checkTogether } from './bench/together.ts'
import { startPostgres } from './postgres.ts'

const flags = readBenchFlags()
const stops: (() => Promise<unknown>)[] = []
let stopping = false

process.once('SIGINT', () => stop(130))
process.once('SIGTERM', () => stop(143))
await bench().then(
  () => stop(0),
  (cause: Error) => {
    if (!stopping) console.error(cause.message)
    return stop(1)
  },
)

async function bench() {
  const wrk = wrkVersion()
  const pins = pinning()
  refuseMidnight()

  const folder = await mkdtemp(join(tmpdir(), 'dockerswarmp1-bench-'))
  stops.push(() => rm(folder, { recursive: true, force: true }))
  const machine = await describeMachine(pins, folder)
  for (const line of machine) console.log(line)

  await buildServers(folder)
  const cpus = pins ? { cpus: pins.server } : {}
  const postgres = await startPostgres(join(folder, 'postgres'), cpus)
  stops.push(postgres.stop)
  const databases = await openDatabases(postgres.url)
  stops.push(databases.close, stopServers)

  const stage = {
    folder,
    databases,
    pins,
    seconds: flags.seconds,
    warmUpSeconds: flags.warmUpSeconds,
  }
  const rows: Row[] = RUNS.map(({ name, reference }) => ({ name, reference, outcomes: [] }))
  for (let round = 1; round <= flags.rounds; round++) {
    for (const [index, run] of RUNS.entries()) {
      const outcome = await measure(stage, run)
      rows[index]?.outcomes.push(outcome)
      console.log(progress(round, run.name, outcome))
    }
  }
  console.log(await checkTogether(stage))

  const results = createResults(rows)
  const figures = [table(results), noise(results), targetTable(checkTargets(results))]
  console.log(['', ...figures].join('\n\n'))
  if (flags.quick) return
  const facts = [...machine, await versions(databases.version, wrk)]
  console.log(`\nWrote ${await writeDocument(flags, facts, figures)}`)
}

// Visits are counted by the UTC day: a new one in the middle would look like lost visits.
function refuseMidnight() {
  const DAY_MS = 86_400_000
  const wantedMs = flags.rounds * RUNS.length * (2 * flags.seconds + 5) * 1000
  const leftMs = DAY_MS - (Date.now() % DAY_MS)
  if (leftMs > wantedMs) return
  throw new Error(
    `Cannot measure over midnight UTC: begin in ${Math.ceil(leftMs / 60_000)} minutes`,
  )
}

async function stop(code: number): Promise<never> {
  if (!stopping) {
    stopping = true
    while (stops.length > 0)
      await stops
        .pop()?.()
        .catch(() => {})
    process.exit(code)
  }
  return new Promise(() => {})
}
