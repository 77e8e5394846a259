import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { build } from 'esbuild'
import { bundleOptions } from '../build.ts'
import { startChild } from '../child.ts'
import { pinned } from './machine.ts'

const ENTRIES = {
  bare: 'scripts/bench/bare.ts',
  api: 'functions/_adapters/node.ts',
  'old way': 'scripts/bench/old-way.ts',
}
export type ServerName = keyof typeof ENTRIES

export type Server = {
  url: string
  /** CPU time spent so far, by all threads; NaN where the kernel does not tell. */
  cpuMs(): number
  stop(): Promise<void>
}

const running = new Set<Server>()

/** Bundles all three exactly as production is, but not over `dist/`, where others may build. */
export async function buildServers(folder: string): Promise<void> {
  for (const [name, entry] of Object.entries(ENTRIES)) {
    await build({ ...bundleOptions('node', entry), outfile: bundle(folder, name) })
  }
}

function bundle(folder: string, name: string): string {
  return join(folder, `${name}.mjs`)
}

/** A new process, with nothing in memory. @throws {Error} when it ends before it listens. */
export async function startServer(
  folder: string,
  name: ServerName,
  databaseUrl: string,
  cpus: string | undefined,
): Promise<Server> {
  const { program, words } = pinned(cpus, process.execPath, [bundle(folder, name)])
  const child = startChild(program, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      VISIT_SALT: 'a salt for the measurement alone',
      HOST: '127.0.0.1',
      PORT: '0',
    },
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout as Readable })
  const [line] = (await Promise.race([once(lines, 'line'), exited])) as [string | number | null]
  if (typeof line !== 'string') throw new Error(`Cannot start ${name}: it ended with ${line}`)
  const server: Server = {
    url: line.replace('Listening on ', ''),
    cpuMs: () => cpuMs(child.pid),
    async stop() {
      running.delete(server)
      child.kill('SIGKILL') // nobody waits for an answer any more
      await exited
    },
  }
  running.add(server)
  return server
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function cpuMs(pid: number | undefined): number {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return NaN
  const [, fields = ''] = readFileSync(path, 'utf8').split(') ') // a program's name may hold spaces
  const [user = NaN, system = NaN] = fields.split(' ').slice(11, 13).map(Number)
  return (user + system) * 10 // a tick is 10 ms on every Linux that Node runs on
}

export async function stopServers(): Promise<void> {
  for (const server of running) await server.stop()
}
