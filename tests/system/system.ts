import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { root } from '../../scripts/build.ts'
import { COMMANDS, type Server, startProcess } from '../server.ts'

export type System = Server & { port: number; data: string }

/**
 * Starts the whole system as `npm start` does: real workerd, real Postgres 18, the job folder and
 * the watcher, on a free port, or on `port`, over the data folder `data`, a fresh one unless given.
 */
export async function startSystem(
  options: { port?: number; data?: string; variables?: Record<string, string> } = {},
): Promise<System> {
  const data = options.data ?? (await mkdtemp(join(inject('folder'), 'system-')))
  const words = [join(root, 'scripts/dev.ts'), '--port', String(options.port ?? 0), '--data', data]
  const system = await startProcess([...COMMANDS.node, ...words], options.variables ?? {})
  return { ...system, port: Number(new URL(system.url).port), data }
}
