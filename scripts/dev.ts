import { once } from 'node:events'
import { watch } from 'node:fs'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { context } from 'esbuild'
import type { Miniflare } from 'miniflare'
import { prepareJobsFolder } from '../functions/_adapters/jobs-folder.ts'
import { readVars } from '../functions/_adapters/vars.ts'
import { readConfig, VARIABLE_NAMES, type Values } from '../functions/_lib/config.ts'
import { bundleOptions, root } from './build.ts'
import { startChild } from './child.ts'
import { readFlags, refuse } from './flags.ts'
import { startPostgres } from './postgres.ts'
import { localSecret } from './secret.ts'
import { startWorkerd, type WorkerdOptions, workerdOptions } from './workerd.ts'

const HELP = `The whole system on this machine: the page, the functions on workerd, Postgres 18,
the job folder and the watcher.

  npm start -- [--port 8787] [--data .data]

  --port N     TCP port on 127.0.0.1; 0 takes a free one. Default: PORT, or 8787
  --data DIR   where the database, the jobs and the secrets are kept. Default: .data
  --help       this text

The variables in docs/configuration.md hold here too: with DATABASE_URL the functions use that
database and none is started.`

const flags = readStartFlags()
const data = resolve(root, flags.data)
const jobsDir = join(data, 'webhook_jobs')
const stops: (() => Promise<unknown>)[] = []
let stopping = false

stopOnSignals()
await start().catch((cause: NodeJS.ErrnoException) => {
  const { code, message } = cause
  console.error(code ? `Cannot start: ${message} (--data names another folder)` : message)
  return stop(1)
})

async function start() {
  await refuseBusyPort(flags.port)
  await prepareJobsFolder(jobsDir)
  const variables = await settings()
  await startWatcher(variables)
  const url = await serve(variables)
  console.log(`
  page      ${url}
  API       ${url}/api/visit
  webhook   ${url}/api/webhook/github
  secret    ${shown(join(data, 'webhook_secret'))}
  database  ${where(readConfig(variables).databaseUrl)}
  jobs      ${shown(jobsDir)}

  ${pushCommand(url)}  sends a signed push, as GitHub would; Ctrl-C ends everything
`)
}

function readStartFlags(): { port: number; data: string } {
  const { port, data } = readFlags(HELP, {
    port: { type: 'string', default: process.env.PORT || '8787' },
    data: { type: 'string', default: '.data' },
  })
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) return { port: Number(port), data }
  return refuse(`Cannot start: wanted a port from 0 to 65535, got ${JSON.stringify(port)}`)
}

async function refuseBusyPort(port: number) {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    const { message } = cause as Error
    throw new Error(
      `Cannot start: ${message}\nChoose another port: npm start -- --port ${port + 1}`,
    )
  }
  server.close()
  await once(server, 'close')
}

/** The caller's own variables, and what we start and make here for the rest. */
async function settings(): Promise<Values> {
  const { values, problems } = readVars(process.env)
  const given = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, values[name]]))
  const variables: Values = {
    ...given,
    HOSTNAME: hostname(),
    GITHUB_WEBHOOK_SECRET:
      given.GITHUB_WEBHOOK_SECRET || (await localSecret(join(data, 'webhook_secret'))),
  }
  readConfig(variables, problems)
  if (given.DATABASE_URL || given.POSTGRES_HOST) return variables
  const postgres = await startPostgres(join(data, 'postgres'))
  stops.push(postgres.stop)
  postgres.ended.then(() => giveUp(`Postgres ended (${shown(join(data, 'postgres/log'))})`))
  return { ...variables, DATABASE_URL: postgres.url }
}

/** Builds and serves, and again at every change of `functions/` or `public/`. */
async function serve(variables: Values): Promise<string> {
  let workerd: Miniflare | undefined
  let served = ''
  let { port } = flags
  const options = (script: string) => ({
    script,
    variables,
    jobsDir,
    port,
    assets: true,
  })
  const builder = await context({
    ...bundleOptions('workerd'),
    write: false,
    sourcemap: 'inline',
    plugins: [
      {
        name: 'serve',
        setup({ onEnd }) {
          onEnd(async ({ errors, outputFiles }) => {
            const script = outputFiles?.[0]?.text
            if (errors.length > 0 || !script || script === served) return
            if (workerd) await reload(workerd, options(script))
            else workerd = startWorkerd(options(script))
            served = script
          })
        },
      },
    ],
  })
  stops.push(async () => {
    await builder.dispose()
    await workerd?.dispose()
  })
  await builder.rebuild()
  if (!workerd) throw new Error('Cannot start: the functions do not build')
  const url = await workerd.ready
  port = Number(url.port) // 0 chose one: a reload keeps it
  stopOnSignals()
  await builder.watch()
  const page = watch(join(root, 'public'), { recursive: true }, () => {
    served = ''
    builder.rebuild().catch(() => {}) // what does not build was told already
  })
  stops.push(async () => page.close())
  return `http://localhost:${url.port}`
}

// A version that does not start leaves the one before it serving.
async function reload(workerd: Miniflare, options: WorkerdOptions) {
  await workerd.setOptions(workerdOptions(options)).then(
    () => console.log('  reloaded'),
    (cause: Error) => console.error(`Cannot reload: ${cause.message}`),
  )
}

/** Resolves when the watcher watches. @throws {Error} when it does not, as when there is another. */
async function startWatcher(variables: Values) {
  const bun = join(root, 'node_modules/.bin/bun')
  const watcher = startChild(bun, [join(root, 'swarm/watcher/main.ts'), '--dry-run'], {
    env: {
      PATH: process.env.PATH,
      JOBS_DIR: jobsDir,
      DEPLOY_BRANCH: variables.DEPLOY_BRANCH,
      GITHUB_REPOSITORY: variables.GITHUB_REPOSITORY,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    deathSignal: 'SIGTERM',
    detached: true, // Ctrl-C in a terminal is ours to pass on
  })
  const exited = once(watcher, 'exit')
  const lines = createInterface({ input: watcher.stdout as Readable })
  lines.on('line', (line) => console.log(line))
  stops.push(async () => {
    watcher.kill('SIGTERM')
    await exited
  })
  if ((await Promise.race([once(lines, 'line'), exited])).length > 1) {
    throw new Error('Cannot start: the watcher did not')
  }
  exited.then(([code, signal]) => giveUp(`the watcher ended (${code ?? signal})`))
}

// Miniflare ends the process at a signal of its own accord, before the database is down: we do it.
// `on`, not `once`: npm passes on the Ctrl-C that the terminal has already sent us.
function stopOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal)
    process.on(signal, () => stop(0))
  }
}

async function stop(code: number) {
  if (stopping) return
  stopping = true
  while (stops.length > 0) await stops.pop()?.()
  process.exit(code)
}

function giveUp(why: string) {
  if (!stopping) console.error(`Cannot go on: ${why}`)
  stop(1)
}

function pushCommand(url: string): string {
  const words = [
    url === 'http://localhost:8787' ? '' : ` --url ${url}`,
    flags.data === '.data' ? '' : ` --data ${flags.data}`,
  ].join('')
  return words ? `npm run push --${words}` : 'npm run push'
}

/** Where the database is, without whoever logs in there. */
function where(databaseUrl = ''): string {
  const { host, pathname } = new URL(databaseUrl)
  return `postgres://${host}${pathname}`
}

function shown(path: string): string {
  return relative(process.cwd(), path)
}
