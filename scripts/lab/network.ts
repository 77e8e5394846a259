import { networkInterfaces } from 'node:os'
import { LabError } from './progress.ts'
import { attempt } from './run.ts'
import { LABEL, named, readState, writeState } from './state.ts'

const LAST = 31

/** The lab's bridge network; gives N of its 10.100.N.0/24, the first that is free. */
export async function ensureNetwork(): Promise<number> {
  const name = named('net')
  const format = '{{(index .IPAM.Config 0).Subnet}}'
  const found = await attempt(['docker', 'network', 'inspect', '--format', format, name])
  const subnet = Number(/^10\.100\.(\d+)\./.exec(found.stdout)?.[1] ?? Number.NaN)
  if (found.code === 0 && !Number.isNaN(subnet)) {
    writeState({ subnet })
    return subnet
  }
  const kept = readState().subnet
  for (const candidate of [...(kept === undefined ? [] : [kept]), ...numbers()]) {
    if (onThisMachine(candidate)) continue
    const range = `10.100.${candidate}.0/24`
    const words = ['docker', 'network', 'create', '--label', LABEL, '--subnet', range, name]
    const made = await attempt(words)
    if (made.code === 0) {
      writeState({ subnet: candidate })
      return candidate
    }
    if (!made.stderr.includes('overlaps')) {
      throw new LabError(`Cannot create the network ${name}: ${made.stderr.trim()}`)
    }
  }
  throw new LabError(`Cannot find a free network: 10.100.0.0/24 to 10.100.${LAST}.0/24 are taken`)
}

const numbers = () => Array.from({ length: LAST + 1 }, (_, it) => it)

/** A WireGuard of this machine may have the same addresses as the cluster that is rehearsed. */
const onThisMachine = (subnet: number) =>
  Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address.startsWith(`10.100.${subnet}.`)),
  )
