import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Images } from './images.ts'
import { LabError } from './progress.ts'
import { attempt, pipe, run } from './run.ts'
import {
  APP_DOMAIN,
  addressOf,
  authorityFolder,
  checkout,
  type HostName,
  LABEL,
  NODES,
  type NodeName,
  named,
} from './state.ts'

/** Less than --privileged, and all that an Engine in a container needs. */
const RIGHTS = [
  ...['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE'],
  ...['seccomp', 'apparmor', 'systempaths'].flatMap((it) => ['--security-opt', `${it}=unconfined`]),
  ...['--device-cgroup-rule', 'a *:* rwm', '--cgroupns', 'host'],
  ...['--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw', '--volume', '/lib/modules:/lib/modules:ro'],
]

/** The words that run a container of this lab at its address. */
export function place(host: HostName, subnet: number): string[] {
  return [
    ...['docker', 'run', '--detach', '--init', '--label', LABEL, '--name', named(host)],
    ...['--hostname', host, '--network', named('net'), '--ip', addressOf(host, subnet)],
    ...['--add-host', `ghcr.io:${addressOf('ghcr', subnet)}`],
    ...['--add-host', `pebble:${addressOf('pebble', subnet)}`],
    ...['--add-host', `${APP_DOMAIN}:${addressOf('kvm8', subnet)}`],
  ]
}

/** Starts the container, or leaves the running one alone; one of another image is replaced. */
export async function ensureContainer(
  host: HostName,
  image: string,
  words: string[],
  command: string[] = [],
): Promise<void> {
  const format = '{{.Config.Image}} {{.State.Running}}'
  const name = named(host)
  const found = await attempt(['docker', 'inspect', '--type=container', '--format', format, name])
  if (found.code === 0) {
    const [was, running] = found.stdout.trim().split(' ')
    if (was === image && running === 'true') return
    if (was === image) {
      await run(['docker', 'start', name])
      return
    }
    await run(['docker', 'rm', '--force', name]) // its data is on volumes
  }
  await run([...words, image, ...command])
}

export function ensureNode(node: NodeName, subnet: number, images: Images): Promise<void> {
  const roots = `${authorityFolder}/ca.pem`
  return ensureContainer(node, images.node, [
    ...place(node, subnet),
    ...RIGHTS,
    ...['--env', `LAB_CGROUP=${named(node)}`, '--env', `LAB_DNS=${nameServers()}`],
    ...['--tmpfs', '/run', '--tmpfs', '/tmp:exec'],
    ...['--volume', `${named(node)}-docker:/var/lib/docker`],
    ...['--volume', `${named(node)}-containerd:/var/lib/containerd`],
    ...['--volume', `${named('nfs')}:/mnt/nfs`],
    ...['--volume', `${checkout}:/srv/checkout:ro`],
    ...['--volume', `${roots}:/etc/lab/ca.pem:ro`],
    ...['--volume', `${roots}:/etc/docker/certs.d/ghcr.io/ca.crt:ro`],
  ])
}

/** The world outside of the cluster, with an address of its own. */
export function ensureClient(subnet: number, images: Images): Promise<void> {
  const words = [...place('client', subnet), '--entrypoint', 'sleep']
  const mounts = [
    ...['--volume', `${checkout}:/srv/checkout:ro`],
    ...['--volume', `${authorityFolder}/ca.pem:/etc/lab/ca.pem:ro`],
  ]
  return ensureContainer('client', images.node, [...words, ...mounts], ['infinity'])
}

/** `docker exec` on a host of the lab. */
export const on = (host: HostName, ...words: string[]): string[] => [
  'docker',
  'exec',
  ...(words[0] === '-i'
    ? ['--interactive', named(host), ...words.slice(1)]
    : [named(host), ...words]),
]

export async function untilEngineAnswers(node: NodeName): Promise<void> {
  for (let half = 0; half < 120; half++) {
    if ((await attempt(on(node, 'docker', 'version'))).code === 0) return
    await sleep(500)
  }
  const said = (await attempt(['docker', 'logs', '--tail', '8', named(node)])).stderr.trim()
  throw new LabError(`Cannot reach the Engine of ${node}: no answer for 60 s\n${said}`)
}

/** Gives every node the images under their official names, so that none asks a registry. */
export async function loadImages(images: Images): Promise<void> {
  const wanted = [...images.official.values()]
  const lacking: NodeName[] = []
  for (const node of NODES) {
    const here = await attempt(on(node, 'docker', 'image', 'inspect', ...wanted))
    if (here.code !== 0) lacking.push(node)
  }
  if (lacking.length === 0) return
  const readers = lacking.map((node) => on(node, '-i', 'docker', 'load', '--quiet'))
  await pipe(['docker', 'save', ...wanted], readers)
  for (const node of lacking) {
    for (const [name, image] of images.official) {
      if (name !== image) await run(on(node, 'docker', 'tag', image, name))
    }
  }
}

/** An inner Engine cannot use the outer one's resolver; it gets this machine's own. */
function nameServers(): string {
  for (const file of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']) {
    const servers = read(file).matchAll(/^nameserver\s+(\S+)/gm)
    const usable = [...servers].map(([, it]) => it ?? '').filter((it) => !it.startsWith('127.'))
    if (usable.length) return usable.map((it) => `--dns ${it}`).join(' ')
  }
  return ''
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
