import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../scripts/postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
    /** A temporary folder that goes when the tests are over. */
    folder: string
  }
}

/** One real Postgres 18 for all test files; each makes databases of its own in it. */
export default async function setup(project: TestProject) {
  const folder = await mkdtemp(join(tmpdir(), 'dockerswarmp1-tests-'))
  const postgres = await startPostgres(join(folder, 'postgres'), {
    settings: ['max_connections=200'],
  })
  project.provide('postgresUrl', postgres.url)
  project.provide('folder', folder)
  return async () => {
    await postgres.stop()
    await rm(folder, { recursive: true })
  }
}
