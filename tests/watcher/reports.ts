import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from '../../functions/_lib/job.ts'

/** What `cat failed/*.json` shows: of a job the job itself, of anything else the file's name. */
export type Report = { file?: string; id?: string; outcome: Outcome }

export function reportsIn(folder: string): Report[] {
  return readdirSync(join(folder, 'failed'))
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .map((name) => JSON.parse(readFileSync(join(folder, 'failed', name), 'utf8')))
}
