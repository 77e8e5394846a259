import { ensureNetwork } from './network.ts'
import { untilEngineAnswers } from './nodes.ts'
import { LabError, say, step } from './progress.ts'
import { attempt, handOver, run } from './run.ts'
import { APP_DOMAIN, addressOf, type HostName, NODES, type NodeName, named } from './state.ts'
import { members, untilReady } from './swarm.ts'

/** A power cut: nothing on the node gets the time to say good-bye. */
export const kill = (node: NodeName) =>
  step(`Cut the power of ${node}`, async () => {
    const cut = await attempt(['docker', 'kill', named(node)])
    if (cut.code === 0) return
    throw new LabError(
      `Cannot cut the power of ${node}: ${cut.stderr.trim()}\nSee what runs: just lab-status`,
    )
  })

/** Power is back; ends when the node is a ready member again. */
export const start = (node: NodeName) =>
  step(`Start ${node}, until it is back in the Swarm`, async () => {
    await run(['docker', 'start', named(node)])
    await untilEngineAnswers(node)
    await untilReady(node, [node])
  })

/** Runs a command on a host of the lab, on this terminal; gives its exit code. */
export async function exec(host: HostName, command: string[]): Promise<number> {
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ['--interactive', '--tty'] : []
  const words = terminal.length ? terminal : ['--interactive']
  return handOver(['docker', 'exec', ...words, named(host), ...command])
}

/** Shows each host and the Swarm's own view; fails when the lab is not whole. */
export async function status(): Promise<number> {
  const hosts = [...NODES, 'ghcr', 'pebble', 'client'] as const
  if ((await attempt(['docker', 'version'])).code !== 0) {
    throw new LabError('Cannot ask for the lab: no Docker Engine answers\nRun: just lab-up')
  }
  const format = '{{.State.Status}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  let running = 0
  for (const host of hosts) {
    const words = ['docker', 'inspect', '--type=container', '--format', format, named(host)]
    const found = await attempt(words)
    const shown = found.code === 0 ? found.stdout.trim() : 'absent'
    if (shown.startsWith('running')) running++
    say(`${host.padEnd(8)}${shown}`)
  }
  if (running === 0) throw new LabError('Cannot find a running lab\nRun: just lab-up')
  const list = await members()
  say(`\nSwarm\n${list || '(no manager answers)'}`)
  const subnet = await ensureNetwork()
  say(`\nPage  https://${APP_DOMAIN} at ${addressOf('kvm8', subnet)}`)
  const ready = list.split('\n').filter((line) => line.includes('\tReady\t')).length
  return running === hosts.length && ready === NODES.length ? 0 : 1
}
