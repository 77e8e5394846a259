import { readFlags, refuse } from '../flags.ts'

const HELP = `Measures the functions on Node beside a bare node:http server, with wrk and a real Postgres 18,
and checks that every visit was counted, once. Writes docs/bench/<date>.md.

  npm run bench -- [--rounds 3] [--seconds 6] [--quick]

  --rounds N   how often each row is measured, in turns; the figures are medians
  --seconds N  how long a measurement takes, after a warm-up of 10
  --quick      one round of 2 seconds, to see that it works; writes nothing
  --help       this text

The database is made in TMPDIR and removed again. The exit code is 1 when a request failed or a
count was wrong; missing a target is reported, and no error.`

/** The compiler needs about as long to see what is hot; a replica in production is up for days. */
const WARM_UP_SECONDS = 10

export type Flags = { rounds: number; seconds: number; warmUpSeconds: number; quick: boolean }

/** What was asked for; `--help` and what makes no sense end the process. */
export function readBenchFlags(): Flags {
  const values = readFlags(HELP, {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    quick: { type: 'boolean', default: false },
  })
  if (values.quick) return { rounds: 1, seconds: 2, warmUpSeconds: 1, quick: true }
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  const isCount = (value: number) => Number.isInteger(value) && value > 0
  if (isCount(rounds) && isCount(seconds)) {
    return { rounds, seconds, warmUpSeconds: WARM_UP_SECONDS, quick: false }
  }
  return refuse('Cannot measure: wanted whole numbers for --rounds and --seconds')
}
