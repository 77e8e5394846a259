import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout that this lab rehearses. */
export const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Where this lab keeps what it knows; `down` forgets it. */
export const folder = join(checkout, '.data', 'lab')

export const authorityFolder = join(folder, 'ca')
export const logFolder = join(folder, 'logs')

/** Each checkout has names of its own. */
export const id = createHash('sha256').update(checkout).digest('hex').slice(0, 6)

export const LABEL = 'dockerswarmp1.lab'
export const named = (what: string): string => `lab-${id}-${what}`

export const NODES = ['kvm2', 'kvm4', 'kvm8'] as const
export type NodeName = (typeof NODES)[number]

/** The host name of the page, which Pebble can resolve and validate. */
export const APP_DOMAIN = 'app.lab.example'
export const REGISTRY_USER = 'octocat'

const HOSTS = { kvm2: 2, kvm4: 4, kvm8: 8, ghcr: 10, pebble: 11, client: 20 } as const
export type HostName = keyof typeof HOSTS

/** What is decided once for the life of a lab. */
export type State = {
  /** N of the lab's network 10.100.N.0/24. */
  subnet?: number
  /** The Engine that the lab itself started on this machine. */
  enginePid?: number
}

export const addressOf = (host: HostName, subnet: number): string =>
  `10.100.${subnet}.${HOSTS[host]}`

export function readState(): State {
  try {
    return JSON.parse(readFileSync(stateFile, 'utf8')) as State
  } catch {
    return {}
  }
}

export function writeState(changes: State): void {
  mkdirSync(logFolder, { recursive: true, mode: 0o700 })
  writeFileSync(stateFile, `${JSON.stringify({ ...readState(), ...changes }, null, 2)}\n`)
}

export const forgetState = (): void => rmSync(folder, { recursive: true, force: true })

const stateFile = join(folder, 'state.json')
