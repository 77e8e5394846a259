import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../build.ts'

/** The CPUs of the two sides, as taskset names them; undefined where nothing can be pinned. */
export type Pinning = { server: string; load: string } | undefined

/** Gives what is measured, Postgres included, one CPU, and the load tool another. */
export function pinning(): Pinning {
  const [server, load] = allowedCpus()
  if (!server || !load || spawnSync('taskset', ['--version']).error) return undefined
  return { server, load }
}

function allowedCpus(): string[] {
  if (process.platform !== 'linux') return []
  const [, list = ''] =
    /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index))
  })
}

/** The words that start `program`, on these CPUs where given. */
export function pinned(cpus: string | undefined, program: string, words: string[]) {
  return cpus ? { program: 'taskset', words: ['-c', cpus, program, ...words] } : { program, words }
}

/** What a reader needs to judge figures from another machine. */
export async function describeMachine(pins: Pinning, dataFolder: string): Promise<string[]> {
  const cpus = os.cpus()
  const { stdout = '' } = await promisify(execFile)('stat', ['-f', '-c', '%T', dataFolder]).catch(
    () => ({ stdout: '' }),
  )
  return [
    `CPU: ${cpus[0]?.model.trim()}, ${cpus.length} logical cores`,
    `Memory: ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    `Kernel: ${os.type()} ${os.release()}`,
    `Load average of the last minute when it began: ${os.loadavg()[0]?.toFixed(2)}`,
    `Database files on: ${stdout.trim() || 'a file system of unknown type'}`,
    pins
      ? `Pinned: the Node server and Postgres to CPU ${pins.server}; wrk to CPU ${pins.load}`
      : 'Pinned: nothing (it takes two CPUs and taskset)',
  ]
}

export async function versions(database: string, wrk: string): Promise<string> {
  const names = ['hono', '@hono/node-server', 'postgres']
  const [hono, server, driver] = await Promise.all(names.map(packageVersion))
  return [
    `Versions: Node ${process.version}, ${database} (default settings, fsync on), ${wrk}`,
    `${hono}, ${server}, ${driver} (the npm package)`,
  ].join(', ')
}

async function packageVersion(name: string): Promise<string> {
  const text = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')
  return `${name} ${JSON.parse(text).version}`
}
