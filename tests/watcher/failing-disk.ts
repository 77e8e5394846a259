import * as fs from 'node:fs'
import type { Disk } from '../../swarm/watcher/folder.ts'

/** Fails the operation with this code whenever the test says so, as a share does that went away. */
export function diskThatFails(
  operation: keyof Disk,
  code: string,
  when: (...words: unknown[]) => boolean,
): Disk {
  const real = { ...fs }[operation] as (...words: unknown[]) => unknown
  return {
    ...fs,
    [operation](...words: unknown[]) {
      if (when(...words)) throw Object.assign(new Error(`${code}: ${operation}`), { code })
      return real(...words)
    },
  } as Disk
}
