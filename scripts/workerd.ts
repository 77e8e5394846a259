import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Log, LogLevel, Miniflare, type MiniflareOptions, Response } from 'miniflare'
import { jobsFolder } from '../functions/_adapters/jobs-folder.ts'
import type { Values } from '../functions/_lib/config.ts'
import { checkJob } from '../functions/_lib/job.ts'
import { root } from './build.ts'
import { hasSetpriv } from './child.ts'

export type WorkerdOptions = {
  /** The bundle's text. */
  script: string
  /** Variables and secrets of the functions. */
  variables: Values
  /** Where jobs go; the Worker itself cannot reach a disk. */
  jobsDir: string
  /** TCP port on 127.0.0.1; none: only `dispatchFetch`. */
  port?: number
  /** Serve `public/` beside the functions. */
  assets?: boolean
}

/** What `wrangler.toml` says, for Miniflare's own interface: it starts at once and asks nobody. */
export function workerdOptions(options: WorkerdOptions): MiniflareOptions {
  const texts = Object.entries(options.variables).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, { type: 'text' as const, value }]],
  )
  return {
    host: '127.0.0.1',
    port: options.port ?? 0,
    cf: false,
    logRequests: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.WARN),
    workers: [
      {
        config: {
          name: 'dockerswarmp1',
          compatibilityDate: '2026-10-01',
          compatibilityFlags: ['nodejs_compat'],
          manifest: {
            mainModule: 'workerd.js',
            modulesRoot: root,
            modules: { 'workerd.js': { type: 'esm', contents: options.script } },
          },
          env: {
            ...Object.fromEntries(texts),
            VISITS: { type: 'durable-object', worker: 'dockerswarmp1', exportName: 'VisitCounter' },
            JOBS: { type: 'fetcher', handler: storeJobsIn(options.jobsDir) },
            ...(options.assets && { ASSETS: { type: 'assets' as const } }),
          },
          exports: { VisitCounter: { type: 'durable-object', storage: 'sqlite' } },
          ...(options.assets && {
            assets: {
              directory: join(root, 'public'),
              hasUserWorker: true,
              runWorkerFirst: ['/api/*', '/webhook/*', '/health', '/ready'],
            },
          }),
        },
        dev: { rootPath: root },
      },
    ],
  }
}

export function startWorkerd(options: WorkerdOptions): Miniflare {
  if (hasSetpriv && !process.env.MINIFLARE_WORKERD_PATH) {
    process.env.WORKERD_PATH = createRequire(import.meta.resolve('miniflare'))('workerd').default
    process.env.MINIFLARE_WORKERD_PATH = join(root, 'scripts/workerd-tied.sh')
  }
  return new Miniflare(workerdOptions(options))
}

/** The Node side of the `JOBS` binding: 201 with the queued id, 200 for a delivery seen before. */
function storeJobsIn(folder: string) {
  const enqueue = jobsFolder(folder)
  return async (request: { json(): Promise<unknown> }) => {
    try {
      const id = await enqueue(checkJob(await request.json()))
      return new Response(id ?? null, { status: id ? 201 : 200 })
    } catch (cause) {
      return new Response((cause as Error).message, { status: 503 })
    }
  }
}
