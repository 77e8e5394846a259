import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { jobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import { parseJob } from '../../functions/_lib/job.ts'
import { crashEnqueue, forEach, inPlace, type Place, tally, untilNoCrash } from './crashes.ts'
import { aJob, shown } from './job-files.ts'

/** What the watcher sees: whole jobs, or the parser throws. */
function queuedIn({ folder }: Place): string[] {
  return shown(folder, 'new').map(
    (name) => parseJob(readFileSync(join(folder, 'new', name), 'utf8')).id,
  )
}

/** GitHub sends the delivery again, as a new job that has the same delivery. */
function redeliver({ folder }: Place, job: number): Promise<string | undefined> {
  return jobsFolder(folder)(aJob(job, { delivery: 'the-same' }))
}

const IDS = [1, 2, 3].map((n) => aJob(n).id)

describe('jobsFolder, killed before any one of its file operations,', () => {
  let operations = 14
  afterAll(() => {
    console.log(`${tally.started} enqueues were started, ${tally.killed} of them killed`)
  })

  test('shows nothing or one whole job, and one in the end when the delivery is sent again', async () => {
    operations = await untilNoCrash((n) =>
      inPlace(async (place) => {
        const killed = await crashEnqueue(place, 1, n)
        const seen = queuedIn(place)
        const answer = await redeliver(place, 2)
        const again = await redeliver(place, 3)

        expect(seen).toEqual(seen.length > 0 ? [IDS[0]] : [])
        expect(queuedIn(place)).toHaveLength(1)
        expect(IDS).toContain(queuedIn(place)[0])
        expect(answer).toBe(seen.length > 0 ? undefined : queuedIn(place)[0])
        expect(again).toBeUndefined()
        return killed
      }),
    )

    expect(operations).toBeGreaterThan(10)
  })

  test('queues one job when it is killed during the first delivery and during the second', async () => {
    const firsts = Array.from({ length: operations }, (_, i) => i + 1)
    const pairs = firsts.flatMap((first) => [
      [first, 1 + ((first * 5) % (operations + 1))] as const,
      [first, 1 + ((first * 5 + 8) % (operations + 1))] as const,
    ])

    await forEach(pairs, ([first, second]) =>
      inPlace(async (place) => {
        await crashEnqueue(place, 1, first)
        await crashEnqueue(place, 2, second)
        const seen = queuedIn(place)
        await redeliver(place, 3)

        expect(seen.length).toBeLessThanOrEqual(1)
        expect(queuedIn(place)).toHaveLength(1)
        expect(IDS).toContain(queuedIn(place)[0])
      }),
    )

    expect(pairs.length).toBeGreaterThan(20)
  })
})
