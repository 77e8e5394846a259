import type { Day } from './databases.ts'
import { type Results, share, type Target } from './report.ts'
import type { ServerName } from './servers.ts'

/** One row of the table: what is asked of which server, on which day, by whom. */
export type Run = {
  name: string
  server: ServerName
  path: string
  day: Day
  /** How many visitors take turns; 0: every request is another. */
  visitors: number
  /** The run of bare node:http that its figures are divided by. */
  reference: string
}

const REPEAT = 1000
const DISTINCT = 0
const BARE = 'bare node:http'

const bare = { server: 'bare', path: '/', day: 'empty' } as const
const visit = { server: 'api', path: '/api/visit', day: 'empty' } as const
const oldWay = { server: 'old way', path: '/api/visit', day: 'empty', visitors: DISTINCT } as const
const repeat = { visitors: REPEAT, reference: `${BARE}, repeat visitors` }
const distinct = { visitors: DISTINCT, reference: `${BARE}, distinct visitors` }

/** In the order of a round. */
export const RUNS: Run[] = [
  { name: repeat.reference, ...bare, ...repeat },
  { name: '/health', ...visit, path: '/health', ...repeat },
  { name: '/api/visit, repeat visitors', ...visit, ...repeat },
  { name: '/api/visit, repeat visitors, 1,000,000 rows', ...visit, ...repeat, day: 'million' },
  { name: distinct.reference, ...bare, ...distinct },
  { name: '/api/visit, distinct visitors', ...visit, ...distinct },
  { name: '/api/visit, distinct visitors, 1,000,000 rows', ...visit, ...distinct, day: 'million' },
  { name: 'old way, distinct visitors', ...oldWay, ...distinct },
  { name: 'old way, distinct visitors, 1,000,000 rows', ...oldWay, ...distinct, day: 'million' },
]

/** What we want of the figures. Falling short is reported; only wrong numbers are an error. */
export function checkTargets({ ratio, ofBare, p99OfBare }: Results): Target[] {
  const onMillion = (name: string) => ratio(`${name}, 1,000,000 rows`, name)
  const repeats = '/api/visit, repeat visitors'
  const distincts = '/api/visit, distinct visitors'
  const ours = RUNS.filter(({ server }) => server === 'api')
  return [
    atLeast(0.9, ofBare('/health'), '/health, of bare node:http'),
    atLeast(0.8, ofBare(repeats), 'repeat visitors, of bare node:http'),
    atLeast(0.45, ofBare(distincts), 'distinct visitors, of bare node:http'),
    atLeast(
      20,
      ratio(distincts, 'old way, distinct visitors'),
      'distinct visitors, times the old way',
    ),
    atLeast(
      0.9,
      onMillion(repeats),
      'repeat visitors with 1,000,000 rows, of those on an empty day',
    ),
    atLeast(
      0.9,
      onMillion(distincts),
      'distinct visitors with 1,000,000 rows, of those on an empty day',
    ),
    ...ours.map(({ name }) => atMost(2, p99OfBare(name), `p99 of ${name}, times that of bare`)),
  ]
}

function atLeast(wanted: number, value: number, text: string): Target {
  return { text: `${text}: at least ${wanted}`, reached: share(value), isReached: value >= wanted }
}

function atMost(wanted: number, value: number, text: string): Target {
  return { text: `${text}: at most ${wanted}`, reached: share(value), isReached: value <= wanted }
}
