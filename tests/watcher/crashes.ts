import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareJobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import { type Job, STATES } from '../../functions/_lib/job.ts'
import { startChild } from '../../scripts/child.ts'
import { type FakePrograms, fakePrograms } from './fake-programs.ts'
import { aJob } from './job-files.ts'

const BUN = join(import.meta.dirname, '../../node_modules/.bin/bun')

/** How many processes were started and how many of them were killed, over all the tests of a file. */
export const tally = { started: 0, killed: 0 }

export type Place = { folder: string; checkout: string; programs: FakePrograms }

/** A job with images of its own, so that Docker's calls tell which job was deployed. */
export function markedJob(n: number, fields: Partial<Job> = {}): Job {
  const digest = `sha256:${String(n).padStart(64, '0')}`
  const images = {
    api: `ghcr.io/octo/house/api@${digest}`,
    frontend: `ghcr.io/octo/house/frontend@${digest}`,
  }
  return aJob(n, { images, ...fields })
}

/** The jobs that Docker was called for, in order. */
export function deployedJobs({ programs }: Place): number[] {
  return programs.deployed().map(({ api }) => Number(api.split(':').at(-1)))
}

/** The texts of all the files in the states, under whatever name. */
export function textsIn(folder: string): string[] {
  return STATES.flatMap((state) =>
    readdirSync(join(folder, state)).map((name) => readFileSync(join(folder, state, name), 'utf8')),
  )
}

/** Does this in a fresh place that is gone afterwards. */
export async function inPlace<T>(act: (place: Place) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'crash-'))
  const [folder, checkout] = [join(root, 'jobs'), join(root, 'checkout')]
  try {
    await prepareJobsFolder(folder)
    mkdirSync(checkout)
    return await act({ folder, checkout, programs: fakePrograms(join(root, 'bin')) })
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Runs the watcher once, killed before its n-th operation; resolves to whether it was. */
export function crashWatcher({ folder, checkout, programs }: Place, n: number): Promise<boolean> {
  return ended(BUN, 'crash-watcher.ts', [folder, checkout, String(n)], programs.path)
}

/** Queues a job of `the-same` delivery, killed before the n-th operation; resolves to whether. */
export function crashEnqueue({ folder }: Place, job: number, n: number): Promise<boolean> {
  const words = [folder, String(job), String(n)]
  return ended(process.execPath, 'crash-enqueue.ts', words, process.env.PATH ?? '')
}

async function ended(program: string, script: string, words: string[], path: string) {
  const child = startChild(program, [join(import.meta.dirname, script), ...words], {
    env: { PATH: path },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk
  })
  const [code, signal] = await once(child, 'close')
  tally.started++
  if (signal === 'SIGKILL') {
    tally.killed++
    return true
  }
  if (code !== 0) throw new Error(`${script} ${words.join(' ')} ended with ${code}: ${complaint}`)
  return false
}

/** Tries n = 1, 2, 3 … several at a time until a try was not killed; resolves to how many were. */
export async function untilNoCrash(attempt: (n: number) => Promise<boolean>): Promise<number> {
  let next = 1
  let survived = Number.POSITIVE_INFINITY
  const tries = async () => {
    while (next < survived) {
      const n = next++
      if (!(await attempt(n))) survived = Math.min(survived, n)
    }
  }
  await Promise.all([tries(), tries(), tries()])
  return survived - 1
}

/** Does this with every value, several at a time. */
export async function forEach<T>(values: T[], act: (value: T) => Promise<unknown>): Promise<void> {
  const rest = [...values]
  const work = async () => {
    for (let value = rest.shift(); value !== undefined; value = rest.shift()) await act(value)
  }
  await Promise.all([work(), work(), work()])
}
