import { setTimeout as sleep } from 'node:timers/promises'
import { on } from './nodes.ts'
import { LabError } from './progress.ts'
import { attempt, run } from './run.ts'
import { addressOf, NODES, type NodeName } from './state.ts'

/** WireGuard's MTU in production; Docker subtracts VXLAN's own 50. */
const MTU = 'com.docker.network.driver.mtu=1420'

const FIRST = 'kvm2'

/** All three nodes are managers of one Swarm; each is labelled with its role. */
export async function ensureSwarm(subnet: number): Promise<void> {
  const members: NodeName[] = []
  for (const node of NODES) if (await inSwarm(node)) members.push(node)
  if (members.length === 0) {
    await run(on(FIRST, 'docker', 'swarm', 'init', ...addresses(FIRST, subnet)))
    members.push(FIRST)
  }
  const leader = members[0] ?? FIRST
  await untilReady(leader, members)
  for (const node of NODES.filter((it) => !members.includes(it))) {
    const token = await run(on(leader, 'docker', 'swarm', 'join-token', '--quiet', 'manager'))
    const words = ['docker', 'swarm', 'join', '--token', token, ...addresses(node, subnet)]
    await run(on(node, ...words, `${addressOf(leader, subnet)}:2377`))
  }
  await untilReady(leader, [...NODES])
  for (const node of NODES) await label(leader, node)
}

/** What the stack expects to find: its networks, and the root that signed Pebble's own TLS. */
export async function ensureNetworks(): Promise<void> {
  for (const name of ['public', 'internal']) {
    if ((await attempt(on(FIRST, 'docker', 'network', 'inspect', name))).code === 0) continue
    const words = ['docker', 'network', 'create', '--driver', 'overlay', '--attachable']
    await run(on(FIRST, ...words, '--opt', MTU, name))
  }
  if ((await attempt(on(FIRST, 'docker', 'config', 'inspect', 'lab_ca'))).code === 0) return
  await run(on(FIRST, 'docker', 'config', 'create', 'lab_ca', '/etc/lab/ca.pem'))
}

/** A line for each member: its name, state and part. */
export async function members(): Promise<string> {
  const format = '{{.Hostname}}\t{{.Status}}\t{{.ManagerStatus}}'
  for (const node of NODES) {
    const list = await attempt(on(node, 'docker', 'node', 'ls', '--format', format))
    if (list.code === 0) return list.stdout.trim()
  }
  return ''
}

/** Waits until all of these are members that answer. */
export async function untilReady(asked: NodeName, wanted: NodeName[]): Promise<void> {
  const words = ['docker', 'node', 'ls', '--format', '{{.Hostname}} {{.Status}} {{.ManagerStatus}}']
  let list = ''
  for (let half = 0; half < 120; half++) {
    const asking = await attempt(on(asked, ...words))
    list = asking.stdout.trim() || asking.stderr.trim()
    if (wanted.every((node) => new RegExp(`^${node} Ready (Leader|Reach)`, 'm').test(list))) return
    await sleep(500)
  }
  throw new LabError(`Cannot gather the Swarm: not all are ready after 60 s\n${list}`)
}

async function inSwarm(node: NodeName): Promise<boolean> {
  const format = '{{.Swarm.LocalNodeState}}'
  const state = await run(on(node, 'docker', 'info', '--format', format))
  return !['inactive', ''].includes(state)
}

async function label(leader: NodeName, node: NodeName): Promise<void> {
  const words = ['docker', 'node', 'inspect', '--format', '{{index .Spec.Labels "role"}}', node]
  if ((await run(on(leader, ...words))) === node) return
  await run(on(leader, 'docker', 'node', 'update', '--label-add', `role=${node}`, node))
}

function addresses(node: NodeName, subnet: number): string[] {
  const address = addressOf(node, subnet)
  return ['--advertise-addr', address, '--data-path-addr', address]
}
