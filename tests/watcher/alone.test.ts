import { expect, test } from 'vitest'
import { aJob, put, readJob, statesOf } from './job-files.ts'
import { until } from './until.ts'
import { aHouse, startWatcher } from './watching.ts'

test('a second watcher on the folder does not start, and touches no job of the first', async () => {
  const house = await aHouse()
  house.programs.behave('docker', 'sleep 300')
  put(house.folder, 'new', aJob(1))
  const first = startWatcher(house)
  await until('the first deploys', () => statesOf(house.folder, aJob(1)).includes('running'))

  const second = startWatcher(house, ['--once'])
  const { code } = await second.ended

  expect(code).toBe(1)
  expect(second.output()).toContain('Cannot start: another watcher')
  expect(readJob(house.folder, 'running', aJob(1)).interruptions).toBeUndefined()
  first.kill('SIGKILL')
  await first.ended
  const third = startWatcher(house, ['--dry-run', '--once'])
  expect((await third.ended).code).toBe(0)
  expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
})
