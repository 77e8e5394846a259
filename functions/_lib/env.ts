import type { Job } from './job.ts'

/** Everything a function may know or touch. Each adapter builds one and calls `app.fetch(request, env)`. */
export type Env = {
  /** The container's host name: it shows which replica answered. */
  hostname: string
  /** Accepted webhook secrets, the newest first; none closes the webhook. */
  webhookSecrets: string[]
  /** The branch whose pushes are deployed. */
  deployBranch: string
  /** `owner/name`: pushes to any other repository are ignored. Undefined: any repository. */
  repository: string | undefined
  /** How many proxies of our own stand before us, counted from the right of X-Forwarded-For. */
  trustedProxyHops: number
  /** The address of whoever opened the connection. */
  peer: () => string
  /** Undefined when no database is configured. */
  visits: Visits | undefined
  /** Undefined when no job folder is configured. */
  enqueue: Enqueue | undefined
  draining: () => boolean
  now: () => Date
  log: (message: string, cause?: unknown) => void
}

/** A caller as the visit counter sees one. Kept in memory for the day, never stored. */
export type Caller = { address: string; userAgent: string }

export type DayCount = { date: string; unique_visits: number }

/** The visit counter. Every method rejects when the database does not answer. */
export type Visits = {
  /** Counts the caller once a day (UTC, `YYYY-MM-DD`) and resolves to the day's total. */
  count(day: string, caller: Caller): Promise<number>
  /** The totals of the `days` days that end with `lastDay`, oldest first, 0 where nobody came. */
  days(lastDay: string, days: number): Promise<DayCount[]>
  /** Resolves when the database answers. */
  ping(): Promise<void>
}

/**
 * Makes a job durable, once a delivery: resolves to the id under which the delivery is queued, or
 * to undefined when it had been queued before. Rejects when the job could not be stored.
 */
export type Enqueue = (job: Job) => Promise<string | undefined>
