import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../../scripts/build.ts'
import { curl, everywhere, load, on } from './lab.ts'

const PAGE = 'https://app.lab.example'
const STATUS = ['--output', '/dev/null', '--write-out', '%{http_code}']

describe('the edge', () => {
  it('serves page and API over TLS, with the certificate that the authority issued', async () => {
    const page = await curl(PAGE)
    const visit = JSON.parse(await curl(`${PAGE}/api/visit`))

    expect(page).toContain('<title>dockerswarmp1</title>')
    expect(visit.unique_visits).toBeGreaterThan(0)
  })

  it('redirects HTTP to HTTPS, and shows nothing of the API but what is below /api', async () => {
    const where = ['--output', '/dev/null', '--write-out', '%{http_code} %{redirect_url}']
    const redirect = await curl(...where, 'http://app.lab.example/x')
    const health = await curl(...STATUS, `${PAGE}/health`)

    expect(redirect).toBe('301 https://app.lab.example/x')
    expect(health).toBe('404')
  })

  it('sends the security headers and no Server header', async () => {
    const headers = (await curl('--head', PAGE)).toLowerCase()

    expect(headers).toContain('strict-transport-security: max-age=31536000; includesubdomains')
    expect(headers).toContain("content-security-policy: default-src 'self'")
    expect(headers).toContain('x-content-type-options: nosniff')
    expect(headers).not.toMatch(/^server:/m)
  })

  it('speaks TLS 1.2 and up', async () => {
    const old = curl('--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0', PAGE)

    await expect(old).rejects.toThrow('protocol version')
    expect(await curl(...STATUS, '--tls-max', '1.2', PAGE)).toBe('200')
  })

  it('shows its metrics to whom METRICS_ALLOW names, and to nobody else', async () => {
    const metrics = 'http://10.100.0.8:8082/metrics'

    expect(await curl(...STATUS, metrics)).toBe('403')
  })

  it('makes no new visitor of a forged X-Forwarded-For', async () => {
    const from = async (forwarded: string) => {
      const header = ['--header', `X-Forwarded-For: ${forwarded}`, '--user-agent', 'forger']
      return JSON.parse(await curl(...header, `${PAGE}/api/visit`)).unique_visits
    }
    const first = await from('203.0.113.1')

    expect(await from('203.0.113.2')).toBe(first)
  })

  it('sends to all three replicas', async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 30; i++) seen.add(JSON.parse(await curl(`${PAGE}/api/visit`)).hostname)

    const format = '{{.ID}}'
    const names = ['--filter', 'label=com.docker.swarm.service.name=dockerswarmp1_api']
    const lists = await everywhere('docker', 'ps', '--format', format, ...names)
    const ids = lists.flatMap((list) => list.split('\n').filter(Boolean))
    expect(ids).toHaveLength(3)
    expect([...seen].sort()).toEqual(ids.sort())
  })
})

describe('the containers', () => {
  it('run as ordinary users, read-only and without capabilities', async () => {
    const format = '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}'
    const script = `docker inspect --format '{{index .Config.Labels "com.docker.swarm.service.name"}} ${format}' $(docker ps -q)`

    const lines = (await everywhere('sh', '-c', script)).join('\n').split('\n').sort()

    expect([...new Set(lines)]).toEqual([
      'dockerswarmp1_api 1011:1011 true [ALL]',
      'dockerswarmp1_frontend 101:101 true [ALL]',
      'dockerswarmp1_postgres 999:999 true [ALL]',
      'dockerswarmp1_socket-proxy 0:0 true [ALL]', // the socket is root's
      'dockerswarmp1_traefik 65532:65532 true [ALL]',
    ])
  })

  it('hold no secret in their environment, their labels or their logs', async () => {
    const environment = readFileSync(join(root, '.data/lab/env'), 'utf8')
    const secrets = [...environment.matchAll(/^(?:\w*PASSWORD|\w*SECRET)=(.+)$/gm)].map(
      ([, it]) => it ?? '',
    )
    const script =
      'docker inspect $(docker ps -q); for c in $(docker ps -q); do docker logs $c 2>&1; done'

    const shown = (await everywhere('sh', '-c', script)).join('\n')

    expect(secrets).toHaveLength(2)
    expect(shown).toContain('POSTGRES_PASSWORD_FILE')
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })

  it('reach of the Docker API what Traefik reads, and nothing else', async () => {
    const ask = (method: string, path: string) => `
      nsenter -t $(docker inspect -f '{{.State.Pid}}' $(docker ps -qf name=socket-proxy)) -n \\
      curl -s -o /dev/null -w '%{http_code}' -X ${method} http://127.0.0.1:2375${path}`
    const status = (method: string, path: string) => on('kvm8', 'sh', '-c', ask(method, path))

    expect(await status('GET', '/v1.47/services')).toBe('200')
    for (const [method, path] of [
      ['POST', '/v1.47/services/create'],
      ['DELETE', '/v1.47/services/x'],
      ['POST', '/v1.47/services'],
      ['GET', '/v1.47/containers/json'],
      ['GET', '/v1.47/secrets'],
      ['GET', '/v1.47/services/x/logs'],
      ['GET', '/v1.47/services/../containers/json'],
    ] as const) {
      expect(await status(method, path), `${method} ${path}`).toMatch(/^(403|404)$/)
    }
  })
})

describe('an update', () => {
  it('of all replicas of api and frontend fails none of 20,000 requests', async () => {
    const loading = load(60, { '/': 400, '/api/visit': 80 })
    for (const service of ['api', 'frontend']) {
      await on(
        'kvm8',
        'docker',
        'service',
        'update',
        '--force',
        '--quiet',
        `dockerswarmp1_${service}`,
      )
    }
    const { requests, failures } = await loading

    console.log(`${requests} requests during a rolling update, ${failures.length} failed`)
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(20_000)
  })

  it('with nothing new restarts nothing', async () => {
    const tasks = () => everywhere('docker', 'ps', '--quiet', '--no-trunc')
    const before = await tasks()
    const just = `docker stack config --compose-file /srv/checkout/swarm/stack.yaml | sha256sum`
    const variables = readFileSync(join(root, '.data/lab/env'), 'utf8').trim().split('\n')
    const config = () => on('kvm8', 'env', ...variables, 'sh', '-c', just)

    const [first, second] = [await config(), await config()]
    const deploy = [
      'stack-deploy',
      '--compose-file',
      'scripts/lab/traefik.yaml',
      '--resolve-image',
      'never',
    ]
    await on('kvm8', 'env', ...variables, 'just', '--justfile', '/srv/checkout/justfile', ...deploy)
    await load(5, { '/': 10 })

    expect(second).toBe(first)
    expect(await tasks()).toEqual(before)
  })
})
