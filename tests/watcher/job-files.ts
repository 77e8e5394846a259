import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareJobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import { formatJob, type Job, LOGS, STATES, type State } from '../../functions/_lib/job.ts'

export const REPOSITORY = 'octo/house'
export const API_IMAGE = `ghcr.io/octo/house/api@sha256:${'a'.repeat(64)}`
export const FRONTEND_IMAGE = `ghcr.io/octo/house/frontend@sha256:${'b'.repeat(64)}`

/** The n-th job: its id, commit and delivery are told from n, and a larger n is newer. */
export function aJob(n: number, fields: Partial<Job> = {}): Job {
  const second = String(n).padStart(2, '0')
  return {
    id: `20261123T1440${second}000Z-0000${second.padStart(4, '0')}`,
    delivery: `delivery-${n}`,
    event: 'push',
    repository: REPOSITORY,
    ref: 'refs/heads/main',
    commit: commitOf(n),
    images: { api: API_IMAGE, frontend: FRONTEND_IMAGE },
    who: 'octocat',
    when: `2026-11-23T14:40:${second}Z`,
    ...fields,
  }
}

export function commitOf(n: number): string {
  return String(n).padStart(2, '0').repeat(20)
}

/** An empty folder that is gone after the test; pass `onTestFinished` or `afterAll`. */
export function temporaryFolder(onEnd: (clean: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'watcher-'))
  onEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

export async function jobFolder(onEnd: (clean: () => void) => void): Promise<string> {
  const folder = join(temporaryFolder(onEnd), 'jobs')
  await prepareJobsFolder(folder)
  return folder
}

/** Puts jobs where the API, or a watcher that died, would have left them. */
export function put(folder: string, state: State, ...jobs: Job[]): void {
  for (const job of jobs) writeFileSync(join(folder, state, `${job.id}.json`), formatJob(job))
}

export function readJob(folder: string, state: State, job: Job): Job {
  return JSON.parse(readFileSync(join(folder, state, `${job.id}.json`), 'utf8'))
}

export function logOf(folder: string, job: Job): string {
  return readFileSync(join(folder, LOGS, `${job.id}.log`), 'utf8')
}

/** The states in which the job lies, told as `ls` would. */
export function statesOf(folder: string, { id }: Job): State[] {
  return STATES.filter((state) => existsSync(join(folder, state, `${id}.json`)))
}

/** What `ls` shows in a state. */
export function shown(folder: string, state: State): string[] {
  return readdirSync(join(folder, state)).filter((name) => !name.startsWith('.'))
}
