import type { Config } from '../_lib/config.ts'
import type { Env } from '../_lib/env.ts'
import type { Sql, VisitsOptions } from '../_lib/visits.ts'
import { log } from './log.ts'
import { visitorMac } from './visit-key.ts'

/** The ports that differ from one runtime to the next. */
type Ports = Pick<Env, 'hostname' | 'visits' | 'enqueue' | 'draining'>

/** `Env` but for the peer, which every request has of its own. */
export type SharedEnv = Omit<Env, 'peer'>

/** What the functions may know of the configuration, and their ports. */
export function createEnv(config: Config, ports: Ports): SharedEnv {
  const { webhookSecrets, deployBranch, repository, trustedProxyHops } = config
  return {
    webhookSecrets,
    deployBranch,
    repository,
    trustedProxyHops,
    now: () => new Date(),
    log,
    ...ports,
  }
}

export function visitsOptions(config: Config, sql: Sql): VisitsOptions {
  return { sql, mac: visitorMac(config), retentionDays: config.visitRetentionDays, log }
}
