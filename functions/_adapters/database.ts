import type { Config } from '../_lib/config.ts'
import type { Database } from '../_lib/visits.ts'
import { openNeon } from './sql-neon.ts'
import { openTcp } from './sql-tcp.ts'

/** A database that has not answered by then is unavailable: nobody hangs on it. */
const DEADLINE_MS = 4500

/** The configured database. Connects at the first query, and again after every outage. */
export function openDatabase(config: Config): Database {
  const { databaseUrl, databaseDriver, neonWsProxy } = config
  if (!databaseUrl) throw new Error('Cannot open database: wanted DATABASE_URL, got none')
  const open = () =>
    databaseDriver === 'neon' ? openNeon(databaseUrl, neonWsProxy) : openTcp(databaseUrl)
  let current = open()

  // A peer that vanished without a word keeps its connections open: drop them all and start anew.
  function giveUp(late: Database) {
    if (current === late) current = open()
    late.close().catch(() => {})
  }

  return {
    async sql<Row>(text: TemplateStringsArray, ...values: unknown[]) {
      const database = current
      let timer: ReturnType<typeof setTimeout> | undefined
      const deadline = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          giveUp(database)
          reject(new Error(`Cannot query database: no answer within ${DEADLINE_MS} ms`))
        }, DEADLINE_MS)
      })
      return Promise.race([database.sql<Row>(text, ...values), deadline]).finally(() =>
        clearTimeout(timer),
      )
    },
    close: () => current.close(),
  }
}
