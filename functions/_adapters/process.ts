import { hostname } from 'node:os'
import process from 'node:process'
import { type Config, readConfig, type Values } from '../_lib/config.ts'
import type { Env } from '../_lib/env.ts'
import { createVisits } from '../_lib/visits.ts'
import { createEnv, visitsOptions } from './create-env.ts'
import { openDatabase } from './database.ts'
import { jobsFolder } from './jobs-folder.ts'
import { readVars } from './vars.ts'

/** What a long-lived process serves with: built once, closed once. */
export type Process = {
  config: Config
  /** All of `Env` but the peer, which every request has of its own. */
  env: Omit<Env, 'peer'>
  /** From now on `/ready` answers 503. */
  drain(): void
  close(): Promise<void>
}

/**
 * Builds `Env` from the process's variables, for Node, Bun and Deno.
 * @throws {Error} that lists every problem of the configuration.
 */
export function openProcess(variables: Values): Process {
  const { values, problems } = readVars(variables)
  const config = readConfig(values, problems)
  const database = config.databaseUrl ? openDatabase(config) : undefined
  let draining = false
  const env = createEnv(config, {
    hostname: hostname(),
    visits: database && createVisits(visitsOptions(config, database.sql)),
    enqueue: config.jobsDir ? jobsFolder(config.jobsDir) : undefined,
    draining: () => draining,
  })
  return {
    config,
    env,
    drain() {
      draining = true
    },
    async close() {
      await database?.close()
    },
  }
}

/** Opens this very process; a wrong configuration ends it with one message and exit code 1. */
export function startProcess(): Process {
  try {
    return openProcess(process.env)
  } catch (cause) {
    console.error((cause as Error).message)
    return process.exit(1)
  }
}
