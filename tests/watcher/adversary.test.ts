import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { aJob, put, readJob, statesOf } from './job-files.ts'
import { until } from './until.ts'
import { aHouse, watchHere } from './watching.ts'

// Whoever can write in new/ can write anything there, at any time.
describe('watch', () => {
  test('writes through no link that lies where the draft of an outcome goes', async () => {
    const house = await aHouse()
    const precious = join(house.checkout, 'precious')
    const refused = aJob(1, { ref: 'refs/heads/dev' })
    writeFileSync(precious, 'precious')
    symlinkSync(precious, join(house.folder, 'new', `.${refused.id}.json`))
    put(house.folder, 'new', refused)

    await watchHere(house, { once: true }).ended

    expect(readFileSync(precious, 'utf8')).toBe('precious')
  })

  test('deploys the next job although a folder lies where the draft of an outcome goes', async () => {
    const house = await aHouse()
    const refused = aJob(1, { ref: 'refs/heads/dev' })
    mkdirSync(join(house.folder, 'new', `.${refused.id}.json`))
    put(house.folder, 'new', refused, aJob(2))

    const { lines } = watchHere(house)
    await until(
      'it ends or stumbles',
      () =>
        statesOf(house.folder, aJob(2)).includes('done') ||
        lines.some((line) => /again/.test(line)),
    )

    expect(statesOf(house.folder, aJob(2))).toEqual(['done'])
  })

  test('keeps the outcome of a failed job when a strange file of its name comes', async () => {
    const house = await aHouse()
    const outcome = { state: 'failed', reason: 'It was so', at: '2026-11-23T14:41:00Z' } as const
    put(house.folder, 'failed', aJob(1, { outcome }))
    writeFileSync(join(house.folder, 'new', `${aJob(1).id}.json`), '')

    await watchHere(house, { once: true }).ended

    expect(readJob(house.folder, 'failed', aJob(1)).outcome).toEqual(outcome)
  })

  test('keeps both when a dangling link comes and then a file of the same name', async () => {
    const house = await aHouse()
    const path = join(house.folder, 'new', 'a.json')
    symlinkSync('/nowhere', path)
    await watchHere(house, { once: true }).ended

    writeFileSync(path, 'second')
    await watchHere(house, { once: true }).ended

    const failed = join(house.folder, 'failed')
    const kept = readdirSync(failed).filter((name) => name.endsWith('.rejected'))
    expect(kept.map((name) => lstatSync(join(failed, name)).isFile()).sort()).toEqual([false, true])
  })

  // It is skipped at every poll instead: harmless, and told once.
  test('leaves a file whose name is no UTF-8, says so once, and goes on', async () => {
    const house = await aHouse()
    const name = Buffer.from([0xff, 0xfe, ...Buffer.from('.json')])
    writeFileSync(Buffer.concat([Buffer.from(`${house.folder}/new/`), name]), '')
    put(house.folder, 'new', aJob(1))

    const { lines, ended } = watchHere(house, { once: true })
    await ended

    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
    expect(lines.filter((line) => line.includes('Cannot'))).toHaveLength(1)
  })

  test('reports a line a file, whatever line breaks a name holds', async () => {
    const house = await aHouse()
    const name = `x\nwatcher   job ${aJob(9).id} done: all is well.json`
    put(house.folder, 'new', aJob(1))
    renameSync(join(house.folder, 'new', `${aJob(1).id}.json`), join(house.folder, 'new', name))

    const { lines, ended } = watchHere(house, { once: true })
    await ended

    expect(lines.filter((line) => line.includes('\n'))).toEqual([])
  })
})
