import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureNetwork } from './network.ts'
import { on } from './nodes.ts'
import { elapsed, LabError, say, step } from './progress.ts'
import { attempt, run } from './run.ts'
import { APP_DOMAIN, addressOf, folder, named } from './state.ts'

const REPOSITORY = 'octo-org/hello-world'
const SERVICES = ['api', 'frontend'] as const
const WAIT_MS = 180_000

/** Builds this checkout's images, pushes them, and deploys the stack by the very recipes of production. */
export async function deploy(): Promise<void> {
  const subnet = await ensureNetwork()
  const tag = `lab-${Date.now()}`
  const images = await step('Build and push the images', async () => {
    const digests: Record<string, string> = {}
    for (const service of SERVICES) digests[service] = await buildImage(service, tag)
    return digests
  })
  await step('Job folder on the share', makeJobFolder)
  await step('Deploy the stack', async () => {
    const file = writeEnvironment(subnet, images)
    await just(file, 'swarm-networks')
    await just(file, 'swarm-label-kvm8')
    await just(file, 'swarm-secrets')
    const extra = ['--compose-file', 'scripts/lab/traefik.yaml', '--resolve-image', 'never']
    await just(file, 'stack-deploy', ...extra)
  })
  await step('Until every replica runs and the page answers over TLS', untilServed)
  say(`Deployed after ${elapsed()}: https://${APP_DOMAIN} at ${addressOf('kvm8', subnet)}`)
}

async function buildImage(service: string, tag: string): Promise<string> {
  const name = `ghcr.io/${REPOSITORY}/${service}`
  const metadata = `/tmp/${service}.json`
  const words = ['docker', 'buildx', 'build', '--push', '--tag', `${name}:${tag}`]
  const recipe = ['--file', `/srv/checkout/swarm/${service}.Dockerfile`]
  await run(on('kvm8', ...words, ...recipe, '--metadata-file', metadata, '/srv/checkout'))
  const digest = await run(on('kvm8', 'jq', '-r', '."containerimage.digest"', metadata))
  return `${name}@${digest}`
}

async function makeJobFolder(): Promise<void> {
  const jobs = '/mnt/nfs/webhook_jobs'
  const states = ['new', 'running', 'done', 'failed', 'superseded', 'deliveries', 'logs']
  await run(on('kvm8', 'mkdir', '-p', ...states.map((state) => `${jobs}/${state}`)))
  await run(on('kvm8', 'touch', `${jobs}/.job-folder`))
  await run(on('kvm8', 'chown', '-R', '1011:1011', jobs))
  await run(on('kvm8', 'chmod', '-R', 'u+rwX,g+rwXs,o-rwx', jobs))
}

/** What `.env` holds on a manager; the secrets are made once and stay with the lab. */
function writeEnvironment(subnet: number, images: Record<string, string>): string {
  const file = join(folder, 'env')
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const kept = (name: string) =>
    before.match(new RegExp(`^${name}=(.+)$`, 'm'))?.[1] ?? randomBytes(24).toString('base64url')
  const variables = {
    APP_DOMAIN,
    EMAIL: `admin@${APP_DOMAIN}`,
    GITHUB_REPOSITORY: REPOSITORY,
    ACME_CA_SERVER: `https://${addressOf('pebble', subnet)}:14000/dir`,
    ACME_CA_CERTIFICATES: '/lab-ca.pem',
    METRICS_ALLOW: `127.0.0.1/32,${addressOf('kvm8', subnet)}/32`,
    API_IMAGE: images.api,
    FRONTEND_IMAGE: images.frontend,
    POSTGRES_PASSWORD: kept('POSTGRES_PASSWORD'),
    GITHUB_WEBHOOK_SECRET: kept('GITHUB_WEBHOOK_SECRET'),
  }
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(file, lines.join(''), { mode: 0o600 })
  return file
}

function just(environment: string, ...words: string[]): Promise<string> {
  const exec = ['docker', 'exec', '--env-file', environment, named('kvm8')]
  return run([...exec, 'just', '--justfile', '/srv/checkout/justfile', ...words])
}

async function untilServed(): Promise<void> {
  let last = ''
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(1000)) {
    last = await missing()
    if (last === '') return
  }
  throw new LabError(`Cannot see the stack whole: ${last}\nSee: just lab-exec kvm8 docker stack ps`)
}

/** What is not yet as it should be, or nothing. */
async function missing(): Promise<string> {
  const format = '{{.Name}} {{.Replicas}}'
  const services = await run(on('kvm8', 'docker', 'service', 'ls', '--format', format))
  const short = services.split('\n').filter((line) => !/ (\d+)\/\1\b/.test(line))
  if (short.length > 0) return short.join(', ')
  const root = '/tmp/acme-root.pem'
  const curl = ['curl', '--silent', '--show-error', '--fail', '--max-time', '5']
  const pebble = ['--cacert', '/etc/lab/ca.pem', 'https://pebble:15000/roots/0', '--output', root]
  await run(on('client', ...curl, ...pebble))
  const words = [...curl, '--cacert', root, `https://${APP_DOMAIN}/api/visit`]
  const { code, stderr } = await attempt(on('client', ...words))
  return code === 0 ? '' : stderr.trim()
}
