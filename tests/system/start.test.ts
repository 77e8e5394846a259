import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../functions/_lib/job.ts'
import { root } from '../../scripts/build.ts'
import { isListening } from '../../scripts/postgres.ts'
import { deliver } from '../conformance/push.ts'
import { COMMANDS } from '../server.ts'
import { until } from '../until.ts'
import { type System, startSystem } from './system.ts'

const run = promisify(execFile)
const dev = [join(root, 'scripts/dev.ts')]

describe('npm start', () => {
  let system: System

  beforeAll(async () => {
    system = await startSystem({ variables: { DEPLOY_BRANCH: 'master' } })
  })

  afterAll(() => system.stop())

  it('serves the page and the functions on one port', async () => {
    const page = await fetch(system.url)
    const health = await fetch(`${system.url}/health`)

    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await page.text()).toContain('<title>dockerswarmp1</title>')
    expect(await health.json()).toEqual({ status: 'healthy' })
  })

  it('counts 200 concurrent distinct visitors exactly', async () => {
    const visit = async (userAgent: string) => {
      const headers = { 'user-agent': userAgent }
      const response = await fetch(`${system.url}/api/visit`, { headers })
      return ((await response.json()) as { unique_visits: number }).unique_visits
    }
    const before = await visit('before')

    await Promise.all(Array.from({ length: 200 }, (_, i) => visit(`visitor ${i}`)))

    expect(await visit('before')).toBe(before + 200)
  })

  it("takes GitHub's own example push from the webhook to done/, Docker commands in the log", async () => {
    const secret = await readFile(join(system.data, 'webhook_secret'), 'utf8')
    const call = (path: string, init: RequestInit) => fetch(`${system.url}${path}`, init)

    const response = await deliver(call, { payload: examplePush(), secret })

    const { job } = (await response.json()) as { job: string }
    expect(response.status).toBe(202)
    const jobs = join(system.data, 'webhook_jobs')
    const done = await until(
      () => readFile(join(jobs, 'done', `${job}.json`), 'utf8').catch(() => ''),
      (text) => text !== '',
    )
    const { commit, outcome } = JSON.parse(done) as Job
    expect(commit).toBe('6113728f27ae82c7b1a177c8d03f9e96e0adf246')
    expect(outcome?.state).toBe('done')
    const log = await readFile(join(jobs, 'logs', `${job}.log`), 'utf8')
    expect(log).toContain(`git show ${commit}:swarm/stack.yaml`)
    expect(log).toContain('docker stack deploy --compose-file - --with-registry-auth')
    expect(log).toContain(`API_IMAGE=ghcr.io/codertocat/hello-world/api:${commit}`)
    expect(await readdir(join(jobs, 'new'))).toEqual([])
  })

  it('takes a push from npm run push', async () => {
    const secret = await readFile(join(system.data, 'webhook_secret'), 'utf8')
    const words = [join(root, 'scripts/push.ts'), '--url', system.url, '--branch', 'master']
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, GITHUB_WEBHOOK_SECRET: secret }

    const commit = ['--commit', 'a'.repeat(40)]
    const { stdout } = await run(COMMANDS.node[0], [...words, ...commit], { env })

    expect(stdout).toMatch(/^202 \{"ok":true,"queued":true,"job":"/)
  })

  it('tells another one that the port is taken, and how to choose', async () => {
    const words = [...dev, '--port', String(system.port)]

    const failure = await run(COMMANDS.node[0], words).catch((cause) => cause)

    expect(failure.code).toBe(1)
    expect(failure.stderr).toContain('EADDRINUSE')
    expect(failure.stderr).toContain(`npm start -- --port ${system.port + 1}`)
    expect((await fetch(`${system.url}/health`)).status).toBe(200)
  })

  it('keeps secrets out of what it prints and out of the process list', async () => {
    const secret = await readFile(join(system.data, 'webhook_secret'), 'utf8')
    const password = await readFile(join(system.data, 'postgres/password'), 'utf8')

    const { stdout } = await run('ps', ['axww', '-o', 'args='])

    expect(stdout).toContain(system.data)
    for (const text of [stdout, system.output()]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(password)
    }
  })
})

describe('the end of npm start', () => {
  it.each([
    ['Ctrl-C', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
    ['kill -9', 'SIGKILL'],
  ] as const)(
    'by %s leaves no process behind, and the next start finds everything',
    async (way, signal) => {
      const first = await startSystem()
      await fetch(`${first.url}/api/visit`, { headers: { 'user-agent': 'one' } })
      const family = await descendants(first.process?.pid ?? 0)
      const database = Number(first.output().match(/postgres:\/\/127\.0\.0\.1:(\d+)/)?.[1])
      const exit = once(first.process ?? process, 'exit')

      const pid = first.process?.pid ?? 0
      if (way === 'Ctrl-C') process.kill(-pid, signal) // the terminal, to the whole group
      process.kill(pid, signal) // and npm once more
      const how = await exit
      await until(
        () => alive(family),
        (pids) => pids.length === 0,
      )
      await until(
        () => isListening(database),
        (yes) => !yes,
      )
      const second = await startSystem({ data: first.data, port: first.port })
      const visit = await fetch(`${second.url}/api/visit`, { headers: { 'user-agent': 'two' } })

      expect(first.output()).not.toMatch(/Cannot|crash|Error/)
      expect(family.length).toBeGreaterThanOrEqual(4)
      expect(how).toEqual(signal === 'SIGKILL' ? [null, 'SIGKILL'] : [0, null])
      expect(((await visit.json()) as { unique_visits: number }).unique_visits).toBe(2)
      await second.stop()
    },
  )

  it('on a wrong configuration is one message and exit code 1, before anything starts', async () => {
    const env = { PATH: process.env.PATH, DEPLOY_BRANCH: '-x', TRUSTED_PROXY_HOPS: 'all' }

    const failure = await run(COMMANDS.node[0], [...dev, '--port', '0'], { env }).catch((e) => e)

    expect(failure.code).toBe(1)
    expect(failure.stderr).toContain('DEPLOY_BRANCH: wanted')
    expect(failure.stderr).toContain('TRUSTED_PROXY_HOPS: wanted')
  })
})

function examplePush(): object {
  const events = examples as unknown as { name: string; examples: { ref?: string }[] }[]
  const pushes = events.find(({ name }) => name === 'push')?.examples ?? []
  return pushes.find(({ ref }) => ref === 'refs/heads/master') ?? {}
}

async function descendants(parent: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid='])
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const family = [parent]
  for (const id of family) {
    family.push(...pairs.flatMap(([pid = 0, ppid]) => (ppid === id ? [pid] : [])))
  }
  return family
}

async function alive(pids: number[]): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,stat='])
  const running = stdout.split('\n').flatMap((line) => {
    const [pid, state = 'Z'] = line.trim().split(/\s+/)
    return state.startsWith('Z') ? [] : [Number(pid)]
  })
  return pids.filter((pid) => running.includes(pid))
}
