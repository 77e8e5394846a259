// Started by the crash tests: node crash-enqueue.ts <folder> <number of the job> <n>.
// Queues one job, always of the same delivery, killed before its n-th file operation (0: never);
// the answer counts as the last one.
import { promises } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { aJob } from './job-files.ts'

const [folder = '', number = '1', n = '0'] = process.argv.slice(2)
let operations = 0

function counted<T extends unknown[], R>(real: (...words: T) => R): (...words: T) => R {
  return (...words) => {
    if (++operations === Number(n)) process.kill(process.pid, 'SIGKILL')
    return real(...words)
  }
}

function countedHandle(handle: FileHandle): FileHandle {
  return new Proxy(handle, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? counted(value.bind(target)) : value
    },
  })
}

const { open } = promises
Object.assign(promises, {
  link: counted(promises.link),
  open: counted(async (...words: Parameters<typeof open>) => countedHandle(await open(...words))),
  readFile: counted(promises.readFile),
  rename: counted(promises.rename),
  stat: counted(promises.stat),
  unlink: counted(promises.unlink),
})
syncBuiltinESMExports()

const { jobsFolder } = await import('../../functions/_adapters/jobs-folder.ts')
const id = await jobsFolder(folder)(aJob(Number(number), { delivery: 'the-same' }))
counted(() => process.stdout.write(`${operations} ${id}\n`))()
