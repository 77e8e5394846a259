import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { type Job, LOGS, MAX_JOB_BYTES, parseJob, type State } from '../../functions/_lib/job.ts'

/** The file operations that the watcher uses: one port, so that a test can stop between any two. */
export type Disk = Pick<
  typeof fs,
  | 'closeSync'
  | 'existsSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'lstatSync'
  | 'openSync'
  | 'readdirSync'
  | 'readSync'
  | 'renameSync'
  | 'writeSync'
>

/** What the queue does with files, each step whole or not at all. Every method may throw. */
export type Folder = {
  /** The names of the job files of a state, oldest first. */
  list(state: State): string[]
  /** @throws {Error} when the file is no job; with a `code` when it could not be read. */
  read(state: State, name: string): Job
  /** Puts a file in its place, or a new one in its stead, and on the disk. */
  write(state: State, name: string, text: string): void
  move(name: string, from: State, to: State, newName?: string): void
  /** Adds to a log. */
  append(name: string, text: string): void
  /** Whether anything has the name, be it a link to nowhere. */
  has(state: State, name: string): boolean
}

// O_NOFOLLOW: whoever may write the share could let a link point at any file of ours.
// O_NONBLOCK: nor may a FIFO hold us.
const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants

export function openFolder(folder: string, disk: Disk): Folder {
  const path = (state: State, name: string) => join(folder, state, name)

  function syncFolder(state: State) {
    const handle = disk.openSync(join(folder, state), 'r')
    try {
      disk.fsyncSync(handle)
    } finally {
      disk.closeSync(handle)
    }
  }

  // A disk that is nearly full takes a part; the rest then fails, and with it the whole.
  function writeAll(file: number, text: string) {
    const bytes = new TextEncoder().encode(text)
    for (let at = 0; at < bytes.length; ) at += disk.writeSync(file, bytes, at)
  }

  return {
    list: (state) =>
      disk
        .readdirSync(join(folder, state))
        .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
        .sort(),
    read(state, name) {
      const file = disk.openSync(path(state, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      try {
        if (!disk.fstatSync(file).isFile())
          throw new Error('Cannot read job: wanted a regular file')
        const buffer = new Uint8Array(MAX_JOB_BYTES + 1)
        const length = disk.readSync(file, buffer, 0, buffer.length, 0)
        return parseJob(new TextDecoder().decode(buffer.subarray(0, length)))
      } finally {
        disk.closeSync(file)
      }
    },
    write(state, name, text) {
      // Under a name that nobody can guess and never over another: the API may write in new/, too.
      const draft = path(state, `.${randomUUID()}.draft`)
      const file = disk.openSync(draft, 'wx', 0o660)
      try {
        writeAll(file, text)
        disk.fsyncSync(file)
      } finally {
        disk.closeSync(file)
      }
      disk.renameSync(draft, path(state, name))
      syncFolder(state)
    },
    move(name, from, to, newName = name) {
      disk.renameSync(path(from, name), path(to, newName))
      syncFolder(to)
      syncFolder(from)
    },
    append(name, text) {
      const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK
      const file = disk.openSync(join(folder, LOGS, name), flags, 0o660)
      try {
        writeAll(file, text)
      } finally {
        disk.closeSync(file)
      }
    },
    has: (state, name) =>
      disk.lstatSync(path(state, name), { throwIfNoEntry: false }) !== undefined,
  }
}

/**
 * A parser's refusal, a link, a socket, a folder, a locked file: the file's own fault. Whatever else
 * goes wrong with a read (EIO, ESTALE, ETIMEDOUT, …) says something about the share only.
 */
export function isItsOwnFault(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException
  return !code || ['ELOOP', 'ENXIO', 'EISDIR', 'EACCES', 'EPERM'].includes(code)
}
