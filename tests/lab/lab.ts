import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../scripts/build.ts'
import { COMMANDS } from '../server.ts'

const run = promisify(execFile)
const lab = join(root, 'scripts/lab/lab.ts')
const ROOT = '/tmp/acme-root.pem'

const NODES = ['kvm2', 'kvm4', 'kvm8'] as const

/** Runs a command on a host of the lab and gives what it wrote. */
export async function on(host: string, ...command: string[]): Promise<string> {
  const words = [lab, 'exec', host, '--', ...command]
  const { stdout } = await run(COMMANDS.node[0], words, { maxBuffer: 67_108_864 })
  return stdout.trim()
}

/** `curl` from outside the cluster, trusting the authority that issued the page's certificate. */
export function curl(...words: string[]): Promise<string> {
  return on(
    'client',
    'curl',
    '--silent',
    '--show-error',
    '--max-time',
    '10',
    '--cacert',
    ROOT,
    ...words,
  )
}

export type Load = { requests: number; failed: number; failures: unknown[] }

/** So many requests a second to each path, for so long, from outside the cluster. */
export async function load(seconds: number, rates: Record<string, number>): Promise<Load> {
  const targets = Object.entries(rates).map(([path, rate]) => `${path}=${rate}`)
  const script = '/srv/checkout/tests/lab/load.mjs'
  const words = ['env', `NODE_EXTRA_CA_CERTS=${ROOT}`, 'node', script, String(seconds), ...targets]
  return JSON.parse(await on('client', ...words))
}

/** Runs the same command on every node and gives the answers, one a node. */
export function everywhere(...command: string[]): Promise<string[]> {
  return Promise.all(NODES.map((node) => on(node, ...command)))
}
