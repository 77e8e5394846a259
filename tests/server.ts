import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import type { Values } from '../functions/_lib/config.ts'
import { bundleOptions, type Runtime, root } from '../scripts/build.ts'
import { startChild } from '../scripts/child.ts'
import { startWorkerd } from '../scripts/workerd.ts'

export type Server = {
  url: string
  /** What it wrote so far. */
  output(): string
  /** Absent on workerd, which is no process of ours. */
  process?: ChildProcess
  stop(): Promise<void>
}

const bin = (name: string) => join(root, 'node_modules/.bin', name)

/** How each runtime runs a bundle. */
export const COMMANDS = {
  node: [bin('node')],
  bun: [bin('bun')],
  deno: [bin('deno'), 'run', '--allow-all', '--quiet'],
} as const

/** Starts the API as it ships: the runtime's own adapter, bundled into `folder`, on a free port. */
export async function startServer(
  runtime: Runtime,
  folder: string,
  variables: Values,
): Promise<Server> {
  const outfile = join(folder, `${runtime}.mjs`)
  await build({ ...bundleOptions(runtime), outfile, sourcemap: 'inline' })
  if (runtime === 'workerd') {
    const script = await readFile(outfile, 'utf8')
    const workerd = startWorkerd({ script, variables, jobsDir: variables.JOBS_DIR ?? folder })
    const url = (await workerd.ready).origin
    return { url, output: () => '', stop: () => workerd.dispose() }
  }
  return startProcess([...COMMANDS[runtime], outfile], { PORT: '0', ...variables })
}

/** Starts a program and waits for the line that tells where it listens. */
export async function startProcess(
  [program = '', ...words]: string[],
  variables: Values,
): Promise<Server> {
  const child = startChild(program, words, {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, as under a terminal
  })
  const exited = once(child, 'exit')
  let output = ''
  const url = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`
        const [address] = line.match(/http:\/\/[\w.]+:\d+/) ?? []
        if (address) resolve(address)
      })
    }
  })
  const started = await Promise.race([url, exited])
  if (typeof started !== 'string') throw new Error(`It ended before it listened: ${output}`)
  return {
    url: started,
    output: () => output,
    process: child,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
