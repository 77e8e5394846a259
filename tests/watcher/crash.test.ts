import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Job } from '../../functions/_lib/job.ts'
import {
  crashWatcher,
  deployedJobs,
  forEach,
  inPlace,
  markedJob,
  type Place,
  tally,
  textsIn,
  untilNoCrash,
} from './crashes.ts'
import { put, readJob, shown, statesOf } from './job-files.ts'
import { reportsIn } from './reports.ts'

const MALFORMED = '{"id": "what lies here is not a job"'

type Scenario = {
  queued: Job[]
  interrupted?: Job
  /** A file among the queued ones that is no job. */
  malformed?: string
}

const SCENARIOS: Record<string, Scenario> = {
  'one job': { queued: [markedJob(1)] },
  'three files of which one is no job': {
    queued: [markedJob(1), markedJob(3)],
    malformed: `${markedJob(2).id}.json`,
  },
  'an interrupted job and two new ones': {
    interrupted: markedJob(1, { interruptions: 0 }),
    queued: [markedJob(2), markedJob(3)],
  },
}

function set(place: Place, { queued, interrupted, malformed }: Scenario) {
  put(place.folder, 'new', ...queued)
  if (interrupted) put(place.folder, 'running', interrupted)
  if (malformed) writeFileSync(join(place.folder, 'new', malformed), MALFORMED)
}

/** What holds once a watcher has run to its end, whatever happened to those before it. */
function expectAllSettled(place: Place, scenario: Scenario, crashes: number) {
  const { folder } = place
  const { queued, interrupted, malformed } = scenario
  const newest = queued.at(-1) as Job
  const older = queued.slice(0, -1)
  expect([...shown(folder, 'new'), ...shown(folder, 'running')]).toEqual([])

  expect(statesOf(folder, newest)).toEqual(['done'])
  expect(readJob(folder, 'done', newest)).toMatchObject({
    images: newest.images,
    outcome: { state: 'done' },
  })
  for (const job of older) {
    expect(statesOf(folder, job)).toEqual(['superseded'])
    expect(readJob(folder, 'superseded', job)).toMatchObject({
      images: job.images,
      outcome: { state: 'superseded', by: newest.id },
    })
  }

  const deployed = deployedJobs(place)
  const numbers = [...queued, ...(interrupted ? [interrupted] : [])].map(numberOf)
  expect(deployed.at(-1)).toBe(Math.max(...numbers))
  expect(deployed.length).toBeLessThanOrEqual(1 + crashes + (interrupted ? 1 : 0))
  for (const job of older) expect(deployed).not.toContain(numberOf(job))

  if (interrupted) {
    const states = statesOf(folder, interrupted)
    expect(states).toEqual([crashes < 2 || states[0] === 'done' ? 'done' : 'failed'])
    const { interruptions } = readJob(folder, states[0] ?? 'done', interrupted)
    expect(interruptions).toBeLessThanOrEqual(1 + crashes)
    if (states[0] === 'failed') expect(interruptions).toBe(3)
  }
  if (malformed) {
    expect(textsIn(folder).filter((text) => text === MALFORMED)).toHaveLength(1)
    expect(reportsIn(folder).map(({ file }) => file)).toEqual([malformed])
  }
}

function numberOf({ images }: Job): number {
  return Number(images.api?.split(':').at(-1))
}

describe('watch, killed before any one of its file operations and started again, settles', () => {
  const found: Record<string, number> = {}
  afterAll(() => {
    console.log(`${tally.started} watchers were started, ${tally.killed} of them killed`)
  })

  test.each(Object.entries(SCENARIOS))('%s', async (name, scenario) => {
    const operations = await untilNoCrash((n) =>
      inPlace(async (place) => {
        set(place, scenario)

        const killed = await crashWatcher(place, n)
        if (killed) await crashWatcher(place, 0)

        expectAllSettled(place, scenario, 1)
        return killed
      }),
    )

    // Fewer than these, and the operations were not counted.
    expect(operations).toBeGreaterThan(30)
    found[name] = operations
  })

  test.each(Object.entries(SCENARIOS))('%s, after two crashes', async (name, scenario) => {
    const operations = found[name] ?? 40
    const pairs = Array.from({ length: 16 }, (_, i): [number, number] => [
      1 + ((i * 7919) % operations),
      1 + ((i * 104_729 + 3) % operations),
    ])
    const before = tally.killed

    await forEach(pairs, ([first, second]) =>
      inPlace(async (place) => {
        set(place, scenario)

        await crashWatcher(place, first)
        await crashWatcher(place, second)
        await crashWatcher(place, 0)

        expectAllSettled(place, scenario, 2)
      }),
    )

    expect(tally.killed - before).toBeGreaterThan(pairs.length)
  })
})
