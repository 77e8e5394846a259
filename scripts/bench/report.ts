import type { Measured } from './load.ts'

/** What one row of the table was measured at, a figure a round. */
export type Row = {
  name: string
  /** The row of bare node:http that had the same visitors; its own name for a reference. */
  reference: string
  outcomes: Measured[]
}

export type Target = { text: string; reached: string; isReached: boolean }

type Figure = (outcome: Measured) => number

const rate: Figure = ({ answered, seconds }) => answered / seconds
const p50: Figure = ({ p50Ms }) => p50Ms
const p99: Figure = ({ p99Ms }) => p99Ms
const cpu: Figure = ({ cpuUs }) => cpuUs

/** Rows by name, and the ratios between them: of each round by itself, then the median. */
export function createResults(rows: Row[]) {
  const byName = new Map(rows.map((row) => [row.name, row]))

  function figures(name: string, figure: Figure): number[] {
    return (byName.get(name)?.outcomes ?? []).map(figure)
  }

  function ratio(name: string, other: string, figure: Figure = rate): number {
    const others = figures(other, figure)
    return median(figures(name, figure).map((value, round) => value / (others[round] ?? NaN)))
  }

  function ofBare(name: string, figure: Figure = rate): number {
    return ratio(name, byName.get(name)?.reference ?? name, figure)
  }

  return { rows, figures, ratio, ofBare, p99OfBare: (name: string) => ofBare(name, p99) }
}
export type Results = ReturnType<typeof createResults>

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2
}

/** One line for whoever watches it run. */
export function progress(round: number, name: string, outcome: Measured): string {
  return [
    `round ${round}  ${name.padEnd(44)}`,
    `${requests(rate(outcome)).padStart(7)} req/s`,
    `p50 ${latency(outcome.p50Ms)}`,
    `p99 ${latency(outcome.p99Ms)}`,
    `CPU ${outcome.cpuUs.toFixed(0)} µs`,
  ].join('  ')
}

/** The references do the same work every time: what they differ by is the machine's doing. */
const QUIET_FACTOR = 1.3

/** How far the references lie apart, the highest over the lowest. */
export function noise({ rows, figures }: Results): string {
  const references = rows.filter(({ name, reference }) => name === reference)
  const rates = references.flatMap(({ name }) => figures(name, rate))
  const factor = Math.max(...rates) / Math.min(...rates)
  const finding = `Noise: the runs of bare \`node:http\` differ by a factor of ${share(factor)}.`
  if (factor <= QUIET_FACTOR) return finding
  return `${finding} **The machine had other work to do: measure again when it has none.**`
}

/** The figures, as Markdown. */
export function table(results: Results): string {
  const lines = results.rows.map(({ name, outcomes }) => {
    const rates = results.figures(name, rate)
    return [
      name,
      requests(median(rates)),
      `${requests(Math.min(...rates))} to ${requests(Math.max(...rates))}`,
      share(results.ofBare(name)),
      latency(median(results.figures(name, p50))),
      latency(median(results.figures(name, p99))),
      share(results.p99OfBare(name)),
      `${median(results.figures(name, cpu)).toFixed(0)} µs`,
      String(outcomes.reduce((sum, { errors }) => sum + errors, 0)),
    ]
  })
  return markdown(
    ['', 'req/s', 'rounds', 'of bare', 'p50', 'p99', 'p99 of bare', 'CPU a request', 'errors'],
    lines,
  )
}

export function targetTable(targets: Target[]): string {
  const lines = targets.map(({ text, reached, isReached }) => [
    text,
    reached,
    isReached ? 'reached' : '**falls short**',
  ])
  return markdown(['Target', 'Measured', ''], lines)
}

function markdown(head: string[], lines: string[][]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'))
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export function share(value: number): string {
  return value < 0.1 ? value.toPrecision(1) : value.toFixed(2)
}

function requests(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en-US')
}

function latency(ms: number): string {
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`
}
