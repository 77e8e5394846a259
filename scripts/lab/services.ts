import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { localSecret } from '../secret.ts'
import type { Images } from './images.ts'
import { ensureContainer, on, place } from './nodes.ts'
import { LabError } from './progress.ts'
import { attempt, run } from './run.ts'
import { addressOf, authorityFolder, folder, LABEL, NODES, named, REGISTRY_USER } from './state.ts'

const registryPassword = () => localSecret(join(folder, 'registry_password'))

/** The lab's certificate authority, its two certificates, and the registry's one account. */
export async function ensureAuthority(subnet: number, images: Images): Promise<void> {
  await mkdir(authorityFolder, { recursive: true, mode: 0o700 })
  const owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  const words = [
    ...['docker', 'run', '--rm', '--network', 'none', '--label', LABEL, '--user', owner],
    ...['--volume', `${authorityFolder}:/ca`, '--workdir', '/ca', images.services],
  ]
  await run([...words, 'lab-certificates', addressOf('pebble', subnet)])
  const accounts = join(authorityFolder, 'htpasswd')
  if (await stat(accounts).catch(() => undefined)) return
  const ask = ['docker', 'run', '--rm', '--interactive', '--network', 'none', images.services]
  const input = await registryPassword()
  const line = await run([...ask, 'htpasswd', '-niB', REGISTRY_USER], { input })
  await writeFile(accounts, `${line}\n`, { mode: 0o600 })
}

/** GHCR's place. */
export function ensureRegistry(subnet: number, images: Images): Promise<void> {
  const words = [
    ...place('ghcr', subnet),
    ...['--volume', `${authorityFolder}:/ca:ro`, '--volume', `${named('ghcr')}:/var/lib/registry`],
  ]
  return ensureContainer('ghcr', images.services, words, [
    ...['docker-registry', 'serve', '/etc/lab/registry.yml'],
  ])
}

/** Let's Encrypt's place. */
export function ensurePebble(subnet: number, images: Images): Promise<void> {
  const words = [
    ...place('pebble', subnet),
    ...['--env', 'PEBBLE_VA_NOSLEEP=1', '--env', 'PEBBLE_WFE_NONCEREJECT=0'],
    ...['--volume', `${authorityFolder}:/ca:ro`],
  ]
  return ensureContainer('pebble', images.services, words, [
    ...['pebble', '-config', '/etc/lab/pebble.json'],
  ])
}

/** Both answer, the registry only to who has the password. */
export async function checkServices(): Promise<void> {
  const probe = ['curl', '-sS', '--retry', '20', '--retry-connrefused', '--retry-delay', '1']
  const quiet = [...probe, '--cacert', '/etc/lab/ca.pem', '-o', '/dev/null', '-w', '%{http_code}']
  const directory = await run(on('client', ...quiet, 'https://pebble:14000/dir'))
  if (directory !== '200') throw new LabError(`Cannot use Pebble: wanted 200, got ${directory}`)
  const stranger = await run(on('client', ...quiet, 'https://ghcr.io/v2/'))
  if (stranger !== '401') throw new LabError(`Cannot use the registry: wanted 401, got ${stranger}`)
}

/** Every node is logged in, as a server of the cluster would be. */
export async function logIn(): Promise<void> {
  const input = await registryPassword()
  for (const node of NODES) {
    const already = await attempt(on(node, 'grep', '-qs', 'ghcr.io', '/root/.docker/config.json'))
    if (already.code === 0) continue
    const words = ['docker', 'login', 'ghcr.io', '--username', REGISTRY_USER, '--password-stdin']
    await run(on(node, '-i', ...words), { input })
  }
}
