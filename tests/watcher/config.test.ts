import { describe, expect, test } from 'vitest'
import { readWatcherConfig } from '../../swarm/watcher/config.ts'

const GOOD = { JOBS_DIR: '/jobs', GITHUB_REPOSITORY: 'octo/house' }

function problemsOf(variables: Record<string, string>, dryRun = false): string[] {
  try {
    readWatcherConfig(variables, dryRun)
  } catch (cause) {
    return (cause as Error).message.split('\n  ')
  }
  return []
}

describe('readWatcherConfig', () => {
  test('names every problem at once', () => {
    const variables = { DEPLOY_BRANCH: '-x', GITHUB_REPOSITORY: 'octo', STEP_TIMEOUT_SECONDS: '0' }

    const problems = problemsOf(variables)

    expect(problems).toEqual([
      'Cannot start:',
      'JOBS_DIR: wanted the path of the job folder, got none',
      `DEPLOY_BRANCH: wanted a branch's name, got "-x"`,
      'GITHUB_REPOSITORY: wanted owner/name, got "octo"',
      'STEP_TIMEOUT_SECONDS: wanted a whole number from 1 to 9999, got "0"',
    ])
  })

  test('wants the repository, except in a dry run', () => {
    const variables = { JOBS_DIR: '/jobs' }

    const answers = [problemsOf(variables), problemsOf(variables, true)]

    expect(answers).toEqual([
      ['Cannot start:', 'GITHUB_REPOSITORY: wanted owner/name, got none'],
      [],
    ])
  })

  test('takes an empty variable for one that is not set', () => {
    const empty = {
      DEPLOY_BRANCH: '',
      IMAGE_PREFIX: '',
      CHECKOUT_DIR: '',
      STEP_TIMEOUT_SECONDS: '',
    }

    const config = readWatcherConfig({ ...GOOD, ...empty }, false)

    expect(config).toEqual({
      jobsDir: '/jobs',
      checkout: process.cwd(),
      branch: 'main',
      repository: 'octo/house',
      imagePrefix: undefined,
      stack: 'dockerswarmp1',
      pollMs: 1000,
      stepTimeoutMs: 120_000,
      dryRun: false,
    })
  })

  test('reads every variable', () => {
    const variables = {
      ...GOOD,
      DEPLOY_BRANCH: 'live/eu',
      IMAGE_PREFIX: 'r.example/us',
      CHECKOUT_DIR: '/checkout',
      STEP_TIMEOUT_SECONDS: '7',
    }

    const config = readWatcherConfig(variables, true)

    expect(config).toMatchObject({
      branch: 'live/eu',
      imagePrefix: 'r.example/us',
      checkout: '/checkout',
      stepTimeoutMs: 7000,
      dryRun: true,
    })
  })

  test.each(['main;id', 'a b', '../x', 'x..y', 'x.lock', '/x', 'x/', '$(id)', 'x\ny'])(
    'refuses %j as a branch',
    (branch) => {
      const problems = problemsOf({ ...GOOD, DEPLOY_BRANCH: branch })

      expect(problems[1]).toBe(
        `DEPLOY_BRANCH: wanted a branch's name, got ${JSON.stringify(branch)}`,
      )
    },
  )

  test.each(['1.5', '-1', '10000', '1e3', ' 5', '5s', 'NaN'])(
    'refuses %j as the seconds of a step',
    (seconds) => {
      const problems = problemsOf({ ...GOOD, STEP_TIMEOUT_SECONDS: seconds })

      expect(problems[1]).toContain('STEP_TIMEOUT_SECONDS')
    },
  )
})
