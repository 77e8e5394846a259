import { deploy } from './deploy.ts'
import { down } from './down.ts'
import { exec, kill, start, status } from './power.ts'
import { LabError } from './progress.ts'
import { type HostName, NODES, type NodeName } from './state.ts'
import { up } from './up.ts'

const HELP = `The lab: production rehearsed on this machine, three Swarm nodes and what they need around them.

  lab up [--install]      build what is missing and start it; again on a running lab: changes nothing
                          --install puts a Docker Engine on this machine if it has none (apt, root)
  lab deploy              build this checkout's images and deploy the stack
  lab status              hosts, addresses, the Swarm; exit code 1 when something is missing
  lab kill NODE           a power cut
  lab start NODE          power is back; ends when the node is ready
  lab exec HOST -- CMD…   run a command on a node, or on: client, ghcr, pebble
  lab down [--images]     remove it; --images also what it is built of

NODE is kvm2, kvm4 or kvm8. The checkout is /srv/checkout on every node, read-only.
Needs: Linux, root or a user of Docker, 12 GB of disk, 4 GB of memory.`

const HOSTS: readonly string[] = [...NODES, 'client', 'ghcr', 'pebble']

async function main(words: string[]): Promise<number> {
  const [command, ...rest] = words
  switch (command) {
    case 'up':
      await up(flag(rest, '--install'))
      return 0
    case 'deploy':
      await deploy()
      return 0
    case 'status':
      return status()
    case 'kill':
      await kill(node(rest))
      return 0
    case 'start':
      await start(node(rest))
      return 0
    case 'exec':
      return exec(host(rest[0]), commandOf(rest.slice(1)))
    case 'down':
      await down(flag(rest, '--images'))
      return 0
    case '--help':
    case 'help':
      process.stdout.write(`${HELP}\n`)
      return 0
    default:
      throw new UsageError(command ? `Unknown command: ${command}` : 'A command is missing')
  }
}

class UsageError extends LabError {}

function flag(rest: string[], name: string): boolean {
  const stranger = rest.find((word) => word !== name)
  if (stranger) throw new UsageError(`Unknown flag: ${stranger}`)
  return rest.includes(name)
}

function node([name, ...more]: string[]): NodeName {
  const found = NODES.find((it) => it === name)
  if (!found || more.length) throw new UsageError(`Wanted one of ${NODES.join(', ')}`)
  return found
}

function host(name: string | undefined): HostName {
  if (!name || !HOSTS.includes(name)) throw new UsageError(`Wanted one of ${HOSTS.join(', ')}`)
  return name as HostName
}

function commandOf(words: string[]): string[] {
  const command = words[0] === '--' ? words.slice(1) : words
  if (command.length === 0) throw new UsageError('A command is missing after the host')
  return command
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (cause) {
  if (!(cause instanceof LabError)) throw cause
  process.stderr.write(`${cause.message}\n`)
  if (cause instanceof UsageError) process.stderr.write('See: lab --help\n')
  process.exitCode = cause instanceof UsageError ? 2 : 1
}
