import { describe, expect, test } from 'vitest'
import { deployCommands, formatCommand, refusal } from '../../swarm/watcher/commands.ts'
import { API_IMAGE, aJob, commitOf, FRONTEND_IMAGE } from './job-files.ts'
import { aConfig } from './settings.ts'

const CONFIG = aConfig({ folder: '/jobs', checkout: '/checkout' })
const DIGEST = `sha256:${'a'.repeat(64)}`

describe('deployCommands', () => {
  test('fetches the branch, checks the commit, and feeds its stack file to Docker', () => {
    const job = aJob(7)

    const commands = deployCommands(job, CONFIG)

    expect(commands.map(formatCommand)).toEqual([
      'git fetch --quiet --no-tags origin +refs/heads/main:refs/remotes/origin/main',
      `git merge-base --is-ancestor ${commitOf(7)} refs/remotes/origin/main`,
      `git show ${commitOf(7)}:swarm/stack.yaml`,
      `API_IMAGE=${API_IMAGE} FRONTEND_IMAGE=${FRONTEND_IMAGE} docker stack deploy ` +
        '--compose-file - --with-registry-auth --detach=true dockerswarmp1',
    ])
    expect(commands.map((command) => command.readsPrevious ?? false)).toEqual([
      ...[false, false, false],
      true,
    ])
  })

  test('names an image by the commit when the job brings no digest of it', () => {
    const job = aJob(7, { images: { api: API_IMAGE }, repository: 'Octo/House' })

    const docker = deployCommands(job, { ...CONFIG, repository: 'Octo/House' }).at(-1)

    expect(docker?.env).toEqual({
      API_IMAGE,
      FRONTEND_IMAGE: `ghcr.io/octo/house/frontend:${commitOf(7)}`,
    })
  })

  test('names an image under IMAGE_PREFIX when there is one', () => {
    const job = aJob(7, { images: {} })

    const docker = deployCommands(job, { ...CONFIG, imagePrefix: 'r.example:5000/Us' }).at(-1)

    expect(docker?.env).toEqual({
      API_IMAGE: `r.example:5000/us/api:${commitOf(7)}`,
      FRONTEND_IMAGE: `r.example:5000/us/frontend:${commitOf(7)}`,
    })
  })

  test('keeps to the configured branch and stack', () => {
    const job = aJob(7, { ref: 'refs/heads/live/eu' })

    const commands = deployCommands(job, { ...CONFIG, branch: 'live/eu', stack: 'other' })

    expect(commands.map(formatCommand)[0]).toBe(
      'git fetch --quiet --no-tags origin +refs/heads/live/eu:refs/remotes/origin/live/eu',
    )
    expect(commands.at(-1)?.words.at(-1)).toBe('other')
  })
})

describe('formatCommand', () => {
  test.each([
    ['plain-word', 'echo plain-word'],
    ['two words', "echo 'two words'"],
    ['$(id)', "echo '$(id)'"],
    ["it's", `echo 'it'\\''s'`],
    ['', "echo ''"],
    ['line\nbreak', "echo 'line\nbreak'"],
  ])('quotes %j for a shell', (word, text) => {
    const command = { words: ['echo', word] as [string, string] }

    const formatted = formatCommand(command)

    expect(formatted).toBe(text)
  })
})

describe('refusal', () => {
  test('lets a job of the configured repository and branch pass, with images and without', () => {
    const jobs = [aJob(1), aJob(2, { images: {} }), aJob(3, { images: { api: API_IMAGE } })]

    const answers = jobs.map((job) => refusal(job, CONFIG))

    expect(answers).toEqual([undefined, undefined, undefined])
  })

  test('does not care about the case of a repository, which GitHub does not either', () => {
    const job = aJob(1, { repository: 'OCTO/House' })

    const answers = [
      refusal(job, CONFIG),
      refusal(aJob(1), { ...CONFIG, repository: 'Octo/HOUSE' }),
    ]

    expect(answers).toEqual([undefined, undefined])
  })

  test.each(['octo/house-evil', 'octo/hous', 'evil/house', 'octo/house.git'])(
    'names both repositories when the job is of %s',
    (repository) => {
      const job = aJob(1, { repository, images: {} })

      const answer = refusal(job, CONFIG)

      expect(answer).toBe(`Wanted repository octo/house, got ${repository}`)
    },
  )

  test.each(['refs/heads/dev', 'refs/heads/main2', 'refs/heads/Main', 'refs/heads/x/main'])(
    'names the branch when the job is of %s',
    (ref) => {
      const job = aJob(1, { ref })

      const answer = refusal(job, CONFIG)

      expect(answer).toBe(`Wanted branch main, got ${ref}`)
    },
  )

  test.each([
    `ghcr.io/octo/house-evil/api@${DIGEST}`,
    `ghcr.io/octo/house/api-evil@${DIGEST}`,
    `ghcr.io/octo/house/api/../x@${DIGEST}`,
    `ghcr.io/octo/house/api/x@${DIGEST}`,
    `ghcr.io/octo/house/frontend@${DIGEST}`,
    `ghcr.io/evil/house/api@${DIGEST}`,
    `ghcr.io.evil.example/octo/house/api@${DIGEST}`,
    `evil.example/ghcr.io/octo/house/api@${DIGEST}`,
    `docker.io/octo/house/api@${DIGEST}`,
    `GHCR.IO/octo/house/api@${DIGEST}`,
    'ghcr.io/octo/house/api:latest',
  ])('refuses %s as the image of api', (api) => {
    const job = aJob(1, { images: { api } })

    const answer = refusal(job, CONFIG)

    expect(answer).toBe(`Wanted api image ghcr.io/octo/house/api, got ${api}`)
  })

  test('looks at every image, not only the first', () => {
    const foreign = `ghcr.io/evil/house/frontend@${DIGEST}`
    const job = aJob(1, { images: { api: API_IMAGE, frontend: foreign } })

    const answer = refusal(job, CONFIG)

    expect(answer).toBe(`Wanted frontend image ghcr.io/octo/house/frontend, got ${foreign}`)
  })

  test('takes images under IMAGE_PREFIX, whatever its case, and then no others', () => {
    const config = { ...CONFIG, imagePrefix: 'R.example:5000/Us' }

    const answers = [
      refusal(aJob(1, { images: { api: `r.example:5000/us/api@${DIGEST}` } }), config),
      refusal(aJob(1, { images: { api: `r.example:5000/us2/api@${DIGEST}` } }), config),
      refusal(aJob(1), config),
    ]

    expect(answers).toEqual([
      undefined,
      `Wanted api image r.example:5000/us/api, got r.example:5000/us2/api@${DIGEST}`,
      `Wanted api image r.example:5000/us/api, got ${API_IMAGE}`,
    ])
  })
})
