import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { aJob, put, readJob, statesOf } from './job-files.ts'
import { isAlive, pidsIn, until } from './until.ts'
import { aHouse, type House, startWatcher } from './watching.ts'

/** Makes Docker hang, with a child; returns the ids of all that it started, of the last call. */
function hangingDocker({ programs }: House) {
  const pids = join(programs.folder, 'pids')
  programs.behave('docker', `sleep 300 & echo $! >> ${pids}; echo $$ >> ${pids}; wait`)
  return () => pidsIn(pids)
}

describe('watch', () => {
  test('leaves the job in running and no process behind when SIGTERM comes during a step', async () => {
    const house = await aHouse()
    const pids = hangingDocker(house)
    put(house.folder, 'new', aJob(1))
    const watcher = startWatcher(house)
    await until('Docker hangs', () => pids().length === 2)

    watcher.kill('SIGTERM')
    const { code } = await watcher.ended

    expect(code).toBe(0)
    expect(statesOf(house.folder, aJob(1))).toEqual(['running'])
    expect(readJob(house.folder, 'running', aJob(1)).outcome).toBeUndefined()
    await until('nothing is left', () => !pids().some(isAlive))
  })

  test('runs an interrupted job again and counts it, and the third interruption fails it', async () => {
    const house = await aHouse()
    const pids = hangingDocker(house)
    put(house.folder, 'new', aJob(1))
    const counts: (number | undefined)[] = []

    for (let start = 1; start <= 3; start++) {
      const watcher = startWatcher(house)
      await until('Docker hangs', () => pids().length === 2 * start)
      counts.push(readJob(house.folder, 'running', aJob(1)).interruptions)
      watcher.kill('SIGTERM')
      await watcher.ended
    }
    await startWatcher(house, ['--once']).ended

    expect(counts).toEqual([undefined, 1, 2])
    expect(statesOf(house.folder, aJob(1))).toEqual(['failed'])
    expect(readJob(house.folder, 'failed', aJob(1))).toMatchObject({
      interruptions: 3,
      outcome: { state: 'failed', reason: 'Interrupted 3 times' },
    })
    expect(pids()).toHaveLength(6)
  })

  test('finishes an interrupted job, then deploys the newer one', async () => {
    const house = await aHouse()
    put(house.folder, 'running', aJob(1))
    put(house.folder, 'new', aJob(2))

    await startWatcher(house, ['--once']).ended

    expect(readJob(house.folder, 'done', aJob(1)).interruptions).toBe(1)
    expect(readJob(house.folder, 'done', aJob(2)).interruptions).toBeUndefined()
    const shown = house.programs.calls().filter(([, word]) => word === 'show')
    expect(shown.map(([, , word]) => word)).toEqual([
      `${aJob(1).commit}:swarm/stack.yaml`,
      `${aJob(2).commit}:swarm/stack.yaml`,
    ])
  })

  test('files a job whose outcome was written before the crash, and does not run it again', async () => {
    const house = await aHouse()
    const outcome = { state: 'done', reason: 'All well', at: '2026-11-23T14:41:00Z' } as const
    put(house.folder, 'running', aJob(1, { outcome }))

    await startWatcher(house, ['--once']).ended

    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
    expect(readJob(house.folder, 'done', aJob(1)).outcome).toEqual(outcome)
    expect(house.programs.calls()).toEqual([])
  })

  test('ends while it waits for jobs, on SIGTERM and on SIGINT', async () => {
    const watchers = [startWatcher(await aHouse()), startWatcher(await aHouse())]
    await until('both watch', () => watchers.every((one) => one.output().includes('watching')))

    watchers[0]?.kill('SIGTERM')
    watchers[1]?.kill('SIGINT')
    const ends = await Promise.all(watchers.map((one) => one.ended))

    expect(ends.map(({ code }) => code)).toEqual([0, 0])
  })

  test('survives that its job is taken away from running during the deploy', async () => {
    const house = await aHouse()
    const path = join(house.folder, 'running', `${aJob(1).id}.json`)
    house.programs.behave('docker', `rm ${path}`)
    put(house.folder, 'new', aJob(1))

    await startWatcher(house, ['--once']).ended
    rmSync(path, { force: true })

    expect(readJob(house.folder, 'done', aJob(1)).outcome?.state).toBe('done')
  })
})
