import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { jobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import type { Disk } from '../../swarm/watcher/folder.ts'
import { crashWatcher, deployedJobs, inPlace, markedJob, untilNoCrash } from './crashes.ts'
import { diskThatFails } from './failing-disk.ts'
import { aJob, put, readJob, shown, statesOf } from './job-files.ts'
import { until } from './until.ts'
import { aHouse, watchHere } from './watching.ts'

const isOver = (folder: string) => shown(folder, 'done').length + shown(folder, 'failed').length

/** Fails so many times to sync the folder. */
function diskThatStumblesOver(folder: string, failures: number): Disk {
  const handles = new Set<number>()
  return {
    ...fs,
    openSync(path: string, ...rest: [string, number]) {
      const handle = fs.openSync(path, ...rest)
      if (path.endsWith(folder)) handles.add(handle)
      else handles.delete(handle)
      return handle
    },
    fsyncSync(handle: number) {
      if (handles.has(handle) && failures-- > 0) throw new Error('EIO: fsync')
      fs.fsyncSync(handle)
    },
  } as Disk
}

describe('watch', () => {
  test('loses no job when its delivery is sent again after a crash amid its outcome', async () => {
    const lost: number[] = []

    await untilNoCrash((n) =>
      inPlace(async (place) => {
        const jobs = [markedJob(1), markedJob(2)]
        const enqueue = jobsFolder(place.folder)
        await Promise.all(jobs.map(enqueue))
        const killed = await crashWatcher(place, n)
        await Promise.all(jobs.map((job, i) => enqueue({ ...job, id: markedJob(21 + i).id })))
        if (killed) await crashWatcher(place, 0)
        if (statesOf(place.folder, markedJob(1))[0] !== 'superseded') lost.push(n)
        // Past these, nothing of job 1 is left in the queue.
        return killed && n < 30
      }),
    )

    expect(lost).toEqual([])
  })

  test('does not deploy an older job over a newer one when it could not be read for a moment', async () => {
    const house = await aHouse()
    let failures = 1
    const older = join(house.folder, 'new', `${markedJob(1).id}.json`)
    const disk = diskThatFails('openSync', 'EIO', (path) => path === older && failures-- > 0)
    put(house.folder, 'new', markedJob(1), markedJob(2))

    watchHere(house, { disk })
    await until('both left the queue', () => shown(house.folder, 'new').length === 0)
    await until('all is over', () => shown(house.folder, 'running').length === 0)

    expect(deployedJobs(house)).toEqual([2])
  })

  test('does not deploy a job that is queued after a newer one was deployed', async () => {
    const house = await aHouse()
    put(house.folder, 'new', markedJob(2))
    await watchHere(house, { once: true }).ended

    put(house.folder, 'new', markedJob(1))
    await watchHere(house, { once: true }).ended

    expect(deployedJobs(house)).toEqual([2])
    expect(readJob(house.folder, 'superseded', markedJob(1)).outcome?.by).toBe(markedJob(2).id)
  })

  test('counts a share that stumbles as no interruption', async () => {
    const house = await aHouse()
    put(house.folder, 'new', aJob(1))

    watchHere(house, { disk: diskThatStumblesOver('/running', 4) })
    await until('it is over', () => isOver(house.folder))

    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
  })

  test('takes ETIMEDOUT while it reads a job for no fault of the job', async () => {
    const house = await aHouse()
    let failures = 1
    const disk = diskThatFails('readSync', 'ETIMEDOUT', () => failures-- > 0)
    put(house.folder, 'new', aJob(1))

    watchHere(house, { disk })
    await until('it is over', () => isOver(house.folder))

    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
  })

  // recover() finds nothing, claim() takes the newer one, and then the older one is found.
  test('does not run an interrupted job over a newer one when it could not be read', async () => {
    const house = await aHouse()
    let failures = 1
    const older = join(house.folder, 'running', `${markedJob(1).id}.json`)
    const disk = diskThatFails('openSync', 'EIO', (path) => path === older && failures-- > 0)
    put(house.folder, 'running', markedJob(1))
    put(house.folder, 'new', markedJob(2))

    watchHere(house, { disk })
    await until('job 2 is done', () => statesOf(house.folder, markedJob(2)).includes('done'))
    await until('all is over', () => shown(house.folder, 'running').length === 0)

    expect(deployedJobs(house).at(-1)).toBe(2)
  })

  // The count is on the disk already when the folder's fsync fails, and the next try counts again.
  test('counts one interruption once while the share stumbles', async () => {
    const house = await aHouse()
    put(house.folder, 'running', aJob(1))

    watchHere(house, { disk: diskThatStumblesOver('/running', 4) })
    await until('it is over', () => isOver(house.folder))

    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
  })
})
