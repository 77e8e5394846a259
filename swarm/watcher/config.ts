import { isBranch, isRepository } from '../../functions/_lib/job.ts'

/** What the watcher is set up with; `docs/configuration.md` explains each variable. */
export type WatcherConfig = {
  jobsDir: string
  /** The checkout whose `origin` the commits come from. */
  checkout: string
  branch: string
  /** `owner/name`; undefined only in a dry run, which then takes each job's own word for it. */
  repository: string | undefined
  /** What the names of our images begin with; undefined: GHCR and the repository. */
  imagePrefix: string | undefined
  stack: string
  pollMs: number
  /** A step that takes longer is killed with all that it started. */
  stepTimeoutMs: number
  /** Print the commands instead of running them. */
  dryRun: boolean
}

type Variables = Record<string, string | undefined>

/** @throws {Error} that lists every problem at once, by name. */
export function readWatcherConfig(variables: Variables, dryRun: boolean): WatcherConfig {
  const { JOBS_DIR, CHECKOUT_DIR, GITHUB_REPOSITORY, IMAGE_PREFIX } = variables
  const branch = variables.DEPLOY_BRANCH || 'main'
  const stepSeconds = variables.STEP_TIMEOUT_SECONDS || '120'
  const problems = [
    JOBS_DIR ? '' : 'JOBS_DIR: wanted the path of the job folder, got none',
    isBranch(branch) ? '' : `DEPLOY_BRANCH: wanted a branch's name, got ${JSON.stringify(branch)}`,
    GITHUB_REPOSITORY || dryRun ? '' : 'GITHUB_REPOSITORY: wanted owner/name, got none',
    !GITHUB_REPOSITORY || isRepository(GITHUB_REPOSITORY)
      ? ''
      : `GITHUB_REPOSITORY: wanted owner/name, got ${JSON.stringify(GITHUB_REPOSITORY)}`,
    !IMAGE_PREFIX || /^[0-9a-z][\w.:/-]*\w$/i.test(IMAGE_PREFIX)
      ? ''
      : `IMAGE_PREFIX: wanted registry/owner/name, got ${JSON.stringify(IMAGE_PREFIX)}`,
    /^[1-9]\d{0,3}$/.test(stepSeconds)
      ? ''
      : `STEP_TIMEOUT_SECONDS: wanted a whole number from 1 to 9999, got ${JSON.stringify(stepSeconds)}`,
  ].filter((problem) => problem !== '')
  if (problems.length > 0) throw new Error(['Cannot start:', ...problems].join('\n  '))
  return {
    jobsDir: JOBS_DIR ?? '',
    checkout: CHECKOUT_DIR || process.cwd(),
    branch,
    repository: GITHUB_REPOSITORY || undefined,
    imagePrefix: IMAGE_PREFIX || undefined,
    stack: 'dockerswarmp1',
    pollMs: 1000,
    stepTimeoutMs: Number(stepSeconds) * 1000,
    dryRun,
  }
}
