import { once } from 'node:events'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { jobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import { DELIVERIES } from '../../functions/_lib/job.ts'
import { startChild } from '../../scripts/child.ts'
import { aJob, jobFolder, readJob, shown, statesOf } from './job-files.ts'
import { until } from './until.ts'
import { aHouse, watchHere } from './watching.ts'

describe('jobsFolder', () => {
  test('queues one whole job, resolves to its id and leaves nothing hidden', async () => {
    const folder = await jobFolder(onTestFinished)

    const id = await jobsFolder(folder)(aJob(1))

    expect(id).toBe(aJob(1).id)
    expect(readJob(folder, 'new', aJob(1))).toEqual(aJob(1))
    expect(readdirSync(join(folder, 'new'))).toEqual([`${aJob(1).id}.json`])
  })

  test('queues a delivery once: the second call resolves to undefined', async () => {
    const folder = await jobFolder(onTestFinished)
    const enqueue = jobsFolder(folder)
    const first = await enqueue(aJob(1, { delivery: 'the-same' }))

    const second = await enqueue(aJob(2, { delivery: 'the-same' }))

    expect([first, second]).toEqual([aJob(1).id, undefined])
    expect(readdirSync(join(folder, 'new'))).toEqual([`${aJob(1).id}.json`])
  })

  test('knows a delivery that is deployed already', async () => {
    const house = await aHouse()
    const enqueue = jobsFolder(house.folder)
    await enqueue(aJob(1, { delivery: 'the-same' }))
    await watchHere(house, { once: true }).ended

    const second = await enqueue(aJob(2, { delivery: 'the-same' }))

    expect(second).toBeUndefined()
    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
    expect(readdirSync(join(house.folder, 'new'))).toEqual([])
  })

  test('queues two deliveries of the same commit as two jobs', async () => {
    const folder = await jobFolder(onTestFinished)
    const { commit } = aJob(1)

    const ids = await Promise.all([aJob(1), aJob(2, { commit })].map(jobsFolder(folder)))

    expect(ids).toEqual([aJob(1).id, aJob(2).id])
    expect(shown(folder, 'new')).toHaveLength(2)
  })

  test('rejects and claims nothing when the queue cannot be written', async () => {
    const folder = await jobFolder(onTestFinished)
    mkdirSync(join(folder, 'new', `.${aJob(1).id}.json`))

    const answer = jobsFolder(folder)(aJob(1))

    await expect(answer).rejects.toMatchObject({ code: 'EEXIST' })
    expect(readdirSync(join(folder, DELIVERIES))).toEqual([])
  })

  test('queues one job of 20 calls with the same delivery from 4 processes', async () => {
    const folder = await jobFolder(onTestFinished)
    const processes = [1, 6, 11, 16].map((first) => enqueueMany(folder, 5, first))
    await until('all are ready', () => processes.every((one) => one.output().includes('ready')))

    for (const { go } of processes) go()
    await Promise.all(processes.map((one) => one.ended))

    const answers = processes.flatMap((one) => JSON.parse(one.output().split('\n')[1] ?? ''))
    const queued = readdirSync(join(folder, 'new'))
    expect(answers).toHaveLength(20)
    expect(queued).toHaveLength(1)
    // Whoever finished the first one's rename is told the same id as the first one.
    expect(new Set(answers.filter(Boolean).map((id) => `${id}.json`))).toEqual(new Set(queued))
  })
})

function enqueueMany(folder: string, calls: number, first: number) {
  const words = [join(import.meta.dirname, 'enqueue-many.ts'), folder, String(calls), String(first)]
  const child = startChild(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    output: () => output,
    ended: once(child, 'close'),
    go: () => child.stdin?.write('go\n'),
  }
}
