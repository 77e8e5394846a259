import { execFileSync } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { readVars } from '../functions/_adapters/vars.ts'
import { readConfig } from '../functions/_lib/config.ts'
import { root } from './build.ts'
import { readFlags } from './flags.ts'

const HELP = `Sends a signed push event, as GitHub would, and prints the answer.

  npm run push -- [--url http://localhost:8787] [--branch main] [--commit SHA] [--data .data]

  --url URL       where the API is
  --branch NAME   the branch that was pushed
  --commit SHA    its new head. Default: this checkout's HEAD
  --data DIR      where npm start keeps its data, and with it the secret. Default: .data
  --help          this text

GITHUB_WEBHOOK_SECRET (or GITHUB_WEBHOOK_SECRET_FILE) is signed with when it is set.`

const flags = readFlags(HELP, {
  url: { type: 'string', default: 'http://localhost:8787' },
  branch: { type: 'string', default: 'main' },
  commit: { type: 'string', default: '' },
  data: { type: 'string', default: '.data' },
})
await push().catch(fail)

async function push() {
  const body = JSON.stringify({
    ...examplePush(),
    ref: `refs/heads/${flags.branch}`,
    after: flags.commit || head(),
  })
  const response = await fetch(new URL('/api/webhook/github', flags.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret()).update(body).digest('hex')}`,
    },
    body,
  })
  const text = await response.text()
  console.log(response.status, text)
  if (response.status === 202) await showOutcome(JSON.parse(text).job)
  if (response.status === 401) console.error('The secret is another one (--data, see --help)')
  if (!response.ok) process.exitCode = 1
}

/** Where the job folder is on this machine: what became of the job, as soon as the watcher says. */
async function showOutcome(job: string) {
  const jobs = resolve(root, flags.data, 'webhook_jobs')
  if (!existsSync(resolve(jobs, 'deliveries'))) return
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(100)) {
    const state = ['done', 'failed', 'superseded'].find((state) =>
      existsSync(resolve(jobs, state, `${job}.json`)),
    )
    if (state) return console.log(`${state}: ${flags.data}/webhook_jobs/${state}/${job}.json`)
  }
}

function examplePush(): object {
  const events = examples as unknown as { name: string; examples: object[] }[]
  const pushes = events.find(({ name }) => name === 'push')?.examples ?? []
  return pushes.find((push) => 'deleted' in push && !push.deleted) ?? {}
}

function secret(): string {
  const { values, problems } = readVars(process.env)
  const [given] = readConfig(
    { GITHUB_WEBHOOK_SECRET: values.GITHUB_WEBHOOK_SECRET },
    problems,
  ).webhookSecrets
  return given ?? readFileSync(resolve(root, flags.data, 'webhook_secret'), 'utf8')
}

function head(): string {
  try {
    const options = { cwd: root, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync('git', ['rev-parse', 'HEAD'], options).trim()
  } catch {
    throw new Error('wanted --commit, since this is no git checkout with a commit')
  }
}

function fail(cause: Error) {
  const unreachable = cause.cause as Error | undefined // what fetch failed of
  console.error(
    unreachable
      ? `Cannot push to ${flags.url}: ${unreachable.message} (is npm start running?)`
      : `Cannot push: ${cause.message} (see --help)`,
  )
  process.exitCode = 1
}
