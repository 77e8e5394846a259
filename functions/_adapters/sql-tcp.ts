import postgres from 'postgres'
import type { Database } from '../_lib/visits.ts'

/** Postgres over TCP. */
export function openTcp(url: string): Database {
  const sql = postgres(url, {
    max: 4,
    connect_timeout: 2, // seconds
    idle_timeout: 240, // seconds; Swarm's IPVS forgets a flow after 900
    max_lifetime: 3600,
    backoff: () => 0, // the first request after an outage must not wait for the last one's delay
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'dockerswarmp1' },
  })
  return {
    sql: async (text, ...values) => sql(text, ...(values as string[])) as never,
    close: () => sql.end({ timeout: 1 }),
  }
}
