// Started by the crash tests: bun crash-watcher.ts <folder> <checkout> <n>.
// The watcher, once through the queue, killed before its n-th file operation (0: never). Killed
// after an operation is killed before the next one; the last one is followed by the process's end,
// which counts as one.
import * as fs from 'node:fs'
import type { Disk } from '../../swarm/watcher/folder.ts'
import { watch } from '../../swarm/watcher/main.ts'
import { aConfig } from './settings.ts'

const [folder = '', checkout = '', n = '0'] = process.argv.slice(2)
let operations = 0

function count() {
  if (++operations === Number(n)) process.kill(process.pid, 'SIGKILL')
}

const disk = Object.fromEntries(
  Object.entries(fs).map(([name, value]) => [
    name,
    typeof value !== 'function' || /^[A-Z]/.test(name)
      ? value
      : (...words: unknown[]) => {
          count()
          return (value as (...words: unknown[]) => unknown)(...words)
        },
  ]),
) as unknown as Disk

await watch(aConfig({ folder, checkout }), {
  once: true,
  disk,
  signal: new AbortController().signal,
})
count()
