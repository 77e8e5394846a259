import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for a state. `seconds` is no measure of anything: it only gives a vain wait a name. */
export async function until<T>(
  what: string,
  holds: () => T | undefined | false,
  seconds = 30,
): Promise<T> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(10)) {
    const value = holds()
    if (value) return value
  }
  throw new Error(`Waited ${seconds} s in vain until ${what}`)
}

/** Whether a process runs; one that is dead and not yet buried does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}

/** The process ids that fake programs wrote into a file, one a line. */
export function pidsIn(path: string): number[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
