import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { root } from '../build.ts'
import { startChild } from '../child.ts'
import { pinned } from './machine.ts'

export const CONNECTIONS = 64

const AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 bench/'

export type Load = {
  /** Numbers that the visitors of this run begin with; eight digits, so that all are as long. */
  first: number
  /** How many different visitors take turns; 0: every request is another. */
  visitors: number
  seconds: number
  cpus: string | undefined
}

/** What came of it. `sent` may exceed `answered` by those in flight at the end, one a connection. */
export type Outcome = {
  sent: number
  answered: number
  seconds: number
  p50Ms: number
  p99Ms: number
  /** Statuses beyond 399 and failed sockets. */
  errors: number
}

/** `cpuUs`: the server's own CPU time a request, which a busy machine stretches least. */
export type Measured = Outcome & { cpuUs: number }

/** The user agent of a visitor. */
export function agent(number: number): string {
  return `${AGENT}${number}`
}

/** @throws {Error} naming the package to install, when there is no wrk. */
export function wrkVersion(): string {
  const { error, stdout } = spawnSync('wrk', ['--version'], { encoding: 'utf8' })
  if (error)
    throw new Error('Cannot measure: wanted the program wrk, got none (apt-get install wrk)')
  return stdout.split(' ').slice(0, 2).join(' ')
}

/** Loads a URL over keep-alive connections. @throws {Error} when any request failed. */
export async function runLoad(url: string, load: Load): Promise<Outcome> {
  const { program, words } = pinned(load.cpus, 'wrk', [
    ...['--threads', '1', '--connections', String(CONNECTIONS)],
    ...['--duration', `${load.seconds}s`, '--timeout', '120s'],
    ...['--script', join(root, 'scripts/bench/visitors.lua'), url],
    ...['--', String(load.first), String(load.visitors), AGENT],
  ])
  const wrk = startChild(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(wrk, 'exit')
  const [output, complaint] = await Promise.all([
    text(wrk.stdout as Readable),
    text(wrk.stderr as Readable),
  ])
  await exited
  const line = output.split('\n').findLast((text) => text.startsWith('{'))
  if (!line) throw new Error(`Cannot measure ${url}: wrk said\n${output}${complaint}`)
  const outcome: Outcome = JSON.parse(line)
  if (outcome.errors > 0)
    throw new Error(`Cannot trust ${url}: ${outcome.errors} requests failed\n${output}`)
  return outcome
}
