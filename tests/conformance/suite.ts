import type { Env } from '../../functions/_lib/env.ts'

/** What a case may do: ask the functions, in this runtime or over the wire. */
export type Target = {
  call(path: string, init?: RequestInit): Promise<Response>
  /** The same functions with some ports replaced; there is no such thing over the wire. */
  replace?(ports: Partial<Env>): Target
}

export type Case = { name: string; run(target: Target): Promise<void> }

export type Result = { ran: string[]; failures: { name: string; message: string }[] }

/** Runs the cases one after the other; a case fails by throwing. */
export async function runSuite(cases: Case[], target: Target): Promise<Result> {
  const failures: Result['failures'] = []
  for (const { name, run } of cases) {
    await run(target).catch((cause) =>
      failures.push({ name, message: String(cause?.stack ?? cause) }),
    )
  }
  return { ran: cases.map(({ name }) => name), failures }
}

/** The functions inside this very runtime. */
export function inside(
  fetch: (request: Request, env: Env) => Response | Promise<Response>,
  env: Omit<Env, 'peer'>,
): Target {
  const whole: Env = { peer: () => '192.0.2.1', ...env }
  return {
    call: async (path, init) => fetch(new Request(`http://api.example${path}`, init), whole),
    replace: (ports) => inside(fetch, { ...whole, ...ports }),
  }
}
