import { runLoad } from './load.ts'
import { answeredTotal, FIRST, type Stage } from './measure.ts'
import { startServer } from './servers.ts'

const PROCESSES = 4

/** Few enough that every process gets through them all, on one CPU. */
const VISITORS_PER_SECOND = 500

/**
 * Four processes count the same new visitors at the same time, on one database.
 * @returns what was found, for whoever watches
 * @throws {Error} when a request failed, or a visitor was counted other than once.
 */
export async function checkTogether({ folder, databases, pins, seconds }: Stage): Promise<string> {
  const visitors = VISITORS_PER_SECOND * seconds
  const database = await databases.create('empty')
  const four = Array.from({ length: PROCESSES })
  const start = () => startServer(folder, 'api', database, pins?.server)
  const servers = await Promise.all(four.map(start))
  const load = { first: FIRST, visitors, seconds, cpus: pins?.load }
  const outcomes = await Promise.all(servers.map(({ url }) => runLoad(`${url}/api/visit`, load)))

  const fewest = Math.min(...outcomes.map(({ answered }) => answered))
  if (fewest < visitors)
    throw new Error(`Cannot trust four processes: one answered ${fewest} of ${visitors} visitors`)
  const answers = await Promise.all(servers.map(answeredTotal))
  const { rows, total } = await databases.counts(database)
  const wrong = [rows, total, ...answers].some((count) => count !== visitors)
  if (wrong)
    throw new Error(
      `Cannot trust four processes: ${visitors} visitors, ${rows} rows, total ${total}, ` +
        `answers ${answers.join(', ')}`,
    )
  for (const server of servers) await server.stop()
  await databases.drop(database)
  const answered = outcomes.reduce((sum, outcome) => sum + outcome.answered, 0)
  return `${PROCESSES} processes, ${answered} requests of ${visitors} visitors: ${rows} rows, total ${total}`
}
