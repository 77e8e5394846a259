import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { resolve } from 'node:path'

/**
 * Sees to it that one watcher on this machine works on the folder: a second one would take the job
 * of the first for one that was cut off. The kernel forgets the claim with the process, however it
 * ends: it is the name of an abstract socket, which only Linux has.
 * @throws {Error} when another watcher has it.
 */
export async function workAlone(folder: string): Promise<void> {
  if (process.platform !== 'linux') return
  const name = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 32)
  const claim = createServer().listen({ path: `\0dockerswarmp1-watcher-${name}` })
  try {
    await once(claim, 'listening')
  } catch {
    throw new Error(`Cannot start: another watcher on this machine works on ${folder}`)
  }
  claim.unref()
}
