import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { jobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import { DELIVERIES, formatJob, SENTINEL } from '../../functions/_lib/job.ts'
import { diskThatFails } from './failing-disk.ts'
import { aJob, put, readJob, shown, statesOf } from './job-files.ts'
import { until } from './until.ts'
import { aHouse, startWatcher, watchHere } from './watching.ts'

describe('watch', () => {
  test('touches nothing without the sentinel, says so once, and goes on when it is back', async () => {
    const house = await aHouse()
    const sentinel = join(house.folder, SENTINEL)
    rmSync(sentinel)
    put(house.folder, 'running', aJob(1))
    put(house.folder, 'new', aJob(2))
    writeFileSync(join(house.folder, 'new', 'strange.json'), '')
    let looks = 0
    const disk = diskThatFails('existsSync', 'never', () => looks++ < 0)
    const { lines } = watchHere(house, { disk })
    await until('it has looked five times', () => looks >= 5)

    const before = ['new', 'running', 'done', 'failed'].map(
      (state) => shown(house.folder, state as 'new').length,
    )
    const calls = house.programs.calls()
    writeFileSync(sentinel, '')
    await until('both are done', () =>
      [aJob(1), aJob(2)].every((job) => statesOf(house.folder, job).includes('done')),
    )

    expect(before).toEqual([2, 1, 0, 0])
    expect(calls).toEqual([])
    expect(lines.filter((line) => line.includes('no job folder at'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('is back'))).toHaveLength(1)
  })

  test('keeps an outcome until the share that went away during the deploy is back', async () => {
    const house = await aHouse()
    const away = `${house.folder}-away`
    house.programs.behave('docker', `mv ${house.folder} ${away}`)
    put(house.folder, 'new', aJob(1))
    const watcher = startWatcher(house)
    await until('it tries again', () => watcher.output().includes('trying again'))

    renameSync(away, house.folder)
    await until('the job is done', () => statesOf(house.folder, aJob(1)).includes('done'))

    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
    expect(readJob(house.folder, 'done', aJob(1)).interruptions).toBeUndefined()
    expect(house.programs.deployed()).toHaveLength(1)
  })

  test('deploys the next job although a strange file cannot be moved, and names it once', async () => {
    const house = await aHouse()
    const stuck = join(house.folder, 'new', 'stuck.json')
    const disk = diskThatFails('renameSync', 'EACCES', (from) => from === stuck)
    writeFileSync(stuck, '')
    const { lines } = watchHere(house, { disk })
    await until('it is named', () =>
      lines.some((line) => line.includes('Cannot file "stuck.json"')),
    )

    for (const n of [1, 2]) {
      put(house.folder, 'new', aJob(n))
      await until(`job ${n} is done`, () => statesOf(house.folder, aJob(n)).includes('done'))
    }

    expect(shown(house.folder, 'new')).toEqual(['stuck.json'])
    expect(lines.filter((line) => line.includes('stuck.json'))).toHaveLength(1)
  })

  test.each(['EIO', 'ESTALE', 'ENOENT', 'EMFILE'])(
    'takes %s while it reads a job for a moment of the share, not for a fault of the job',
    async (code) => {
      const house = await aHouse()
      let failures = 3
      const path = join(house.folder, 'new', `${aJob(1).id}.json`)
      const disk = diskThatFails('openSync', code, (opened) => opened === path && failures-- > 0)
      put(house.folder, 'new', aJob(1))

      watchHere(house, { disk })
      await until('it is done', () => statesOf(house.folder, aJob(1)).includes('done'))

      expect(failures).toBeLessThan(0)
      expect(shown(house.folder, 'failed')).toEqual([])
    },
  )

  test('waits for a full disk, and deploys the job once', async () => {
    const house = await aHouse()
    let failures = 3
    const disk = diskThatFails(
      'writeSync',
      'ENOSPC',
      (_, bytes) => Buffer.from(bytes as Uint8Array).includes('"outcome"') && failures-- > 0,
    )
    put(house.folder, 'new', aJob(1))

    const { lines } = watchHere(house, { disk })
    await until('it is done', () => statesOf(house.folder, aJob(1)).includes('done'))

    expect(house.programs.deployed()).toHaveLength(1)
    expect(lines.filter((line) => line.includes('ENOSPC'))).toHaveLength(1)
  })

  test('deploys although the log cannot be written', async () => {
    const house = await aHouse()
    const disk = diskThatFails('openSync', 'EROFS', (path) => /logs/.test(String(path)))
    put(house.folder, 'new', aJob(1))

    await watchHere(house, { disk, once: true }).ended

    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
    expect(shown(house.folder, 'logs' as 'new')).toEqual([])
  })
})

describe('jobsFolder', () => {
  test('queues nothing without the sentinel and rejects', async () => {
    const { folder } = await aHouse()
    rmSync(join(folder, SENTINEL))

    const answer = jobsFolder(folder)(aJob(1))

    await expect(answer).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(join(folder, 'new'))).toEqual([])
    expect(readdirSync(join(folder, DELIVERIES))).toEqual([])
  })

  test('rejects while a delivery has a claim that cannot be read, and queues nothing', async () => {
    const { folder } = await aHouse()
    writeFileSync(join(folder, DELIVERIES, `${aJob(1).delivery}.json`), formatJob(aJob(1)).slice(9))

    const answer = jobsFolder(folder)(aJob(1))

    await expect(answer).rejects.toThrow('Cannot read job')
    expect(shown(folder, 'new')).toEqual([])
  })
})
