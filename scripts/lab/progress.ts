/** What a person can mend: said without a stack trace, and with the next step. */
export class LabError extends Error {}

const started = Date.now()

/** Runs one step of a command and says how long it took. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const from = Date.now()
  process.stdout.write(`  ${title} …\n`)
  try {
    const result = await work()
    report('✔', title, from)
    return result
  } catch (cause) {
    report('✘', title, from)
    throw cause
  }
}

function report(sign: string, title: string, from: number): void {
  const seconds = ((Date.now() - from) / 1000).toFixed(1)
  process.stdout.write(`${sign} ${title} (${seconds} s)\n`)
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`)

export const elapsed = (): string => `${Math.round((Date.now() - started) / 1000)} s`
