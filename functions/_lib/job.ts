/**
 * A job file: what the API asks of the watcher. This is its one parser, used where the file is
 * written and again where it is read, and it needs no package: the watcher has none.
 */
export type Job = {
  /** Sorts by time and is a file name: `20261123T144059123Z-<8 hex>`. */
  id: string
  /** GitHub's `X-GitHub-Delivery`: the same delivery makes one job. */
  delivery: string
  event: string
  /** `owner/name` */
  repository: string
  /** `refs/heads/<branch>` */
  ref: string
  /** 40 hex */
  commit: string
  /** Image of each service, by digest: `registry/owner/name/api@sha256:<64 hex>`. May be empty. */
  images: Images
  /** Who pushed, as GitHub names them. */
  who: string
  /** When it was accepted, ISO 8601 UTC. */
  when: string
  /** How often a crash or a restart cut the job off; written by the watcher. */
  interruptions?: number
  /** How it ended; written by the watcher before the file leaves its folder. */
  outcome?: Outcome
}

export type Outcome = {
  state: 'done' | 'failed' | 'superseded'
  reason: string
  /** ISO 8601 UTC */
  at: string
  /** The newer job that took its place. */
  by?: string
}

/** The services whose images we build. */
export const SERVICES = ['api', 'frontend'] as const
export type Service = (typeof SERVICES)[number]
export type Images = Partial<Record<Service, string>>

/** The folders of the job folder; a job's folder is its state. */
export const STATES = ['new', 'running', 'done', 'failed', 'superseded'] as const
export type State = (typeof STATES)[number]

/** Beside the states: one file a delivery (a claim on it), and one log a job. */
export const DELIVERIES = 'deliveries'
export const LOGS = 'logs'

/** Its presence proves that the share is mounted: an unmounted path is an ordinary empty folder. */
export const SENTINEL = '.job-folder'

/** A job file is a few hundred bytes; anything larger is not one. */
export const MAX_JOB_BYTES = 16_384

const SHAPES = {
  id: /^\d{8}T\d{9}Z-[0-9a-f]{8}$/,
  delivery: /^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$/,
  event: /^[a-z_]{1,64}$/,
  repository: /^[0-9A-Za-z][0-9A-Za-z-]{0,38}\/(?!\.{1,2}$)[0-9A-Za-z._-]{1,100}$/,
  ref: /^refs\/heads\/(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)))[0-9A-Za-z_][0-9A-Za-z._/-]{0,199}(?<![./])$/,
  commit: /^(?!0{40}$)[0-9a-f]{40}$/,
  who: /^[\p{L}\p{N}][\p{L}\p{N} ._[\]-]{0,99}$/u,
  when: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/,
} as const

/** An image by digest. A tag can be moved by whoever may push; a digest cannot. */
const IMAGE =
  /^[0-9a-z][0-9a-z.-]*(?::\d{1,5})?(?:\/[0-9a-z]+(?:[._-]+[0-9a-z]+)*)+@sha256:[0-9a-f]{64}$/

export function isJobId(text: string): boolean {
  return SHAPES.id.test(text)
}

export function isBranch(text: string): boolean {
  return SHAPES.ref.test(`refs/heads/${text}`)
}

export function isRepository(text: string): boolean {
  return SHAPES.repository.test(text)
}

export function isDelivery(text: string): boolean {
  return SHAPES.delivery.test(text)
}

/** A new id: the time first, so that names sort by age; then chance, so that replicas never clash. */
export function newJobId(now: Date): string {
  const time = now.toISOString().replace(/[-:.]/g, '')
  const chance = crypto.getRandomValues(new Uint8Array(4))
  return `${time}-${Array.from(chance, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** The file's text, one line a field: `cat` is the report. */
export function formatJob(job: Job): string {
  return `${JSON.stringify(job, null, 2)}\n`
}

/**
 * The job in a file's text.
 * @throws {Error} naming every field that is wrong, never what a field held.
 */
export function parseJob(text: string): Job {
  if (new TextEncoder().encode(text).length > MAX_JOB_BYTES)
    throw refusal([`at most ${MAX_JOB_BYTES} bytes`])
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refusal(['JSON'])
  }
  return checkJob(value)
}

/**
 * The value as a job, with only the fields that a job has.
 * @throws {Error} naming every field that is wrong, never what a field held.
 */
export function checkJob(value: unknown): Job {
  if (!isRecord(value)) throw refusal(['an object'])
  const problems = Object.entries(SHAPES)
    .filter(([name, shape]) => !matches(value[name], shape))
    .map(([name, shape]) => `${name} like ${shape.source}`)
  const { images, interruptions, outcome } = value
  if (!isImages(images)) problems.push(`images of ${SERVICES.join(' and ')} by digest`)
  if (interruptions !== undefined && !isCount(interruptions))
    problems.push('interruptions as a count')
  if (outcome !== undefined && !isOutcome(outcome))
    problems.push('outcome with state, reason and at')
  if (problems.length > 0) throw refusal(problems)
  const job = value as Job
  return {
    id: job.id,
    delivery: job.delivery,
    event: job.event,
    repository: job.repository,
    ref: job.ref,
    commit: job.commit,
    images: job.images,
    who: job.who,
    when: job.when,
    ...(job.interruptions !== undefined && { interruptions: job.interruptions }),
    ...(job.outcome !== undefined && { outcome: bare(job.outcome) }),
  }
}

function bare({ state, reason, at, by }: Outcome): Outcome {
  return { state, reason, at, ...(by !== undefined && { by }) }
}

function refusal(problems: string[]): Error {
  return new Error(`Cannot read job: wanted ${problems.join('; ')}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function matches(value: unknown, shape: RegExp): value is string {
  return typeof value === 'string' && shape.test(value)
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 100
}

/** Whether these are images of our services and nothing else, each by digest. */
export function isImages(value: unknown): value is Images {
  if (!isRecord(value)) return false
  return Object.entries(value).every(
    ([name, image]) =>
      (SERVICES as readonly string[]).includes(name) &&
      typeof image === 'string' &&
      image.length <= 300 &&
      IMAGE.test(image),
  )
}

function isOutcome(value: unknown): value is Outcome {
  return (
    isRecord(value) &&
    ['done', 'failed', 'superseded'].includes(value.state as string) &&
    typeof value.reason === 'string' &&
    matches(value.at, SHAPES.when) &&
    (value.by === undefined || matches(value.by, SHAPES.id))
  )
}
