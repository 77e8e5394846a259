import type { Env } from '../../functions/_lib/env.ts'
import { app } from '../../functions/index.ts'
import { contract } from './contract.ts'
import { ports } from './ports.ts'
import { inside, runSuite } from './suite.ts'

/** The suite as a fetch handler: whatever can run a function can run it. */
export async function conformance(env: Omit<Env, 'peer'>): Promise<Response> {
  const target = inside((request, whole) => app.fetch(request, whole), env)
  return Response.json(await runSuite([...contract, ...ports], target))
}
