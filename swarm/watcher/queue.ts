import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import {
  formatJob,
  isJobId,
  type Job,
  newJobId,
  type Outcome,
  SENTINEL,
  type State,
} from '../../functions/_lib/job.ts'
import { type Disk, isItsOwnFault, openFolder } from './folder.ts'

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

export type QueueOptions = {
  folder: string
  /** Why a job is not ours to deploy, or undefined. */
  refusal: (job: Job) => string | undefined
  now: () => Date
  report: (line: string) => void
  disk?: Disk
}

/** After so many interruptions a job is taken for their cause. */
const MAX_INTERRUPTIONS = 3
/** By how much the clock of an API container may be ahead of ours. */
const MAX_CLOCK_SKEW_MS = 300_000
/** A job file with its outcome has to stay readable. */
const MAX_REASON_LENGTH = 2000

export function openQueue(options: QueueOptions): Queue {
  const { refusal, now, report, disk = fs } = options
  const folder = openFolder(options.folder, disk)
  // What cannot be read or moved is told once, not at every poll.
  const told = new Set<string>()
  const immovable = new Set<string>()
  // An interruption counts once, however often it takes to write it down.
  const counted = new Set<string>()

  function tellOnce(line: string) {
    if (!told.has(line)) report(line)
    told.add(line)
  }

  function list(state: State): string[] {
    return folder.list(state).filter((name) => !immovable.has(name))
  }

  function outcome(state: Outcome['state'], reason: string): Outcome {
    return { state, reason: reason.slice(0, MAX_REASON_LENGTH), at: now().toISOString() }
  }

  function file(job: Job, from: State, ended: Outcome) {
    const name = `${job.id}.json`
    folder.write(from, name, formatJob({ ...job, outcome: ended }))
    folder.move(name, from, ended.state)
    report(`job ${job.id} ${ended.state}: ${ended.reason}`)
  }

  // Beside the jobs that are due: one that cannot be filed now must not keep them waiting.
  function fileAside(job: Job, from: State, ended: Outcome) {
    try {
      file(job, from, ended)
    } catch (cause) {
      tellOnce(`Cannot file job ${job.id}: ${(cause as Error).message}`)
    }
  }

  function supersede(job: Job, from: State, newer: string) {
    fileAside(job, from, { ...outcome('superseded', `By ${newer}`), by: newer })
  }

  // What is no job has no place for an outcome: itself it is kept, and a report beside it.
  function reject(name: string, from: State, reason: string) {
    const base = isJobId(name.slice(0, -5)) ? name.slice(0, -5) : `file-${digest(name)}`
    let kept = `${base}.rejected`
    try {
      for (let i = 2; folder.has('failed', kept); i++) kept = `${base}-${i}.rejected`
      const text = JSON.stringify({ file: name, outcome: outcome('failed', reason) }, null, 2)
      folder.write('failed', `${kept}.json`, `${text}\n`)
      folder.move(name, from, 'failed', kept)
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
      const job = readOrReject(state, name)
      if (!job) return []
      const why = isFromTheFuture(job) ? 'Its id lies in the future' : refusal(job)
      if (job.outcome) fileAside(job, state, job.outcome)
      else if (why) fileAside(job, state, outcome('failed', why))
      else return [job]
      return []
    })
  }

  function readOrReject(state: State, name: string): Job | undefined {
    try {
      const job = folder.read(state, name)
      if (`${job.id}.json` === name) return job
      throw new Error(
        `Cannot read job: wanted id ${JSON.stringify(name.slice(0, -5))}, got ${job.id}`,
      )
    } catch (cause) {
      const { message } = cause as Error
      if (isItsOwnFault(cause)) reject(name, state, message)
      else tellOnce(`Cannot read ${JSON.stringify(name)}: ${message}`)
      return undefined
    }
  }

  // It would outrank every job to come.
  function isFromTheFuture(job: Job): boolean {
    return job.id > newJobId(new Date(now().getTime() + MAX_CLOCK_SKEW_MS))
  }

  /** An older job never goes over a newer one, however late it comes. */
  function lastDeployed(): string {
    return list('done').at(-1)?.slice(0, -5) ?? ''
  }

  return {
    isMounted: () => disk.existsSync(join(options.folder, SENTINEL)),
    recover() {
      const [job] = jobsIn('running')
      if (!job) return undefined
      const deployed = lastDeployed()
      if (job.id < deployed) {
        supersede(job, 'running', deployed)
        return undefined
      }
      const before = job.interruptions ?? 0
      const interruptions = counted.has(job.id) ? before : before + 1
      counted.add(job.id)
      if (interruptions >= MAX_INTERRUPTIONS) {
        file(
          { ...job, interruptions },
          'running',
          outcome('failed', `Interrupted ${interruptions} times`),
        )
        return undefined
      }
      folder.write('running', `${job.id}.json`, formatJob({ ...job, interruptions }))
      report(`job ${job.id} was interrupted (${interruptions}), runs again`)
      return { ...job, interruptions }
    },
    claim() {
      if (list('running').length > 0) return undefined // not readable now, but ahead of all others
      const jobs = jobsIn('new')
      const newest = jobs.at(-1)
      if (!newest) return undefined
      const deployed = lastDeployed()
      // First the older ones: were they left in new/ by a crash, they would run after the newest.
      for (const job of jobs) {
        if (job.id < deployed) supersede(job, 'new', deployed)
        else if (job !== newest) supersede(job, 'new', newest.id)
      }
      if (newest.id < deployed) return undefined
      folder.move(`${newest.id}.json`, 'new', 'running')
      return newest
    },
    finish: (job, state, reason) => file(job, 'running', outcome(state, reason)),
    log(job, text) {
      try {
        folder.append(`${job.id}.log`, `${text}\n`)
      } catch {}
    },
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
