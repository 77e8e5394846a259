import { setTimeout as sleep } from 'node:timers/promises'
import { type Databases, MILLION } from './databases.ts'
import { agent, CONNECTIONS, type Measured, type Outcome, runLoad } from './load.ts'
import type { Pinning } from './machine.ts'
import type { Run } from './runs.ts'
import { type Server, startServer } from './servers.ts'

export type Stage = {
  /** Where the bundles are. */
  folder: string
  databases: Databases
  pins: Pinning
  seconds: number
  warmUpSeconds: number
}

/** The first visitors of the measurement, and those of the warm-up: no one is in both. */
export const FIRST = 10_000_000
const FIRST_WARM = 20_000_000

/** A run that answers so little needs longer to have a figure at all. */
const MIN_SLOW_SECONDS = 10

/**
 * One run: a new process on a new database, warmed up, loaded, and its counts checked.
 * @throws {Error} when a request failed or a visit was lost or counted twice.
 */
export async function measure(stage: Stage, run: Run): Promise<Measured> {
  const { databases, pins, folder, seconds, warmUpSeconds } = stage
  const isSlow = run.server === 'old way' && run.day === 'million'
  const database = await databases.create(run.day)
  const server = await startServer(folder, run.server, database, pins?.server)
  const load = { visitors: run.visitors, cpus: pins?.load }
  const url = server.url + run.path

  let warmUp: Outcome | undefined
  if (!isSlow) {
    const first = run.visitors > 0 ? FIRST : FIRST_WARM
    warmUp = await runLoad(url, { ...load, first, seconds: warmUpSeconds })
  }
  // What a warm-up inserted would slow the old way down.
  if (run.server === 'old way' && warmUp) {
    await answeredTotal(server)
    await databases.clear(database)
  }
  const measured = { first: FIRST, seconds: isSlow ? Math.max(seconds, MIN_SLOW_SECONDS) : seconds }
  const cpuBeforeMs = server.cpuMs()
  const outcome = await runLoad(url, { ...load, ...measured })
  const cpuUs = ((server.cpuMs() - cpuBeforeMs) * 1000) / outcome.answered

  if (run.path === '/api/visit') await check(stage, run, { database, server, warmUp, outcome })
  await server.stop()
  await databases.drop(database)
  return { ...outcome, cpuUs }
}

type Ran = { database: string; server: Server; warmUp: Outcome | undefined; outcome: Outcome }

async function check({ databases }: Stage, run: Run, ran: Ran) {
  const isOurs = run.server === 'api'
  const answer = isOurs ? await answeredTotal(ran.server) : undefined
  if (!isOurs) await ran.server.stop() // it would go on inserting for whoever has gone
  const { rows, total } = await databases.counts(ran.database)

  const before = run.day === 'million' ? MILLION : 0
  const counted = rows - before
  const [least, most] = expected(run, isOurs ? [ran.warmUp, ran.outcome] : [ran.outcome])
  const problems = [
    counted < least ? `${least} distinct visitors were answered, ${counted} rows were added` : '',
    counted > most ? `${most} distinct visitors were sent, ${counted} rows were added` : '',
    isOurs && total !== rows ? `the day's total is ${total}, its rows are ${rows}` : '',
    isOurs && answer !== rows ? `/api/visit answers ${answer}, the rows are ${rows}` : '',
  ].filter((problem) => problem !== '')
  if (problems.length > 0) throw new Error(`Cannot trust ${run.name}: ${problems.join('; ')}`)
}

/** How many visitors were answered, and how many sent: wrk leaves without the last answers. */
function expected({ visitors }: Run, outcomes: (Outcome | undefined)[]): [number, number] {
  if (visitors > 0) return [visitors, visitors]
  const sum = (key: 'answered' | 'sent') =>
    outcomes.reduce((total, outcome) => total + (outcome?.[key] ?? 0), 0)
  return [sum('answered'), Math.min(sum('sent'), sum('answered') + 2 * CONNECTIONS)]
}

/** What the API answers to a visitor who has been counted, once the last of wrk's have been. */
export async function answeredTotal({ url }: Server): Promise<number> {
  await sleep(300)
  const headers = { 'User-Agent': agent(FIRST + 1) }
  const response = await fetch(`${url}/api/visit`, { headers })
  const { unique_visits } = (await response.json()) as { unique_visits: number }
  return unique_visits
}
