import * as z from 'zod'
import { isBranch, isRepository } from './job.ts'

/** What the functions are set up with; `docs/configuration.md` explains each variable. */
export type Config = {
  databaseUrl: string | undefined
  databaseDriver: 'tcp' | 'neon'
  /** `host:port/path` of a WebSocket proxy that stands in for Neon's own. */
  neonWsProxy: string | undefined
  webhookSecrets: string[]
  /** What the visit key is derived from; absent only without a database. */
  visitKey: { secret: string; derive: boolean } | undefined
  visitRetentionDays: number
  trustedProxyHops: number
  deployBranch: string
  repository: string | undefined
  jobsDir: string | undefined
  host: string
  port: number
  drainSeconds: number
}

export type Values = Record<string, string | undefined>

/** Variables that hold a secret: each may be given as NAME_FILE, and none is ever printed. */
export const SECRET_NAMES: readonly string[] = [
  'DATABASE_URL',
  'POSTGRES_PASSWORD',
  'GITHUB_WEBHOOK_SECRET',
  'VISIT_SALT',
]

const Variables = z.object({
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, 'postgres://user:password@host:port/database, percent-encoded')
    .optional(),
  DATABASE_DRIVER: z.enum(['tcp', 'neon'], 'tcp or neon').optional(),
  NEON_WS_PROXY: z.string().optional(),
  POSTGRES_HOST: z.string().refine(isHost, 'a host name or an address').optional(),
  POSTGRES_PORT: integer(1, 65_535, 5432),
  POSTGRES_DB: z.string().default('dockerswarmp1'),
  POSTGRES_USER: z.string().default('dockerswarmp1'),
  POSTGRES_PASSWORD: z.string().optional(),
  GITHUB_WEBHOOK_SECRET: z
    .string()
    .transform(splitSecrets)
    .refine(({ length }) => length === 1 || length === 2, 'one secret, or a new and an old one')
    .default([]),
  VISIT_SALT: z.string().min(16, 'at least 16 characters').optional(),
  VISIT_RETENTION_DAYS: integer(1, 3650, 2),
  TRUSTED_PROXY_HOPS: integer(0, 10, 0),
  DEPLOY_BRANCH: z.string().refine(isBranch, "a branch's name").default('main'),
  GITHUB_REPOSITORY: z.string().refine(isRepository, 'owner/name').optional(),
  JOBS_DIR: z.string().optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: integer(0, 65_535, 8000),
  DRAIN_SECONDS: integer(0, 3600, 0),
})

/** Every variable that `readConfig` reads. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(Variables.shape)

/**
 * The configuration in a set of variables; an empty variable counts as absent.
 * @param problems what was already found wrong on the way here
 * @throws {Error} that lists every problem at once, by name, and no secret.
 */
export function readConfig(variables: Values, problems: string[] = []): Config {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
  const { data, error } = Variables.safeParse(given)
  const all = [
    ...problems,
    ...(error?.issues ?? []).map(({ path, message }) => describe(String(path[0]), message, given)),
    ...contradictions(given),
  ]
  if (!data || all.length > 0) throw new Error(['Cannot start:', ...all].join('\n  '))
  const databaseUrl = data.DATABASE_URL ?? postgresUrl(data)
  const visitSecret = data.VISIT_SALT ?? data.GITHUB_WEBHOOK_SECRET[0]
  return {
    databaseUrl,
    databaseDriver: data.DATABASE_DRIVER ?? (isNeon(databaseUrl) ? 'neon' : 'tcp'),
    neonWsProxy: data.NEON_WS_PROXY,
    webhookSecrets: data.GITHUB_WEBHOOK_SECRET,
    visitKey: visitSecret ? { secret: visitSecret, derive: !data.VISIT_SALT } : undefined,
    visitRetentionDays: data.VISIT_RETENTION_DAYS,
    trustedProxyHops: data.TRUSTED_PROXY_HOPS,
    deployBranch: data.DEPLOY_BRANCH,
    repository: data.GITHUB_REPOSITORY,
    jobsDir: data.JOBS_DIR,
    host: data.HOST,
    port: data.PORT,
    drainSeconds: data.DRAIN_SECONDS,
  }
}

function integer(min: number, max: number, preset: number) {
  const wanted = `a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, wanted)
    .transform(Number)
    .pipe(z.number().min(min, wanted).max(max, wanted))
    .default(preset)
}

function isPostgresUrl(text: string): boolean {
  try {
    const { protocol, hostname, username, password, pathname } = new URL(text)
    ;[username, password, pathname].map(decodeURIComponent) // throws where the drivers would
    return /^postgres(ql)?:$/.test(protocol) && hostname !== ''
  } catch {
    return false
  }
}

function isHost(host: string): boolean {
  return /^[\w.:-]+$/.test(host) && URL.canParse(`postgres://${urlHost(host)}`)
}

/** An IPv6 address stands in brackets in a URL. */
function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function splitSecrets(text: string): string[] {
  return text
    .split(/[,\r\n]/)
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '')
}

function describe(name: string, wanted: string, given: Values): string {
  const got = SECRET_NAMES.includes(name) ? '' : `, got ${JSON.stringify(given[name])}`
  return `${name}: wanted ${wanted}${got}`
}

function contradictions(given: Values): string[] {
  const database = given.DATABASE_URL ?? given.POSTGRES_HOST
  return [
    given.DATABASE_URL && given.POSTGRES_HOST
      ? 'DATABASE_URL, POSTGRES_HOST: wanted one of them, got both'
      : '',
    database && !given.VISIT_SALT && !given.GITHUB_WEBHOOK_SECRET
      ? 'VISIT_SALT: wanted it, or GITHUB_WEBHOOK_SECRET, to hash visitors with'
      : '',
  ].filter((problem) => problem !== '')
}

function postgresUrl(data: z.infer<typeof Variables>): string | undefined {
  if (!data.POSTGRES_HOST) return undefined
  const [user, password, database] = [
    data.POSTGRES_USER,
    data.POSTGRES_PASSWORD ?? '',
    data.POSTGRES_DB,
  ].map(encodeURIComponent)
  return `postgres://${user}:${password}@${urlHost(data.POSTGRES_HOST)}:${data.POSTGRES_PORT}/${database}`
}

function isNeon(databaseUrl: string | undefined): boolean {
  return databaseUrl !== undefined && new URL(databaseUrl).hostname.endsWith('.neon.tech')
}
