import type { Config } from '../_lib/config.ts'
import type { Database } from '../_lib/visits.ts'
import { openNeon } from './sql-neon.ts'
import { openTcp } from './sql-tcp.ts'

/** Then it counts as unavailable. Who waits behind such a query waits twice as long, under 5 s. */
const DEADLINE_MS = 2400

/**
 * The configured database. Connects at the first query, and again after every outage; a query
 * whose connection was lost is sent once more, on another one: our statements may run twice.
 */
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
    async sql<Row>(text: TemplateStringsArray, ...values: unknown[]): Promise<Row[]> {
      const database = current
      const ask = () => current.sql<Row>(text, ...values)
      const answer = ask().catch((cause) => (isLost(cause) ? ask() : Promise.reject(cause)))
      return withDeadline(answer, () => giveUp(database))
    },
    close: () => current.close(),
  }
}

function isLost(cause: Error & { code?: string }): boolean {
  const { code = '', message = '' } = cause
  return (
    /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|ECONNRESET|EPIPE|57P01)$/.test(code) ||
    message.startsWith('Connection terminated') // Neon's driver has no code for it
  )
}

function withDeadline<T>(answer: Promise<T>, onLate: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate()
      reject(new Error(`Cannot query database: no answer within ${DEADLINE_MS} ms`))
    }, DEADLINE_MS)
  })
  return Promise.race([answer, deadline]).finally(() => clearTimeout(timer))
}
