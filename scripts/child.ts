import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'

/** The user `nobody`: for programs that refuse to run as root. */
const NOBODY = 65_534

type ChildOptions = SpawnOptions & {
  /** What the child gets when we die, however we die (Linux). Default SIGKILL. */
  deathSignal?: NodeJS.Signals
  /** Run as `nobody` when we are root. */
  dropRoot?: boolean
}

/** Starts a program that never outlives us: not after Ctrl-C, not after kill -9. */
export function startChild(program: string, words: string[], options: ChildOptions): ChildProcess {
  const { deathSignal = 'SIGKILL', dropRoot = false, ...spawnOptions } = options
  if (!hasSetpriv) {
    const user = dropRoot && isRoot ? { uid: NOBODY, gid: NOBODY } : {}
    return spawn(program, words, { ...spawnOptions, ...user })
  }
  const privileges = dropRoot && isRoot ? asNobody() : []
  const death = ['--pdeathsig', deathSignal.slice(3)]
  return spawn('setpriv', [...privileges, ...death, '--', program, ...words], spawnOptions)
}

const isRoot = process.getuid?.() === 0

/** The id that `startChild` gives with `dropRoot`; undefined where we are not root. */
export const droppedId = isRoot ? NOBODY : undefined

/** Whether the system can tie a child's life to its parent's. */
export const hasSetpriv = setprivCan('--pdeathsig', 'KILL')

function asNobody(): string[] {
  const user = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups']
  // To get through a checkout under /root, mode 0700, it may search and read, no more.
  const search = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search']
  const whole = [...user, ...search, '--securebits', '+no_setuid_fixup']
  return setprivCan(...whole) ? whole : user // a container may lack the capability
}

function setprivCan(...words: string[]): boolean {
  return spawnSync('setpriv', [...words, '--', 'true']).status === 0
}
