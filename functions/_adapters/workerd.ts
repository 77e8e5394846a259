import { env as bindings, DurableObject } from 'cloudflare:workers'
import { readConfig } from '../_lib/config.ts'
import type { Caller, Enqueue, Visits } from '../_lib/env.ts'
import { createVisits } from '../_lib/visits.ts'
import { app } from '../index.ts'
import { createEnv, visitsOptions } from './create-env.ts'
import { openDatabase } from './database.ts'

type Bindings = {
  VISITS: DurableObjectNamespace<VisitCounter>
  /** Stores a job: answers `POST` with 201 and the queued id, or with 200 for a delivery seen before. */
  JOBS?: Fetcher
  HOSTNAME?: string
}
const { VISITS, JOBS, HOSTNAME, ...rest } = bindings as unknown as Bindings

const variables = Object.entries(rest).filter(([, value]) => typeof value === 'string')
const config = readConfig(Object.fromEntries(variables) as Record<string, string>)

/**
 * The visit counter as the one object that owns the connections and the batches: requests to a
 * Worker can share neither, requests to one object share both.
 */
export class VisitCounter extends DurableObject {
  #visits = createVisits(visitsOptions(config, openDatabase(config).sql))

  count(day: string, caller: Caller) {
    return this.#visits.count(day, caller)
  }
  days(lastDay: string, days: number) {
    return this.#visits.days(lastDay, days)
  }
  ping() {
    return this.#visits.ping()
  }
}

const counter = () => VISITS.get(VISITS.idFromName('visits'))
const visits: Visits = {
  count: async (day, caller) => counter().count(day, caller),
  days: async (lastDay, days) => counter().days(lastDay, days),
  ping: async () => counter().ping(),
}

function enqueueWith(jobs: Fetcher): Enqueue {
  return async (job) => {
    const response = await jobs.fetch('http://jobs/', { method: 'POST', body: JSON.stringify(job) })
    if (!response.ok) throw new Error(`Cannot store job: ${await response.text()}`)
    return response.status === 201 ? response.text() : undefined
  }
}

/** Exported for the conformance suite, which runs in the same runtime. */
export const env = createEnv(config, {
  hostname: HOSTNAME ?? 'workerd',
  visits: config.databaseUrl ? visits : undefined,
  enqueue: JOBS && enqueueWith(JOBS),
  draining: () => false,
})

export default {
  fetch(request: Request): Response | Promise<Response> {
    const peer = () => request.headers.get('cf-connecting-ip') ?? ''
    return app.fetch(request, { ...env, peer })
  },
}
