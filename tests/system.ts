import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { root } from '../scripts/build.ts'
import { COMMANDS, startProcess } from './server.ts'

export type System = {
  url: string
  port: number
  data: string
  output(): string
  stop(): Promise<void>
}

/**
 * Starts the whole system as `npm start` does: real workerd, real Postgres 18, the job folder and
 * the watcher, on a free port, or on `port`, over the data folder `data`, a fresh one unless given.
 */
export async function startSystem(options: { port?: number; data?: string } = {}): Promise<System> {
  const data = options.data ?? (await mkdtemp(join(inject('folder'), 'system-')))
  const words = [join(root, 'scripts/dev.ts'), '--port', String(options.port ?? 0), '--data', data]
  const system = await startProcess([...COMMANDS.node, ...words], {})
  return { ...system, port: Number(new URL(system.url).port), data }
}
