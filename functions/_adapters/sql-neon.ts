import { neonConfig, Pool } from '@neondatabase/serverless'
import type { Database } from '../_lib/visits.ts'

/**
 * Postgres over a WebSocket, as Neon offers it.
 * @param wsProxy `host:port/path` of another WebSocket proxy than Neon's, without TLS
 */
export function openNeon(url: string, wsProxy?: string): Database {
  if (wsProxy) {
    neonConfig.wsProxy = () => wsProxy
    neonConfig.useSecureWebSocket = false
    neonConfig.pipelineTLS = false
    neonConfig.pipelineConnect = false
  }
  const pool = new Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: 2000,
    idleTimeoutMillis: 240_000,
  })
  pool.on('error', () => {}) // an idle connection that breaks is replaced at the next query
  return {
    sql: async (text, ...values) => (await pool.query(numbered(text), values)).rows,
    close: () => pool.end(),
  }
}

function numbered(text: TemplateStringsArray): string {
  return text.reduce((query, part, i) => `${query}$${i}${part}`)
}
