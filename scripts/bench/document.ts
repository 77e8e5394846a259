import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../build.ts'
import type { Flags } from './flags.ts'
import { CONNECTIONS } from './load.ts'

const READING = `Each row is a run of its own: a new process, a new database, a warm-up, then the measurement; the
rows take turns and each figure is the median over the rounds. Ratios are taken within a round,
against bare \`node:http\` answering the same bytes to the same requests, because what a machine
gives differs by the hour and from one machine to the next: compare ratios, not requests. *CPU a
request* is what the server process itself used, Postgres and wrk not counted. *Repeat*
are 1,000 visitors who come again and again, *distinct* means that every request is a visitor nobody
has seen. The *old way* is one \`insert\` and one \`select count(*)\` a request; with 1,000,000 rows
its latency is cut off by the end of the run. wrk sends the next request when the last is answered,
so latency is that of ${CONNECTIONS} callers who are always there, not of arrivals at a fixed rate.
After each run the day's total was compared with a count of its rows and with the visitors who got
an answer; then four processes counted the same visitors at the same time, and totals, rows and
visitors were equal.`

/** Writes the day's document over that of an earlier run. @returns its path in the repository */
export async function writeDocument(
  { rounds, seconds }: Flags,
  facts: string[],
  figures: string[],
): Promise<string> {
  const date = new Date().toISOString().slice(0, 10)
  const command = `npm run bench -- --rounds ${rounds} --seconds ${seconds}`
  const text = [
    `# Benchmark of ${date}`,
    facts.map((fact) => `- ${fact}`).join('\n'),
    `\`${command}\`: ${rounds} rounds of ${seconds} s, ${CONNECTIONS} keep-alive connections`,
    ...figures,
    '## How to read it',
    READING,
  ].join('\n\n')
  const path = `docs/bench/${date}.md`
  await mkdir(join(root, 'docs/bench'), { recursive: true })
  await writeFile(join(root, path), `${text}\n`)
  return path
}
