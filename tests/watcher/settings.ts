import type { WatcherConfig } from '../../swarm/watcher/config.ts'
import { REPOSITORY } from './job-files.ts'

/** What the watcher is set up with in the tests: it polls fast. */
export function aConfig({
  folder,
  checkout,
}: Record<'folder' | 'checkout', string>): WatcherConfig {
  return {
    jobsDir: folder,
    checkout,
    branch: 'main',
    repository: REPOSITORY,
    imagePrefix: undefined,
    stack: 'dockerswarmp1',
    pollMs: 10,
    stepTimeoutMs: 30_000,
    dryRun: false,
  }
}
