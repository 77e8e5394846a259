import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError, say, step } from './progress.ts'
import { attempt, run } from './run.ts'
import { folder, logFolder, readState, writeState } from './state.ts'

const NEEDED = ['docker.io', 'iptables', 'debootstrap']
const INSTALL = `apt-get update && apt-get install -y ${NEEDED.join(' ')}`
const DISK_GB = 12

/** Makes sure that a Docker Engine answers on this machine. */
export async function ensureEngine(install: boolean): Promise<void> {
  if (await answers()) return
  if (!(await has('dockerd'))) {
    if (!install) {
      throw new LabError(
        `Cannot find a Docker Engine: none answers, and none is installed\n` +
          `Install one (${INSTALL}), or let the lab do it: just lab-up --install`,
      )
    }
    await step('Install the Docker Engine', installEngine)
    if (await answers()) return
  }
  if (process.getuid?.() !== 0) {
    throw new LabError(
      'Cannot start the Docker Engine: only root can\nStart it: sudo systemctl start docker',
    )
  }
  await step('Start the Docker Engine', startEngine)
}

async function installEngine(): Promise<void> {
  const log = join(logFolder, 'install.log')
  writeState({})
  await run(['apt-get', 'update'], { log })
  await run(['apt-get', 'install', '-y', '--no-install-recommends', ...NEEDED], { log })
}

async function startEngine(): Promise<void> {
  writeState({})
  const log = openSync(join(logFolder, 'dockerd.log'), 'a')
  const child = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] })
  child.unref()
  for (let second = 0; second < 60; second++) {
    if (await answers()) {
      if (child.pid) writeState({ enginePid: child.pid })
      return
    }
    if (child.exitCode !== null) break
    await sleep(1000)
  }
  throw new LabError(`Cannot start dockerd: it does not answer (see ${logFolder}/dockerd.log)`)
}

/** Stops the Engine that this lab has started, unless somebody else's containers run on it. */
export async function stopOwnEngine(): Promise<void> {
  const pid = readState().enginePid
  if (!pid || programOf(pid) !== 'dockerd') return
  if ((await run(['docker', 'ps', '--quiet', '--all'])) !== '') return
  await step('Stop the Docker Engine that the lab had started', async () => {
    process.kill(pid, 'SIGTERM')
    for (let tenth = 0; tenth < 300 && programOf(pid) === 'dockerd'; tenth++) await sleep(100)
  })
}

/** Says before anything is built when the disk may not hold the lab. */
export async function warnOfDisk(): Promise<void> {
  const root = await run(['docker', 'info', '--format', '{{.DockerRootDir}}'])
  const at = await statfs(root).catch(() => statfs(folder)) // the Engine's folder may be root's
  const free = (at.bavail * at.bsize) / 1e9
  if (free >= DISK_GB) return
  say(`! ${free.toFixed(1)} GB free in ${root}; a lab may need ${DISK_GB} GB`)
}

const answers = async () => (await attempt(['docker', 'version'])).code === 0

export const has = async (program: string): Promise<boolean> =>
  (await attempt(['sh', '-c', 'command -v "$1"', 'sh', program])).code === 0

function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
