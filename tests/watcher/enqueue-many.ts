// Started by duplicates.test.ts: node enqueue-many.ts <folder> <calls> <first job>.
// Waits for a line on standard input, so that several of these start at the same time.
import { once } from 'node:events'
import { jobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import { aJob } from './job-files.ts'

const [folder = '', calls = '1', first = '1'] = process.argv.slice(2)
const enqueue = jobsFolder(folder)
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const answers = await Promise.all(
  Array.from({ length: Number(calls) }, (_, i) =>
    enqueue(aJob(Number(first) + i, { delivery: 'the-same' })),
  ),
)
process.stdout.write(`${JSON.stringify(answers.map((answer) => answer ?? null))}\n`)
process.exit()
