import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { startChild } from '../../scripts/child.ts'
import type { WatcherConfig } from '../../swarm/watcher/config.ts'
import type { Disk } from '../../swarm/watcher/folder.ts'
import { watch } from '../../swarm/watcher/main.ts'
import { type FakePrograms, fakePrograms } from './fake-programs.ts'
import { jobFolder, REPOSITORY, temporaryFolder } from './job-files.ts'
import { aConfig } from './settings.ts'
import { until } from './until.ts'

const ROOT = join(import.meta.dirname, '../..')
export const BUN = join(ROOT, 'node_modules/.bin/bun')

/** A job folder, fake programs, and a place that the watcher takes for its checkout. */
export type House = { folder: string; checkout: string; programs: FakePrograms }

export async function aHouse(): Promise<House> {
  return {
    folder: await jobFolder(onTestFinished),
    checkout: temporaryFolder(onTestFinished),
    programs: fakePrograms(temporaryFolder(onTestFinished)),
  }
}

type Options = { config?: Partial<WatcherConfig>; once?: boolean; disk?: Disk }

/** The watcher in this process, polling fast; it is stopped after the test. */
export function watchHere(house: House, { config = {}, ...options }: Options = {}) {
  const lines: string[] = []
  const stop = new AbortController()
  vi.stubEnv('PATH', house.programs.path)
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line))
  const ended = watch({ ...aConfig(house), ...config }, { ...options, signal: stop.signal })
  onTestFinished(async () => {
    stop.abort()
    await ended
    vi.unstubAllEnvs()
    log.mockRestore()
  })
  return { lines, ended, stop: () => stop.abort() }
}

/** The watcher as production runs it, in a process of its own; it is stopped after the test. */
export function startWatcher(house: House, words: string[] = [], env: Record<string, string> = {}) {
  const child = startChild(BUN, [join(ROOT, 'swarm/watcher/main.ts'), ...words], {
    env: {
      PATH: house.programs.path,
      JOBS_DIR: house.folder,
      CHECKOUT_DIR: house.checkout,
      GITHUB_REPOSITORY: REPOSITORY,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const note = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout?.on('data', note)
  child.stderr?.on('data', note)
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await until('the watcher ended', () => child.exitCode !== null || child.signalCode !== null)
  })
  return {
    ended,
    output: () => output,
    kill: (name: NodeJS.Signals) => child.kill(name),
  }
}
