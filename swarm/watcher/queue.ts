import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import {
  formatJob,
  isJobId,
  type Job,
  LOGS,
  MAX_JOB_BYTES,
  type Outcome,
  parseJob,
  SENTINEL,
  type State,
} from '../../functions/_lib/job.ts'

/** The file operations that the queue uses: one port, so that a test can stop between any two. */
export type Disk = Pick<
  typeof fs,
  | 'appendFileSync'
  | 'closeSync'
  | 'existsSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'openSync'
  | 'readdirSync'
  | 'readSync'
  | 'renameSync'
  | 'writeSync'
>

export type QueueOptions = {
  folder: string
  /** Why a job is not ours to deploy, or undefined. */
  refusal: (job: Job) => string | undefined
  now: () => Date
  report: (line: string) => void
  disk?: Disk
}

/** A job file with its outcome has to stay readable. */
const MAX_REASON_LENGTH = 2000
/** After so many interruptions a job is taken for their cause. */
const MAX_INTERRUPTIONS = 3

/**
 * The watcher's side of the job folder. A job's folder is its state and a rename its only
 * transition: an outcome is first written into the file where it lies, and the move comes last, so
 * that a crash between any two operations leaves every job in exactly one folder.
 */
export type Queue = {
  /** Whether the share is there: without its sentinel the path is just an empty folder. */
  isMounted(): boolean
  /** Settles what a crash left behind, and returns the job that was cut off, to run again. */
  recover(): Job | undefined
  /** Files what is not a job, supersedes all but the newest job, claims that one and returns it. */
  claim(): Job | undefined
  /** Writes how the job ended and files it. */
  finish(job: Job, state: Outcome['state'], reason: string): void
  /** Adds to the job's log; a log that cannot be written stops nothing. */
  log(job: Job, text: string): void
}

export function openQueue({ folder, refusal, now, report, disk = fs }: QueueOptions): Queue {
  const inState = (state: State, name: string) => join(folder, state, name)
  const outcome = (state: Outcome['state'], reason: string): Outcome => ({
    state,
    reason: reason.slice(0, MAX_REASON_LENGTH),
    at: now().toISOString(),
  })
  // Named once: what cannot be moved away would otherwise be tried at every poll.
  const immovable = new Set<string>()

  function read(path: string): Job {
    // O_NONBLOCK: a FIFO must not hold us; O_NOFOLLOW: nor a link lead us elsewhere.
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
    const file = disk.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    try {
      const stat = disk.fstatSync(file)
      if (!stat.isFile()) throw new Error('Cannot read job: wanted a regular file')
      const buffer = new Uint8Array(MAX_JOB_BYTES + 1)
      const length = disk.readSync(file, buffer, 0, buffer.length, 0)
      return parseJob(new TextDecoder().decode(buffer.subarray(0, length)))
    } finally {
      disk.closeSync(file)
    }
  }

  function writeDurably(state: State, name: string, text: string) {
    const draft = inState(state, `.${name}`)
    const file = disk.openSync(draft, 'w', 0o660)
    try {
      disk.writeSync(file, text)
      disk.fsyncSync(file)
    } finally {
      disk.closeSync(file)
    }
    disk.renameSync(draft, inState(state, name))
    syncFolder(state)
  }

  function move(name: string, from: State, to: State, newName = name) {
    disk.renameSync(inState(from, name), inState(to, newName))
    syncFolder(to)
    syncFolder(from)
  }

  function syncFolder(state: State) {
    const handle = disk.openSync(join(folder, state), 'r')
    try {
      disk.fsyncSync(handle)
    } finally {
      disk.closeSync(handle)
    }
  }

  function list(state: State): string[] {
    return disk
      .readdirSync(join(folder, state))
      .filter((name) => name.endsWith('.json') && !name.startsWith('.') && !immovable.has(name))
      .sort()
  }

  function file(job: Job, from: State, ended: Outcome) {
    const name = `${job.id}.json`
    writeDurably(from, name, formatJob({ ...job, outcome: ended }))
    move(name, from, ended.state)
    report(`job ${job.id} ${ended.state}: ${ended.reason}`)
  }

  // What is no job has no place for an outcome: a report takes its name, itself it is kept beside.
  function reject(name: string, from: State, reason: string) {
    const base = isJobId(name.slice(0, -5)) ? name.slice(0, -5) : `rejected-${digest(name)}`
    const ended = outcome('failed', reason)
    try {
      writeDurably('failed', `${base}.json`, `${JSON.stringify({ file: name, outcome: ended })}\n`)
      let kept = `${base}.rejected`
      for (let i = 2; disk.existsSync(inState('failed', kept)); i++) kept = `${base}-${i}.rejected`
      move(name, from, 'failed', kept)
    } catch (cause) {
      immovable.add(name)
      report(`Cannot file ${JSON.stringify(name)}: ${(cause as Error).message}`)
      return
    }
    report(`file ${JSON.stringify(name)} failed: ${reason}`)
  }

  /** The jobs of a folder that are whole and ours; whatever else is there is filed away. */
  function jobsIn(state: State): Job[] {
    return list(state).flatMap((name) => {
      let job: Job
      try {
        job = read(inState(state, name))
      } catch (cause) {
        if (!isTransient(cause)) reject(name, state, (cause as Error).message)
        return []
      }
      if (`${job.id}.json` !== name) {
        reject(name, state, `Cannot read job: wanted id ${name.slice(0, -5)}, got ${job.id}`)
        return []
      }
      if (job.outcome) {
        move(name, state, job.outcome.state)
        return []
      }
      const why = refusal(job)
      if (!why) return [job]
      file(job, state, outcome('failed', why))
      return []
    })
  }

  return {
    isMounted: () => disk.existsSync(join(folder, SENTINEL)),
    recover() {
      const [job] = jobsIn('running')
      if (!job) return undefined
      const interrupted = { ...job, interruptions: (job.interruptions ?? 0) + 1 }
      if (interrupted.interruptions >= MAX_INTERRUPTIONS) {
        file(interrupted, 'running', outcome('failed', `Interrupted ${MAX_INTERRUPTIONS} times`))
        return undefined
      }
      writeDurably('running', `${job.id}.json`, formatJob(interrupted))
      report(`job ${job.id} was interrupted (${interrupted.interruptions}), runs again`)
      return interrupted
    },
    claim() {
      const jobs = jobsIn('new')
      const newest = jobs.pop()
      if (!newest) return undefined
      // First the older ones: were they left in new/ by a crash, they would run after the newest.
      for (const job of jobs) {
        file(job, 'new', { ...outcome('superseded', `By ${newest.id}`), by: newest.id })
      }
      move(`${newest.id}.json`, 'new', 'running')
      return newest
    },
    finish: (job, state, reason) => file(job, 'running', outcome(state, reason)),
    log(job, text) {
      try {
        disk.appendFileSync(join(folder, LOGS, `${job.id}.log`), `${text}\n`)
      } catch {}
    },
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

// Gone or not to be had at this moment, which says nothing about the file.
function isTransient(cause: unknown): boolean {
  return ['ENOENT', 'EIO', 'ESTALE', 'EMFILE', 'ENFILE'].includes(
    (cause as NodeJS.ErrnoException).code ?? '',
  )
}
